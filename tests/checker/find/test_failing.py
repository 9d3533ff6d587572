"""What fails with any values is a mistake of the file, and what other values may fix is none."""

import ast

import pytest
from steps import Script

from trainer.checker.process import check_in_child

NET = """
import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.weights = np.random.randn(n_in, n_out)
        self.sizes = {"inputs": n_in, "outputs": n_out}

    def forward(self, x):
        return {"outputs": x @ self.weights}

    def train(self, x, t):
        y = self.forward(x)["outputs"]
        self.weights -= 0.1 * x.T @ (y - t)
"""


def find_fault(tmp_path, text):
    path = tmp_path / "net.py"
    path.write_text(text)
    script = Script(path)
    script.follow()
    script.call(0, 0)
    return script.fault[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('(x)["outputs"]', '(x)["output"]', "line 13 raises KeyError: 'output'"),
        ("y = self", "self.wieghts\n        y = self", "AttributeError: 'Net' object"),
        ("self.weights -=", "self.wieghts -=", "AttributeError: 'Net' object"),
        ("@ (y - t)", "@ (y - target)", "NameError: name 'target' is not defined"),
        ("self.forward(x)[", "self.forward(x, t)[", "takes 2 positional arguments but 3"),
        (
            "y = self",
            "[n.W for n in self.sizes]\n        y = self",
            "'str' object has no attribute",
        ),
    ],
)
def test_what_fails_with_any_arguments_is_a_mistake_of_the_file(tmp_path, old, new, said):
    assert old in NET
    assert said in find_fault(tmp_path, NET.replace(old, new))


LACKING = NET.replace("self.forward(x)[", "self.compute(x)[")


def test_a_method_that_a_class_whose_objects_the_file_makes_does_not_have_is_a_mistake(tmp_path):
    said = "line 13 raises AttributeError: 'Net' object has no attribute 'compute'"
    assert said in find_fault(tmp_path, LACKING + "net = Net(2, 3, 4)\n")


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "class Own(Net):\n    compute = Net.forward\nnet = Net(2, 3, 4)\n",
        "net = Net(2, 3, 4)\nnet.compute = net.forward\n",
        "net = Net(2, 3, 4)\nsetattr(net, 'comp' + 'ute', net.forward)\n",
    ],
)
def test_a_method_that_a_class_may_be_given_elsewhere_is_no_mistake(tmp_path, rest):
    assert find_fault(tmp_path, LACKING + rest) == ""


def test_a_key_that_is_put_together_may_be_one_of_another_table(tmp_path):
    assert not find_fault(tmp_path, NET.replace('(x)["outputs"]', '(x)["output" + str(1)]'))


def test_a_mistake_that_always_fails_is_reported_unless_the_file_is_a_template(tmp_path):
    path = tmp_path / "net.py"
    wrong = NET.replace('(x)["outputs"]', '(x)["output"]')
    path.write_text(wrong)
    found, _ = check_in_child(path, hints=1)
    assert found.status == 1
    assert "raises KeyError" in found.wrong_findings[0].message
    template = "    def loss(self, x, t):\n        raise NotImplementedError\n"
    path.write_text(wrong + "\n" + template)
    assert check_in_child(path, hints=1)[0].status == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("x.T @", "x.values.T @"),  # of pandas
        ("0.1 *", "self.rate *"),  # which may be set from outside
        ("(self, x, t):", "(self, x, t, settings):\n        settings['rate']"),
        ("@ (y - t)", "@ (y - t[:, :, 0])"),
        ("@ (y - t)", "@ (y - other)\nfrom lost import *"),
    ],
)
def test_what_other_arguments_may_fix_is_no_mistake(tmp_path, old, new):
    text = NET.replace(old, new)
    ast.parse(text)
    assert find_fault(tmp_path, text) == ""


OWN = """
import numpy as np
X, t = np.random.randn(20, 3), np.random.randn(20, 2)
W1, W2 = np.random.randn(3, 5), np.random.randn(5, 2)
def train(X, t, W1, W2):
    for i in range(100):
        h = np.tanh(X @ W1)
        d = h @ W2 - t
        d1 = d @ W2 * (1 - h ** 2)
        W2 = W2 - 0.01 * h.T @ d
        W1 = W1 - 0.01 * X.T @ d1
    return W1, W2
W1, W2 = train(X, t, W1, W2)
"""


