"""Functions of the book by themselves are judged in a file that has nothing else."""

import pytest
from reports import report_on

from trainer.checker.process import check_in_child

DIFF = "def numerical_diff(f, x):\n    h = 1e-4\n    return (f(x + h) - f(x - h)) / (2 * h)\n"
SOFTMAX = """
import numpy as np

def softmax(a):
    exp = np.exp(a - np.max(a))
    return exp / np.sum(exp)
"""
DESCENT = """
import numpy as np

def numerical_gradient(f, x):
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + 1e-4
        above = f(x)
        x[i] = value - 1e-4
        grad[i] = (above - f(x)) / 2e-4
        x[i] = value
    return grad

def gradient_descent(f, init_x, lr=0.01, step_num=20):
    x = init_x
    for i in range(step_num):
        x -= lr * numerical_gradient(f, x)
    return x
"""
SIMPLE = """
import numpy as np

class simpleNet:
    def __init__(self):
        self.W = np.random.randn(2, 3)

    def predict(self, x):
        return np.dot(x, self.W)

    def loss(self, x, t):
        a = self.predict(x)
        y = np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)
        return -np.sum(t * np.log(y + 1e-7)) / len(x)
"""


@pytest.fixture
def report(tmp_path):
    def report_on_text(text):
        path = tmp_path / "functions.py"
        path.write_text(text)
        return report_on(path)

    return report_on_text


@pytest.mark.parametrize("text", [DIFF, SOFTMAX, DESCENT])
def test_functions_alone_are_judged(report, text):
    found = report(text)
    assert found.status == 0, found.as_text()


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        (DIFF, "1e-4", "1e-50", "is too small"),
        (DIFF, "f(x - h)", "f(x + 3 * h)", "is too small, or the difference"),
        (DESCENT, "x -= lr", "x += lr", "goes up"),
        (DESCENT, "x -= lr", "y = lr", "leaves x as it was"),
        (SOFTMAX, "np.exp(a - np.max(a))", "a - np.max(a)", "differs"),
    ],
)
def test_what_is_wrong_in_a_function_alone_is_said(report, text, old, new, said):
    assert old in text
    found = report(text.replace(old, new))
    assert found.status == 1
    assert said in found.as_text()


def test_a_difference_on_one_side_is_less_exact_and_not_wrong(report):
    found = report(DIFF.replace("f(x - h)", "f(x)").replace("2 * h", "h"))
    assert found.status == 0
    assert "on one side" in found.as_text()


def test_functions_beside_a_loop_that_was_not_understood_do_not_make_a_file_right(report):
    found = report(SOFTMAX + "\nfor i in range(3):\n    print(softmax(np.arange(3.0)))\n")
    assert found.status == 2


def test_a_function_of_another_kind_is_not_judged_by_its_name(report):
    text = DESCENT.replace("(f, init_x, lr=0.01, step_num=20)", "(X, y, theta)")
    assert "gradient_descent" not in report(text).as_text()


def test_a_net_that_has_a_loss_and_no_gradients_is_judged_by_its_loss(tmp_path):
    path = tmp_path / "simple.py"
    path.write_text(SIMPLE)
    found, _ = check_in_child(path)
    assert found.status == 0, found.as_text()
    assert "the file computes no gradients of it" in found.as_text()
    path.write_text(SIMPLE.replace("np.log(y + 1e-7)", "np.log2(1 + y)"))
    assert check_in_child(path)[0].status == 2


def test_a_function_that_returns_what_its_way_back_needs_is_not_judged(report):
    text = SOFTMAX.replace("np.max(a)", "np.max(a, axis=-1, keepdims=True)")
    text = text.replace("np.sum(exp)", "np.sum(exp, axis=-1, keepdims=True), lambda g: g")
    assert not report(text).wrong_findings


IN_PLACE = """
import numpy as np

def relu(x):
    x[x < 0] = 0
    return x

class Net:
    def __init__(self, D, H, C):
        self.W1, self.b1 = 0.1 * np.random.randn(D, H), np.zeros(H)
        self.W2, self.b2 = 0.1 * np.random.randn(H, C), np.zeros(C)

    def predict(self, x):
        self.a = x @ self.W1 + self.b1
        self.h = relu(self.a)
        y = np.exp(self.h @ self.W2 + self.b2)
        return y / y.sum(axis=1, keepdims=True)

    def train(self, x, t, lr):
        d = (self.predict(x) - t) / len(x)
        dh = d @ self.W2.T * (self.a > 0)
        self.W2 -= lr * self.h.T @ d
        self.b2 -= lr * d.sum(axis=0)
        self.W1 -= lr * x.T @ dh
        self.b1 -= lr * dh.sum(axis=0)
"""


def test_a_function_that_writes_into_its_argument_is_wrong_only_beside_a_wrong_net(report):
    right = report(IN_PLACE)
    assert right.status == 0
    assert "inputs-mutated" in right.as_text()
    wrong = report(IN_PLACE.replace("self.a > 0", "self.a >= 0"))
    assert {f.quantity for f in wrong.wrong_findings} >= {"relu", "gradient W1"}
    assert report(IN_PLACE[: IN_PLACE.index("class")]).status == 0


def test_a_cross_entropy_of_one_sample_is_right_for_one(report):
    source = "import numpy as np\n\ndef cross_entropy_error(y, t):\n    return {}\n"
    right = report(source.format("-np.dot(t, [np.log(p) for p in y])"))
    assert right.status == 0, right.as_text()
    assert "takes one sample (C,) only" in right.as_text()
    wrong = report(source.format("np.dot(t, [np.log(p) for p in y])"))
    assert wrong.status == 1, wrong.as_text()


def test_a_step_function_under_the_name_of_sigmoid_is_for_its_net_to_show(report):
    found = report("def sigmoid(x):\n    return x > 0\n")
    assert found.status == 0, found.as_text()
    assert "it is a step function" in found.as_text()


@pytest.mark.parametrize(
    ("factor", "status"), [("-0.2 *", 0), ("-3 *", 0), ("0.2 *", 1), ("1 -", 1)]
)
def test_a_flatter_or_steeper_sigmoid_is_for_its_net_to_show(report, factor, status):
    text = f"def sigmoid(x):\n    return 1 / (1 + np.exp({factor} x))\n"
    found = report("import numpy as np\n\n" + text)
    assert found.status == status, found.as_text()


@pytest.mark.parametrize(("axis", "status"), [(0, 0), (1, 1)])
def test_a_loss_of_columns_is_right_beside_a_softmax_of_columns_only(report, axis, status):
    source = SOFTMAX.replace("np.max(a)", f"np.max(a, axis={axis}, keepdims=True)")
    source = source.replace("np.sum(exp)", f"np.sum(exp, axis={axis}, keepdims=True)")
    source += "\ndef cross_entropy_error(y, t):\n    return -np.sum(t * np.log(y)) / y.shape[1]\n"
    found = report(source)
    assert found.status == status, found.as_text()
    assert ("right where samples are columns" in found.as_text()) == (status == 0)
