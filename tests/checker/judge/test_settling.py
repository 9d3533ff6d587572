"""What a step shows takes the place of what is doubted in a report, and of nothing else."""

import pytest
from planted import EXAMPLES
from reports import apply_diff
from steps import FREE, judge

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import Report
from trainer.checker.judge.reporting import leave_raised, leave_unknown, settle
from trainer.checker.process import check_in_child

RIGHT = FREE / "mini_batches.py"


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "net.py"
    text = RIGHT.read_text()
    assert "[nw + dnw for" in text
    path.write_text(text.replace("[nw + dnw for", "[dnw for"))
    return judge(path)


def settle_one(judged, quantity, cause, *right):
    report = Report(findings=[Finding(quantity, "differs", "is 2, expected 1", cause)])
    report.findings += [Finding(each, "ok") for each in right]
    settle(report, judged)
    return [finding.quantity for finding in report.wrong_findings], report.step


def test_a_wrong_step_says_more_than_a_factor_of_the_loss(wrong):
    quantities, step = settle_one(wrong, "loss", "loss-sum")
    assert quantities
    assert all(name.startswith("gradient ") for name in quantities)
    assert step == wrong.step.place


def test_a_wrong_step_says_more_than_numbers_of_another_form(wrong):
    quantities, step = settle_one(wrong, "predict", None)
    assert "predict" not in quantities
    assert step == wrong.step.place
    assert settle_one(wrong, "gradient W1", None, "predict") == (["gradient W1"], None)


@pytest.mark.parametrize(
    ("quantity", "cause"), [("gradient W1", "batch-mean-missing"), ("loss", "log-base")]
)
def test_other_mistakes_stay_beside_a_wrong_step(wrong, quantity, cause):
    assert settle_one(wrong, quantity, cause) == ([quantity], None)


def test_a_right_step_acquits(tmp_path):
    assert settle_one(judge(RIGHT), "loss", "loss-sum") == ([], None)


def test_a_right_step_has_a_net_though_a_call_of_ours_made_none():
    report = Report(findings=[Finding("construction", "raises", "TypeError: size is a float")])
    settle(report, judge(RIGHT))
    assert report.status == 0


@pytest.mark.parametrize(
    ("quantity", "cause", "right", "status"),
    [
        ("predict", None, (), 2), ("predict", None, ("loss",), 1),
        ("predict", None, ("gradient W1",), 1), ("predict", "softmax-axis", (), 1),
        ("loss", None, (), 1),
    ],
)  # fmt: skip
def test_outputs_alone_of_no_known_form_accuse_nobody(quantity, cause, right, status):
    report = Report(findings=[Finding(quantity, "differs", "is 2, expected 1", cause)])
    report.findings += [Finding(each, "ok") for each in right]
    leave_unknown(report)
    assert report.status == status


def test_outputs_alone_that_raise_for_our_call_accuse_nobody():
    for error, status in (("IndexError: list index out of range", 2), ("ZeroDivisionError: 1", 1)):
        report = Report(findings=[Finding("predict", "raises", error)])
        leave_unknown(report)
        assert report.status == status


TWO_LOSSES = """import numpy as np
class Net:
    def __init__(self, n_in, n_hid, n_out):
        self.W1, self.b1 = np.random.randn(n_in, n_hid), np.zeros(n_hid)
        self.W2, self.b2 = np.random.randn(n_hid, n_out), np.zeros(n_out)
    def forward(self, x):
        self.x, self.z = x, np.tanh(x @ self.W1 + self.b1)
        self.y = 1 / (1 + np.exp(-(self.z @ self.W2 + self.b2)))
        return self.y
    def loss(self, x, t):
        return 0.5 * np.sum((self.forward(x) - t) ** 2) / len(x)
    def backward(self, t):
        d2 = (self.y - t) / len(t)
        self.dW2, self.db2 = self.z.T @ d2, d2.sum(axis=0)
        d1 = d2 @ self.W2.T * (1 - self.z ** 2)
        self.dW1, self.db1 = self.x.T @ d1, d1.sum(axis=0)
    def update(self, lr=0.5):
        self.W1 -= lr * self.dW1; self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2; self.b2 -= lr * self.db2
"""


