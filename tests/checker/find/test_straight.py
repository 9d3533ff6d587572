"""A script that takes one step without a loop is judged by that step."""

import ast

import pytest
from steps import FREE, find_messages, judge

from trainer.checker.find.straight import wrap_step

STRAIGHT = FREE / "straight.py"


@pytest.mark.parametrize(("old", "is_right"), [("1 - z ** 2", True), ("1 - z", False)])
def test_a_step_without_a_loop_is_judged(old, is_right, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(STRAIGHT.read_text().replace("1 - z ** 2", old))
    assert judge(path).decision.is_right is is_right
    assert "the step that begins at line 7" in find_messages(path)[-1]


@pytest.mark.parametrize(
    "text",
    ["x = 1\nx += 2\ny = 3\ny += 4", "a += f(1)\nb += f(2)", "a = b = 0\na += f(1)\na -= f(2)"],
)
def test_what_trains_nothing_is_no_step(text):
    assert wrap_step(ast.parse(text)) is None
