"""Measure check on mistakes that nobody listed: `python tests/mutants.py`.

Each mutant is one of the right layouts with a single slip that a student could make. --seed
chooses other mutants. Those that behave like the right net are left out: initial weights are
compared by their shapes only, and numbers to within rounding.
"""

import argparse
import ast
import os
import random
import sys
import tempfile
import textwrap
import time
import warnings
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "checker"), str(Path(__file__).parents[1])]
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

from behaviour import NETS, are_same, observe, write_net
from diagnosis import find_changed_lines
from reports import LAYOUTS, apply_diff, report_on
from slips import KINDS, list_slips
from source_edits import Edit, apply_edit

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.diagnosing import Diagnosis
from trainer.checker.diagnose.verifying import Request
from trainer.checker.findings.comparing import LACKING
from trainer.checker.findings.report import Report
from trainer.checker.repair.repairing import diagnose_net

EACH = 16  # mutants of each layout
OF_LINE = 3  # mutants of one line, at most
LIMIT = 9.0  # seconds of computing that a fix should take at most
OTHER_SEEDS = range(100, 110)  # of the inputs on which --verify checks a fix
# Read by hand: mutants that are right, by the reason.
RIGHT: dict[str, tuple[str, ...]] = {
    "it takes one kind of targets only, which is a note and no mistake": (
        "chapter5:97 if t.ndim != 0:",
        "volume2:41 self.t = t.argmax(axis=1) if t.ndim == 3 else t",
    ),
}


@dataclass(frozen=True)
class Mutant:
    """A layout with one slip; line is the first changed one, new its changed text.

    deleted is the statement that is left out, if that is the slip.
    """

    layout: str
    kind: str
    text: str
    line: int
    old: str
    new: str
    deleted: str = ""

    def __str__(self) -> str:
        return f"{self.layout}:{self.line} {self.new}"


@dataclass(frozen=True)
class Result:
    """What check says of a mutant: its exit status, and the diagnosis if it found one.

    place is the file and the line that the report shows. failed lists the other seeds on which
    the fixed net is not right.
    """

    mutant: Mutant
    status: int
    place: tuple[str, int] | None
    found: Diagnosis | None
    seconds: float
    failed: list[int]

    @property
    def is_named(self) -> bool:
        """Whether the line named is one that the slip changed.

        For a deleted statement, one beside it, the first that reads what it set, or where the fix
        puts it back.
        """
        if self.place is None or self.place[0] != f"{self.mutant.layout}.py":
            return False
        right = (NETS / f"{self.mutant.layout}.py").read_text()
        lines = find_changed_lines(right, self.mutant.text)
        if self.mutant.kind == "statement deleted":
            if self.is_restored:
                return True
            lines |= find_next_use(self.mutant)
        return self.place[1] in lines

    @property
    def is_restored(self) -> bool:
        """Whether the fix gives back the original line, apart from spaces and quotes."""
        added = [n[1:] for n in self.diff.splitlines()[2:] if n.startswith("+")]
        texts = self.mutant.old, "".join(added)
        was, now = ("".join(text.split()).replace("'", '"') for text in texts)
        return was == now

    @property
    def diff(self) -> str:
        """The fix, empty if none was found."""
        return self.found.diff if self.found else ""


def main() -> int:
    """Choose the mutants, check each, and print what was missed and the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="layouts to measure; default: all of them")
    parser.add_argument("--show", type=int, default=0, help="print so many fixes; default: 0")
    parser.add_argument("--verify", action="store_true", help="check each fix on ten other seeds")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of mutants; default: 0")
    options = parser.parse_args()
    choose = partial(choose_mutants, seed=options.seed)
    with Pool(initializer=silence) as pool:
        groups = pool.map(choose, options.only or LAYOUTS, chunksize=1)
        mutants = [mutant for group in groups for mutant in group]
        results = pool.map(partial(measure, verifies=options.verify), mutants, chunksize=1)
    print_misses(results)
    print_fixes(results, options.show)
    print_rates(results)
    if options.verify:
        failed = [bool(r.failed) for r in results if r.diff]
        print(f"{failed.count(False)} of {len(failed)} fixes are right on ten other seeds")
    return 0


def silence() -> None:
    """Drop what the nets print."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def print_misses(results: list[Result]) -> None:
    """Print the mutants whose mistake, line or fix was not found, with what was named."""
    for r in results:
        if r.status == 1 and r.is_named and r.diff and not r.failed:
            continue
        verdict = ("SAID RIGHT", "said wrong", "NOT CHECKED")[r.status]
        named, fixed = "named" if r.is_named else "NOT NAMED", "fixed" if r.diff else "NOT FIXED"
        failed = f", FIX FAILS on seeds {r.failed}" if r.failed else ""
        print(f"{r.mutant} [{r.mutant.kind}; it was: {r.mutant.old}]")
        print(f"    {verdict}, line {named}, {fixed}{failed}, {r.seconds:.1f} s")
        if r.place and not r.is_named:
            print(f"    named {r.place[0]}:{r.place[1]}{r.found.code if r.found else ''}")


def print_fixes(results: list[Result], number: int) -> None:
    """Print randomly chosen fixes beside the original lines, for a reader to judge."""
    fixed = [r for r in results if r.diff]
    for r in random.Random(0).sample(fixed, min(number, len(fixed))):
        print(f"{r.mutant.layout}:{r.mutant.line} {r.mutant.kind}; it was: {r.mutant.old}")
        print("".join(f"    {line}\n" for line in r.diff.splitlines()[2:]), end="")


