"""Measure check on slips in nets of any form: `python tests/deep_mutants.py [FILE ...]`.

Each mutant is a right net with one slip on its way back: in a function whose name says so. A
mutant whose step is that of the right net is left out. Those that are judged right are printed, to
be read: another derivative at the outputs is that of another loss.
"""

import argparse
import ast
import random
import re
import sys
import tempfile
import warnings
from multiprocessing import Pool
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent / "checker/judge")]

import numpy as np
from slips import list_slips
from source_edits import apply_edit
from steps import FREE, judge

from trainer.checker.diagnose.counting import Count
from trainer.checker.repair.repairing import CHANGES, diagnose_step
from trainer.checker.repair.surveying import StepRequest

BACK = r".*(back|grad|deriv|prime|delta).*"
EACH = 12  # mutants of a net


def main() -> None:
    """Make the mutants, judge and diagnose each, and print what was missed and the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="right nets; default: those of tests")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of mutants; default: 0")
    options = parser.parse_args()
    files = options.files or sorted(FREE.glob("*.py"))
    mutants = [(file, *each) for file in files for each in choose_mutants(file, options.seed)]
    with Pool(initializer=warnings.simplefilter, initargs=["ignore"]) as pool:
        results = [each for each in pool.imap(measure, mutants) if each]
    counts = {name: sum(each == name for each, *_ in results) for name in ("right", "open")}
    wrong = [each for each in results if each[0] == "wrong"]
    lines, fixes = sum(line for _, line, _, _ in wrong), sum(fix for *_, fix, _ in wrong)
    tried = np.median([each[3] for each in wrong])
    print(f"{len(results)} mutants: {len(wrong)} wrong, {counts}; of the wrong {lines} lines and "
          f"{fixes} fixes found, after {tried:g} changes (median)")  # fmt: skip


def choose_mutants(file: Path, seed: int) -> list[tuple[int, str]]:
    """Return the lines and texts of some slips of a net."""
    text = file.read_text()
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    lines = {
        line for f in functions if re.fullmatch(BACK, f.name.lower())
        for line in range(f.body[0].lineno, (f.end_lineno or 0) + 1)
    }  # fmt: skip
    edits = [edit for group in list_slips(text).values() for edit in group]
    random.Random(seed).shuffle(edits)
    chosen: dict[tuple[int, int], tuple[int, str]] = {}
    for edit in edits:
        line = text.count("\n", 0, edit[0]) + 1
        taken = [number for number, _ in chosen if number == line]
        if line in lines and len(taken) < 2:
            chosen[line, len(taken)] = line, apply_edit(text, edit)
    return list(chosen.values())[:EACH]


def measure(mutant: tuple[Path, int, str]) -> tuple[str, bool, bool, int] | None:
    """Return the verdict, whether the line and a fix were found, and how many changes were tried.

    None for a mutant that does what the net does, or that does not train at all.
    """
    file, line, text = mutant
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file.name
        path.write_text(text)
        judged, right = judge(path), judge(file)
        if judged is None or right is None or is_same(judged, right):
            return None
        is_right = judged.decision.is_right
        shown = f"{file.name}:{line} {text.splitlines()[line - 1].strip()}"
        if is_right is not False:
            print("right" if is_right else "open", shown)
            return ("right" if is_right else "open"), False, False, 0
        tried = Count(CHANGES)
        found = diagnose_step(StepRequest(path, *judged.step.place), tried)
        named, fixed = bool(found and abs(found.line - line) <= 1), bool(found and found.diff)
        if not (named and fixed):
            print(f"line {found.line if found else None}, fix {fixed}:", shown)
        return "wrong", named, fixed, tried.used


def is_same(one, other) -> bool:
    """Return whether two steps leave the same numbers."""
    after = [each.decision.model.base.after for each in (one, other)]
    pairs = [(value, after[1].get(path)) for path, value in after[0].items()]
    return all(b is not None and np.shape(a) == np.shape(b) and np.allclose(a, b) for a, b in pairs)


if __name__ == "__main__":
    main()
