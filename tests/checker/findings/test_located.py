"""A diagnosis is shown with its code as one reads it."""

from trainer.checker.findings.located import describe_diagnosis, format_diff

DIFF = "--- a/net.py\n+++ b/net.py\n@@ -7 +7 @@\n-\t\ta = x\n+\t\ta = -x\n"


ADDED = "--- a/net.py\n+++ b/net.py\n@@ -7,0 +8 @@\n+\t\tb = y\n"


def show(code, column, end_column, expected="a should be 1, but is 2", diff=DIFF, left=None):
    """Return the lines that show a diagnosis of this code, with a fix where left names are given
    that it leaves wrong.
    """
    found = {
        "file": "net.py", "line": 7, "code": code, "column": column, "end_column": end_column,
        "expected": expected, "diff": diff, "checks": 8, "left": left or [],
    }  # fmt: skip
    return describe_diagnosis(found, has_fix=left is not None)


def test_tabs_of_a_fix_are_shown_as_spaces():
    assert format_diff(DIFF) == ["     7 -        a = x", "       +        a = -x"]


def test_a_part_of_a_line_is_marked():
    assert show("    a = x + 1", 8, 9)[:2] == ["net.py:7  a = x + 1", "              ^"]


def test_a_whole_line_needs_no_mark():
    assert show("    a = x", 4, 9) == ["net.py:7  a = x", "a should be 1, but is 2"]


def test_a_line_without_an_expected_value_is_said_to_be_the_one_to_change():
    assert show("    a = x", 4, 9, "")[1:] == ["a change of this line makes all checks pass"]


def test_a_line_that_is_right_is_said_to_lack_something_before_or_after_it():
    shown = show("    a = x", 4, 9, "", ADDED)[1:]
    assert shown == ["an addition before or after this line makes all checks pass"]


def test_what_a_fix_leaves_wrong_is_said():
    assert show("    a = x", 4, 9, left=[])[-1] == "with this change all 8 checks pass"
    last = show("    a = x", 4, 9, left=["W1"])[-1]
    assert last == "with this change only W1 is still wrong"
    last = show("    a = x", 4, 9, left=["W1", "b1"])[-1]
    assert last == "with this change only W1 and b1 are still wrong"
