"""A small rate or a small penalty hides nothing: a step is judged with larger ones too."""

import pytest
from steps import judge

from trainer.checker.judge.decision import Fault

LAYERS = """
import numpy as np

rng = np.random.default_rng(0)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
rate, decay = 1e-6, 1e-6
for i in range(50):
    h = np.tanh(X @ W1)
    error = h @ W2 - T
    loss = 0.5 * (error**2).sum() + 0.5 * decay * (np.sum(W1 * W1) + np.sum(W2 * W2))
    back = error @ W2.T * (1 - h**2)
    W2 -= rate * (h.T @ error + decay * W2)
    W1 -= rate * (X.T @ back + decay * W1)
"""
BACK = "    back = error @ W2.T * (1 - h**2)\n"
UPDATE = "    W2 -= rate * (h.T @ error + decay * W2)\n"


def write(path, old="", new=""):
    assert old in LAYERS
    path.write_text(LAYERS.replace(old, new, 1))
    return path


def test_a_step_with_a_small_rate_and_penalty_is_right(tmp_path):
    assert judge(write(tmp_path / "net.py")).decision.is_right is True


@pytest.mark.parametrize(
    ("old", "new", "weights"),
    [
        (BACK + UPDATE, UPDATE + BACK, ["W1"]),
        ("X.T @ back + decay * W1", "X.T @ back - decay * W1", None),
        ("h.T @ error + decay * W2", "h.T @ error - decay * W2", None),
    ],
)
def test_what_a_small_number_hides_is_wrong(tmp_path, old, new, weights):
    decision = judge(write(tmp_path / "net.py", old, new)).decision
    assert decision.is_right is False
    assert weights is None or decision.wrong == weights


def test_a_rate_that_is_a_whole_number_may_be_small_too(tmp_path):
    path = write(tmp_path / "net.py", BACK + UPDATE, UPDATE + BACK)
    text = path.read_text().replace("rate, decay = 1e-6", "rate, decay = 1")
    path.write_text(text.replace("-= rate * ", "-= rate / 10**6 * "))
    assert judge(path).decision.wrong == ["W1"]


def test_a_step_that_only_a_large_rate_would_clip_is_right(tmp_path):
    update = "    W1 -= rate * (X.T @ back + decay * W1)\n"
    clipped = "    W1 -= np.clip(rate * (X.T @ back + decay * W1), -0.05, 0.05)\n"
    assert judge(write(tmp_path / "net.py", update, clipped)).decision.is_right is True


TWICE = (
    ("    error = h @ W2 - T\n", "    error = rate * (h @ W2 - T)\n"),
    ("    W2 -= rate * (h.T @ error + decay * W2)\n", "    W2 -= h.T @ error\n"),
    (" + 0.5 * decay * (np.sum(W1 * W1) + np.sum(W2 * W2))", ""),
    ("X.T @ back + decay * W1", "X.T @ back"),
)


@pytest.mark.parametrize("rate", ["1e-6", "0.05", "1.0"])
def test_weights_whose_gradient_has_the_rate_already_are_wrong(tmp_path, rate):
    path = write(tmp_path / "net.py", "rate, decay = 1e-6", f"rate, decay = {rate}")
    for old, new in TWICE:
        path.write_text(path.read_text().replace(old, new, 1))
    decision = judge(path).decision
    assert (decision.fault, decision.wrong) == (Fault.POWERS, ["W1"])


@pytest.mark.parametrize("own", ["0.1 * rate", "rate * (1 + rate)", "rate * decay"])
def test_a_layer_may_have_a_rate_of_its_own(tmp_path, own):
    path = write(tmp_path / "net.py", "W1 -= rate * (", f"W1 -= {own} * (")
    assert judge(path).decision.fault is not Fault.POWERS


def test_a_rate_that_falls_from_layer_to_layer_is_no_mistake(tmp_path):
    path = write(tmp_path / "net.py", "rate, decay = 1e-6", "share, rate, decay = 0.5, 1e-6")
    text = path.read_text().replace("W2 -= rate", "W2 -= share * rate")
    path.write_text(text.replace("W1 -= rate", "W1 -= share**2 * rate"))
    assert judge(path).decision.fault is not Fault.POWERS


def test_a_number_on_which_the_outputs_depend_is_no_rate(tmp_path):
    path = write(tmp_path / "net.py", "h = np.tanh(X @ W1)", "h = rate * np.tanh(X @ W1)")
    text = path.read_text().replace("back = error", "back = rate * error")
    path.write_text(
        text.replace("(1 - h**2)", "(1 - (h / rate) ** 2)").replace("1e-6, 1e-6", "0.5, 0")
    )
    assert judge(path).decision.fault is not Fault.POWERS


DROPOUT = """
import numpy as np

rng = np.random.default_rng(0)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
p = {p}
for i in range(50):
    z = np.tanh(X @ W1)
    mask = (np.random.rand(*z.shape) < 1 - p) / (1 - p)
    error = (z * mask) @ W2 - T
    back = error @ W2.T * (1 - z**2) * mask
    W2 -= 0.1 * (z * mask).T @ error
    W1 -= 0.1 * X.T @ back
"""


@pytest.mark.parametrize("p", ["0", "0.0", "0.3"])
def test_a_mask_that_is_forgotten_is_wrong_where_nothing_is_dropped_too(p, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(DROPOUT.format(p=p))
    assert judge(path).decision.is_right is True
    path.write_text(DROPOUT.format(p=p).replace("(1 - z**2) * mask", "(1 - z**2)"))
    judged = judge(path)
    assert judged.decision.is_right is False
    assert judged.step.option == ("" if p == "0.3" else "p = 0.5")