def test_a_loss_and_gradients_that_do_not_belong_together_are_both_named(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(TWO_LOSSES)
    report, _ = check_in_child(path, timeout=60, hints=1)
    (finding,) = report.wrong_findings
    assert finding.message == (
        "is the squared error of its outputs, while the gradients are those of the binary "
        "cross-entropy of its outputs: change the one or the other"
    )


@pytest.mark.parametrize("line", ["dout -= 1", "dout[np.arange(len(t)), t] -= 0"])
def test_a_right_loss_says_nothing_of_a_step_without_targets(tmp_path, line):
    text = (FREE / "layers_float32.py").read_text()
    right = "dout[np.arange(len(t)), t] -= 1"
    assert right in text
    (path := tmp_path / "net.py").write_text(text.replace(right, line))
    report, _ = check_in_child(path)
    (finding,) = report.wrong_findings
    assert finding.cause == "target-not-subtracted"


UNUSED = """
import numpy as np

class Layer:
    trainable = False
    def build(self, n_in, rng):
        return n_in

    def forward(self, x):
        return x

    def backward(self, g):
        return g

class Dense(Layer):
    trainable = True

    def __init__(self, units):
        self.units = units

    def build(self, n_in, rng):
        self.kernel = rng.normal(0, np.sqrt(1.0 / n_in), (n_in, self.units))
        self.bias = np.zeros(self.units)
        return self.units

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, g):
        self.d_kernel = self.x.T @ g
        self.d_bias = g.sum(axis=0)
        return g @ self.kernel.T

class Sigmoid(Layer):
    def forward(self, x):
        self.x = x
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, g):
        return g * self.out * (1 - self.out)

class Tanh(Layer):
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, g):
        return g * (1 - self.out ** 2)

class Model:
    def __init__(self, layers, n_in, lr=0.1, seed=None):
        self.lr = lr
        rng = np.random.default_rng(seed)
        self.layers = layers
        for layer in layers:
            n_in = layer.build(n_in, rng)

    def predict(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def train_on_batch(self, x, y):
        out = self.predict(x)
        g = 2 * (out - y) / y.size
        for layer in reversed(self.layers):
            g = layer.backward(g)
        for layer in self.layers:
            if not layer.trainable:
                continue
            for p, d in ((layer.kernel, layer.d_kernel), (layer.bias, layer.d_bias)):
                p -= self.lr * d
        return np.mean((out - y) ** 2)
"""


def test_a_step_acquits_no_layer_that_it_does_not_run(tmp_path):
    (path := tmp_path / "net.py").write_text(UNUSED)
    assert not check_in_child(path, hints=1)[0].wrong_findings
    path.write_text(UNUSED.replace("self.out * (1 - self.out)", "self.x * (1 - self.x)"))
    (wrong,) = check_in_child(path, hints=1)[0].wrong_findings
    assert "what Sigmoid.backward gives is not the derivative" in wrong.message


def test_what_a_call_of_ours_raises_accuses_no_file_that_runs():
    text = "TypeError: cannot unpack non-iterable numpy.int64 object (net.py, line 4)"
    misspelt = "AttributeError: 'Net' object has no attribute 'weigths' (net.py, line 9)"
    report = Report(findings=[
        Finding("svm_loss", "raises", text), Finding("fit", "raises", misspelt, "misspelt-name"),
        Finding("relu", "differs", "is 2, expected 1"),
    ])  # fmt: skip
    leave_raised(report)
    assert [finding.verdict for finding in report.findings] == ["missing", "raises", "differs"]
    assert report.findings[0].message == text


NORMALISED = """
import numpy as np

class BatchNorm:
    def __init__(self, n):
        self.weights, self.biases = np.ones(n), np.zeros(n)
        self.running_mean = np.zeros(n)

    def forward(self, x):
        mean, self.std = x.mean(axis=0), np.sqrt(x.var(axis=0) + 1e-5)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mean
        self.hat = (x - mean) / self.std
        return self.weights * self.hat + self.biases

    def backward(self, grad):
        self.grad_W, self.grad_b = (grad * self.hat).sum(axis=0), grad.sum(axis=0)
        d = grad * self.weights
        return (d - d.mean(axis=0) - self.hat * (d * self.hat).mean(axis=0)) / self.std
"""


def test_a_layer_that_changes_as_it_is_called_is_all_that_its_file_has(tmp_path):
    path = tmp_path / "norm.py"
    for text, status in ((NORMALISED, 0), (NORMALISED.replace("- d.mean(axis=0) ", ""), 1)):
        path.write_text(text)
        report, _ = check_in_child(path)
        assert report.status == status, report.as_text()


# Layers that are right, and functions of other names than a course gives them, which use them.
WHOLE = (EXAMPLES / "deep.py").read_text().replace("L_model", "net")
SIGN = "dA = -(Y / AL", "dA = (Y / AL", "gradient-sign"
STEP_UP = "- learning_rate *", "+ learning_rate *", "update-sign"
UNMOVED = "parameters[b] - learning_rate", "parameters[b] # learning_rate", "bias-not-updated"


@pytest.mark.parametrize(("old", "new", "cause"), [SIGN, STEP_UP, UNMOVED])
def test_what_uses_right_layers_is_called_too(tmp_path, old, new, cause):
    (path := tmp_path / "net.py").write_text(WHOLE.replace(old, new))
    report, _ = check_in_child(path)
    assert [f.cause for f in report.wrong_findings] == [cause]
    if cause == "update-sign":
        assert apply_diff(path.read_text(), report.diagnosis["diff"]) == WHOLE


@pytest.mark.parametrize(
    ("old", "new", "unknown"),
    [("", "", []), ("range(L - 1)", "range(L - 2)", ["net_forward", "net_backward"])],
)
def test_what_no_call_could_run_is_named(tmp_path, old, new, unknown):
    (path := tmp_path / "net.py").write_text(WHOLE.replace(old, new))
    report, _ = check_in_child(path, hints=1)
    notes = [f.message for f in report.findings if "not checked" in f.message]
    assert report.status == 0
    assert bool(notes) == bool(unknown)
    assert all(name in note for note in notes for name in unknown)


# A net of a known form whose own script fails in its own line.
LISTS = """
import numpy as np

class Network:
    def __init__(self, sizes):
        self.weights = [np.random.randn(a, b) for a, b in zip(sizes, sizes[1:])]
        self.biases = [np.zeros((1, b)) for b in sizes[1:]]

    def forward(self, x):
        self.a = [x]
        for w, b in zip(self.weights, self.biases):
            self.a.append(1 / (1 + np.exp(-(np.dot(self.a[-1], w) + b))))
        return self.a[-1]

    def backward(self, y, lr):
        delta = (self.a[-1] - y) * self.a[-1] * (1 - self.a[-1])
        for i in reversed(range(len(self.weights))):
            dw = np.dot(self.a[i].T, delta) / len(y)
            db = np.sum(delta, axis=0, keepdims=True) / len(y)
            if i > 0:
                delta = np.dot(delta, self.weights[i].T) * self.a[i] * (1 - self.a[i])
            self.weights[i] -= lr * dw
            self.biases[i] -= lr * db

    def fit(self, x, y, epochs=100):
        for epoch in range(epochs):
            self.forward(x)
            self.backward(y, 0.5)

if __name__ == "__main__":
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    Network([2, 4, 1]).fit(x, y)
"""
INDEX = "self.weights[i].T", "self.weights[i - 1].T", "1 and 4 differ"
WHOLE_NUMBERS = "np.zeros((1, b))", "np.zeros((1, b), dtype=int)", "self.biases[i] is an array of"


@pytest.mark.parametrize(("right", "wrong", "message"), [INDEX, WHOLE_NUMBERS])
def test_what_the_files_own_script_raises_is_wrong_in_a_net_of_a_known_form(
    tmp_path, right, wrong, message
):
    (path := tmp_path / "net.py").write_text(LISTS.replace(right, wrong))
    report, _ = check_in_child(path)
    assert report.status == 1, report.as_text()
    assert message in " ".join(f.message for f in report.wrong_findings)
    assert apply_diff(path.read_text(), report.diagnosis["diff"]) == LISTS
