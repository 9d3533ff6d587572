import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def relu(z):
    return np.maximum(0, z)


class Net:
    def __init__(self, n_in, n1, n2, n_out):
        self.W1, self.b1 = np.random.randn(n_in, n1) * 0.1, np.zeros(n1)
        self.W2, self.b2 = np.random.randn(n1, n2) * 0.1, np.zeros(n2)
        self.W3, self.b3 = np.random.randn(n2, n_out) * 0.1, np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.z1 = x @ self.W1 + self.b1
        self.a1 = relu(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = relu(self.z2)
        self.z3 = self.a2 @ self.W3 + self.b3
        self.out = softmax(self.z3)
        return self.out

    def backward(self, y):
        n = len(y)
        dz3 = (self.out - y) / n
        self.dW3 = self.a2.T @ dz3
        self.db3 = dz3.sum(axis=0)
        dz2 = (dz3 @ self.W3.T) * (self.z2 > 0)
        self.dW2 = self.a1.T @ dz2
        self.db2 = dz2.sum(axis=0)
        dz1 = (dz2 @ self.W2.T) * (self.z1 > 0)
        self.dW1 = self.x.T @ dz1
        self.db1 = dz1.sum(axis=0)

    def update(self, lr):
        self.W1 -= lr * self.dW1
        self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2
        self.W3 -= lr * self.dW3
        self.b3 -= lr * self.db3

    def train(self, x, y, epochs=100, lr=0.1):
        for epoch in range(epochs):
            out = self.forward(x)
            loss = -np.sum(y * np.log(out + 1e-9)) / len(y)
            self.backward(y)
            self.update(lr)
