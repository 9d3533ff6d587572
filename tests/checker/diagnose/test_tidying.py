"""A line that stands at the wrong place is moved: the fix leaves no copy of it."""

import pytest
from mistaken import NETS

from trainer.checker.diagnose.tidying import drop_copied
from trainer.checker.process import check_in_child


def test_a_line_after_the_return_is_moved_before_it(tmp_path):
    text = (NETS / "chapter4.py").read_text()
    line, end = next((a, b) for a, b in zip(text.splitlines(), text.splitlines()[1:], strict=False)
                     if "softmax(a2)" in a and "return" in b)  # fmt: skip
    (tmp_path / "net.py").write_text(text.replace(f"{line}\n{end}\n", f"{end}\n{line}\n"))
    diff = check_in_child(tmp_path / "net.py", timeout=60)[0].diagnosis["diff"]
    assert f"+{line}\n" in diff
    assert f"-{line}\n" in diff


@pytest.mark.parametrize("is_right", [True, False])
def test_a_copy_is_dropped_only_where_all_is_right_without_it(is_right):
    before, after = {"net.py": "b = a\na = 1\n"}, {"net.py": "a = 1\nb = a\na = 1\n"}
    found = drop_copied(before, after, lambda _texts: is_right)
    assert found == ({"net.py": "a = 1\nb = a\n"} if is_right else after)
