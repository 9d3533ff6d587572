"""Measure which planted mistakes of every shape get a line and a fix.

`python tests/shape_diagnosis.py [EXAMPLE …]` plants each mistake of planted.py in its
example. A line counts as named if it was changed, or lies beside one that was deleted.
"""

import argparse
import sys
import tempfile
import time
import warnings
from multiprocessing import Pool
from pathlib import Path

import torch

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS / "checker" / "shapes"), str(TESTS / "checker"), str(TESTS.parent)]

from diagnosis import find_changed_lines
from planted import EXAMPLES, WRONG, change_example, list_cases
from reports import report_on

from trainer.checker.diagnose.verifying import Request
from trainer.checker.repair.repairing import diagnose_net


def main() -> int:
    """Print a line for each case, and the numbers of each example."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="examples or mistakes; default: all of them")
    parser.add_argument("--processes", type=int, help="cases at a time; default: one per core")
    options = parser.parse_args()
    only = set(options.only)
    cases = [c for c in list_cases(WRONG) if not only or only & {c[0], c[1], c[2].split()[0]}]
    results = []
    with Pool(options.processes, torch.set_num_threads, (1,)) as pool:
        for case, result in zip(cases, pool.imap(measure, cases), strict=True):
            results.append(result)
            print(f"{case[0]:14} {case[1]!s:27} {case[2]:26} {describe(*result)}", flush=True)
    for example in dict.fromkeys(case[0] for case in cases):
        own = [r for case, r in zip(cases, results, strict=True) if case[0] == example]
        named, lines, fixes = (
            sum(map(bool, column)) for column in list(zip(*own, strict=True))[:3]
        )
        print(f"{example:14} {len(own):3} mistakes, {named} named, {lines} lines, {fixes} fixes")
    return 0


def measure(
    case: tuple[str, str | None, str, dict[str, str]],
) -> tuple[bool, bool, str, int | None, float]:
    """Return whether the quantity and the line were named, the diff, the line, and the seconds."""
    example, _, quantity, changes = case
    warnings.simplefilter("ignore")
    right, wrong = (EXAMPLES / f"{example}.py").read_text(), change_example(example, changes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{example}.py")
        path.write_text(wrong)
        is_named = quantity in {f.quantity for f in report_on(path).wrong_findings}
        started = time.process_time()
        found = diagnose_net(Request(path, None, False, 0))
        seconds = time.process_time() - started
    if found is None:
        return is_named, False, "", None, seconds
    is_line = found.line in find_changed_lines(right, wrong)
    return is_named, is_line, found.diff, found.line, seconds


def describe(named: bool, is_line: bool, diff: str, line: int | None, seconds: float) -> str:
    """Return one line of the table."""
    name = "named" if named else "MISSED"
    place = f"line {line} {'right' if is_line else 'OTHER'}" if line else "NO LINE"
    return f"{name:7} {place:16} {'fix' if diff else 'NO FIX'} {seconds:5.1f} s"


if __name__ == "__main__":
    sys.exit(main())
