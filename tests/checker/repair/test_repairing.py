"""A wrong step gets its line and a fix, whatever the form and the depth of the net."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from sampling import few
from steps import FREE, LAYERS, diagnose, judge, judge_each_layer, write_changed

from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.verifying import Request
from trainer.checker.repair.repairing import CHANGES, _is_sure, diagnose_net, diagnose_step
from trainer.checker.repair.surveying import StepRequest

SLOPE = "output_errors * final_outputs * (1.0 - final_outputs)"
BACK = "        hidden_errors = numpy.dot(self.who.T, {})\n\n"
BACK += "        self.who += self.lr * numpy.dot({}, "
DELTAS = f"        output_deltas = {SLOPE}\n" + BACK.format("output_deltas", "output_deltas")
ERRORS = BACK.format("output_errors", SLOPE)
# A right net, a line of it and a mistake in its place, and the number of that line.
MISTAKES = [
    ("deep_script", "g[z < 0] = ALPHA", "g[z < 0] = 0", 22),
    ("dropout", "    dA1 = dA1 * D1\n", "", 53),
    ("hinge", "da1 * (self.z1 > 0)", "da1 * (da1 > 0)", 0),
    ("batch_norm", "dxhat = dout * gamma", "dxhat = dout", 24),
    ("batch_norm", "-np.sum(dxhat * ivar, axis=0)", "-np.sum(dxhat * ivar)", 26),
    ("batch_norm", "return dx, dgamma, dbeta", "return dx, dbeta, dbeta", 28),
    ("dropout", "dZ3 = A3 - Y", "dZ3 = Z3 - Y", 42),
    ("single_samples", "hidden_errors * hidden_outputs", "hidden_errors", 0),
    ("table", "axis=1, keepdims=True)", ")", 0),
    ("straight", "1 - z ** 2", "1 - z", 0),
    ("mini_batches", "[nw + dnw for", "[dnw for", 0),
    # The error of the outputs is written beside their slope in the update alone.
    ("single_samples", DELTAS, ERRORS, 27),
]


def plant(tmp_path, name, old, new):
    text = (FREE / f"{name}.py").read_text()
    assert old in text
    path = tmp_path / f"{name}.py"
    path.write_text(text.replace(old, new, 1))
    return path, text.count("\n", 0, text.index(old)) + 1


@pytest.mark.parametrize(("name", "old", "new", "line"), few(MISTAKES, 3))
def test_the_line_is_named_and_the_fix_makes_the_step_right(tmp_path, name, old, new, line):
    path, first = plant(tmp_path, name, old, new)
    found = diagnose(path)
    assert found.line == (line or first)
    assert found.diff


TWICE = """
import numpy as np
rng = np.random.default_rng(0)
x, t = rng.random((6, 3)), rng.random((6, 1))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def slope(x):
    return sigmoid(x) * (1 - sigmoid(x))
for i in range(100):
    hidden = sigmoid(x @ w1)
    y = sigmoid(hidden @ w2)
    delta = (t - y) * slope(y)
    back = delta @ w2.T * slope(hidden)
    w2 += hidden.T @ delta
    w1 += x.T @ back
