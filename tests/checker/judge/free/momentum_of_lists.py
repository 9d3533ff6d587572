"""Four layers with momentum: the slope of each ReLU is a mask, which no small change moves."""

import numpy as np


def steigung(z):
    return (z > 0).astype(float)


class Netz:
    def __init__(self, sizes):
        rng = np.random.default_rng(0)
        pairs = list(zip(sizes, sizes[1:], strict=False))
        self.W = [rng.normal(0, np.sqrt(2 / a), (a, b)) for a, b in pairs]
        self.b = [np.zeros(b) for _, b in pairs]
        self.vW, self.vb = [0 * w for w in self.W], [0 * b for b in self.b]

    def vor(self, x):
        self.a, self.z = [x], []
        for i, (w, b) in enumerate(zip(self.W, self.b, strict=True)):
            self.z.append(self.a[-1] @ w + b)
            self.a.append(self.z[-1] if i == len(self.W) - 1 else np.maximum(self.z[-1], 0))
        return self.a[-1]

    def rueck(self, t):
        delta = 2 * (self.a[-1] - t) / t.size
        for i in reversed(range(len(self.W))):
            dW, db = self.a[i].T @ delta, delta.sum(0)
            if i > 0:
                delta = (delta @ self.W[i].T) * steigung(self.z[i - 1])
            self.vW[i] = 0.9 * self.vW[i] - 0.05 * dW
            self.vb[i] = 0.9 * self.vb[i] - 0.05 * db
            self.W[i] += self.vW[i]
            self.b[i] += self.vb[i]


rng = np.random.default_rng(1)
x = rng.uniform(-1, 1, (200, 2))
t = np.stack([x[:, 0] * x[:, 1], np.abs(x[:, 0])], axis=1)
netz = Netz([2, 16, 16, 8, 2])
for _epoche in range(30):
    order = rng.permutation(len(x))
    for start in range(0, len(x), 25):
        rows = order[start : start + 25]
        netz.vor(x[rows])
        netz.rueck(t[rows])
