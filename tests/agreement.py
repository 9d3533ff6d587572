"""Measure agree on pairs of functions: `python tests/agreement.py [NAME …]`.

Prints a table for docs/agree.md: of each pair how often each status was given, and how often the
comparisons with default tolerances accept it. --seeds sets the seeds of each.
"""

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from multiprocessing import Pool
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
import torch
from pairs import LOSS, OFF, PAIRS, Pair, make_inputs

from trainer.auditing.agreeing.agree import agree

STATUSES = ("agree", "cannot tell", LOSS, OFF)
OTHERS = ("assert_close", "assert_allclose", "allclose")


def judge(job: tuple[str, str, int]) -> tuple[str, str, list[str]]:
    """Return a pair's name, agree's status, and the other comparisons that accept it."""
    name, dtype, seed = job
    torch.set_num_threads(1)
    pair = PAIRS[name]
    inputs = make_inputs(pair, dtype, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = agree(pair.old, pair.new, *inputs)
        return name, result.status, compare_by_tolerance(pair, inputs)


def compare_by_tolerance(pair: Pair, inputs: list[Any]) -> list[str]:
    """Return which of three comparisons with their default tolerances accept the pair."""
    x, y = (torch.as_tensor(call(function, inputs)) for function in (pair.old, pair.new))
    a, b = x.double().numpy(), y.double().numpy()
    accepted = (
        passes(lambda: torch.testing.assert_close(x, y)),
        passes(lambda: np.testing.assert_allclose(b, a)),
        bool(np.allclose(a, b)),
    )
    return [name for name, is_accepted in zip(OTHERS, accepted, strict=True) if is_accepted]


def call(function: Callable[..., Any], inputs: list[Any]) -> Any:
    try:
        return function(*inputs)
    except (TypeError, AttributeError):
        return function(*map(torch.as_tensor, inputs))


def passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except AssertionError:
        return False
    return True


def main() -> int:
    """Judge all pairs and print the table; return 1 if agree was wrong anywhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="pairs whose names contain this; default: all")
    parser.add_argument("--seeds", type=int, default=100)
    options = parser.parse_args()
    jobs = [
        (name, dtype, seed)
        for name, pair in PAIRS.items()
        if not options.only or any(each in name for each in options.only)
        for dtype in pair.dtypes.split()
        for seed in range(options.seeds)
    ]
    found: dict[str, Counter[str]] = {}
    with Pool() as pool:
        for name, status, accepted in pool.imap(judge, jobs, chunksize=4):
            counts = found.setdefault(name, Counter())
            counts.update([status, "all", *accepted])
    return print_table(found)


def print_table(found: dict[str, Counter[str]]) -> int:
    """Print a row for each pair, and the sums; return 1 if a status was not expected."""
    print(f"| pair | formats | agree says | {' | '.join(OTHERS)} |\n{'| --- ' * 6}|")
    sums: dict[str, Counter[str]] = {}
    for name, counts in found.items():
        pair = PAIRS[name]
        said = [f"{each} {counts[each]}" for each in STATUSES if counts[each]]
        mark = "" if counts[pair.expected] == counts["all"] else f" (expected: {pair.expected})"
        accepted = " | ".join(f"{counts[each]}" for each in OTHERS)
        print(f"| {name} | {pair.dtypes} | {', '.join(said)}{mark} | {accepted} |")
        sums.setdefault(pair.expected, Counter()).update(counts)
    for expected, counts in sums.items():
        print(f"expected {expected}: " + ", ".join(f"{key} {n}" for key, n in counts.items()))
    return int(any(counts[expected] != counts["all"] for expected, counts in sums.items()))


if __name__ == "__main__":
    sys.exit(main())
