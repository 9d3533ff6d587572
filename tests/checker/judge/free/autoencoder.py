"""The inputs are the targets; the decoder uses the weights of the encoder, turned."""

import numpy as np

rng = np.random.default_rng(4)
bars = (rng.random((20, 9)) < 0.3).astype(float)
W = rng.uniform(-0.5, 0.5, (9, 4))
hidden_bias = np.zeros(4)
visible_bias = np.zeros(9)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


for epoch in range(300):
    code = sigmoid(bars @ W + hidden_bias)
    copy = sigmoid(code @ W.T + visible_bias)
    error = bars - copy
    back = (error @ W) * code * (1 - code)
    W += 0.1 * (bars.T @ back + error.T @ code) / len(bars)
    hidden_bias += 0.1 * back.mean(axis=0)
    visible_bias += 0.1 * error.mean(axis=0)
