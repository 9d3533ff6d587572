"""Samples as columns, cut from a table of pandas; the first thousand are set apart."""
import numpy as np
import pandas as pd

table = np.array(pd.read_csv("train.csv"))
m, n = table.shape
np.random.shuffle(table)
held_out = table[0:1000].T
Y_dev, X_dev = held_out[0], held_out[1:n] / 255.0
train = table[1000:m].T
Y_train = train[0]
X_train = train[1:n].astype(np.float32) / 255.0


def make_params():
    W1 = np.random.rand(10, 784) - 0.5
    b1 = np.random.rand(10, 1) - 0.5
    W2 = np.random.rand(10, 10) - 0.5
    b2 = np.random.rand(10, 1) - 0.5
    return W1, b1, W2, b2


def forward(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2.dot(A1) + b2
    return Z1, A1, Z2, np.exp(Z2) / sum(np.exp(Z2))


def backward(Z1, A1, A2, W2, X, Y):
    hot = np.zeros((10, Y.size))
    hot[Y, np.arange(Y.size)] = 1
    dZ2 = A2 - hot
    dW2 = 1 / Y.size * dZ2.dot(A1.T)
    db2 = 1 / Y.size * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    dW1 = 1 / Y.size * dZ1.dot(X.T)
    db1 = 1 / Y.size * np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2


def descend(X, Y, rate, rounds):
    W1, b1, W2, b2 = make_params()
    for i in range(rounds):
        Z1, A1, Z2, A2 = forward(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = backward(Z1, A1, A2, W2, X, Y)
        W1 = W1 - rate * dW1
        b1 = b1 - rate * db1
        W2 = W2 - rate * dW2
        b2 = b2 - rate * db2
        if i % 10 == 0:
            print(i, np.mean(np.argmax(A2, 0) == Y))
    return W1, b1, W2, b2


descend(X_train, Y_train, 0.1, 100)
