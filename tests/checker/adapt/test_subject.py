"""A class may take samples as columns, keep its gradients, or give them in an update only."""

from functools import lru_cache

import numpy as np
import pytest
from mistaken import NETS

from trainer.checker.adapt.names import takes_outputs
from trainer.checker.adapt.stepping import measure_gradient

COLUMNS, UPDATING = ((NETS / f"{name}.py").read_text() for name in ("columns", "updating"))
RATE = "backward(self, X, y, learning_rate)"
OWN_RATE = {
    "learning_rate": "self.lr",
    "backward(self, X, y, self.lr)": "backward(self, X, y)",
    "epochs, self.lr": "epochs",
    "self.backward(X, y, self.lr)": "self.backward(X, y)",
    "        self.weights1 = np": "        self.lr = 0.1\n        self.weights1 = np",
}


def change(source, changes):
    """Return a source with each text in place of another, everywhere."""
    for old, new in changes.items():
        assert old in source, old
        source = source.replace(old, new)
    return source


def collect_right(report):
    """Return the gradients that are right."""
    return {f.quantity for f in report.findings if f.verdict == "ok" and "gradient " in f.quantity}


def test_columns_are_noted_and_no_note_comes_from_what_an_earlier_call_left(check):
    notes = {f.cause or f.topic for f in check(COLUMNS).findings if f.verdict == "note"}
    assert notes == {"samples as columns", "one-hot-only", "not alone"}


def test_rows_are_taken_as_rows_though_the_weights_are_stored_as_columns(check):
    source = change(COLUMNS, {
        "self.W1 @ X + self.b1": "(X @ self.W1.T).T + self.b1", "self.A2 - Y": "self.A2 - Y.T",
        "Y * np.log(A2)": "Y * np.log(A2)", "Y.shape[1]": "len(Y)", "X.shape[1]": "len(X)",
        "dZ1 @ X.T": "dZ1 @ X", "return self.A2": "return self.A2.T",
        "self.forward(X).argmax(axis=0) == Y.argmax(axis=0)":
        "self.forward(X).argmax(axis=1) == Y.argmax(axis=1)",
    })  # fmt: skip
    report = check(source)
    assert report.status == 0, report.as_text()
    assert "samples as columns" not in {f.topic for f in report.findings}


@pytest.mark.parametrize("changes", [{}, OWN_RATE])
def test_the_update_of_a_method_that_returns_nothing_is_compared(check, changes):
    report = check(change(UPDATING, changes))
    assert report.status == 0, report.as_text()
    assert len(collect_right(report)) == 4
    assert "what its update subtracts" in report.as_text()


def test_a_wrong_gradient_is_found_in_the_update(check):
    report = check(change(UPDATING, {" * self.hidden * (1 - self.hidden)": ""}))
    wrong = {f.quantity: f.cause for f in report.wrong_findings}
    assert wrong["gradient W1"] == wrong["gradient b1"] == "activation-grad-missing"
    assert collect_right(report) == {"gradient W2", "gradient b2"}


@pytest.mark.parametrize(
    "changes",
    [
        {"-= learning_rate * d_bias2": "-= learning_rate**2 * d_bias2"},
        {"learning_rate * d_weights2": "learning_rate * self.smooth(d_weights2)",
         "    def forward": "    last = 0\n\n    def smooth(self, grad):\n"
         "        self.last = 0.9 * self.last + grad\n        return self.last\n\n    def forward"},
        {"learning_rate * ": "", RATE: "backward(self, X, y)",
         "backward(X, y, learning_rate)": "backward(X, y)"},
    ],
)  # fmt: skip
def test_an_update_that_is_no_plain_step_is_not_blamed(check, changes):
    report = check(change(UPDATING, changes))
    assert report.status == 2, report.as_text()
    assert not report.wrong_findings


