"""Of all loops of a file those are returned that are one step of training."""

import copy

import numpy as np
import pytest

from trainer.checker.find.leaves import MOST, list_leaves
from trainer.checker.find.programs import Script

START = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn({N}, 3), np.random.randn({N}, 2)
W1, W2 = np.random.randn(3, 4), np.random.randn(4, 2)
"""
STEP = """
    z = np.tanh(x @ W1)
    y = z @ W2
    dz = (y - target) @ W2.T * (1 - z ** 2)
    W2 -= 0.1 * np.outer(z, y - target) if z.ndim == 1 else 0.1 * z.T @ (y - target)
    W1 -= 0.1 * np.outer(x, dz) if x.ndim == 1 else 0.1 * x.T @ dz
"""
INDENTED = STEP.replace("\n    ", "\n        ")


def follow(tmp_path, text, N=6):
    path = tmp_path / "net.py"
    path.write_text(START.format(N=N) + text)
    return next(iter(Script(path).list_programs()))()


@pytest.mark.parametrize("factor", ["2", "(2 if i else 1)"])
def test_a_loop_that_scales_the_samples_is_no_training(tmp_path, factor):
    """Also where the first sample stays as it is."""
    scaling = "low, high = X.copy(), t.copy()\nfor i in range(6):\n"
    scaling += f"    X[i] *= {factor}\n    t[i] *= {factor}\n"
    steps = follow(tmp_path, scaling + "for _ in range(9):\n    x, target = X, t" + STEP)
    assert [step.line for step in steps][:2] == [10, 10]


def test_samples_that_are_shuffled_are_no_weights(tmp_path):
    shuffle = "\n    order = np.random.permutation(6)\n    X, t = X[order], t[order]"
    steps = follow(tmp_path, f"for _ in range(9):{shuffle}\n    x, target = X, t{STEP}")
    carried = {path for path in steps[0].run().list_changed() if path[0] == "W"}
    assert len(steps) == 2
    assert carried == {"W1", "W2"}


def test_a_loop_around_a_loop_of_steps_is_no_step(tmp_path):
    text = "for _ in range(9):\n    for x, target in zip(X, t):\n        pass" + INDENTED
    assert {step.line for step in follow(tmp_path, text)} == {7}
    text = "for _ in range(9):\n    for x, target in [(X, t)]:\n        pass" + INDENTED
    assert {step.line for step in follow(tmp_path, text)} == {7}  # also of a single step


@pytest.mark.parametrize("N", [40, 1000])
def test_hundreds_of_samples_become_few(tmp_path, N):
    step = follow(tmp_path, "for _ in range(9):\n    x, target = X, t" + STEP, N)[0]
    assert len(step.run().before["X"]) == (N if N < 100 else 5)
    assert not step.run().error


def test_long_axes_of_weights_are_shortened_with_those_of_the_samples(tmp_path):
    text = START.format(N=300).replace("3)", "784)").replace("(3, 4)", "(784, 200)")
    text = text.replace("(4, 2)", "(200, 2)") + "for _ in range(9):\n    x, target = X, t" + STEP
    (tmp_path / "net.py").write_text(text)
    step = next(iter(Script(tmp_path / "net.py").list_programs()))()[0]
    shapes = {name: step.run().before[name].shape for name in ("X", "t", "W1", "W2")}
    assert shapes == {"X": (5, 5), "t": (5, 2), "W1": (5, 5), "W2": (5, 2)}


def test_samples_stay_where_the_loop_counts_on_their_number(tmp_path):
    text = "for _ in range(9):\n    k = np.arange(1000)\n    x, target = X[k], t[k]" + STEP
    step = follow(tmp_path, text, 1000)[0]
    assert len(step.run().before["X"]) == 1000


def test_a_step_that_changes_a_very_large_array_is_not_judged(tmp_path):
    text = "W3 = np.ones((400, 300))\nfor _ in range(9):\n    x, target = X, t\n    W3 *= 2" + STEP
    assert follow(tmp_path, text.replace("(400, 300)", "(40, 30)"))
    assert not follow(tmp_path, text.replace("(400, 300)", "(9,) * 6"))


def test_a_step_of_other_values_starts_where_the_few_samples_are(tmp_path):
    step = follow(tmp_path, "for _ in range(9):\n    x, target = X, t" + STEP, 1000)[0]
    moved = step.run({"W1": np.zeros((3, 4))})
    assert moved.before["W1"].any() == 0
    assert len(moved.before["t"]) == 5


def test_many_samples_are_no_reason_to_miss_the_weights():
    pairs = [(np.zeros(2), np.zeros(1)) for _ in range(300)]
    names = {"W": np.ones(3), "pairs": pairs, "batches": [copy.deepcopy(pairs) for _ in range(2)]}
    assert "W" in list_leaves(names)
    assert len(list_leaves(names)) == MOST
