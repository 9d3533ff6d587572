"""XOR with two outputs and Adam: near 0 the gradients are hardly larger than rounding."""

import numpy as np

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
T = np.array([[1, 0], [0, 1], [0, 1], [1, 0]])


class Layer:
    def __init__(self, inputs, outputs):
        self.W, self.b = np.random.randn(inputs, outputs) * 0.01, np.zeros((1, outputs))
        self.state = [(np.zeros_like(p), np.zeros_like(p)) for p in (self.W, self.b)]

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout, t, lr=0.01):
        dW, db = self.x.T @ dout, dout.sum(axis=0, keepdims=True)
        dx = dout @ self.W.T
        for i, (param, grad) in enumerate(((self.W, dW), (self.b, db))):
            m, v = self.state[i]
            m, v = 0.9 * m + 0.1 * grad, 0.999 * v + 0.001 * grad**2
            self.state[i] = m, v
            param -= lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return dx


np.random.seed(1)
first, last = Layer(2, 4), Layer(4, 2)
for step in range(1, 2000):
    hidden = 1 / (1 + np.exp(-first.forward(X)))
    scores = last.forward(hidden)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    y = exps / exps.sum(axis=1, keepdims=True)
    loss = -np.mean(np.sum(T * np.log(y), axis=1))
    dhidden = last.backward(y - T, step)
    first.backward(dhidden * hidden * (1 - hidden), step)
print(loss, y)
