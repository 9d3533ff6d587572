"""Tests of what is judged by the file's own functions, and of values that no right run gives."""

import numpy as np
import pytest
from planted import change_example

from trainer.checker.parts.checking import check_part
from trainer.checker.parts.expected import RULES, find_rule
from trainer.checker.process import check_in_child
from trainer.checker.shapes.draws import draw_inputs
from trainer.checker.shapes.shape import FAILED, OWN, Part

PARAMS = {"W1": np.ones((2, 3)), "b1": np.ones(2), "W2": np.ones((1, 2)), "b2": np.ones(1)}
GARBAGE = [
    {}, {OWN: None}, {OWN: 7}, {OWN: {}}, {"classes": np.ones(7)},
    {OWN: {"a2": None}, "classes": 1}, {OWN: {"a2": np.ones(7)}, "classes": np.ones(7)},
    {OWN: {"a2": np.full((7, 1), np.nan)}, "classes": np.full((7, 1), np.nan)},
    {OWN: {"a2": np.ones((0, 3)), "columns": np.ones(9)}, "classes": np.ones((0, 3))},
    {OWN: {"steps": 3, "start": {"W1": 1}, "learns": np.ones(3)}, **PARAMS},
    {OWN: {"steps": {**PARAMS, "b2": np.array([np.inf])}}, **PARAMS},
    {OWN: {"steps": {**PARAMS, "b2": None}, "units": "four", "more units": PARAMS}, **PARAMS},
    {OWN: {"AL": np.ones((1, 7))}, "dW3": np.ones(3), FAILED: KeyError("W1")},
    {"": None}, {"relu": "x"}, {"relu dW": np.ones(2), "sigmoid": None}, {"relu dA_prev": {}},
]  # fmt: skip


@pytest.mark.parametrize("results", GARBAGE, ids=str)
@pytest.mark.parametrize("name", ["nn_model", *RULES])
def test_results_of_another_form_are_never_right(name, results):
    rule = find_rule(name)
    assert rule is not None
    for N in (7, 5):
        d = draw_inputs(0, N)
        rule.get_operation(results).compute_mistaken(d)
    part = Part(name, (name,), lambda _d: dict(results))
    assert "ok" not in {finding.verdict for finding in check_part(part, {}, 0)}


# A module of the worker tells of the file's functions what it is made to report.
FORGED = """
import sys
planar = sys.modules["trainer.checker.shapes.planar"]
planar._run_predict = lambda f, plan, d: {
    "classes": np.ones((1, 7)), "own": {"a2": np.ones((7, 1)), "columns": 1}}
training = sys.modules["trainer.checker.shapes.training_loop"]
training.Trainer._list_own = lambda self, run: {"steps": run.result}
"""


@pytest.mark.parametrize(
    "changes", [{"dZ2 = A2 - Y": "dZ2 = Y - A2"}, {"np.dot(W2, A1) + b2": "np.dot(W2, A1)"}]
)
def test_forged_own_values_make_no_wrong_net_right(changes, tmp_path):
    path = tmp_path / "columns.py"
    path.write_text(change_example("columns", changes) + FORGED)
    report, _ = check_in_child(path, hints=1)
    assert report.status == 1, report.as_text()


def test_what_agrees_with_a_forward_pass_alone_is_not_right(tmp_path):
    source = change_example("columns", {"np.dot(W2, A1) + b2": "np.dot(W2, A1)"})
    start, end = source.index("def backward_prop"), source.index("def predict")
    path = tmp_path / "columns.py"
    path.write_text(source[:start] + source[end:])
    report, _ = check_in_child(path, hints=1)
    assert report.status == 2, report.as_text()
    assert "predict classes" in {f.quantity for f in report.findings if not f.checked}
