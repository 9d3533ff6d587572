"""Compare each net's verdict, line and fix with those of the baseline: `python tests/baseline.py`.

The nets are the right and wrong ones of the tests, and the slips of mutants.py. --write makes the
answers of now the baseline, tests/baseline.json. Each difference is to be read.
"""

import argparse
import json
import sys
import tempfile
import warnings
from contextlib import redirect_stdout
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import torch

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS / "checker" / "shapes"), str(TESTS / "checker"), str(TESTS.parent)]

from corpus import list_planted, list_right
from mutants import choose_mutants
from reports import LAYOUTS, report_on

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.verifying import Request
from trainer.checker.repair.repairing import diagnose_net

FILE = TESTS / "baseline.json"
Answer = dict[str, Any]


def main() -> int:
    """Print what differs from the baseline; return 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="make these answers the baseline")
    options = parser.parse_args()
    with Pool(initializer=torch.set_num_threads, initargs=(1,)) as pool:
        texts = list_right() | list_planted()
        for group in pool.map(choose_mutants, LAYOUTS, chunksize=1):
            texts |= {f"{mutant} [{mutant.kind}]": mutant.text for mutant in group}
        items = sorted(texts.items())
        found = dict(zip(texts := [n for n, _ in items], pool.map(answer, items, 1), strict=True))
    if options.write:
        lines = [json.dumps({n: a}, ensure_ascii=False)[1:-1] for n, a in found.items()]
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
        return 0
    before = json.loads(FILE.read_text("utf-8"))
    differing = [n for n in {**before, **found} if before.get(n) != found.get(n)]
    for name in differing:
        print(f"{name}\n    before: {before.get(name)}\n    now:    {found.get(name)}")
    print(f"{len(differing)} of {len(found)} answers differ from the baseline")
    return int(bool(differing))


def answer(item: tuple[str, str]) -> Answer:
    """Return the verdict on a net, what is wrong and why, and the line and the fix."""
    name, text = item
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(None):
        path = Path(folder, f"{name.split()[0].split(':')[0]}.py")
        path.write_text(text)
        report = attempt(lambda: report_on(path)).value
        if report is None:
            return {"status": 2}
        wrong = [[f.quantity, f.cause] for f in report.wrong_findings]
        found = diagnose_net(Request(path, None, False, 0)) if wrong else None
    known = {"line": found.line, "diff": found.diff} if found else {}
    left = {"left": list(found.left)} if found and found.left else {}
    return {"status": report.status, "wrong": wrong, **known, **left}


if __name__ == "__main__":
    sys.exit(main())
