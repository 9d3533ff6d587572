"""Right nets are not accused for the habits of those who wrote them."""

import pytest
from mistaken import NETS
from reports import report_on

UPDATING, CHAPTER5, REGRESSION, CHAPTER4 = (
    (NETS / f"{name}.py").read_text() for name in ("updating", "chapter5", "regression", "chapter4")
)
SIGMOID = "    return 1 / (1 + np.exp(-x))\n"
SLOPE = "* self.hidden * (1 - self.hidden)"
LAYERS = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out) * 0.1, np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.gW, self.gb = self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.T

class Dropout:
    def forward(self, x, train):
        self.mask = (np.random.rand(*x.shape) > 0.5) * 2.0 if train else np.ones_like(x)
        return x * self.mask

class Net:
    def __init__(self, d, h, c):
        self.first, self.drop, self.second = Dense(d, h), Dropout(), Dense(h, c)

    def forward(self, x, train=True):
        self.hidden = np.tanh(self.drop.forward(self.first.forward(x), train))
        return self.second.forward(self.hidden)

    def loss(self, x, y, train=True):
        z = self.forward(x, train)
        z = z - z.max(axis=1, keepdims=True)
        self.logp, self.y = z - np.log(np.exp(z).sum(axis=1, keepdims=True)), y
        return -self.logp[np.arange(len(y)), y].mean()

    def backward(self):
        grad = np.exp(self.logp)
        grad[np.arange(len(self.y)), self.y] -= 1
        back = self.second.backward(grad / len(self.y))
        self.first.backward(back * (1 - self.hidden**2) * self.drop.mask)
"""


def collect_right(report):
    """Return the gradients that are right."""
    return {f.quantity for f in report.findings if f.verdict == "ok" and "gradient " in f.quantity}


def test_a_train_flag_is_no_target_and_gradients_may_lie_beside_the_weights(check):
    report = check(LAYERS)
    assert report.status == 0, report.as_text()
    assert len(collect_right(report)) == 4


def test_a_wrong_gradient_beside_the_weights_is_wrong(check):
    report = check(LAYERS, ("grad.sum(axis=0)", "grad.mean(axis=0)"))
    assert {f.cause for f in report.wrong_findings} == {"bias-grad-mean"}


def test_a_net_that_normalises_batches_is_not_judged(check):
    norm = "class BatchNorm:\n    pass\n\nclass Net:"
    report = check(LAYERS, ("class Net:", norm), ("= Dense(d, h),", "= Dense(d, h),"),
                   ("self.first, ", "self.norm = BatchNorm()\n        self.first, "))  # fmt: skip
    assert report.status == 2
    assert "has BatchNorm: only nets of two layers" in report.as_text()


@pytest.mark.parametrize(
    ("forward", "derivative"),
    [
        ("np.where(x > 0, x, 0.05 * x)", "np.where(self.hidden > 0, 1, 0.05)"),
        ("np.where(x > 0, x, x / 3)", "np.where(self.hidden > 0, 1, 1 / 3)"),
        ("np.arctan(x)", "np.cos(self.hidden) ** 2"),
        ("x / (1 + np.abs(x))", "(1 - np.abs(self.hidden)) ** 2"),
        ("1.7159 * np.tanh(2 * x / 3)", "(1 - (self.hidden / 1.7159) ** 2) * 1.7159 * 2 / 3"),
    ],
)
def test_hidden_activations_of_other_kinds_are_right(forward, derivative, check):
    changes = (SIGMOID, f"    return {forward}\n"), ("sigmoid", "act"), (SLOPE, f"* ({derivative})")
    assert check(UPDATING, *changes).status == 0
    assert check(UPDATING, *changes[:2]).status == 1


ALONE = """        for _ in range(epochs):
            output = self.forward(X)
            d_output = output.copy()
            d_output[np.arange(len(y)), y] -= 1
            d_output /= len(y)
            d_hidden = d_output @ self.weights2.T * self.hidden * (1 - self.hidden)
            self.weights2 -= learning_rate * self.hidden.T @ d_output
            self.bias2 -= learning_rate * d_output.sum(axis=0, keepdims=True)
            self.weights1 -= learning_rate * X.T @ d_hidden
            self.bias1 -= learning_rate * d_hidden.sum(axis=0, keepdims=True)
"""
BACKWARD = UPDATING[UPDATING.index("    def backward") : UPDATING.index("    def train")]
LOOP = UPDATING[UPDATING.index("        for _ in range(epochs)") :]


def test_the_gradient_of_a_training_method_is_compared(check):
    report = check(UPDATING, (LOOP, ALONE), (BACKWARD, ""))
    assert report.status == 0, report.as_text()
    assert len(collect_right(report)) == 4
    wrong = "d_output @ self.weights2.T * self.hidden"
    report = check(UPDATING, (LOOP, ALONE), (BACKWARD, ""),
                   (wrong + " * (1 - self.hidden)", wrong))  # fmt: skip
    assert {f.quantity for f in report.wrong_findings} >= {"gradient W1", "gradient b1"}


def test_weights_may_be_named_by_words(check):
    report = check(
        UPDATING, ("self.weights1", "self.hidden_weights"), ("self.weights2", "self.out_weights"),
        ("self.bias1", "self.hidden_bias"), ("self.bias2", "self.out_bias"),
        ("input_size, hidden_size, output_size", "hidden_size"),
        ("input_size, hidden_size", "2, hidden_size"),
        ("hidden_size, output_size", "hidden_size, 3"), ("output_size", "3"),
    )  # fmt: skip
    assert report.status == 0, report.as_text()


def test_the_function_of_a_numerical_gradient_may_take_no_argument(check):
    old = CHAPTER4[CHAPTER4.index("def numerical_gradient") : CHAPTER4.index("class TwoLayerNet")]
    report = check(
        CHAPTER4, (old, old.replace("f(x)", "f()")), ("lambda W: self.loss", "lambda: self.loss")
    )
    assert report.status == 0, report.as_text()


def test_the_accuracy_of_a_regression_may_be_another_measure(check):
    body = "    def accuracy(self, x, t):\n        return 1 - self.loss(x, t) / t.var()\n\n"
    report = check(REGRESSION, ("    def gradient", body + "    def gradient"))
    assert report.status == 0, report.as_text()
    assert "accuracy could not be checked: may be another measure" in report.as_text()


ROWS = "dx = (self.y - self.t) / batch_size"


def test_a_mean_that_is_missing_for_one_kind_of_targets_is_wrong(tmp_path):
    assert ROWS in CHAPTER5
    path = tmp_path / "net.py"
    path.write_text(CHAPTER5.replace(ROWS, "dx = self.y - self.t"))
    report = report_on(path)
    assert [(f.quantity, f.cause) for f in report.wrong_findings] == [
        ("gradient", "batch-mean-missing")
    ]
    assert "right with labels, but with one-hot rows it is 7 times as large" in report.as_text()
