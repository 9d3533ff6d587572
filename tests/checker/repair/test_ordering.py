"""What a line computes may be computed earlier: before an update of what it reads."""

import ast
from pathlib import Path

from trainer.checker.repair.ordering import list_earlier

TEXT = """\
def backward(W, x, d):
    dW = x.T @ d
    W -= dW
    return d @ W.T
"""


def test_a_returned_value_is_computed_before_an_update_under_a_name():
    function = ast.parse(TEXT).body[0]
    texts = [each.text for each in list_earlier(Path("net.py"), TEXT, function, 4)]
    assert texts[0] == TEXT.replace("    W -=", "    result = d @ W.T\n    W -=").replace(
        "return d @ W.T", "return result"
    )


def test_an_assignment_may_move_or_leave_its_name_behind():
    text = TEXT.replace("return d @ W.T", "d = d @ W.T")
    function = ast.parse(text).body[0]
    moved, kept = [each.text for each in list_earlier(Path("net.py"), text, function, 4)][:2]
    assert moved.index("d = d @ W.T") < moved.index("W -=")
    assert kept.endswith("    d = result\n")
