"""Measure how often check names the wrong line and finds a fix: `python tests/diagnosis.py`.

Each mistake of the catalogue is planted in each layout that can have it. A line counts as named
if it was changed, or lies beside one that was deleted.
"""

import argparse
import difflib
import sys
import tempfile
import time
import warnings
from multiprocessing import Pool
from pathlib import Path

import torch

sys.path[:0] = [str(Path(__file__).parent / "checker"), str(Path(__file__).parents[1])]

from mistaken import NETS, TABLE, plant_mistakes
from reports import NOTES

from trainer.checker.diagnose.verifying import Request
from trainer.checker.repair.repairing import diagnose_net


def find_changed_lines(right: str, wrong: str) -> set[int]:
    """Return the changed lines of the wrong text by number, and those beside deleted ones."""
    changed: set[int] = set()
    matcher = difflib.SequenceMatcher(None, right.splitlines(), wrong.splitlines(), autojunk=False)
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind != "equal":
            changed |= set(range(first + 1, last + 1)) if last > first else {first, first + 1}
    return changed


def main() -> int:
    """Print a line for each case that is missed, and the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="layouts or mistakes; default: all of them")
    only = parser.parse_args().only
    cases = [
        (layout, slug)
        for layout, slug in TABLE
        if slug not in NOTES and (not only or slug in only or layout in only)
    ]
    with Pool(None, torch.set_num_threads, (1,)) as pool:
        results = pool.starmap(measure, cases, chunksize=1)
    for (layout, slug), (named, line, lines, diff, seconds) in zip(cases, results, strict=True):
        if not named or not diff or only:
            what, fix = "named" if named else "MISSED", "fixed" if diff else "NOT FIXED"
            print(f"{layout} {slug}: line {line} {what} of {lines}, {fix}, {seconds:.1f} s")
            if only:
                print(diff)
    names, fixes = sum(r[0] for r in results), sum(bool(r[3]) for r in results)
    slowest = max(r[4] for r in results)
    print(f"{len(cases)} cases: {names} lines named, {fixes} fixes, slowest {slowest:.1f} s")
    return 0


def measure(layout: str, slug: str) -> tuple[bool, int | None, list[int], str, float]:
    """Return whether the line was named, it, the changed ones, the fix's diff, and the seconds."""
    warnings.simplefilter("ignore")
    right, wrong = (NETS / f"{layout}.py").read_text(), plant_mistakes(layout, slug)
    lines = find_changed_lines(right, wrong)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{layout}.py")
        path.write_text(wrong)
        started = time.process_time()
        found = diagnose_net(Request(path, None, False, 0))
        seconds = time.process_time() - started
    line, diff = (found.line, found.diff) if found else (None, "")
    return line in lines, line, sorted(lines), diff, seconds


if __name__ == "__main__":
    sys.exit(main())
