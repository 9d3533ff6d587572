"""The known mistakes that a wrong step shows at any depth, by what its layers hand on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import EXAMPLES
from sampling import few
from steps import FREE, judge, write_changed

from trainer.book.functions import sigmoid, softmax
from trainer.checker.judge.backward import name_last_activation
from trainer.checker.judge.reporting import describe
from trainer.checker.process import check_in_child

LOOP = [  # in a training function
    ("(A2 - Y) / m", "A2 / m", "target-not-subtracted"),
    ("(A2 - Y) / m", "(Y - A2) / m", "gradient-sign"),
    ("- learning_rate", "+ learning_rate", "update-sign"),
    ("(A2 - Y) / m", "(A2 - Y) * A2 * (1 - A2) / m", "output-grad-extra"),
    ("dZ2 @ A1.T", "dZ2 @ (W1 @ X + b1).T", "dw2-from-a1"),
    ("dZ1.sum(", "dZ1.mean(", "bias-grad-mean"),
    ("b1 - learning_rate * db1", "b1", "bias-not-updated"),
    ("dA1 * A1 * (1 - A1)", "dA1", "activation-grad-missing"),
    ("dA1 * A1 * (1 - A1)", "dA1 * A1", "hidden-grad-is-activation"),
    ("dA1 * A1 * (1 - A1)", "dA1 * sigmoid(A1) * (1 - sigmoid(A1))", "sigmoid-grad-of-output"),
    ("dA1 = W2.T", "dA1 = (W2 - learning_rate * dW2).T", "w2-updated-before-backward"),
]
FUNCTION = [  # in a function that gives the loss and the gradients
    ("X.dot(W1) + b1", "X.dot(W1)", "bias-missing-forward"),
    ("hidden.dot(W2) + b2", "hidden.dot(W2)", "bias-missing-output"),
    ("np.maximum(0, X.dot(W1) + b1)", "X.dot(W1) + b1", "activation-missing"),
    ("y].sum() / N", "y].sum()", "loss-sum"),
    ("    dscores /= N\n", "", "batch-mean-missing"),
    ("dscores /= N", "dscores /= N * N", "batch-mean-twice"),
    ("dscores /= N", "dscores /= -N", "gradient-sign"),
    ("    dscores[np.arange(N), y] -= 1\n", "", "target-not-subtracted"),
    ("dscores.sum(", "dscores.mean(", "bias-grad-mean"),
    ("    dhidden[hidden <= 0] = 0\n", "", "activation-grad-missing"),
    ("dhidden[hidden <= 0] = 0", "dhidden *= hidden", "hidden-grad-is-activation"),
    ("dhidden[hidden <= 0] = 0", "dhidden[dhidden <= 0] = 0", "relu-grad-of-gradient"),
    ("X.T.dot(dhidden) + reg * W1", "X.T.dot(dhidden)", None),
]  # fmt: skip
DEEP = [  # in a net of three layers
    ("    dZ[cache <= 0] = 0\n", "", "activation-grad-missing"),
    ("    dZ[cache <= 0] = 0\n", "    dZ = dA * np.maximum(cache, 0)\n",
     "hidden-grad-is-activation"),
    ("dZ[cache <= 0]", "dZ[dA <= 0]", "relu-grad-of-gradient"),
    ("A, activation_cache = relu(Z)", "A, activation_cache = Z, Z", "activation-missing"),
    ("return dA * s * (1 - s)", "return dA", "activation-grad-missing"),
    ("return dA * s * (1 - s)", "return dA * s", "hidden-grad-is-activation"),
]  # fmt: skip
CASES = [
    *((FREE / "training_function.py", *case) for case in LOOP),
    *((FREE / "one_function.py", *case) for case in FUNCTION),
    *((EXAMPLES / "deep.py", *case) for case in DEEP),
]


@pytest.mark.parametrize(("path", "old", "new", "cause"), few(CASES, 6))
def test_a_wrong_step_names_the_mistake_of_its_backward_pass(path, old, new, cause, tmp_path):
    judged = judge(write_changed(tmp_path, path.read_text(), old, new))
    assert judged.decision.is_right is False
    causes = {finding.cause for finding in describe(judged) if finding.verdict == "differs"}
    assert cause in causes
    assert causes <= {cause, None}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(A2 - Y) / m", "A2 - Y"),
        ("(A2 - Y) / m", "(A2 - Y) / m / m"),
        ("        A1 = sigmoid", "        for _ in range(m):\n"
         "            W2 = W2 - learning_rate * np.sign(W2)\n        A1 = sigmoid"),
    ],
)  # fmt: skip
def test_other_rates_and_penalties_of_a_training_function_are_not_accused(old, new, tmp_path):
    text = (FREE / "training_function.py").read_text()
    report, _ = check_in_child(write_changed(tmp_path, text, old, new))
    assert not report.wrong_findings, report.as_text()


def test_a_misspelt_name_in_one_function_is_named(tmp_path):
    text = (FREE / "one_function.py").read_text()
    report, _ = check_in_child(write_changed(tmp_path, text, "y].sum() / N", "y].sum() / M"))
    assert [f.cause for f in report.wrong_findings] == ["misspelt-name"]


@pytest.mark.parametrize("bias", ["b1", "b2"])
def test_a_bias_that_nothing_uses_is_added_to_the_sums_of_its_layer(bias, tmp_path):
    text = (FREE / "one_function.py").read_text()
    report, _ = check_in_child(write_changed(tmp_path, text, f") + {bias}", ")"))
    assert report.diagnosis
    assert f") + {bias}" in report.diagnosis["diff"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**16), st.booleans())
def test_outputs_name_the_mistake_with_which_they_are_computed(seed, is_turned):
    z = np.random.default_rng(seed).normal(size=(5, 3))
    outputs = {"double-softmax": softmax(softmax(z)), "sigmoid-before-softmax": softmax(sigmoid(z))}
    outputs["softmax-whole-batch"] = np.exp(z) / np.exp(z).sum()
    for name, y in outputs.items():
        y, sums = (y.T, z.T) if is_turned else (y, z)
        assert set(name_last_activation(y, sums)) == {name}
    assert not list(name_last_activation(softmax(z), z))
