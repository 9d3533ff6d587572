"""Right nets whose methods take and return what they need in forms of their own are right."""

import pytest
from reports import collect_causes, report_on

from trainer.checker.process import check_in_child

KEPT = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

class Net:
    def __init__(self, input_dim, num_hiddens, num_classes):
        self.params = {"W1": np.random.randn(input_dim, num_hiddens) * 0.1,
                       "b1": np.zeros(num_hiddens),
                       "W2": np.random.randn(num_hiddens, num_classes) * 0.1,
                       "b2": np.zeros(num_classes)}

    def forward(self, X):
        p = self.params
        h = sigmoid(X @ p["W1"] + p["b1"])
        a = h @ p["W2"] + p["b2"]
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True), {"h": h, "e": e}

    def backward(self, X, Y, kept):
        d = kept["e"] / kept["e"].sum(axis=1, keepdims=True) - Y
        dh = d @ self.params["W2"].T * kept["h"] * (1 - kept["h"])
        return {"dW1": X.T @ dh, "db1": dh.sum(0), "dW2": kept["h"].T @ d, "db2": d.sum(0)}

    def compute_loss(self, Y, Y_hat):
        return -np.sum(Y * np.log(Y_hat)) / len(Y)

    def train_step(self, X, Y, lr, batch_size):
        grads = self.backward(X, Y, self.forward(X)[1])
        for key in self.params:
            self.params[key] -= lr * grads["d" + key] / batch_size
"""

KEPT_IN_LIST = """
import numpy as np

class Net:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = [0.1 * np.random.randn(input_size, hidden_size), np.zeros(hidden_size),
                       0.1 * np.random.randn(hidden_size, output_size), np.zeros(output_size)]
        self.grads = []

    def forward(self, x):
        w1, b1, w2, b2 = self.params
        self.x, self.h = x, 1 / (1 + np.exp(-(x @ w1 + b1)))
        e = np.exp(self.h @ w2 + b2)
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, t):
        w2 = self.params[2]
        d = (self.y - t) / len(t)
        dh = d @ w2.T * self.h * (1 - self.h)
        self.grads = self.x.T @ dh, dh.sum(axis=0), self.h.T @ d, d.sum(axis=0)

    def cross_entropy(self, y, t):
        return -np.sum(t * np.log(y)) / len(y)
"""


@pytest.fixture
def report(tmp_path):
    """Return a function that checks a source with some of its text replaced."""

    def check(source, **changes):
        for old, new in changes.get("changes", {}).items():
            assert old in source
            source = source.replace(old, new)
        path = tmp_path / "net.py"
        path.write_text(source)
        return report_on(path)

    return check


def list_right(report):
    return {f.quantity for f in report.findings if f.verdict == "ok"}


GRADIENTS = {"gradient W1", "gradient b1", "gradient W2", "gradient b2"}


def test_backward_takes_what_forward_returns_beside_the_outputs(report):
    found = report(KEPT)
    assert found.status == 0, found.as_text()
    assert {"loss", "train", *GRADIENTS} <= list_right(found)


def test_a_gradient_that_is_a_sum_is_wrong_where_no_step_divides_it(report):
    found = report(KEPT, changes={" / batch_size": ""})
    assert found.status == 1
    assert "batch-mean-missing" in collect_causes(found, "differs")


def test_a_wrong_gradient_is_not_accepted_because_a_step_divides(report):
    found = report(KEPT, changes={"dh.sum(0)": "2 * dh.sum(0)"})
    assert found.status == 1


def test_gradients_that_backward_keeps_in_a_tuple_are_found(report):
    found = report(KEPT_IN_LIST)
    assert found.status == 0, found.as_text()
    assert {"loss", *GRADIENTS} <= list_right(found)
    wrong = report(KEPT_IN_LIST, changes={"(1 - self.h)": "(1 + self.h)"})
    assert {f.quantity for f in wrong.wrong_findings} == {"gradient W1", "gradient b1"}


CLASSES = """    def predict(self, X):
        return self.forward(X)[0].argmax(axis=1)

    def accuracy(self, y_true, y_pred):
        return np.mean(y_true == y_pred)

"""


def test_the_loss_is_given_outputs_where_predict_gives_classes(report):
    found = report(KEPT, changes={"    def backward": f"{CLASSES}    def backward"})
    assert found.status == 0, found.as_text()
    assert {"loss", "accuracy", *GRADIENTS} <= list_right(found)


MANY_LABELS = """
import numpy as np

class Tagger:
    def __init__(self, input_size, hidden_size, output_size):
        self.W1 = np.random.randn(input_size, hidden_size)
        self.b1 = np.zeros(hidden_size)
        self.W2 = np.random.randn(hidden_size, output_size)
        self.b2 = np.zeros(output_size)

    def scores(self, x):
        h = np.maximum(x @ self.W1 + self.b1, 0)
        return h @ self.W2 + self.b2, h

    def loss(self, x, t):
        s, _ = self.scores(x)
        return np.sum(np.logaddexp(0, s) - t * s) / len(x)

    def gradient(self, x, t):
        s, h = self.scores(x)
        d2 = (1 / (1 + np.exp(-s)) - t) / len(x)
        d1 = d2 @ self.W2.T * (h > 0)
        return {"W1": x.T @ d1, "b1": d1.sum(axis=0), "W2": h.T @ d2, "b2": d2.sum(axis=0)}

    def predict(self, x):
        return (self.scores(x)[0] > 0).astype(int)
"""


def test_predictions_may_be_two_classes_for_each_output(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(MANY_LABELS)
    found = report_on(path)
    assert found.status == 0, found.as_text()
    assert {"predict", "loss", *GRADIENTS} <= list_right(found)
    path.write_text(MANY_LABELS.replace("[0] > 0)", "[0] > 1)"))
    assert {f.quantity for f in report_on(path).wrong_findings} == {"predict"}


OF_OUTPUTS = """
import numpy as np

class Net:
    def __init__(self, input_size=784, num_classes=10, hidden_size=50):
        self.weights = {"W1": np.random.randn(input_size, hidden_size),
                        "b1": np.zeros(hidden_size),
                        "W2": np.random.randn(hidden_size, num_classes),
                        "b2": np.zeros(num_classes)}
        self.gradients = {key: np.zeros_like(value) for key, value in self.weights.items()}

    def cross_entropy_loss(self, x_pred, y):
        return -np.sum(np.log(x_pred[range(len(y)), y])) / len(y)

    def forward(self, X, y):
        W = self.weights
        h = np.tanh(X @ W["W1"] + W["b1"])
        e = np.exp(h @ W["W2"] + W["b2"])
        p = e / e.sum(axis=1, keepdims=True)
        loss = self.cross_entropy_loss(p, y)
        d2 = p.copy()
        d2[range(len(y)), y] -= 1
        d2 /= len(y)
        d1 = d2 @ W["W2"].T * (1 - h ** 2)
        self.gradients["W2"], self.gradients["b2"] = h.T @ d2, d2.sum(axis=0)
        self.gradients["W1"], self.gradients["b1"] = X.T @ d1, d1.sum(axis=0)
        return loss
"""


def test_gradients_that_no_call_of_ours_computed_are_not_called_zero(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(OF_OUTPUTS)
    assert check_in_child(path)[0].status == 0
    path.write_text(OF_OUTPUTS.replace("1 - h ** 2", "1 - h"))
    assert check_in_child(path)[0].status == 1
