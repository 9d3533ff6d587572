"""Measure how often check names the wrong line and finds a fix: `python tests/diagnosis.py`.

Each mistake of the catalogue is planted in each layout that can have it. A line counts as named
if it is one of those that were changed, or lies beside one that was deleted.
"""

import difflib
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "checker"), str(Path(__file__).parents[1])]

from mistaken import NETS, TABLE, plant_mistakes
from test_checker import NOTES

from trainer.checker.diagnosing import Request, diagnose


def find_changed_lines(right: str, wrong: str) -> set[int]:
    """Return the changed lines of the wrong text by number, and those beside deleted ones."""
    changed: set[int] = set()
    matcher = difflib.SequenceMatcher(None, right.splitlines(), wrong.splitlines(), autojunk=False)
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind != "equal":
            changed |= set(range(first + 1, last + 1)) if last > first else {first, first + 1}
    return changed


def main(only: list[str]) -> int:
    """Print a line for each case that is missed, and the rates."""
    named = fixed = count = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for layout, slug in TABLE:
            if slug in NOTES or (only and slug not in only and layout not in only):
                continue
            right, wrong = (NETS / f"{layout}.py").read_text(), plant_mistakes(layout, slug)
            path = Path(folder, f"{layout}.py")
            path.write_text(wrong)
            started = time.monotonic()
            try:
                found = diagnose(Request(path, None, False, 0))
            except Exception:
                traceback.print_exc()
                found = None
            seconds = time.monotonic() - started
            slowest, count = max(slowest, seconds), count + 1
            line = found.line if found else None
            hit = line in find_changed_lines(right, wrong)
            named, fixed = named + hit, fixed + bool(found and found.fix)
            if not hit or not (found and found.fix) or only:
                fix = "fixed" if found and found.fix else "NOT FIXED"
                lines = sorted(find_changed_lines(right, wrong))
                what = "named" if hit else "MISSED"
                print(f"{layout} {slug}: line {line} {what} of {lines}, {fix}, {seconds:.1f} s")
                if only and found and found.fix:
                    print(found.fix.diff)
    print(f"{count} cases: {named} lines named, {fixed} fixes, slowest {slowest:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
