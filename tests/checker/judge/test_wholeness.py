"""A step is right only where it shows all of the net; data and momentum are no weights of it."""

import pytest
from steps import judge, write_changed

from trainer.checker.judge.decision import Fault

HEAD = """
import numpy as np
rng = np.random.default_rng(3)
X, T = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
"""
NESTEROV = (
    HEAD
    + """
params = [(rng.normal(size=(3, 4)), np.zeros(4)), (rng.normal(size=(4, 2)), np.zeros(2))]
speed = [(np.zeros((3, 4)), np.zeros(4)), (np.zeros((4, 2)), np.zeros(2))]
for k in range(30):
    ahead = [(w + 0.9 * v, b + 0.9 * u) for (w, b), (v, u) in zip(params, speed)]
    (w1, b1), (w2, b2) = ahead
    h = np.tanh(X @ w1 + b1)
    d2 = (h @ w2 + b2 - T) / len(X)
    d1 = d2 @ w2.T * (1 - h ** 2)
    grads = [(X.T @ d1, d1.sum(0)), (h.T @ d2, d2.sum(0))]
    speed = [(0.9 * v - 0.1 * g, 0.9 * u - 0.1 * e) for (v, u), (g, e) in zip(speed, grads)]
    params = [(w + v, b + u) for (w, b), (v, u) in zip(params, speed)]
"""
)
SIGNS = (
    HEAD
    + """
w, b = rng.normal(size=3), 0.0
y = (T[:, 0] > 0) * 1.0
for k in range(30):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    w = w - 0.2 * (X.T @ (p - y) / len(y) + 0.01 * np.sign(w))
    b = b - 0.2 * (p - y).mean()
"""
)
COLUMNS = (
    HEAD
    + """
def back(dz, cache):
    a, w = cache
    return w.T @ dz, dz @ a.T, dz.sum(axis=1, keepdims=True)

W1, b1 = rng.normal(size=(4, 3)), np.zeros((4, 1))
W2, b2 = rng.normal(size=(2, 4)), np.zeros((2, 1))
for k in range(30):
    for bx, by in [(X.T[:, i:i + 20], T.T[:, i:i + 20]) for i in (0, 20)]:
        h = np.tanh(W1 @ bx + b1)
        dh, dW2, db2 = back((W2 @ h + b2 - by) / 20, (h, W2))
        dx, dW1, db1 = back(dh * (1 - h ** 2), (bx, W1))
        W1, b1, W2, b2 = W1 - 0.1 * dW1, b1 - 0.1 * db1, W2 - 0.1 * dW2, b2 - 0.1 * db2
"""
)
NORMED = (
    HEAD
    + """
class Norm:
    def forward(self, x):
        self.x, self.s = x, 1 / np.sqrt(x.var(axis=0) + 1e-5)
        self.h = (x - x.mean(axis=0)) * self.s
        return self.h

    def backward(self, d):
        return self.s * (d - d.mean(axis=0) - self.h * (d * self.h).mean(axis=0))

class Net:
    def __init__(self):
        self.W, self.V, self.norm = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), Norm()

    def step(self, x, t):
        z = np.tanh(self.norm.forward(x @ self.W))
        d = (z @ self.V - t) / len(x)
        dW = self.norm.backward(d @ self.V.T * (1 - z ** 2))
        dx = dW @ self.W.T
        self.W -= 0.1 * x.T @ dW
        self.V -= 0.1 * z.T @ d
        return dx

net = Net()
for k in range(30):
    net.step(X, T)
"""
)
VALIDATION = (
    HEAD
    + """
t_val = T[30:]
m = [np.zeros((3, 2)), np.zeros((3, 2))]
W = rng.normal(size=(3, 2))
for k in range(1, 30):
    g = X[:30].T @ (X[:30] @ W - T[:30])
    m = [0.9 * m[0] + 0.1 * g, 0.99 * m[1] + 0.01 * g ** 2]
    W -= 0.01 * m[0] / (1 - 0.9 ** k) / (np.sqrt(m[1] / (1 - 0.99 ** k)) + 1e-8)
    val_loss = np.mean((X[30:] @ W - t_val) ** 2)
"""
)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (NESTEROV, "1 - h ** 2", "1 - h"),
        (COLUMNS, "1 - h ** 2", "1 - h"),
        (NORMED, "1 - z ** 2", "1 - z"),
    ],
    ids=["momentum ahead", "batches", "normalised batches"],
)
def test_what_is_no_weight_is_not_expected_to_move(tmp_path, text, old, new):
    path = write_changed(tmp_path, text, "rng = ", "rng = ")
    assert judge(path).decision.is_right is True
    path = write_changed(tmp_path, text, old, new)
    assert judge(path).decision.is_right is False


