import numpy as np


class Net:
    def __init__(self, sizes):
        self.W = [np.random.randn(a, b) * 0.1 for a, b in zip(sizes, sizes[1:])]
        self.b = [np.zeros(b) for b in sizes[1:]]

    def softmax(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def forward(self, x):
        self.a = [x, np.maximum(0, x @ self.W[0] + self.b[0])]
        self.out = self.softmax(self.a[1] @ self.W[1] + self.b[1])
        return self.out

    def backward(self, y, lr):
        d = (self.out - y) / len(y)
        for i in (1, 0):
            dW, db = self.a[i].T @ d, d.sum(axis=0)
            if i:
                d = (d @ self.W[i].T) * (self.a[i] > 0)
            self.W[i] -= lr * dW
            self.b[i] -= lr * db

    def train(self, x, y, epochs=100, lr=0.1):
        for epoch in range(epochs):
            self.forward(x)
            self.backward(y, lr)
