"""Trains by Adam, in mini-batches, with biases that a batch normalisation cancels."""

import numpy as np


class Linear:
    def __init__(self, n_in, n_out):
        self.params = [np.random.randn(n_in, n_out) / np.sqrt(n_in), np.zeros((1, n_out))]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dy):
        self.grads = [self.x.T @ dy, dy.sum(axis=0, keepdims=True)]
        return dy @ self.params[0].T


class BatchNorm:
    def __init__(self, size):
        self.params = [np.ones((1, size)), np.zeros((1, size))]

    def forward(self, x):
        self.deviation = np.sqrt(x.var(axis=0, keepdims=True) + 1e-5)
        self.xhat = (x - x.mean(axis=0, keepdims=True)) / self.deviation
        return self.params[0] * self.xhat + self.params[1]

    def backward(self, dy):
        self.grads = [(dy * self.xhat).sum(axis=0, keepdims=True), dy.sum(axis=0, keepdims=True)]
        d = dy * self.params[0]
        rest = d.mean(axis=0) + self.xhat * (d * self.xhat).mean(axis=0)
        return (d - rest) / self.deviation


class ReLU:
    params = grads = []

    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class Model:
    def __init__(self, sizes):
        self.layers = []
        for n_in, n_out in zip(sizes[:-2], sizes[1:-1]):
            self.layers += [Linear(n_in, n_out), BatchNorm(n_out), ReLU()]
        self.layers.append(Linear(*sizes[-2:]))
        self.state, self.steps = {}, 0

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, scores, labels):
        rows = np.arange(len(labels))
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        d = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(d[rows, labels] + 1e-10).mean()
        d[rows, labels] -= 1
        d /= len(labels)
        for layer in self.layers[::-1]:
            d = layer.backward(d)
        return loss

    def update(self, rate):
        self.steps += 1
        for i, layer in enumerate(self.layers):
            for j, (p, g) in enumerate(zip(layer.params, layer.grads)):
                m, v = self.state.get((i, j), (np.zeros_like(p), np.zeros_like(p)))
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                self.state[i, j] = m, v
                step = m / (1 - 0.9**self.steps)
                p -= rate * step / (np.sqrt(v / (1 - 0.999**self.steps)) + 1e-8)


np.random.seed(0)
labels = np.random.randint(0, 3, 400)
x = np.random.randn(400, 2) + np.array([[0, 2], [2, 0], [-2, -1]])[labels]
model = Model([2, 8, 8, 3])
for epoch in range(20):
    order = np.random.permutation(len(x))
    for i in range(0, len(order), 50):
        chosen = order[i : i + 50]
        model.backward(model.forward(x[chosen]), labels[chosen])
        model.update(0.01)