def print_rates(results: list[Result]) -> None:
    """Print how many mutants of each kind and layout were said wrong, named and fixed."""
    groups = {kind: [r for r in results if r.mutant.kind == kind] for kind in KINDS}
    groups |= {name: [r for r in results if r.mutant.layout == name] for name in LAYOUTS}
    print(f"{'':20}mutants  wrong  named  fixed  seconds")
    for name, group in (groups | {"all": results}).items():
        wrong, named = sum(r.status == 1 for r in group), sum(r.is_named for r in group)
        fixed, seconds = sum(bool(r.diff) for r in group), sum(r.seconds for r in group)
        mean = seconds / max(1, len(group))
        print(f"{name:20}{len(group):7}{wrong:7}{named:7}{fixed:7}{mean:9.1f}")
    restored = sum(r.is_restored for r in results)
    late = sum(r.seconds > LIMIT for r in results)
    print(f"{restored} fixes give back the original lines; {late} took longer than {LIMIT:.0f} s")


def choose_mutants(layout: str, seed: int = 0) -> list[Mutant]:
    """Return the mutants of a layout: one of each kind in turn."""
    text, rng = (NETS / f"{layout}.py").read_text(), random.Random(f"{seed} {layout}")
    right, chosen = observe(layout, text), list[Mutant]()
    left = {kind: rng.sample(edits, len(edits)) for kind, edits in list_slips(text).items()}
    while len(chosen) < EACH and any(left.values()):
        for kind, edits in left.items():
            made = (make_mutant(layout, kind, text, edits.pop()) for _ in range(len(edits)))
            fits = (m for m in made if is_new(m, chosen) and is_wrong(m, right))
            chosen += [m for m in [next(fits, None)] if m and len(chosen) < EACH]
    return chosen


def is_new(mutant: Mutant, chosen: list[Mutant]) -> bool:
    """Return whether a mutant is not chosen yet, and few others change its line."""
    of_line = [m for m in chosen if m.line == mutant.line]
    return len(of_line) < OF_LINE and all(m.text != mutant.text for m in of_line)


def make_mutant(layout: str, kind: str, text: str, edit: Edit) -> Mutant:
    """Return the mutant that an edit makes, with its changed lines as one text each."""
    start, end, new = edit
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    deleted = textwrap.dedent(text[first:end]) if kind == "statement deleted" else ""
    last = end - 1 if deleted else last
    old = " | ".join(line.strip() for line in text[first:last].splitlines())
    changed = text[first:start] + new + text[end:last]
    shown = " | ".join(line.strip() for line in changed.splitlines()) or f"without {old}"
    line = text[:start].count("\n") + 1
    return Mutant(layout, kind, apply_edit(text, edit), line, old, shown, deleted)


def is_wrong(mutant: Mutant, right: list[object]) -> bool:
    """Return whether a mutant behaves unlike the right net, and is not known to be right."""
    if any(str(mutant) in group for group in RIGHT.values()):
        return False
    return not are_same(observe(mutant.layout, mutant.text), right)


def measure(mutant: Mutant, verifies: bool) -> Result:
    """Check a mutant, and look for the wrong line and a fix as the command does."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = write_net(folder, mutant.layout, mutant.text)
        report, started = attempt(lambda: report_on(path)).value, time.process_time()
        status = report.status if report else 2
        request = Request(path, None, False, 0)
        may_have = report and (status == 1 or any(f.topic == LACKING for f in report.findings))
        found = attempt(lambda: diagnose_net(request)).value if may_have else None
        seconds = time.process_time() - started
        failed = list_failures(path, found.diff) if found and found.diff and verifies else []
    place = (found.file, found.line) if found else find_place(report)
    return Result(mutant, status, place, found, seconds, failed)


def find_place(report: Report | None) -> tuple[str, int] | None:
    """Return the file and the line of the first finding that has one."""
    wrong = report.wrong_findings if report else []
    return next(((Path(f.file).name, f.line) for f in wrong if f.file and f.line), None)


def find_next_use(mutant: Mutant) -> set[int]:
    """Return the first line after a deleted statement that reads a variable that it set."""
    if mutant.layout == "python2":  # which Python 3 cannot parse
        return set()
    deleted = ast.walk(ast.parse(mutant.deleted))
    names = {ast.unparse(n) for n in deleted if isinstance(getattr(n, "ctx", None), ast.Store)}
    nodes = (n for n in ast.walk(ast.parse(mutant.text)) if isinstance(n, ast.expr))
    lines = [n.lineno for n in nodes if ast.unparse(n) in names and n.lineno >= mutant.line]
    return {min(lines)} if lines else set()


def judge(path: Path, seed: int) -> int:
    """Return check's exit status: 0 right, 1 wrong, 2 if it could not be checked."""
    outcome = attempt(lambda: report_on(path, seed=seed).status)
    return 2 if outcome.error else int(outcome.value)


def list_failures(path: Path, diff: str) -> list[int]:
    """Apply a fix, and return the other seeds on which it is not judged as the right net is."""
    right = judge(NETS / path.name, 0)
    path.write_text(apply_diff(path.read_text(), diff))
    return [seed for seed in OTHER_SEEDS if judge(path, seed) != right]


if __name__ == "__main__":
    sys.exit(main())
