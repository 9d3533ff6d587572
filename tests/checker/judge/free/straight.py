# One step, taken without a loop.
import numpy as np
np.random.seed(0)
X, t = np.random.randn(6, 3), np.random.randn(6, 2)
W1, b1 = np.random.randn(3, 4), np.zeros(4)
W2, b2 = np.random.randn(4, 2), np.zeros(2)
z = np.tanh(X @ W1 + b1)
y = z @ W2 + b2
print(((y - t) ** 2).mean())
dy = y - t
dz = dy @ W2.T * (1 - z ** 2)
W2 -= 0.1 * z.T @ dy
b2 = b2 - 0.1 * dy.sum(axis=0)
W1 -= 0.1 * X.T @ dz
b1 = b1 - 0.1 * dz.sum(axis=0)
print(W1)
