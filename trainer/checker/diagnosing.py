"""Finds the line of a wrong net that is wrong, and a change with which every check passes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainer.checker.attempts import attempt
from trainer.checker.check_file import check_loaded, load_class, restore_aliases
from trainer.checker.check_net import prepare_trial
from trainer.checker.choosing import is_right
from trainer.checker.comparing import Finding
from trainer.checker.judging import Judge
from trainer.checker.loading import Loader
from trainer.checker.locating import Location, locate
from trainer.checker.names import PARAMS
from trainer.checker.quantities import list_quantities
from trainer.checker.recording import Recorder
from trainer.checker.repairing import Fix, find_fix
from trainer.checker.trial import Trial, collect_values
from trainer.common.errors import InputError

SEEDS = 3  # a fix must pass all checks on the inputs of so many seeds


@dataclass(frozen=True)
class Request:
    """What is checked: a file, a class in it or None for the only one, and how."""

    path: Path
    name: str | None
    run_all: bool
    seed: int


@dataclass(frozen=True)
class Diagnosis:
    """The likeliest wrong line, and a fix that was tried; either may be None."""

    location: Location | None
    fix: Fix | None

    @property
    def line(self) -> int | None:
        """The number of the wrong line, None if it was not found."""
        if self.fix:
            return self.fix.line
        return self.location.site.value.lineno if self.location else None


def diagnose(request: Request) -> Diagnosis:
    """Return the wrong line of a net whose predict, loss or gradient is wrong, and a fix."""
    recorder = Recorder()
    loader = Loader(request.path, request.run_all, recorder=recorder)
    with restore_aliases():
        _, kind = load_class(loader, request.name)
        prepared = prepare_trial(kind, request.seed) if kind is not None else None
        locations = _locate(recorder, *prepared) if prepared else []
        texts = {p: s.text for p, s in loader.sources.items() if not s.is_translated}
        fix = find_fix(locations, texts, lambda changed: count_passed(request, changed))
    return Diagnosis(locations[0] if locations else None, fix)


def _locate(recorder: Recorder, trial: Trial, judge: Judge) -> list[Location]:
    wrong = [q for q in ("predict", "loss", *PARAMS) if not _is_right(q, judge)]
    if not wrong:
        return []
    quantities = list_quantities(trial.form, trial.case)
    first = "gradient" if wrong[0] in PARAMS else wrong[0]
    run = _make_run(trial, first)
    for wanted in dict.fromkeys([tuple(wrong), _first_of(wrong)]):
        if found := locate(recorder, run, _make_goal(trial, judge, wanted), quantities):
            return found
    return []


def _first_of(wrong: list[str]) -> tuple[str, ...]:
    """Return the first wrong quantity alone, or all wrong gradients if that is one of them."""
    return tuple(wrong) if wrong[0] in PARAMS else (wrong[0],)


def _is_right(quantity: str, judge: Judge) -> bool:
    return quantity not in judge.theirs or is_right(quantity, judge)


def _make_run(trial: Trial, quantity: str) -> Callable[[], object]:
    """Return a function that calls the net's method for a quantity on the weights of the case."""

    def run() -> object:
        trial.reset_weights()
        arrays = (trial.case.x,) if quantity == "predict" else (trial.case.x, trial.t)
        return attempt(getattr(trial.subject, quantity), *arrays)

    return run


def _make_goal(trial: Trial, judge: Judge, wanted: tuple[str, ...]) -> Callable[[], bool]:
    """Return a function that tells whether these quantities of the net are right now."""

    def is_reached() -> bool:
        got = collect_values(trial.call_methods(trial.t))
        now = Judge(trial.case, got, trial.expected, trial.form.head)
        return all(q in got and is_right(q, now) for q in wanted)

    return is_reached


def count_passed(request: Request, texts: dict[Path, str]) -> int:
    """Return how many checks pass with changed texts, 0 if one fails on any of several seeds."""
    passed = 0
    for seed in range(request.seed, request.seed + SEEDS):
        loader = Loader(request.path, request.run_all, texts)
        try:
            for item in check_loaded(loader, request.name, seed):
                if isinstance(item, Finding):
                    if item.verdict in ("differs", "raises") or not item.checked:
                        return 0
                    passed += item.verdict == "ok"
        except InputError:
            return 0
    return passed // SEEDS
