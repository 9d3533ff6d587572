"""A mistake of the forward pass gets its line, and the fix that a person would write."""

import pytest
from reports import apply_diff
from sampling import few
from steps import FREE, diagnose, judge, write_changed

from trainer.checker.diagnose.verifying import Request
from trainer.checker.repair.repairing import diagnose_net

NET = (FREE / "three_layers.py").read_text()
SOFTMAX, RELU = "softmax(self.z3)", "relu(self.z1)"
KEPT = "e.sum(axis=1, keepdims=True)"
# What is right, a mistake in its place, and what is written for it where that is not the first.
MISTAKES = [
    (SOFTMAX, "softmax(softmax(self.z3))", ""),
    (SOFTMAX, "softmax(1 / (1 + np.exp(-self.z3)))", ""),
    ("axis=1", "axis=0", ""),
    (KEPT, "np.sum(e)", "np.sum(e, axis=1, keepdims=True)"),
    (RELU, "self.z1", ""),
    ("self.a1 @ self.W2 + self.b2", "self.a1 @ self.W2", ""),
]


@pytest.mark.parametrize(("right", "wrong", "fixed"), few(MISTAKES, 3))
def test_the_forward_pass_is_fixed_where_it_is_wrong(tmp_path, right, wrong, fixed):
    path = write_changed(tmp_path, NET, right, wrong)
    found = diagnose(path)
    assert apply_diff(path.read_text(), found.diff) == NET.replace(right, fixed or right)


@pytest.mark.parametrize(
    "wrong", few(["softmax(softmax(self.z3))", "softmax(np.tanh(self.z3))"], 1)
)
def test_errors_of_other_outputs_than_are_computed_accuse_for_a_known_reason_alone(tmp_path, wrong):
    decision = judge(write_changed(tmp_path, NET, SOFTMAX, wrong)).decision
    is_known = wrong.startswith("softmax(softmax")
    assert (decision.fault and decision.fault.name == "OTHER_OUTPUTS") == (is_known or None)


# With a softmax twice the derivative of the own loss is right: nothing is wrong but the net's form.
TWICE = """
    def backward(self, y):
        n = len(y)
        s = softmax(self.z3)
        d = (-y / self.out) * self.out
        d = d - self.out * d.sum(axis=1, keepdims=True)
        dz3 = s * (d - (d * s).sum(axis=1, keepdims=True)) / n
"""


def test_a_softmax_twice_with_its_own_derivative_accuses_nobody(tmp_path):
    begins = NET.index("\n    def backward"), NET.index("        self.dW3")
    text = NET[: begins[0]] + TWICE + NET[begins[1] :]
    path = write_changed(tmp_path, text, "self.out = softmax", "self.out = softmax(softmax")
    path.write_text(path.read_text().replace("(softmax(self.z3)\n", "(softmax(self.z3))\n"))
    assert judge(path).decision.is_right


def test_a_bias_whose_gradient_is_0_gets_its_gradient(tmp_path):
    gradient = "self.db2 = dz2.sum(axis=0)"
    path = write_changed(tmp_path, NET, gradient, "self.db2 = np.zeros_like(self.b2)")
    assert apply_diff(path.read_text(), diagnose(path).diff) == NET


LISTS = (FREE / "lists_of_weights.py").read_text()
UPDATE = "            self.b[i] -= lr * db\n", "", ""
ZEROS = "d.sum(axis=0)", "np.zeros_like(self.b[i])", "np.sum(d, axis=0)"


@pytest.mark.parametrize(("right", "wrong", "fixed"), few([UPDATE, ZEROS], 1))
def test_biases_in_a_list_are_updated_as_the_weights_beside_them(tmp_path, right, wrong, fixed):
    path = write_changed(tmp_path, LISTS, right, wrong)
    found = diagnose_net(Request(path, None, False, 0))
    assert apply_diff(path.read_text(), found.diff) == LISTS.replace(right, fixed or right)


LOOP = """
import numpy as np

class Net:
    def __init__(self, sizes):
        self.W = [np.random.randn(a, b) for a, b in zip(sizes, sizes[1:])]
        self.b = [np.zeros(b) for b in sizes[1:]]

    def train(self, x, y, lr=0.1):
        a, out = [x], x
        for w, b in zip(self.W, self.b):
            out = np.tanh(np.dot(out, w) + b)
            a.append(out)
        d = (out - y) * (1 - out ** 2)
        for i in reversed(range(len(self.W))):
            dw, db = np.dot(a[i].T, d), np.sum(d, axis=0)
            d = np.dot(d, self.W[i].T) * (1 - a[i] ** 2)
            self.W[i] -= lr * dw
            self.b[i] -= lr * db

net = Net([2, 4, 1])
x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
for epoch in range(100):
    net.train(x, y)
"""


def test_a_bias_that_a_loop_forgets_is_added_under_its_name_there(tmp_path):
    path = write_changed(tmp_path, LOOP, "np.dot(out, w) + b", "np.dot(out, w)")
    assert apply_diff(path.read_text(), diagnose(path).diff) == LOOP


LOGISTIC = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def train(x, y, steps=1000, lr=0.5):
    w1, w2 = np.random.randn(5, 4) * 0.01, np.random.randn(4, 1) * 0.01
    for step in range(steps):
        a = np.tanh(x @ w1)
        out = sigmoid(a @ w2)
        cost = -np.mean(y * np.log(out) + (1 - y) * np.log(1 - out))
        d = (out - y) / len(x)
        dw2 = a.T @ d
        dw1 = x.T @ (d @ w2.T * (1 - a ** 2))
        w1 = w1 - lr * dw1
        w2 = w2 - lr * dw2
    return w1, w2
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("d = (out - y) /", "d = (out - y) * out * (1 - out) /"), ("- lr *", "+ lr *")],
)
def test_the_loss_that_is_shown_tells_what_a_step_should_be(tmp_path, right, wrong):
    """Near 0 the slope of a sigmoid is a constant, and both losses are much alike."""
    path = write_changed(tmp_path, LOGISTIC, right, wrong)
    assert apply_diff(path.read_text(), diagnose(path).diff) == LOGISTIC
