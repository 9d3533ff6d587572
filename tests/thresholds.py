"""Print the limits that decide verdicts, and how near any net comes: `python tests/thresholds.py`.

Every right and wrong net of the project is checked, as it is and in float32. For each comparison
of an error with a limit, the largest error that was accepted and the smallest one that was refused
are shown. Their ratio is the gap: what rounding moves by a factor below it changes no verdict. The
exit status is 1 if a gap is below 100.
"""

import argparse
import re
import sys
import tempfile
import warnings
from collections import defaultdict
from contextlib import redirect_stdout
from multiprocessing import Pool
from pathlib import Path

TESTS = Path(__file__).parent
sys.path[:0] = [
    str(TESTS / "checker" / "shapes"),
    str(TESTS / "checker"),
    str(TESTS),
    str(TESTS.parent),
]

from corpus import list_planted, list_right
from reports import report_on

from trainer.checker.findings import comparing

NAMED = (comparing.EXACT, comparing.CLOSE, comparing.FLOAT32)
DRAWS = re.compile(r"(?:np|rng)\.(?:random\.)?(?:randn|standard_normal|normal|zeros)\(")
Seen = dict[tuple[str, float], tuple[float, float]]  # (place, limit) → errors beside the limit
LEAST = 100.0  # what a gap must be
WORDING = "comparing._describe_values"  # chooses words, and no verdict
SEEN: Seen = defaultdict(lambda: (0.0, float("inf")))


class Error(float):
    """An error that notes each limit with which it is compared, and where."""

    def __le__(self, limit: float) -> bool:
        self._note(limit)
        return float(self) <= limit

    def __lt__(self, limit: float) -> bool:
        self._note(limit)
        return float(self) < limit

    def __gt__(self, limit: float) -> bool:
        self._note(limit)
        return float(self) > limit

    def _note(self, limit: float) -> None:
        frame = sys._getframe(2)
        while frame.f_code.co_name.startswith("<") and frame.f_back:
            frame = frame.f_back
        place = f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}", float(limit)
        (below, above), error = SEEN[place], float(self)
        SEEN[place] = (max(below, error), above) if error <= limit else (below, min(above, error))


def main() -> int:
    """Check every net and print the table, the narrowest gap first."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    sources = list_sources()
    with Pool() as pool:
        found = pool.map(measure, sources, chunksize=1)
    merged: Seen = defaultdict(lambda: (0.0, float("inf")))
    for seen in found:
        for place, (below, above) in seen.items():
            merged[place] = max(below, merged[place][0]), min(above, merged[place][1])
    print(f"{len(sources)} nets\n")
    print("| where | limit | largest accepted | smallest refused | gap |\n|---|---|---|---|---|")
    del merged[WORDING, comparing.MOST_SHOWN]
    shown = set[str]()
    for (place, limit), errors in sorted(merged.items(), key=lambda item: gap(item[1])):
        if place not in shown or limit in NAMED:  # a limit that is computed has its narrowest gap
            below, above = errors
            print(f"| `{place}` | {limit:.0e} | {below:.1e} | {above:.1e} | {gap(errors):.1e} |")
        shown.add(place)
    return int(min(map(gap, merged.values())) < LEAST)


def gap(errors: tuple[float, float]) -> float:
    """Return by which factor the errors on both sides of a limit differ."""
    below, above = errors
    return above / max(below, 2.0**-52)


def list_sources() -> list[str]:
    """Return the texts of all nets: right and wrong, as they are and in float32."""
    texts = [*list_right().values(), *list_planted().values()]
    return [*texts, *(convert(text) for text in texts)]


def convert(text: str) -> str:
    """Return the text with weights of float32."""
    parts, start = [], 0
    for match in DRAWS.finditer(text):
        end = find_end(text, match.end())
        parts.append(text[start : match.start()] + f"np.float32({text[match.start() : end]})")
        start = end
    return "".join(parts) + text[start:]


def find_end(text: str, start: int) -> int:
    """Return where the call ends whose arguments begin at start."""
    depth = 1
    for number in range(start, len(text)):
        depth += (text[number] == "(") - (text[number] == ")")
        if depth == 0:
            return number + 1
    return len(text)


def measure(text: str) -> Seen:
    """Return the errors nearest to each limit in the check of one net."""
    SEEN.clear()
    warnings.simplefilter("ignore")
    compute = comparing.compute_error
    if not hasattr(compute, "is_noting"):
        watch(compute)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.py")
        path.write_text(text)
        with redirect_stdout(None):
            report_on(path)
    return dict(SEEN)


def watch(compute):
    """Let every module of the checker get errors that note their limits."""

    def compute_noting(*arguments, **named):
        return Error(compute(*arguments, **named))

    compute_noting.is_noting = True
    for name, module in list(sys.modules.items()):
        if name.startswith("trainer.checker") and hasattr(module, "compute_error"):
            module.compute_error = compute_noting


if __name__ == "__main__":
    sys.exit(main())
