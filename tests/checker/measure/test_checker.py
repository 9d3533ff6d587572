"""Tests that correct nets of every layout pass and that each planted mistake is named."""

import ast
import json
from pathlib import Path

import pytest
from mistaken import NETS, TABLE, plant_mistakes
from reports import LAYOUTS, NOTES, collect_causes, report_on
from sampling import few

from trainer.checker.load.source import read_source


@pytest.fixture
def write_source(tmp_path):
    """Return a function that writes a source file and returns its path."""

    def write(source: str | bytes, name: str = "student.py") -> Path:
        path = tmp_path / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path

    return write


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed", few([0, 1], 1))
def test_a_correct_net_passes(layout, seed):
    report = report_on(NETS / f"{layout}.py", seed=seed)
    # A net that has nothing but predict shows too little to be called right.
    assert report.status == 2 * (layout == "forward_only"), report.as_text()


@pytest.mark.parametrize(("layout", "slug"), few(TABLE, 32))
def test_a_planted_mistake_is_named(layout, slug, write_source):
    report = report_on(write_source(plant_mistakes(layout, slug)))
    wrong = collect_causes(report, "differs", "raises")
    if slug in NOTES:
        assert slug in collect_causes(report, "note"), report.as_text()
        assert report.status == 0, report.as_text()
    else:
        assert wrong == {slug}, report.as_text()
        assert report.status == 1


@pytest.mark.parametrize(("last", "status"), [("self.x = x", 2), ("x = x + 0", 1)])
def test_a_forward_pass_that_keeps_its_outputs_is_not_wrong(write_source, last, status):
    source = (NETS / "forward_only.py").read_text()
    source = source[: source.index("x = np.random")]
    text = source.replace("        return x\n", f"        {last}\n")
    report = report_on(write_source(text))
    assert report.status == status, report.as_text()
    assert ("predict: returns None" in report.as_text()) == (status == 1)


PAIRS = [
    ("chapter4", "batch-mean-missing", "sigmoid-grad-of-output"),
    ("chapter4", "bias-missing-forward", "sigmoid-before-softmax"),
    ("chapter4", "accuracy-count", "numerical-one-sided"),
    ("chapter5", "loss-sum", "bias-grad-mean"),
    ("chapter5", "softmax-whole-batch", "activation-grad-missing"),
    ("cs231n", "dw2-from-a1", "bias-updated-twice"),
    ("volume2", "target-not-subtracted", "stale-gradient"),
]


@pytest.mark.parametrize(("layout", "first", "second"), PAIRS)
def test_of_two_mistakes_at_least_one_is_named_and_no_other(layout, first, second, write_source):
    report = report_on(write_source(plant_mistakes(layout, first, second)))
    wrong = collect_causes(report, "differs", "raises")
    assert wrong, report.as_text()
    assert wrong <= {first, second}, report.as_text()


def test_a_finding_names_the_quantity_and_the_size_of_its_error(write_source):
    report = report_on(write_source(plant_mistakes("chapter4", "batch-mean-twice")))
    wrong = [f for f in report.findings if f.verdict == "differs"]
    assert [f.quantity for f in wrong] == [f"gradient {k}" for k in ("W1", "b1", "W2", "b2")]
    assert "85.7% of its largest value" in wrong[0].message  # 1 − 1/N, N = 7
    assert "not the derivative of the net's own loss" in wrong[0].message


def test_values_are_shown_with_four_digits(write_source):
    report = report_on(write_source(plant_mistakes("chapter4", "sigmoid-grad-of-output")))
    assert "at [2, 3]: 0.08367, expected 0.04845" in report.as_text()


def test_a_signature_that_cannot_be_called_is_shown(write_source):
    source = (NETS / "chapter4.py").read_text()
    report = report_on(
        write_source(source.replace("def loss(self, x, t)", "def loss(self, x, t, mask)"))
    )
    loss = next(f for f in report.findings if f.quantity == "loss")
    assert (loss.verdict, loss.checked) == ("missing", False)
    assert "unsupported signature: TypeError: TwoLayerNet.loss() missing 1 required" in loss.message