"""


def test_a_slope_that_is_given_the_activation_uses_it_as_that(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(TWICE)
    assert "+    return x * (1 - x)\n" in diagnose(path).diff
    assert diagnose(path).diff.count("\n+") == 2  # with the header of the diff


ENTROPY = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=(9, 3)), (rng.random((9, 1)) > 0.5).astype(float)
keep, W1, W2 = 0.8, rng.normal(size=(3, 6)), rng.normal(size=(6, 1))
for i in range(100):
    np.random.seed(i)
    z = X @ W1
    mask = np.random.rand(*z.shape) < keep
    a = np.maximum(0, z) * mask / keep
    s = a @ W2
    y = 1 / (1 + np.exp(-s))
    loss = -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))
    dy = (y - t) / len(X)
    dz = dy @ W2.T * mask / keep * (z > 0)
    W2 -= 0.1 * a.T @ dy
    W1 -= 0.1 * X.T @ dz
"""


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("dy = (y - t) / len(X)", "dy = (y - t) * y * (1 - y) / len(X)"),
        ("dz = dy @ W2.T * mask / keep * (z > 0)", "dz = dy @ W2.T * (z > 0)"),
    ],
)
def test_a_fix_divides_by_no_samples_and_takes_nothing_back(line, wrong, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(ENTROPY.replace(line, wrong))
    added = [each for each in diagnose(path).diff.splitlines() if each.startswith("+    ")]
    assert len(added) == 1
    assert set(re.findall(r"/ (\w+)", added[0])) <= {"len", "keep"}


LEAKY = """
import numpy as np
np.random.seed(3)
X, T = np.random.randn(9, 4), np.random.randn(9, 2)
W1, W2 = np.random.randn(4, 6), np.random.randn(6, 2)
def leaky(x, alpha=0.1): return np.where(x > 0, x, alpha * x)
def slope(x, alpha=0.1):
    return np.where(x > 0, 1, alpha)
for i in range(100):
    z = X @ W1
    a = leaky(z)
    d = (a @ W2 - T) / 9
    e = d @ W2.T * slope(z)
    W2 -= 0.1 * a.T @ d
    W1 -= 0.1 * X.T @ e
"""
NEURONS = """
from math import tanh
from random import random, seed
seed(1)
sizes = [(2, 3), (3, 2)]
net = [[{'w': [random() - 0.5 for _ in range(n + 1)]} for _ in range(m)] for n, m in sizes]
def forward(x):
    for layer in net:
        for neuron in layer:
            neuron['in'] = x
            neuron['out'] = tanh(neuron['w'][-1] + sum(w * v for w, v in zip(neuron['w'], x)))
        x = [neuron['out'] for neuron in layer]
    return x
def update(rate):
    for layer in net:
        for neuron in layer:
            for j in range(len(neuron['in'])):
                neuron['w'][j] -= rate * neuron['delta'] * neuron['in'][j]
            neuron['w'][-1] -= rate * neuron['delta']
for epoch in range(100):
    for x, t in [([1, 0.5], [0, 1]), ([0.3, -1], [1, 0]), ([-0.6, 0.8], [0.5, 0.2])]:
        y = forward(x)
        for j, neuron in enumerate(net[1]):
            neuron['delta'] = (y[j] - t[j]) * (1 - y[j] ** 2)
        for j, neuron in enumerate(net[0]):
            error = sum(after['w'][j] * after['delta'] for after in net[1])
            neuron['delta'] = error * (1 - neuron['out'] ** 2)
        update(0.5)
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (LEAKY, "return np.where(x > 0, 1, alpha)", "return np.where(x > 0, 1, 0)"),
        (NEURONS, "neuron['w'][-1] -= rate * neuron['delta']", "neuron['w'][-1] -= rate"),
    ],
    ids=["whole numbers on the way back", "a part of a list in a table"],
)
def test_what_a_line_gives_may_be_whole_numbers_or_a_part_of_a_list(text, right, wrong, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(text.replace(right, wrong))
    added = [line for line in diagnose(path).diff.splitlines() if line.startswith("+ ")]
    assert [line[1:].strip() for line in added] == [right]


DROPOUT = """
import numpy as np
np.random.seed(3)
X, t = np.random.randn(9, 3), np.random.randn(9, 2)
class Affine:
    def __init__(self, n, m): self.W = np.random.randn(n, m)
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, d):
        self.dW = self.x.T @ d
        return d @ self.W.T
class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask
    def backward(self, d): return d * self.mask
class Dropout:
    def forward(self, x):
        self.keep = (np.random.rand(*x.shape) > 0.3) / 0.7
        return x * self.keep
    def backward(self, d):
        return d * self.keep
layers = [Affine(3, 7), Relu(), Dropout(), Affine(7, 6), Relu(), Dropout(), Affine(6, 2)]
for i in range(100):
    y = X
    for layer in layers: y = layer.forward(y)
    d = (y - t) / len(X)
    for layer in reversed(layers): d = layer.backward(d)
    for layer in layers:
        if hasattr(layer, "W"): layer.W -= 0.1 * layer.dW
