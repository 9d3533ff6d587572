"""Wrong steps that few samples, a single number, or a call's own loss show to be wrong."""

import pytest
from steps import judge, write_changed

XOR = """
import numpy as np
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
T = np.array([[0], [1], [1], [0]])
W1, W2 = np.array([[0.15, 0.25], [0.20, 0.30]]), np.array([[0.40], [0.45]])
b1, b2 = np.array([[0.35, 0.35]]), np.array([[0.60]])
def slope(a): return 1 - a ** 2
for epoch in range(1000):
    h = X @ W1 + b1
    z = np.tanh(h)
    a = z @ W2 + b2
    y = np.tanh(a)
    d2 = (T - y) * slope(y)
    d1 = d2 @ W2.T * slope(z)
    W2 += z.T @ d2 * 0.5
    W1 += X.T @ d1 * 0.5
    b2 += d2.sum(axis=0, keepdims=True) * 0.5
    b1 += d1.sum(axis=0, keepdims=True) * 0.5
"""
ONE_OUTPUT = """
import numpy as np
class Net:
    def __init__(self, n_in, n_hidden):
        self.W1, self.b1 = np.random.randn(n_in, n_hidden), np.zeros(n_hidden)
        self.W2, self.b2 = np.random.randn(n_hidden, 1), np.random.randn(1)

    def train(self, x, t, lr=0.1):
        h = x @ self.W1 + self.b1
        z = np.maximum(0, h)
        y = 1 / (1 + np.exp(-(z @ self.W2 + self.b2)))
        d2 = y - t.reshape(-1, 1)
        dW2 = z.T @ d2 / len(x)
        d1 = d2 @ self.W2.T * (h > 0)
        self.b2 = self.b2 - lr * np.sum(d2, axis=0) / len(x)
        self.W2 = self.W2 - lr * dW2
        self.W1 = self.W1 - lr * x.T @ d1 / len(x)
        self.b1 = self.b1 - lr * np.sum(d1, axis=0) / len(x)
"""
PENALTY = """
import numpy as np
def sigmoid(a): return 1 / (1 + np.exp(-a))
def loss(X, Y, w1, w2, lmbda):
    m = len(X)
    z = sigmoid(X @ w1)
    z1 = np.c_[np.ones(m), z]
    y = sigmoid(z1 @ w2)
    J = np.sum(-Y * np.log(y) - (1 - Y) * np.log(1 - y)) / m
    J += lmbda / (2 * m) * (np.sum(w1[1:] ** 2) + np.sum(w2[1:] ** 2))
    d2 = y - Y
    d1 = (d2 @ w2.T * z1 * (1 - z1))[:, 1:]
    dw1, dw2 = X.T @ d1 / m, z1.T @ d2 / m
    dw1[1:] += lmbda / m * w1[1:]
    dw2[1:] += lmbda / m * w2[1:]
    return J, dw1, dw2
"""


@pytest.mark.parametrize(
    ("net", "old", "new"),
    [
        (XOR, "def slope(a): return 1 - a ** 2", "def slope(a): return 1 - np.tanh(a) ** 2"),
        (ONE_OUTPUT, "np.sum(d2, axis=0) / len", "np.sum(dW2, axis=0) / len"),
        (PENALTY, "np.sum(w1[1:] ** 2)", "np.sum(w1[:, 1:] ** 2)"),
    ],
)
def test_a_right_step_is_right_and_the_wrong_one_is_wrong(tmp_path, net, old, new):
    assert judge(write_changed(tmp_path, net, "", "")).decision.is_right is True
    assert judge(write_changed(tmp_path, net, old, new)).decision.is_right is False


def test_a_bias_with_a_rate_of_its_own_is_not_wrong(tmp_path):
    path = write_changed(tmp_path, ONE_OUTPUT, "lr * np.sum(d2", "2 * lr * np.sum(d2")
    found = judge(path)
    assert found is None or found.decision.is_right is not False