def test_arrays_of_the_file_that_do_not_fit_are_a_mistake(tmp_path):
    (file := tmp_path / "net.py").write_text(OWN)
    report, _ = check_in_child(file)
    (wrong,) = report.wrong_findings
    assert (report.status, wrong.line) == (1, 9)
    assert "d (20, 2) · W2 (5, 2): 2 and 5 differ; W2.T is (2, 5)" in wrong.message


def test_what_other_data_may_fix_is_no_mistake(tmp_path):
    loaded = "from mine import load\nX, t = load('mine.csv')\nX, t = X[:20, :3], t.reshape(20, 2)"
    (file := tmp_path / "net.py").write_text(OWN.replace(OWN.splitlines()[2], loaded))
    report, _ = check_in_child(file)
    assert not report.wrong_findings


SCRIPT = """
import numpy as np

class Perceptron:
    def _init_(self, rate=0.1):
        self.w = np.zeros(2)

    def fit(self, x, t):
        self.w = np.zeros(2)
        for row, target in zip(x, t):
            self.w += 0.1 * (target - row @ self.w) * row

model = Perceptron(rate=0.5)
model.fit(np.eye(2), np.ones(2))
"""
CALLED = """
import numpy as np

class Net:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, t, y):
        dout = y - t
        for layer in reversed(self.layers):
            dout = layer.backward(dout)

    def train(self, x, t):
        self.backward(t, self.forward(x))
"""


def test_what_the_files_own_call_always_raises_is_its_mistake(tmp_path):
    (path := tmp_path / "net.py").write_text(SCRIPT)
    (finding,) = check_in_child(path, hints=1)[0].wrong_findings
    assert "line 13 raises TypeError: Perceptron() takes no arguments" in finding.message


def test_a_call_of_an_object_that_was_chosen_is_no_mistake(tmp_path):
    (path := tmp_path / "net.py").write_text(CALLED)
    assert not check_in_child(path)[0].wrong_findings


def test_a_name_that_other_functions_alone_bind_is_a_mistake(tmp_path):
    other = NET.replace("@ (y - t)", "@ (y - goal)") + "\ndef draw(goal):\n    return goal\n"
    assert "NameError: name 'goal'" in find_fault(tmp_path, other)


OPTIONS = """
import argparse
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=4)
options = parser.parse_args()
w = np.zeros(3)
for i in range(0, 20, options.batchsize):
    w -= 0.1 * w
"""


def test_an_option_that_is_misspelt_is_a_mistake(tmp_path):
    (path := tmp_path / "net.py").write_text(OPTIONS)
    (finding,) = check_in_child(path, hints=1)[0].wrong_findings
    assert "line 9 raises AttributeError: 'Namespace' object" in finding.message
    for other in ("options.device", "np.intege"):  # of another parser, and another NumPy
        path.write_text(OPTIONS.replace("options.batchsize", other))
        assert not check_in_child(path, hints=1)[0].wrong_findings


@pytest.mark.parametrize(
    ("new", "is_mistake"),
    [
        ("np.zeros(3, 1)", True),
        ("np.ones(3)[3]", True),
        ("np.ones(3) * '0.1'", True),
        ("np.zeros(7 / 2)", False),  # Python 2 divides so that it is 3
        ("float(np.ones(3))", False),  # of one number, older NumPy allows it
        ("int(sys.argv[1])", False),
        ("np.loadtxt('x.csv')[3, 9]", False),
    ],
)
def test_what_the_files_own_program_raises_is_a_mistake_unless_it_depends_on_others(
    new, is_mistake, tmp_path
):
    (path := tmp_path / "net.py").write_text(f"import sys\nimport numpy as np\nw = {new}\n" + NET)
    wrong = check_in_child(path, hints=1)[0].wrong_findings
    assert [finding.line for finding in wrong] == [3] * is_mistake


def test_an_attribute_that_another_file_sets_is_no_mistake(tmp_path):
    other = NET + "    def set_target(self, target):\n        self.target = target\n"
    other = other.replace("self.sizes = ", "self.targets = ")
    (tmp_path / "other.py").write_text(other)
    text = "from other import Net\ndef train(x, t):\n    net = Net(5, 4, 3)\n    net.target - x\n"
    assert not find_fault(tmp_path, text)
    (tmp_path / "other.py").write_text(other.replace("self.target =", "goal ="))
    assert "'Net' object has no attribute 'target'" in find_fault(tmp_path, text)