"""


def test_of_the_values_with_which_a_line_is_right_the_one_that_it_can_write_is_found(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(DROPOUT.replace("return d * self.keep", "return d"))
    assert "+        return d * self.keep\n" in diagnose(path).diff


SQUARED = ENTROPY.replace("dy = (y - t) / len(X)", "dy = (y - t) * slope(y)").replace(
    "for i", "def slope(y): return y * (1 - y)\nfor i"
)


def test_no_number_takes_the_place_of_a_factor_that_is_needless(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(SQUARED)
    assert "+    dy = y - t\n" in diagnose(path).diff


SAMPLES = """
import numpy as np
np.random.seed(2)
X, T = np.random.randn(8, 4), np.random.randint(0, 2, 8)
W1, W2 = np.random.randn(4, 3), np.random.randn(3)
def sigmoid(a): return 1 / (1 + np.exp(-a))
for epoch in range(500):
    dW1, dW2 = np.zeros(W1.shape), np.zeros(W2.shape)
    for x, t in zip(X, T):
        z = sigmoid(x @ W1)
        y = sigmoid(z @ W2)
        error = t - y
        delta = error * y * (1 - y)
        dz = delta * W2 * z * (1 - z)
        dW2 += delta * z
        dW1 += dz * x[:, None]
    W1 += 0.5 * dW1 / len(T)
    W2 += 0.5 * dW2 / len(T)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "fix"),
    [
        ("delta * W2 * z * (1 - z)", "error * W2 * z * (1 - z)", "= delta * W2 * z * (1 - z)"),
        ("delta * W2 * z * (1 - z)", "delta * W2 * z", "* (1 - z)"),
    ],
)
def test_a_line_in_a_loop_over_samples_is_right_in_all_rounds(tmp_path, right, wrong, fix):
    path = tmp_path / "net.py"
    path.write_text(SAMPLES.replace(right, wrong))
    found = diagnose(path)
    assert found.code.strip() == f"dz = {wrong}"
    assert fix in found.diff.splitlines()[-1]


@pytest.mark.slow
def test_two_mistakes_are_fixed_together(tmp_path):
    text = (FREE / "table.py").read_text()
    path = tmp_path / "table.py"
    path.write_text(text.replace(", axis=1, keepdims=True)", ")"))
    found = diagnose(path)
    assert found.line == 35
    assert found.diff.count("+    db") == 2


def test_a_loss_that_goes_up_is_fixed_in_its_difference(tmp_path):
    old = "np.sign(predicted_values - wanted)"
    path = write_changed(
        tmp_path, (LAYERS / "attributes.py").read_text(), old, "np.sign(wanted - predicted_values)"
    )
    step = judge_each_layer(path)["AbsoluteLoss.backward"].step
    found = diagnose_step(StepRequest(path, *step.place), Count(CHANGES))
    assert old in found.diff


def test_the_line_of_a_layer_alone_is_named_and_fixed(tmp_path):
    text = (LAYERS / "plain.py").read_text()
    path = tmp_path / "layers.py"
    path.write_text(text.replace("- normal * (dn", "+ normal * (dn"))
    step = judge_each_layer(path)["layernorm_backward"].step
    found = diagnose_step(StepRequest(path, *step.place), Count(CHANGES))
    assert "- normal * (dn" in found.diff.splitlines()[-1]
    assert found.line == text[: text.index("- normal * (dn")].count("\n") + 1


