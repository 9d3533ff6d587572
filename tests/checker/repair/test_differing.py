"""The first value that is no derivative of the loss shows the wrong line, or nothing does."""

import pytest
from diagnosis import find_changed_lines
from sampling import few
from steps import FREE, judge, write_changed
from test_free_forms import MISTAKES

from trainer.checker.repair.surveying import StepRequest, find_first_wrong, survey_step

FOUND = ("single_samples", "hinge", "table", "digits", "closures")


def find_line(path):
    """Return the line at which the values of the step in a file differ from the right ones."""
    request = StepRequest(path, *judge(path).step.place)
    survey = survey_step(request, None)
    found = survey and find_first_wrong(survey, survey.screen.wanted)
    return found[1].lineno if found else None


@pytest.mark.parametrize("name", few(MISTAKES, 6))
def test_the_wrong_line_is_named_or_one_beside_it_or_none(name, tmp_path):
    text = (FREE / f"{name}.py").read_text()
    path = write_changed(tmp_path, text, *MISTAKES[name])
    line, changed = find_line(path), find_changed_lines(text, path.read_text())
    assert line is None or min(abs(line - number) for number in changed) <= 1
    assert line in changed or name not in FOUND


EARLY = """
import numpy as np

rng = np.random.default_rng(0)
x, t = rng.normal(size=(2, 1)), np.ones((1, 1))
W1, W2 = rng.random((8, 2)), rng.random((1, 8))
for i in range(100):
    h = 1 / (1 + np.exp(-W1 @ x))
    y = 1 / (1 + np.exp(-W2 @ h))
    error = t - y
    move = 0.1 * (error * y * (1 - y)) @ h.T
    W2 = W2 + move
    back = W2.T @ error
    W1 = W1 + 0.1 * (back * h * (1 - h)) @ x.T
"""


def test_a_weight_that_is_right_is_not_named_for_being_used_too_early(tmp_path):
    (tmp_path / "net.py").write_text(EARLY)
    assert find_line(tmp_path / "net.py") == 1 + EARLY.splitlines().index("    back = W2.T @ error")


ADAM = (FREE / "adam_xor.py").read_text()
FIRST = "first.backward(dhidden * hidden * (1 - hidden), step)"


def test_what_adam_keeps_is_no_derivative_and_no_wrong_line(tmp_path):
    path = write_changed(tmp_path, ADAM, FIRST, "first.backward(dhidden, step)")
    assert find_line(path) in find_changed_lines(ADAM, path.read_text())
