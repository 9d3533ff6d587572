"""A small rate or a small penalty hides nothing: a step is judged with larger ones too."""

import pytest
from steps import judge

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


def test_a_step_that_only_a_large_rate_would_clip_is_right(tmp_path):
    update = "    W1 -= rate * (X.T @ back + decay * W1)\n"
    clipped = "    W1 -= np.clip(rate * (X.T @ back + decay * W1), -0.05, 0.05)\n"
    assert judge(write(tmp_path / "net.py", update, clipped)).decision.is_right is True
