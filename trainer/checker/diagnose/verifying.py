"""Checks a file whose source was changed: what is wrong then, and whether every check passes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS
from trainer.checker.check_file import check_loaded, load_class
from trainer.checker.diagnose.patching import Texts
from trainer.checker.findings.comparing import (
    ABSENT,
    NOT_ALONE,
    OTHER_TARGETS,
    UNKNOWN_FORM,
    Finding,
)
from trainer.checker.load.loading import Loader
from trainer.checker.measure.trial import ONLY

# What is reported only where it is wrong.
ONLY_WRONG = {"inputs", "gradient", "softmax", "loading", "net", "class"}
ALONE = "gradient alone"
BOTH_TARGETS = "both kinds of targets"
SEEDS = 3  # a fix must pass all checks on the inputs of so many seeds


@dataclass(frozen=True)
class Request:
    """What is checked: a file, a class in it or None for the only one, and how."""

    path: Path
    name: str | None
    run_all: bool
    seed: int


def read_texts(request: Request) -> Texts:
    """Return the sources of a file and its local helpers, without those translated from Python 2:
    what is found in them is shown without a fix.
    """
    loader = Loader(request.path, request.run_all)
    attempt(lambda: load_class(loader, request.name))
    sources = loader.sources.items()
    return {path: source.text for path, source in sources if not source.is_translated}


def list_wrong(findings: list[Finding]) -> frozenset[str]:
    """Return the quantities that are wrong or could not be checked; gradient is all four.

    What needs a missing module, or has a form that is not known, is none of them: no small change
    of the file helps there.
    """
    unchecked = {
        f.quantity for f in findings if not f.checked and f.topic not in (ABSENT, UNKNOWN_FORM)
    }
    wrong = unchecked | {f.quantity for f in findings if f.verdict in ("differs", "raises")}
    return frozenset(wrong | ({f"gradient {k}" for k in PARAMS} if "gradient" in wrong else set()))


def list_required(findings: list[Finding]) -> frozenset[str]:
    """Return the quantities that a fixed net must pass: all that were checked, right or wrong.

    A net that is wrong for one kind of targets must take that kind still.
    """
    required = list_passed(findings) | (list_wrong(findings) - ONLY_WRONG)
    is_for_both = any(f.topic == OTHER_TARGETS for f in findings)
    return frozenset(required | {BOTH_TARGETS} if is_for_both else required - {BOTH_TARGETS})


def check_whole(request: Request) -> list[Finding]:
    """Return all findings on a file, [] where it cannot be checked."""
    return _check_texts(request, {}, request.seed, lambda _quantity: False) or []


def list_passed(findings: list[Finding]) -> set[str]:
    """Return the quantities that are right, ALONE if there are gradients, with no call before, and
    BOTH_TARGETS if labels and one-hot rows are taken.

    A function that is right in its results stands for itself: as a whole it could not be checked
    before.
    """
    passed = {f.quantity for f in findings if f.verdict == "ok"}
    passed |= {q.split()[0] for q in passed} - {"predict", "loss"}
    gives = any(f.quantity.startswith("gradient ") and f.verdict != "raises" for f in findings)
    is_alone = gives and not any(f.topic == NOT_ALONE for f in findings)
    takes_both = not any(f.cause in ONLY.values() for f in findings)
    passed |= {ALONE} if is_alone else set()
    return passed | {BOTH_TARGETS} if takes_both else passed


def is_less_wrong(left: frozenset[str], wrong: frozenset[str]) -> bool:
    """Return whether less is wrong than before; parts of what raised before do not count."""
    gone = wrong - left
    return bool(gone) and all(q in wrong or q.split()[0] in gone for q in left)


def find_wrong(
    request: Request, texts: Texts, allowed: frozenset[str], required: frozenset[str]
) -> frozenset[str] | None:
    """Check the file with these source texts; return the quantities that are wrong then.

    None where a quantity that was checked before is wrong and is not allowed to be, or where one
    that is required is no longer checked: a method that was renamed is not right.
    """
    seen = (required | ONLY_WRONG) - allowed
    findings = _check_texts(request, texts, request.seed, lambda quantity: quantity in seen)
    if findings is None:
        return None
    wrong = list_wrong(findings)
    return wrong if required <= wrong | list_passed(findings) else None


def count_passed(request: Request, texts: Texts, required: frozenset[str]) -> int:
    """Return how many checks pass with changed texts.

    0 if one fails on any of several seeds, or if one that is required is missing.
    """
    count = 0
    for seed in range(request.seed + 1, request.seed + 1 + SEEDS):
        findings = _check_texts(request, texts, seed, lambda _quantity: True)
        if findings is None or not required <= list_passed(findings):
            return 0
        count += sum(finding.verdict == "ok" for finding in findings)
    return count // SEEDS


def _check_texts(
    request: Request, texts: Texts, seed: int, is_refused: Callable[[str], bool]
) -> list[Finding] | None:
    """Return the findings on these source texts, None as soon as one is wrong that is refused."""
    findings: list[Finding] = []
    try:
        loader = Loader(request.path, request.run_all, texts)
        for item in check_loaded(loader, request.name, seed):
            if isinstance(item, Finding):
                findings.append(item)
                if any(map(is_refused, list_wrong([item]))):
                    return None
    except Exception:  # The changed code may make the checker crash, or raise an InputError.
        return None
    return findings