def test_a_decay_of_the_weights_in_an_update_is_noted(check):
    decay = {f"* d_weights{i}": f"* (d_weights{i} + 0.01 * self.weights{i})" for i in "12"}
    report = check(change(UPDATING, decay))
    assert report.status == 0, report.as_text()
    assert "also subtracts 0.01 of W1 and W2" in report.as_text()
    report = check(change(UPDATING, {"* d_weights1": "* (d_weights1 + 0.01 * self.weights1)"}))
    assert {f.quantity for f in report.wrong_findings} == {"gradient W1"}


def test_a_step_that_moves_otherwise_a_second_time_is_no_gradient():
    steps = iter([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="more than one update"):
        measure_gradient(lambda rate: {"W2": rate * np.full(2, next(steps))}, ["W2"])


def test_a_wrong_shape_is_told_in_the_orientation_of_the_net(check):
    report = check(change(COLUMNS, {"size=(n_y, n_h)": "size=(n_y, n_y)"}))
    assert "W2 has shape (3, 3), expected (3, 6)" in report.as_text()


SINGLE = """
import numpy as np

class LogisticNet:
    def __init__(self, n_features, n_hidden):
        self.W1, self.b1 = np.random.randn(n_features, n_hidden) * 0.1, np.zeros((1, n_hidden))
        self.W2, self.b2 = np.random.randn(n_hidden, 1) * 0.1, np.zeros((1, 1))

    def forward(self, X):
        self.A1 = np.tanh(X @ self.W1 + self.b1)
        self.A2 = 1 / (1 + np.exp(-(self.A1 @ self.W2 + self.b2)))
        return self.A2

    def compute_loss(self, y, y_pred):
        return -np.mean(y * np.log(y_pred) + (1 - y) * np.log(1 - y_pred))

    def backward(self, X, y, lr):
        m = len(X)
        dZ2 = self.A2 - y
        dZ1 = dZ2 @ self.W2.T * (1 - self.A1**2)
        self.W2 -= lr * self.A1.T @ dZ2 / m
        self.b2 -= lr * dZ2.sum(axis=0, keepdims=True) / m
        self.W1 -= lr * X.T @ dZ1 / m
        self.b1 -= lr * dZ1.sum(axis=0, keepdims=True) / m
"""


def test_a_class_of_one_output_column_is_judged(check):
    report = check(SINGLE)
    assert report.status == 0, report.as_text()
    report = check(SINGLE.replace("dZ2 = self.A2 - y", "dZ2 = y - self.A2"))
    assert {f.cause for f in report.wrong_findings} == {"gradient-sign"}


LONE = {
    "compute_loss(self, A2, Y)": "compute_loss(self, Y)", "np.log(A2)": "np.log(self.A2)",
    "backward(self, X, Y)": "backward(self, Y)", "X.shape[1]": "Y.shape[1]",
    "def forward(self, X):\n": "def forward(self, X):\n        self.X = X\n",
    "dZ1 @ X.T": "dZ1 @ self.X.T", "self.backward(X, Y)": "self.backward(Y)",
}  # fmt: skip
ELSEWHERE = {"self.dW": "self.slopeW", "self.db": "self.slopeb"}
LEAKY = {
    "np.maximum(0, self.Z1)": "np.where(self.Z1 > 0, self.Z1, 0.1 * self.Z1)",
    "(self.Z1 > 0)": "np.where(self.Z1 > 0, 1, 0.1)",
}
CLASSES = "    def predict(self, X):\n        return (self.forward(X) > 0.5).astype(int)\n\n"
LOSS = UPDATING[UPDATING.index("    def loss") : UPDATING.index("    def backward")]


@pytest.mark.parametrize("changes", [LONE, LEAKY])
def test_a_lone_y_is_the_targets_and_relu_may_leak(check, changes):
    report = check(change(COLUMNS, changes))
    assert report.status == 0, report.as_text()


def test_gradients_that_are_not_found_are_not_called_unfinished(check):
    report = check(change(COLUMNS, ELSEWHERE))
    assert report.status == 2, report.as_text()
    assert "at a place that is not known here" in report.as_text()


def test_classes_of_one_output_column_are_not_taken_for_outputs(check):
    report = check(change(SINGLE, {"    def compute_loss": CLASSES + "    def compute_loss"}))
    assert not report.wrong_findings, report.as_text()
    assert len(collect_right(report)) == 4


def test_a_sum_without_its_counterpart_is_noted(check):
    report = check(change(UPDATING, {LOSS: "", "        d_output /= len(y)\n": ""}))
    assert len(collect_right(report)) == 4, report.as_text()
    assert "right if the loss is" in report.as_text()
    report = check(change(UPDATING[: UPDATING.index("    def backward")], {".mean()": ".sum()"}))
    assert not report.wrong_findings, report.as_text()
    assert "right if the gradient is" in report.as_text()


KEEPING = """
import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.b1 = 0.1 * np.random.randn(n_in, n_hidden), np.zeros(n_hidden)
        self.W2, self.b2 = 0.1 * np.random.randn(n_hidden, n_out), np.zeros(n_out)

    def forward_prop(self, x):
        self.h = np.tanh(x @ self.W1 + self.b1)
        a = self.h @ self.W2 + self.b2
        e = np.exp(a - a.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)

    def update(self, x, t, lr=0.1):
        self.forward_prop(x)
        dy = (self.y - t) / len(x)
        dh = dy @ self.W2.T * (1 - self.h**2)
        self.W2 -= lr * self.h.T @ dy
        self.b2 -= lr * dy.sum(axis=0)
        self.W1 -= lr * x.T @ dh
        self.b1 -= lr * dh.sum(axis=0)
"""


def test_a_forward_pass_that_keeps_its_outputs_returns_nothing_wrong(check):
    report = check(KEEPING)
    assert "predict" not in {finding.quantity for finding in report.wrong_findings}
    assert "the net has no method predict" in report.as_text()


def test_a_forward_pass_that_takes_its_activation_is_not_called_without_end(check):
    taken = {"def forward_prop(self, x)": "def forward_prop(self, x, hidden_activation)",
             "self.forward_prop(x)": "self.forward_prop(x, 'tanh')",
             "        self.y = e": "        return e"}  # fmt: skip
    assert "RecursionError" not in check(change(KEEPING, taken)).as_text()


OF_OUTPUTS = """
import numpy as np

class Net:
    def __init__(self, D, H, C):
        self.W1, self.b1 = np.random.randn(H, D), np.zeros((H, 1))
        self.W2, self.b2 = np.random.randn(C, H), np.zeros((C, 1))

    def run(self, x):
        a1 = np.tanh(self.W1 @ x + self.b1)
        return 1 / (1 + np.exp(-self.W2 @ a1 - self.b2)), a1

    def loss(self, t, a2):
        return -np.mean(t * np.log(a2) + (1 - t) * np.log(1 - a2))
"""


def test_a_loss_of_outputs_that_no_known_method_gives_is_open(check):
    assert not check(OF_OUTPUTS).wrong_findings


EARLY = """
import numpy as np

class Net:
    def __init__(self, hidden_size=2):
        self.w1, self.b1 = np.random.randn(hidden_size, 2), np.zeros((hidden_size, 1))
        self.w2, self.b2 = np.random.randn(1, hidden_size), np.zeros((1, 1))

    def forward(self, X):
        self.a1 = 1 / (1 + np.exp(-self.w1 @ X - self.b1))
        self.a2 = 1 / (1 + np.exp(-self.w2 @ self.a1 - self.b2))
        return self.a1, self.a2

    def train(self, X, y, lr=0.1, epochs=100):
        y = y.reshape(1, -1)
        for epoch in range(epochs):
            _, a2 = self.forward(X)
            d2 = (y - a2) * a2 * (1 - a2)
            self.w2 += lr * d2 @ self.a1.T
            self.b2 += lr * d2.sum(axis=1, keepdims=True)
            d1 = self.w2.T @ d2 * self.a1 * (1 - self.a1)
            self.w1 += lr * d1 @ X.T
            self.b1 += lr * d1.sum(axis=1, keepdims=True)
"""


def test_sums_over_the_batch_without_a_loss_are_right_beside_what_is_wrong(check):
    report = check(EARLY)
    assert [f.quantity for f in report.wrong_findings] == ["gradient W1", "gradient b1"]
    assert {"gradient W2", "gradient b2"} <= collect_right(report)


FIXED = """
import numpy as np

def initialize_parameters(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_x, n_h), "b1": np.zeros((2, 1)),
            "W2": np.random.randn(n_h, n_y), "b2": np.zeros(n_y)}

def forward_propagation(X, parameters):
    a1 = np.tanh(X @ parameters["W1"] + parameters["b1"].ravel())
    return 1 / (1 + np.exp(-a1 @ parameters["W2"] - parameters["b2"])), {"A1": a1}

def backward_propagation(parameters, cache, X, Y, A2):
    dZ2 = A2 - Y
    dZ1 = dZ2 @ parameters["W2"].T * (1 - cache["A1"] ** 2)
    return {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0),
            "dW2": cache["A1"].T @ dZ2, "db2": dZ2.sum(axis=0)}
"""


def test_weights_that_a_file_makes_in_one_size_are_no_mistake(check):
    assert not check(FIXED).wrong_findings


BESIDE_ITS_OWN = {
    "    def __init__": """    def cross_entropy_loss(self, x_pred, y):
        return cross_entropy_error(x_pred, y)

    def compute_accuracy(self, x_pred, y):
        return np.mean(np.argmax(x_pred, axis=1) == np.argmax(y, axis=1))

    def __init__""",
    "def loss(self, x, t)": "def forward(self, x, t)",
    "self.loss(": "self.forward(",
    "def accuracy(self, x, t)": "def score(self, x, t)",
}


def test_what_reads_nothing_of_its_net_is_given_outputs(check):
    source = change((NETS / "chapter4.py").read_text(), BESIDE_ITS_OWN)
    report = check(source)
    assert report.status == 0
    assert {"loss", "accuracy"} <= {f.quantity for f in report.findings if f.verdict == "ok"}
    wrong = check(
        change(source, {"return cross_entropy_error(x_": "return 3 * cross_entropy_error(x_"})
    )
    assert "loss" in {f.quantity for f in wrong.wrong_findings}


def test_what_reads_nothing_of_a_net_without_outputs_is_not_its_loss(check):
    named = {"def predict(": "def run(", "self.predict(": "self.run("}
    source = change((NETS / "chapter4.py").read_text(), BESIDE_ITS_OWN | named)
    report = check(source)
    assert not report.wrong_findings
    assert {"loss", "gradient W1"} <= {f.quantity for f in report.findings if f.verdict == "ok"}
    twice = {"return cross_entropy_error(y": "return 2 * cross_entropy_error(y"}
    assert "loss" in {f.quantity for f in check(change(source, twice)).wrong_findings}


class Losses:
    """Methods that take outputs, or that do not show what they take."""

    def of_outputs(self, x_pred, y):
        return np.mean((x_pred - y) ** 2)

    def of_the_net(self, x, t):
        return np.mean((self.predict(x) - t) ** 2)

    def unfinished(self, x, t):
        pass

    def without_names(*given):
        return np.mean(given[1:])

    @lru_cache  # noqa: B019
    def decorated(self, x, t):
        return x - t


@pytest.mark.parametrize("name", [name for name in vars(Losses) if not name.startswith("_")])
def test_a_method_takes_outputs_where_it_reads_arguments_alone(name):
    assert takes_outputs(getattr(Losses(), name)) is (name == "of_outputs")
