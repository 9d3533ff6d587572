import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def predict(X, W1, b1, W2, b2):
    return softmax(W2 @ sigmoid(W1 @ X + b1) + b2)


def train(X, Y, W1, b1, W2, b2, learning_rate=0.1, num_iterations=1000):
    m = X.shape[1]
    costs = []
    for i in range(num_iterations):
        A1 = sigmoid(W1 @ X + b1)
        A2 = softmax(W2 @ A1 + b2)
        costs.append(-np.sum(Y * np.log(A2)) / m)

        dZ2 = (A2 - Y) / m
        dW2 = dZ2 @ A1.T
        db2 = dZ2.sum(axis=1, keepdims=True)
        dA1 = W2.T @ dZ2
        dZ1 = dA1 * A1 * (1 - A1)
        dW1 = dZ1 @ X.T
        db1 = dZ1.sum(axis=1, keepdims=True)

        W1 = W1 - learning_rate * dW1
        b1 = b1 - learning_rate * db1
        W2 = W2 - learning_rate * dW2
        b2 = b2 - learning_rate * db2
    return W1, b1, W2, b2, costs