def test_an_exception_is_reported_with_its_file_and_line(write_source):
    report = report_on(write_source(plant_mistakes("chapter4", "misspelt-name")))
    predict = next(f for f in report.findings if f.quantity == "predict")
    assert (predict.verdict, predict.cause) == ("raises", "misspelt-name")
    assert "NameError" in predict.message
    assert "student.py, line 59" in predict.message


def test_a_wrong_loss_is_found_even_if_the_gradient_is_its_derivative(write_source):
    source = (NETS / "regression.py").read_text()
    source = source.replace("- t) / len(x)\n        dz1", "- t) * 3 / len(x)\n        dz1")
    source = source.replace("0.5 * np.sum", "1.5 * np.sum")
    consistent = report_on(write_source(source))
    assert consistent.status == 0, consistent.as_text()
    assert "3 times the mean" in consistent.as_text()
    source = (
        (NETS / "chapter5.py")
        .read_text()
        .replace("softmax(x)\n        self.loss", "softmax(2 * x)\n        self.loss")
    )
    doubled = source.replace("dx = (self.y - self.t)", "dx = 2 * (self.y - self.t)")
    assert report_on(write_source(doubled)).status == 1


@pytest.mark.parametrize("factor", ["0 * ", "-1 * "])
def test_a_loss_and_a_gradient_of_0_or_turned_round_are_wrong(factor, write_source):
    source = (NETS / "regression.py").read_text()
    source = source.replace("return 0.5", f"return {factor}0.5")
    source = source.replace("da2 = (", f"da2 = {factor}(")
    assert report_on(write_source(source)).status == 1


def test_a_summed_loss_with_a_summed_gradient_is_a_note(write_source):
    source = plant_mistakes("chapter4", "loss-sum", "batch-mean-missing")
    report = report_on(write_source(source))
    assert report.status == 0, report.as_text()
    assert "loss-sum" in collect_causes(report, "note")


def test_a_penalty_is_right_only_if_the_gradient_includes_it(write_source):
    source = (NETS / "cs231n.py").read_text()
    half = source.replace("loss += reg *", "loss += 0.5 * reg *").replace("2 * reg", "reg")
    assert report_on(write_source(half)).status == 0
    report = report_on(write_source(source.replace("2 * reg", "reg")))
    wrong = {f.quantity for f in report.findings if f.verdict == "differs"}
    assert wrong == {"gradient W1", "gradient W2"}


def test_a_penalty_of_a_fixed_strength_in_the_loss_alone_is_what_gradients_lack(write_source):
    source = (NETS / "chapter4.py").read_text()
    loss = "        return cross_entropy_error(y, t)\n"
    assert loss in source
    decay = "        decay = 0.1 * sum((self.params[k] ** 2).sum() for k in ('W1', 'W2'))\n"
    report = report_on(write_source(source.replace(loss, decay + loss[:-1] + " + decay\n")))
    wrong = {f.quantity: f.message for f in report.wrong_findings}
    assert wrong.keys() == {"gradient W1", "gradient W2"}
    assert "penalty is not added" in wrong["gradient W1"]


def test_a_mistake_that_would_make_a_right_gradient_wrong_is_no_cause(write_source):
    source = (NETS / "chapter4.py").read_text()
    line = 'grads["b1"] = np.sum(da1, axis=0)'
    assert line in source
    report = report_on(write_source(source.replace(line, line.replace("da1", "dz1"))))
    (wrong,) = report.wrong_findings
    assert (wrong.quantity, wrong.cause) == ("gradient b1", None)


def test_a_penalty_in_the_gradient_alone_is_wrong_where_one_call_gives_both(write_source):
    source = (NETS / "cs231n.py").read_text()
    penalty = "        loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))\n"
    assert penalty in source
    report = report_on(write_source(source.replace(penalty, "")))
    wrong = {f.quantity for f in report.findings if f.verdict == "differs"}
    assert wrong == {"gradient W1", "gradient W2"}
    assert "reg changes it, but not the loss" in report.as_text()


