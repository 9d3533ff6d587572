"""What a net or a function needs is found by what code does with its arguments."""

import pytest
from steps import judge

STEP = """
        z1 = sigmoid(x @ self.{0})
        y = sigmoid(z1 @ self.{1})
        d2 = (y - t) * y * (1 - y)
        d1 = d2 @ self.{1}.T * z1 * (1 - z1)
        self.{1} -= z1.T @ d2
        self.{0} -= x.T @ d1
"""
SIGMOID = """
import numpy as np
def sigmoid(a): return 1 / (1 + np.exp(-a))
"""
NUMBERED = (
    SIGMOID
    + """
class NeuronLayer:
    def __init__(self, number_of_neurons, number_of_inputs_per_neuron):
        self.weights = np.random.randn(number_of_inputs_per_neuron, number_of_neurons)

class Net:
    def __init__(self, layer1, layer2):
        self.layer1, self.layer2 = layer1, layer2

    def train(self, x, t):"""
    + STEP.format("layer1.weights", "layer2.weights")
)
DEFAULTS = (
    SIGMOID
    + """
class Net:
    def __init__(self, rate=0.1, sizes=[8, 7, 2]):
        self.W = [np.random.randn(n, m) for n, m in zip(sizes, sizes[1:])]
        self.rate = rate

    def train(self, x, t):
        z = [x]
        for W in self.W:
            z.append(sigmoid(z[-1] @ W))
        d = (z[-1] - t) * z[-1] * (1 - z[-1])
        for i in range(len(self.W) - 1, -1, -1):
            back = d @ self.W[i].T * z[i] * (1 - z[i])
            self.W[i] -= self.rate * z[i].T @ d
            d = back
"""
)
OPTIONS = (
    SIGMOID
    + """
def build(args, data, labels):
    W1, W2 = np.random.randn(data.shape[1], args.hdim), np.random.randn(args.hdim, 2)
    for i in range(100):
        z = sigmoid(data @ W1)
        e = np.exp(z @ W2)
        y = e / e.sum(axis=1, keepdims=True)
        y[range(len(labels)), labels] -= 1
        d1 = y @ W2.T * z * (1 - z)
        W2 -= args.lr * z.T @ y
        W1 -= args.lr * data.T @ d1
        if args.plot:
            raise ValueError
"""
)
GENERATOR = (
    SIGMOID
    + """
def new(sizes):
    return [np.random.randn(n, m) for n, m in zip(sizes, sizes[1:])]

def learn(weights, x, t, epochs=10):
    for epoch in range(epochs):
        z = sigmoid(x @ weights[0])
        d = z @ weights[1] - t
        for W, g in zip(weights, [x.T @ (d @ weights[1].T * z * (1 - z)), z.T @ d]):
            W -= 0.1 * g
        yield epoch
"""
)
OUTPUTS = (
    SIGMOID
    + """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.W2 = np.random.randn(n_hidden, n_in), np.random.randn(n_out, n_hidden)

    def forward(self, X):
        self.X, self.z = X, sigmoid(self.W1 @ X)
        return sigmoid(self.W2 @ self.z)

    def backward(self, A, Y):
        d = (A - Y) / Y.shape[1]
        self.g = (self.W2.T @ d * self.z * (1 - self.z)) @ self.X.T, d @ self.z.T

    def update(self):
        self.W1 -= 0.1 * self.g[0]
        self.W2 -= 0.1 * self.g[1]
"""
)
SEPARATE = (
    SIGMOID
    + """
def create(in_dim, out_dim):
    return [np.random.randn(in_dim, out_dim), np.zeros(out_dim)]

def loss_and_gradients(x, y, pair):
    W, b = pair
    e = np.exp(x @ W + b)
    probabilities = e / e.sum()
    hot = np.zeros(W.shape[1])
    hot[y] = 1
    d = probabilities - hot
    return -np.log(probabilities[y]), [np.outer(x, d), d]
"""
)
VALIDATED = DEFAULTS.replace(
    "train(self, x, t):", "train(self, x, t, validation_data=None):"
).replace(
    "        z = [x]",
    "        if validation_data:\n            print(validation_data[1])\n        z = [x]",
)


@pytest.mark.parametrize(
    "text", [NUMBERED, DEFAULTS, OPTIONS, GENERATOR, OUTPUTS, SEPARATE, VALIDATED]
)
def test_a_right_net_is_built_and_judged(tmp_path, text):
    (path := tmp_path / "net.py").write_text(text)
    assert judge(path).decision.is_right is True


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (NUMBERED, "z1 * (1 - z1)", "z1"),
        (DEFAULTS, "z[i] * (1 - z[i])", "z[i]"),
        (OPTIONS, "z * (1 - z)", "z"),
        (GENERATOR, "W -= 0.1 * g", "W = W - 0.1 * g"),
        (OUTPUTS, "self.z * (1 - self.z)", "self.z"),
        (SEPARATE, "np.outer(x, d)", "np.outer(x, probabilities)"),
        (VALIDATED, "z[i] * (1 - z[i])", "z[i]"),
    ],
)
def test_a_wrong_net_is_built_and_judged(tmp_path, text, old, new):
    assert old in text
    (path := tmp_path / "net.py").write_text(text.replace(old, new))
    assert judge(path).decision.is_right is False
