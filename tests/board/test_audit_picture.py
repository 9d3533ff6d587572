"""The picture of a comparison (trainer.board.audit_picture)."""

import numpy as np
import pytest

from trainer.board.audit_picture import draw_audit
from trainer.board.pictures import BLUE, RED

RIGHT = {"a1": 0.5, "dW1": 0.0}


def count(picture, colour):
    return int(np.all(picture == colour, axis=2).sum())


def test_a_right_comparison_has_no_red_bar():
    picture = draw_audit({"numpy": RIGHT, "torch": RIGHT})
    assert count(picture, BLUE) > 0
    assert count(picture, RED) == 0


@pytest.mark.parametrize("ratio", [1.5, 3.5e5, np.inf, np.nan])
def test_a_wrong_quantity_has_a_red_bar_that_crosses_the_bound(ratio):
    picture = draw_audit({"numpy": RIGHT | {"dW1": ratio}, "torch": RIGHT})
    right = draw_audit({"numpy": RIGHT, "torch": RIGHT})
    rows, columns = np.nonzero(np.all(picture == RED, axis=2))
    bound = np.flatnonzero(np.all(right == 0, axis=2).sum(axis=0) > 60)[0]
    assert columns.min() < bound < columns.max()
    assert rows.max() < len(picture) // 2  # on the side of numpy, the upper one


def test_a_comparison_without_an_audit_can_be_drawn():
    assert draw_audit({}).shape[2] == 3
    assert draw_audit({"numpy": {"W1": np.inf}}).shape[2] == 3