def test_a_constant_factor_or_transpose_is_reported_if_no_mistake_explains_it(write_source):
    source = (NETS / "chapter4.py").read_text()
    report = report_on(
        write_source(source.replace('grads["W1"] = ', 'grads["W1"] = len(x) / 2 * '))
    )
    assert "it is 3.5 times the expected one" in report.as_text()
    report = report_on(
        write_source(source.replace('["W2"] = np.dot(z1.T, dy)', '["W2"] = np.dot(dy.T, z1)'))
    )
    assert "it is the transpose of the expected one" in report.as_text()
    report = report_on(write_source(source.replace("np.dot(x.T, da1)", "np.dot(x.T, da1) ** 3")))
    assert "no cause was found" in report.as_text()


def test_the_functions_of_the_book_are_checked_by_name(write_source):
    source = """
import numpy as np

def step_function(x):
    y = x > 0
    return y.astype(np.int)

def sigmoid(x):
    return 1 / (1 + np.exp(x))

def relu(x):
    return np.maximum(0, x)

def mean_squared_error(y, t):
    return 0.5 * np.sum((y - t) ** 2)

def softmax(a):
    return np.exp(a) / np.sum(np.exp(a))

def numerical_gradient(f, x):
    h, grad = 1e-4, np.zeros_like(x)
    for i in range(x.size):
        v = x[i]
        x[i] = v + h
        a = f(x)
        x[i] = v - h
        grad[i] = (a - f(x)) / (2 * h)
        x[i] = v
    return grad
"""
    report = report_on(write_source(source))
    verdicts = {f.quantity: (f.verdict, f.cause) for f in report.findings[:-1]}
    assert verdicts == {
        "step_function": ("ok", None),
        "sigmoid": ("differs", None),
        "relu": ("ok", None),
        "softmax": ("note", "softmax-whole-batch"),
        "mean_squared_error": ("ok", None),
        "numerical_gradient": ("note", None),
    }
    assert report.findings[-1].cause == "numpy-alias"


def test_a_wrong_cross_entropy_of_labels_only_is_shown_with_its_value(write_source):
    source = "def cross_entropy_error(y, t):\n    return 7.0 if t.ndim == 1 else t.missing\n"
    (found, *_) = report_on(write_source(source)).findings
    assert found.message == "is 7, expected 0.8257"


def test_a_missing_return_is_reported(write_source):
    report = report_on(write_source("def softmax(x):\n    x / x.sum()\n"))
    (found, *_) = report.findings
    assert found.message == "is None: a return is missing"


def test_np_int_is_reported_and_does_not_stop_the_rest(write_source):
    source = (NETS / "chapter4.py").read_text()
    report = report_on(write_source(source.replace("n = y.shape[0]", "n = np.int(y.shape[0])")))
    assert report.status == 0, report.as_text()
    assert "np.int was removed from NumPy (student.py, line 27)" in report.as_text()


def test_random_output_cannot_be_checked(write_source):
    source = (NETS / "chapter4.py").read_text()
    noisy = source.replace("return y\n", "return y * np.random.rand()\n", 1)
    report = report_on(
        write_source(noisy.replace("        return y\n", "        return y * np.random.rand()\n"))
    )
    assert report.status == 2
    assert "different outputs for the same input" in report.as_text()


def test_sizes_fixed_in_the_code_are_used(write_source):
    source = (NETS / "chapter4.py").read_text()
    fixed = source.replace(
        "input_size, hidden_size, output_size, weight_init_std=0.01", ""
    ).replace(
        "        self.params = {}\n",
        "        input_size, hidden_size, output_size, weight_init_std = 8, 9, 10, 0.01\n"
        "        self.params = {}\n",
    )
    assert report_on(write_source(fixed.replace("self, )", "self)"))).status == 0


def test_json_has_the_documented_keys():
    made = json.loads(report_on(NETS / "chapter4.py").as_json())
    assert set(made) == {"right", "file", "class", "findings", "fix", "search"}
    assert made["fix"] is None
    assert made["right"] is True
    assert made["class"] == "TwoLayerNet"
    assert set(made["findings"][0]) == {
        "quantity", "verdict", "cause", "message", "file", "cell", "line", "column", "end_column",
        "code",
    }  # fmt: skip


