"""Functions of a net that no loop calls are run as one step, by the names of what they return."""

import pytest
from planted import EXAMPLES
from steps import judge

from trainer.checker.find.trace import SUBTRACTED

ROWS = (EXAMPLES / "rows.py").read_text()


@pytest.mark.parametrize("name", ["rows", "one_function"])
def test_functions_without_a_loop_are_one_step(name):
    judged = judge(EXAMPLES / f"{name}.py")
    assert judged.decision.is_right is True
    assert judged.decision.fit.is_own


def test_without_an_update_the_gradients_are_subtracted(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(ROWS[: ROWS.index("def update_params")])
    judged = judge(path)
    assert judged.decision.is_right is True
    assert judged.decision.model.base.gave == SUBTRACTED


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("A1.T @ dZ2", "Z1.T @ dZ2", {"net['W2']"}),
        ("dZ2 @ W2.T", "dZ2 @ W2.T * 2 + 1", {"net['W1']", "net['b1']"}),
        ("b1 - lr * db1", "b1 + lr * db1", {"net['b1']"}),
    ],
)
def test_a_mistake_in_one_function_is_found(tmp_path, old, new, wrong):
    path = tmp_path / "net.py"
    assert ROWS.count(old) == 1
    path.write_text(ROWS.replace(old, new))
    judged = judge(path)
    assert judged.decision.is_right is False
    assert set(judged.decision.wrong) == wrong