def test_a_penalty_on_sizes_has_their_sign(tmp_path):
    path = write_changed(tmp_path, SIGNS, "rng = ", "rng = ")
    assert judge(path).decision.is_right is True
    path = write_changed(tmp_path, SIGNS, "+ 0.01 * np.sign(w)", "- 0.05 * np.sign(w)")
    assert judge(path).decision.fault is Fault.PENALTY_SIGN


def test_targets_of_validation_are_ignored_by_a_right_step(tmp_path):
    path = write_changed(tmp_path, VALIDATION, "rng = ", "rng = ")
    judged = judge(path)
    assert judged is None or judged.decision.fault is not Fault.IGNORES


RECURRENT = """
import numpy as np

class Tagger:
    def __init__(self, vocab, hidden, labels):
        self.p = {"Wx": np.random.randn(hidden, vocab), "Wh": np.random.randn(hidden, hidden),
                  "Wy": np.random.randn(labels, hidden)}

    def backward(self, tokens, tags):
        p, h, y = self.p, {-1: np.zeros(len(self.p["Wh"]))}, []
        for t, token in enumerate(tokens):
            h[t] = np.tanh(p["Wx"][:, token] + p["Wh"] @ h[t - 1])
            e = np.exp(p["Wy"] @ h[t])
            y.append(e / e.sum())
        g = {k: np.zeros_like(v) for k, v in p.items()}
        later = np.zeros(len(p["Wh"]))
        for t in reversed(range(len(tokens))):
            dy = y[t].copy()
            dy[tags[t]] -= 1
            g["Wy"] += np.outer(dy, h[t])
            dz = (p["Wy"].T @ dy + later) * (1 - h[t] ** 2)
            g["Wx"][:, tokens[t]] += dz
            g["Wh"] += np.outer(dz, h[t])
            later = p["Wh"].T @ dz
        return g
"""


PARTS = """
import numpy as np

class Vectors:
    def __init__(self, words, size):
        self.inner, self.outer = np.random.randn(words, size), np.random.randn(words, size)

    def update(self, context, word, labels, rate=0.1):
        mean = self.inner[context].mean(axis=0)
        step = np.zeros_like(mean)
        for i, label in enumerate(labels):
            g = 1 / (1 + np.exp(-self.outer[i] @ mean)) - label
            self.outer[i] -= rate * g * mean
            step += g * self.outer[i]
        self.inner[context] -= rate * step
"""


@pytest.mark.parametrize("text", [RECURRENT, PARTS], ids=["no output shows it", "a call moves it"])
def test_a_step_that_leaves_a_matrix_unseen_is_not_right(tmp_path, text):
    path = tmp_path / "net.py"
    path.write_text(text)
    judged = judge(path)
    assert judged is None or judged.decision.is_right is not True


XOR = """
import numpy as np
np.random.seed(1)
X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [1], [1], [0.0]])
W1, b1 = np.random.uniform(-1, 1, (2, 2)), np.random.uniform(-1, 1, (1, 2))
W2, b2 = np.random.uniform(-1, 1, (2, 1)), np.random.uniform(-1, 1, (1, 1))
def sigmoid(z): return 1 / (1 + np.exp(-z))
def slope(z): return sigmoid(z) * (1 - sigmoid(z))
for k in range(1000):
    a = X @ W1 + b1
    h = sigmoid(a)
    c = h @ W2 + b2
    y = sigmoid(c)
    d2 = (Y - y) * slope(c)
    d1 = d2 @ W2.T * slope(a)
    W2, W1 = W2 + 0.1 * h.T @ d2, W1 + 0.1 * X.T @ d1
    b1, b2 = b1 + 0.1 * d1.sum(0), b2 + 0.1 * d2.sum(0)
"""


def test_no_penalty_explains_a_wrong_step_of_a_small_net(tmp_path):
    path = write_changed(tmp_path, XOR, "slope(a)", "slope(a)")
    assert judge(path).decision.is_right is True
    path = write_changed(tmp_path, XOR.replace("slope(c)", "slope(y)"), "slope(a)", "slope(h)")
    assert judge(path).decision.is_right is False