def test_only_the_python2_layout_needs_translation():
    unreadable = []
    for layout in LAYOUTS:
        try:
            ast.parse((NETS / f"{layout}.py").read_text())
        except SyntaxError:
            unreadable.append(layout)
    assert unreadable == ["python2"]
    assert read_source(NETS / "python2.py").is_translated


def test_loss_and_backward_may_use_what_forward_stored(write_source):
    source = """
import numpy as np

class Network:
    def __init__(self, D, H, C):
        self.W1, self.b1 = np.random.randn(H, D), np.zeros(H)
        self.W2, self.b2 = np.random.randn(C, H), np.zeros(C)

    def forward(self, x):
        self.x, self.z = x, np.tanh(x @ self.W1.T + self.b1)
        e = np.exp(self.z @ self.W2.T + self.b2)
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def loss(self, t):
        return -np.mean(np.log(self.y[np.arange(len(t)), t]))

    def backward(self, t):
        d = self.y.copy()
        d[np.arange(len(t)), t] -= 1
        d /= len(t)
        a = d @ self.W2 * (1 - self.z**2)
        return a.T @ self.x, a.sum(axis=0), d.T @ self.z, d.sum(axis=0)
"""
    report = report_on(write_source(source))
    assert report.status == 0, report.as_text()
    assert [f.quantity for f in report.findings if f.verdict == "ok"][-4:] == [
        f"gradient {key}" for key in ("W1", "b1", "W2", "b2")
    ]


def test_a_net_that_updates_itself_or_takes_single_samples_is_not_blamed(write_source):
    source = (NETS / "chapter4.py").read_text()
    done = "        for key in grads:\n            self.params[key] -= 0.1 * grads[key]\n\n"
    end = source.rindex("        return grads")
    report = report_on(write_source(source[:end] + done))
    assert report.status == 2, report.as_text()
    assert "updates the weights itself" in report.as_text()
    single = """
import numpy as np

class NeuralNet:
    def __init__(self, n_x, n_h, n_y):
        self.W1, self.b1 = np.random.randn(n_h, n_x), np.zeros(n_h)
        self.W2, self.b2 = np.random.randn(n_y, n_h), np.zeros(n_y)

    def predict(self, x):
        return self.W2 @ np.tanh(self.W1 @ x + self.b1) + self.b2
"""
    report = report_on(write_source(single))
    assert report.status == 2, report.as_text()
    assert "neither as rows (N, D) nor as columns" in report.as_text()


def test_a_net_of_three_layers_is_not_blamed(write_source):
    source = (NETS / "chapter4.py").read_text()
    third = '        self.params["W3"] = np.eye(output_size)\n\n    def predict'
    report = report_on(write_source(source.replace("\n    def predict", third, 1)))
    assert report.status == 2
    assert "has W3: only nets of two layers" in report.as_text()


@pytest.mark.parametrize("seed", [27, 93])
def test_a_step_on_a_sample_that_activates_no_neuron_is_not_blamed(seed):
    report = report_on(NETS / "cs231n.py", seed=seed)
    assert report.status == 0, report.as_text()


def test_a_numerical_gradient_may_restore_x_up_to_its_last_bit(write_source):
    function = (
        "import numpy as np\n"
        "def numerical_gradient(f, x):\n"
        "    h, grad = 1e-4, np.zeros_like(x)\n"
        "    for i in np.ndindex(x.shape):\n"
        "        x[i] += h\n"
        "        above = f(x)\n"
        "        x[i] -= 2 * h\n"
        "        below = f(x)\n"
        "        x[i] += h\n"
        "        grad[i] = (above - below) / (2 * h)\n"
        "    return grad\n"
    )
    (finding,) = [f for f in report_on(write_source(function)).findings if f.quantity != "class"]
    assert (finding.quantity, finding.verdict) == ("numerical_gradient", "ok")
