"""A file is judged as others of its folder use it, or with what these define."""

import pytest

from trainer.checker.process import check_in_child

LAYER = """
import numpy as np

class Layer:
    def __init__(self, n, m, activation, slope):
        self.W, self.b = np.random.randn(n, m), np.zeros(m)
        self.activation, self.slope = activation, slope

    def forward(self, x):
        self.x, self.a = x, x @ self.W + self.b
        return self.activation(self.a)

    def backward(self, dout, lr):
        delta = dout * self.slope(self.a)
        back = delta @ self.W.T
        self.W -= lr * self.x.T @ delta
        self.b -= lr * delta.sum(axis=0)
        return back
"""
SCRIPT = """
import numpy as np
from net import Layer

rng = np.random.default_rng(0)
x, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
layers = [
    Layer(3, 4, np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    Layer(4, 2, lambda a: a, lambda a: np.ones_like(a)),
]
for epoch in range(100):
    y = x
    for layer in layers:
        y = layer.forward(y)
    dout = y - t
    for layer in reversed(layers):
        dout = layer.backward(dout, 0.1)
"""
WRONG = """
import numpy as np

class Net:
    def __init__(self, path):
        self.W1, self.W2 = (np.array(rows) for rows in open(path))

    def learn(self, x, t):
        h = np.tanh(x @ self.W1)
        error = h @ self.W2 - t
        self.W1 -= 0.1 * x.T @ (error @ self.W2.T * h)
        self.W2 -= 0.1 * h.T @ error
"""
USE = """
import numpy as np
from net import Net

rng = np.random.default_rng(0)
x, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
net = Net.__new__(Net)
net.W1, net.W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
for epoch in range(100):
    net.learn(x, t)
"""
NET = """
class Net:
    def __init__(self, layers):
        self.layers = layers

    def fit(self, x, t, epochs, lr):
        for _ in range(epochs):
            y = x
            for layer in self.layers:
                y = layer.forward(y)
            dout = y - t
            for layer in reversed(self.layers):
                dout = layer.backward(dout, lr)
"""
PARTS = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout, lr):
        back = dout @ self.W.T
        self.W -= lr * self.x.T @ dout
        self.b -= lr * dout.sum(axis=0)
        return back

class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout, lr):
        return dout * (1 - self.y ** 2)
"""


@pytest.fixture
def report_on(tmp_path):
    def report(text, **others):
        for name, other in {"net": text, **others}.items():
            (tmp_path / f"{name}.py").write_text(other)
        return check_in_child(tmp_path / "net.py")[0]

    return report


def test_a_layer_is_right_in_the_script_that_uses_it(report_on):
    report = report_on(LAYER, main=SCRIPT)
    assert report.status == 0
    assert any("main.py, line 11" in finding.message for finding in report.findings)


def test_what_the_script_does_not_run_is_listed_as_not_checked(report_on):
    unused = "\ndef relu_slope(a):\n    return a > 0\n\ncube = lambda a: a**3\n"
    report = report_on(LAYER + unused, script=SCRIPT)
    assert report.status == 0
    assert "relu_slope (line 20), cube (line 23)" in report.as_text().replace("\n    ", " ")
    assert "backward (line" not in report.as_text()


def test_what_is_wrong_in_the_script_accuses_no_file_that_it_imports(report_on):
    assert report_on(LAYER, main=SCRIPT.replace("y - t", "y + t")).status == 2


def test_a_net_is_wrong_where_the_script_only_gives_it_data(report_on):
    report = report_on(WRONG, main=USE)
    assert report.status == 1
    assert {f.quantity for f in report.wrong_findings} == {"gradient net.W1"}


def test_a_net_is_given_layers_of_a_file_beside_it(report_on):
    assert report_on(NET, layers=PARTS).status == 0


def test_a_wrong_layer_beside_a_net_accuses_it_of_nothing(report_on):
    assert report_on(NET, layers=PARTS.replace("(1 - self.y ** 2)", "self.y")).status == 2


@pytest.mark.slow
def test_a_wrong_loop_in_the_net_is_wrong_with_the_layers_of_its_script(report_on):
    script = "from net import Net\nfrom layers import Dense, Tanh\nimport numpy as np\n"
    script += "net = Net([Dense(3, 4), Tanh(), Dense(4, 2)])\n"
    script += "rng = np.random.default_rng(0)\n"
    script += "net.fit(rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), 9, 0.1)\n"
    assert report_on(NET.replace("y - t", "t - y"), layers=PARTS, main=script).status == 1


def test_a_file_beside_that_runs_something_is_not_loaded(report_on, tmp_path):
    mark = tmp_path / "ran"
    report_on(NET, layers=PARTS + f"\nopen({str(mark)!r}, 'w').close()\n")
    assert not mark.exists()
