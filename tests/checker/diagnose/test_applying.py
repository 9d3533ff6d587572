"""Edits are put into the source of a file, at one place or at all places that read the same."""

import ast
from pathlib import Path

from trainer.checker.diagnose.applying import apply_edit
from trainer.checker.diagnose.edits import Edit

TEXT = "def f(x):\n    return x, x\n\n\ndef g(x):\n    return x, x\n"


def list_texts(new):
    """Return the texts with something else in place of what f returns."""
    returned = ast.parse(TEXT).body[0].body[0].value
    return [
        candidate.text for candidate in apply_edit(Path("net.py"), TEXT, Edit(returned, new, 0))
    ]


def test_an_edit_is_made_at_all_places_that_read_the_same():
    assert list_texts("-x") == [
        TEXT.replace("x, x", "-x", 1), TEXT.replace("x, x", "-x"),
    ]  # fmt: skip


def test_no_function_is_made_to_call_itself():
    assert list_texts("g(x)") == [TEXT.replace("x, x", "g(x)", 1)]