DEEP = """
import numpy as np
np.random.seed(0)
X, T = np.random.randn(9, 4), np.random.randn(9, 2)
sizes, params = (4, 6, 6, 2), {}
for i in range(1, 4):
    params[f"W{i}"] = np.random.randn(sizes[i - 1], sizes[i])
    params[f"b{i}"] = np.zeros(sizes[i])
for epoch in range(100):
    z1 = np.tanh(X @ params["W1"] + params["b1"])
    z2 = np.tanh(z1 @ params[f"W{2}"] + params["b2"])
    y = z2 @ params["W3"] + params["b3"]
    d3 = (y - T) / len(X)
    d2 = d3 @ params[f"W{3}"].T * (z2 + 1) * (1 - z2)
    d1 = d2 @ params[f"W{2}"].T * (1 - z1 ** 2)
    for i, (z, d) in enumerate(((X, d1), (z1, d2), (z2, d3)), 1):
        params[f"W{i}"] -= 0.1 * z.T @ d
        params[f"b{i}"] -= 0.1 * d.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "fix"),
    [
        ("(z2 + 1) * (1 - z2)", "(z1 + 1) * (1 - z1)", "* (z2 + 1) * (1 - z2)"),
        ('params[f"W{i}"] -=', 'params[f"W{i}"] +=', "params[f'W{i}'] -="),
        ('@ params[f"W{2}"].T', '@ params[f"W{2}"]', '@ params[f"W{2}"].T'),
    ],
)
def test_lines_after_another_loop_are_fixed_where_keys_are_made(tmp_path, right, wrong, fix):
    assert right in DEEP
    path = tmp_path / "net.py"
    path.write_text(DEEP.replace(right, wrong))
    assert fix.replace("'", '"') in diagnose(path).diff.replace("'", '"')


NET = """
import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out, activation="sigmoid"):
        self.activation = activation
        self.W, self.b = np.random.randn(n_in, n_hidden), np.zeros(n_hidden)
        self.V, self.c = np.random.randn(n_hidden, n_out), np.zeros(n_out)

    def bend(self, z):
        return 1 / (1 + np.exp(-z)) if self.activation == "sigmoid" else np.tanh(z)

    def slope(self, a):
        if self.activation == "sigmoid":
            return a * (1 - a)
        elif self.activation == "tanh":
            return 1 - a ** 2

    def train(self, x, t, lr=0.1, epochs=5):
        for _ in range(epochs):
            a = self.bend(x @ self.W + self.b)
            y = a @ self.V + self.c
            delta = y - t
            inner = delta @ self.V.T * self.slope(a)
            self.V -= lr * a.T @ delta
            self.c -= lr * delta.sum(axis=0)
            self.W -= lr * x.T @ inner
            self.b -= lr * inner.sum(axis=0)
"""


def test_a_fix_keeps_moving_the_weight_that_was_wrong(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("self.b -= lr * inner", "self.b -= lr * a"))
    assert "+            self.b -= lr * inner.sum(axis=0)" in diagnose(path).diff


def test_a_fix_for_one_activation_keeps_the_usual_one_right(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("1 - a ** 2", "1 - np.tanh(a) ** 2"))
    assert judge(path).step.option == "activation='tanh'"
    assert "+            return 1 - a ** 2" in diagnose(path).diff


@pytest.mark.slow
def test_no_line_is_named_where_only_a_lambda_is_wrong_for_another_activation(tmp_path):
    path = tmp_path / "net.py"
    start, end = NET.index("    def slope"), NET.index("    def train")
    own = '        slopes = {"sigmoid": lambda a: a * (1 - a),\n'
    own += '                  "tanh": lambda a: 1 - np.tanh(a) ** 2}\n'
    own += "        self.slope = slopes[activation]\n"
    text = NET[:start] + NET[end:]
    path.write_text(text.replace("\n    def bend", f"{own}\n    def bend", 1))
    assert judge(path).step.option == "activation='tanh'"
    found = diagnose(path)
    assert found is None or found.diff


@pytest.mark.parametrize(("line", "rounds", "is_sure"), [(0, 1, True), (0, 2, False), (7, 2, True)])
def test_a_line_of_a_call_of_several_rounds_is_named_with_a_fix_alone(line, rounds, is_sure):
    events = [(0, "", np.zeros(1))] * rounds
    model = SimpleNamespace(base=SimpleNamespace(events=events))
    wanted = SimpleNamespace(model=model, sites=[SimpleNamespace(line=5)])
    location = SimpleNamespace(site=SimpleNamespace(value=SimpleNamespace(lineno=5)))
    assert _is_sure(location, wanted, StepRequest(FREE, 9, 0), line) is is_sure


LISTED = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(12, 4)), rng.normal(size=(12, 2))
weights = [rng.normal(size=shape) for shape in ((4, 5), (5, 3), (3, 2))]
for step in range(100):
    values = [X]
    for W in weights:
        values.append(np.tanh(values[-1] @ W) if W is not weights[-1] else values[-1] @ W)
    delta = (values[-1] - T) / len(X)
    for i in reversed(range(3)):
        grad = values[i].T @ delta
        delta = delta @ weights[i].T * (1 - values[i] ** 2)
        weights[i] = weights[i] - 0.1 * grad
"""


