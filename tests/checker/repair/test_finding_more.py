"""Gradients without names, penalties of some weights and biases that nothing uses get a line."""

import pytest
from steps import diagnose, write_changed

from trainer.checker.diagnose.counting import Count
from trainer.checker.repair.raising import diagnose_raised
from trainer.checker.repair.repairing import CHANGES

NET = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(8, 3)), (rng.random((8, 2)) > 0.5).astype(float)
W1, b1, W2, b2 = rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 2)), np.zeros(2)
lam = 0.3
def sigmoid(a):
    return 1 / (1 + np.exp(-a))
def forward(x):
    z = sigmoid(x @ W1 + b1)
    s = z @ W2 + b2
    return z, sigmoid(s)
for i in range(100):
    z, y = forward(X)
    loss = -np.sum(T * np.log(y) + (1 - T) * np.log(1 - y)) / len(X)
    loss = loss + lam / 2 * (np.sum(W1**2) + np.sum(W2**2))
    dy = (y - T) / len(X)
    dW2 = z.T @ dy + lam * W2
    dz = dy @ W2.T * z * (1 - z)
    dW1 = X.T @ dz + lam * W1
    grads = [dW1, dz.sum(axis=0), dW2, dy.sum(axis=0)]
    for p, d in zip([W1, b1, W2, b2], grads):
        p -= 0.1 * d
"""


@pytest.mark.parametrize(
    ("right", "wrong", "fix"),
    [
        ("[dW1, dz.sum(axis=0)", "[dW1, dy.sum()", "[dW1, np.sum(dz, axis=0)"),
        ("dW1 = X.T @ dz + lam * W1", "dW1 = X.T @ dz", "dW1 = X.T @ dz + lam * W1"),
        ("z @ W2 + b2", "z @ W2", "s = z @ W2 + b2"),
    ],
)
def test_the_line_that_was_changed_is_named_and_corrected(right, wrong, fix, tmp_path):
    assert NET.count(right) == 1
    found = diagnose(write_changed(tmp_path, NET, right, wrong))
    assert found.line == NET[: NET.index(right)].count("\n") + 1
    assert fix in next(line for line in found.diff.splitlines() if line.startswith("+ "))


LISTS = """
import random
random.seed(1)
net = [[{"w": [random.random() for _ in range(3)]} for _ in range(n)] for n in (4, 2)]
for i in range(4):
    net[1][i % 2]["w"] = [random.random() for _ in range(5)]
def sigmoid(a):
    return 1 / (1 + 2.718281828459045 ** -a)
data = [([0.3, -0.8], [1, 0]), ([0.9, 0.4], [0, 1]), ([-0.5, 0.7], [1, 0])]
for epoch in range(9):
    for x, t in data:
        values = x
        for layer in net:
            for n in layer:
                n["y"] = sigmoid(n["w"][-1] + sum(a * b for a, b in zip(n["w"], values)))
            values = [n["y"] for n in layer]
        for k, n in enumerate(net[1]):
            n["d"] = (t[k] - n["y"]) * n["y"] * (1 - n["y"])
        for k, n in enumerate(net[0]):
            n["d"] = sum(m["w"][k] * m["d"] for m in net[1]) * n["y"] * (1 - n["y"])
        for layer, given in zip(net, (x, [n["y"] for n in net[0]])):
            for n in layer:
                for k, value in enumerate(given):
                    n["w"][k] += 0.5 * n["d"] * value
                n["w"][-1] -= 0.5 * n["d"]
"""


def test_the_sign_of_the_bias_of_each_neuron_is_turned(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(LISTS)
    found = diagnose(path)
    assert found.code.strip() == "n['w'][-1] -= 0.5 * n['d']".replace("'", '"')
    assert '+                n["w"][-1] += 0.5 * n["d"]' in found.diff


def test_a_program_that_lacks_an_import_gets_it(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(f"class Net:\n    pass\n{NET.replace('import numpy as np', '')}")
    found = diagnose_raised(path, Count(CHANGES))
    assert (found.line, found.left) == (10, ())
    assert found.diff.endswith("+import numpy as np\n")


TWICE = """
import math
p, q, r, s, u, v, c = 0.3, -0.4, 0.7, 0.1, -0.9, 0.6, 0.2
data = [((0.3, -0.8), 1), ((0.9, 0.4), 0), ((-0.5, 0.7), 1)]
rate = 0.5
for i in range(300):
    (a, b), t = data[i % 3]
    h = math.tanh(p * a + q * b)
    k = math.tanh(r * a + s * b)
    y = u * h + v * k + c
    d = rate * (y - t)
    dh = rate * d * u * (1 - h * h)
    dk = rate * d * v * (1 - k * k)
    p, q = p - dh * a, q - dh * b
    r, s = r - dk * a, s - dk * b
    u, v, c = u - d * h, v - d * k, c - d
"""


def test_a_rate_that_two_gradients_have_already_is_taken_out_of_both(tmp_path):
    found = diagnose(write_changed(tmp_path, TWICE, "", ""))
    added = [line[1:].strip() for line in found.diff.splitlines() if line.startswith("+ ")]
    assert added == ["dh = d * u * (1 - h * h)", "dk = d * v * (1 - k * k)"]


SWISH = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 1))
W1, b1, W2, b2 = rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 1)), np.zeros(1)
def slope_of_loss(e):
    return np.sin(e) + 0.1
def slope_of_swish(a):
    s = 1 / (1 + np.exp(-a))
    return s * (1 - s)
for i in range(100):
    a = X @ W1 + b1
    z = a / (1 + np.exp(-a))
    y = z @ W2 + b2
    loss = np.mean(np.log(np.cosh(y - T)))
    dy = slope_of_loss(y - T) / 9
    dW2, db2 = z.T @ dy, dy.sum(axis=0)
    da = dy @ W2.T * slope_of_swish(a)
    W1 -= 0.1 * X.T @ da
    b1 -= 0.1 * da.sum(axis=0)
    W2 -= 0.1 * dW2
    b2 -= 0.1 * db2
"""


@pytest.mark.slow
def test_two_slopes_that_are_wrong_together_are_both_corrected(tmp_path):
    found = diagnose(write_changed(tmp_path, SWISH, "", ""))
    added = [line[1:].strip() for line in found.diff.splitlines() if line.startswith("+ ")]
    assert added == ["return np.tanh(e)", "return s * (1 - a * (s - 1))"]


def test_of_several_lines_that_are_wrong_together_the_first_is_named_without_a_fix(tmp_path):
    path = write_changed(tmp_path, SWISH, "np.log(np.cosh(y - T))", "(1 + (y - T) ** 4) ** 0.3")
    found = diagnose(path)
    assert (found.line, found.diff) == (7, "")
