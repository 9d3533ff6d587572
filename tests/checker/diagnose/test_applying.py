"""Edits are put into the source of a file, at one place or at all places that read the same."""

import ast
from pathlib import Path

from trainer.checker.diagnose.applying import apply_edit, make_diff
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


def test_the_diff_of_a_translated_file_is_in_its_own_words(tmp_path):
    path = tmp_path / "net.py"
    path.write_text("for i in xrange(n):\n    a = b\n\n\n")
    translated = "for i in range(n):\n    a = b\n"
    assert make_diff(path, translated, translated.replace("range(n)", "range(m)")) == (
        "--- a/net.py\n+++ b/net.py\n@@ -1 +1 @@\n-for i in xrange(n):\n+for i in xrange(m):\n"
    )


def test_there_is_no_diff_where_a_translated_line_cannot_be_given_back(tmp_path):
    path = tmp_path / "net.py"
    path.write_text("print a\nb = c\n")
    assert make_diff(path, "print(a)\nb = c\n", "print(d)\nb = c\n") == ""