def test_several_mistakes_are_corrected_one_by_one(tmp_path):
    text = LISTED.replace("(1 - values[i] ** 2)", "(1 - values[i])")
    path = tmp_path / "net.py"
    path.write_text(text.replace("grad = values[i].T @ delta", "grad = -values[i].T @ delta"))
    diff = diagnose(path).diff
    assert "(1 - values[i] ** 2)" in diff
    assert diff.count("\n+") == 2 + diff.count("\n+++")


LINE = "        delta = delta @ weights[i].T * (1 - values[i] ** 2)\n"
UPDATE = "        weights[i] = weights[i] - 0.1 * grad\n"


def test_a_line_that_reads_what_is_updated_before_it_is_moved(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(LISTED.replace(LINE + UPDATE, UPDATE + LINE))
    found = diagnose(path)
    assert f"+{LINE}" in found.diff
    assert f"-{LINE}" in found.diff


LOOPS = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(12, 4)), rng.normal(size=(12, 2))
W1, W2 = rng.normal(size=(4, 5)), rng.normal(size=(5, 2))
for x, t in zip(X, T):
    h = np.tanh(x @ W1)
    d2 = h @ W2 - t
    d1 = []
    for i in range(5):
        error = sum(W2[i][j] * d2[j] for j in range(2))
        d1.append(error * (1 - h[i] ** 2))
    for i in range(5):
        for j in range(2):
            W2[i][j] -= 0.1 * h[i] * d2[j]
    for i in range(4):
        for j in range(5):
            W1[i][j] -= 0.1 * x[i] * d1[j]
"""


def test_an_update_in_a_loop_is_moved_behind_what_reads_the_weights(tmp_path):
    start, end = LOOPS.index("    d1 = []"), LOOPS.index("    for i in range(5):\n        for j")
    back, rest = LOOPS[start:end], LOOPS[end:]
    update = rest[: rest.index("    for i in range(4)")]
    path = tmp_path / "net.py"
    path.write_text(LOOPS[:start] + update + back + rest[len(update) :])
    assert judge(path).decision.is_right is False
    found = diagnose(path)
    assert "+            W2[i][j] -= 0.1 * h[i] * d2[j]" in found.diff


SOFTMAX = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(12, 4)), np.eye(3)[rng.integers(0, 3, 12)]
W1, W2 = rng.normal(size=(4, 5)), rng.normal(size=(5, 3))
def softmax(a):
    e = np.exp(a)
    return e / e.sum(axis=0, keepdims=True)
for step in range(100):
    h = np.tanh(X @ W1)
    y = softmax(h @ W2)
    d2 = (y - T) / len(X)
    d1 = d2 @ W2.T * (1 - h)
    W2 -= 0.1 * h.T @ d2
    W1 -= 0.1 * X.T @ d1
"""


def test_a_softmax_of_samples_is_corrected_beside_another_mistake(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(SOFTMAX)
    found = diagnose(path)
    assert "+    return e / e.sum(axis=1, keepdims=True)" in found.diff
    assert "(1 - h ** 2)" in found.diff


def test_a_function_of_the_book_that_raises_is_fixed_though_the_net_has_no_known_form(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(
        "import numpy as np\n\n\ndef softmax(a):\n    e = np.exp(a)\n"
        "    return e / np.sum(e, axis=1)\n\n\nclass Net:\n    def __init__(self, n, m):\n"
        "        self.W = np.zeros((n, m))\n\n"
        "    def predict(self, x):\n        return softmax(x @ self.W)\n"
    )
    found = diagnose_net(Request(path, None, False, 0))
    assert "keepdims=True" in found.diff