COUNTED = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=({samples}, 5)), rng.normal(size={samples})
{count}
w1, b1, w2, b2 = rng.normal(size=(5, 6)), np.zeros(6), rng.normal(size=6), 0.0
for epoch in range(300):
    h = np.tanh(X @ w1 + b1)
    d = t - (h @ w2 + b2)
    dh = np.outer(d, w2) * (1 - h ** 2)
    w2 += {rate} * h.T @ d
    b2 += 0.5 * d.mean()
    w1 += {rate} * X.T @ dh
    b1 += 0.5 * dh.mean(axis=0)
"""


@pytest.mark.parametrize("samples", [12, 120])
@pytest.mark.parametrize(
    ("count", "rate"), [("n = len(X)", "0.5 / n"), ("share = 1 / len(X)", "0.5 * share")]
)
def test_samples_that_were_counted_before_the_loop_are_as_many_as_the_step_has(
    samples, count, rate, tmp_path
):
    path = tmp_path / "counted.py"
    path.write_text(COUNTED.format(samples=samples, count=count, rate=rate))
    assert judge(path).decision.is_right is True


def test_a_step_that_divides_some_gradients_by_another_number_is_wrong(tmp_path):
    path = tmp_path / "counted.py"
    path.write_text(COUNTED.format(samples=12, count="n = len(X) + 1", rate="0.5 / n"))
    assert judge(path).decision.wrong == ["b2", "b1"]


LARGE = """
import numpy as np
X = np.array([[20, 3], [15, 5], [30, 2], [25, 4], [35, 1]])
y = np.array([[18], [20], [22], [25], [30]])
def sigmoid(a): return 1 / (1 + np.exp(-a))
W1, b1 = np.random.randn(2, 3), np.zeros((1, 3))
W2, b2 = np.random.randn(3, 1), np.zeros((1, 1))
for epoch in range(1000):
    h = np.maximum(0, X @ W1 + b1)
    out = sigmoid(h @ W2 + b2)
    loss = np.mean((y - out) ** 2)
    d2 = 2 * (out - y) * out * (1 - out)
    d1 = d2 @ W2.T * (h > 0)
    W1 -= 0.001 * X.T @ d1
    b1 -= 0.001 * d1.sum(axis=0, keepdims=True)
    W2 -= 0.001 * h.T @ d2
    b2 -= 0.001 * d2.sum(axis=0, keepdims=True)
"""


def test_large_inputs_that_leave_a_sigmoid_no_slope_are_made_smaller(tmp_path):
    assert judge(write_changed(tmp_path, LARGE, "", "")).decision.is_right is True
    path = write_changed(tmp_path, LARGE, "@ W2.T * (h > 0)", "@ W2.T * h")
    assert judge(path).decision.is_right is False


ZEROS = """
import numpy as np
def sigmoid(a): return 1 / (1 + np.exp(-a))
X = np.random.randn(2, 9)
Y = (X[:1] > 0) * 1.0
W1, b1 = np.zeros((4, 2)), np.zeros((4, 1))
W2, b2 = np.zeros((1, 4)), np.zeros((1, 1))
for epoch in range(1000):
    h = np.maximum(0, W1 @ X + b1)
    y = sigmoid(W2 @ h + b2)
    d2 = (y - Y) / 9
    d1 = W2.T @ d2 * (h > 0)
    W2, b2 = W2 - 0.1 * d2 @ h.T, b2 - 0.1 * d2.sum(axis=1, keepdims=True)
    W1, b1 = W1 - 0.1 * d1 @ X.T, b1 - 0.1 * d1.sum(axis=1, keepdims=True)
"""


def test_a_net_of_zeros_is_judged_with_other_weights(tmp_path):
    decision = judge(write_changed(tmp_path, ZEROS, "", "")).decision
    assert decision.is_right is True
    assert sorted(decision.model.weights) == ["W1", "W2", "b1", "b2"]
    path = write_changed(tmp_path, ZEROS, "W2.T @ d2 * (h > 0)", "W2.T @ d2 * h")
    assert judge(path).decision.is_right is False
