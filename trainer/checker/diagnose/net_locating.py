"""Finds the lines of a net that may be wrong in predict, loss or gradient."""

import re
from collections.abc import Callable
from dataclasses import replace

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS
from trainer.checker.check_file import load_class
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.locating import Location, locate
from trainer.checker.diagnose.patching import Texts
from trainer.checker.diagnose.quantities import Quantity, list_quantities
from trainer.checker.diagnose.trail import Trail
from trainer.checker.diagnose.verifying import Request
from trainer.checker.findings.comparing import as_array
from trainer.checker.load.loading import Loader
from trainer.checker.load.recording import Recorder
from trainer.checker.measure.check_net import prepare_trial
from trainer.checker.measure.choosing import is_right
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.measuring import keeps_shape
from trainer.checker.measure.trial import Trial, collect_values

Prepared = tuple[Recorder, Trial, Judge]
# How the texts of a net show its hidden activation.
SIGNS = {"sigmoid": r"sigmoid|exp\(-", "relu": r"relu|maximum\(|[<>]=? ?0\b", "tanh": "tanh"}


def prepare_recorded(request: Request, texts: Texts) -> Prepared | None:
    """Return a trial of the net whose values are recorded, None where it cannot be run.

    Numbers that are wrong do not show the activation; the names in the texts may.
    """
    recorder = Recorder()
    loader = Loader(request.path, request.run_all, texts, recorder)
    kind = load_class(loader, request.name)[1]
    prepared = prepare_trial(kind, request.seed) if kind is not None else None
    if prepared is None:
        return None
    trial, judge = prepared
    text = " ".join(texts.values())
    named = [name for name, sign in SIGNS.items() if re.search(sign, text, re.IGNORECASE)]
    if len(named) == 1 and not ("predict" in judge.theirs and is_right("predict", judge)):
        trial.form = replace(trial.form, activation=named[0])
        judge = Judge(trial.case, judge.theirs, trial.expected, trial.form.head)
    return recorder, trial, judge


def locate_net(
    prepared: Prepared, replaced: Count, named: frozenset[str]
) -> tuple[Trail, list[Location]]:
    """Return what predict, loss and gradient did, and their lines that may be wrong, the likeliest
    first. replaced counts the values that are tried, named are the wrong quantities.
    """
    recorder, trial, judge = prepared
    trail = _record_trail(recorder, trial)
    found = attempt(lambda: _locate(trail.quantities, replaced, recorder, trial, judge, named))
    return trail, found.value or []


def _record_trail(recorder: Recorder, trial: Trial) -> Trail:
    """Return what predict, loss and gradient did on the inputs of a trial."""
    records = recorder.run(lambda: trial.call_methods(trial.t))
    quantities = attempt(lambda: list_quantities(trial.form, trial.case)).value or []
    return Trail(recorder.sites, list(records), quantities)


def _locate(
    quantities: list[Quantity], replaced: Count, recorder: Recorder, trial: Trial, judge: Judge,
    named: frozenset[str],
) -> list[Location]:  # fmt: skip
    """Return the lines with which the wrong quantities, or one of them, are right; named are those
    of the findings, of which a loss with a penalty that no gradient has is none.
    """
    wrong = [
        q for q in ("predict", "loss", *PARAMS)
        if q in judge.theirs and not is_right(q, judge) and {q, f"gradient {q}"} & named
    ]  # fmt: skip
    found: list[Location] = []
    for wanted in dict.fromkeys([tuple(wrong), *((q,) for q in wrong)]):
        if wanted:
            first = "gradient" if wanted[0] in PARAMS else wanted[0]
            right = tuple(q for q in judge.theirs if q not in wrong)
            goal, run = _make_goal(trial, (*wanted, *right)), _make_run(trial, first)
            there = locate(recorder, run, goal, quantities, replaced)
            settles = len(wanted) == len(wrong)
            found += [replace(each, settles=settles) for each in there]
    return found


def _make_run(trial: Trial, quantity: str) -> Callable[[], object]:
    """Return a function that calls the net's method for a quantity on the weights of the case."""

    def run() -> object:
        trial.reset_weights()
        arrays = (trial.case.x,) if quantity == "predict" else (trial.case.x, trial.t)
        return attempt(getattr(trial.subject, quantity), *arrays)

    return run


def _make_goal(trial: Trial, wanted: tuple[str, ...]) -> Callable[[], bool]:
    """Return a function that tells whether these quantities of the net are right now."""

    def is_reached() -> bool:
        got = collect_values(trial.call_methods(trial.t))
        now = Judge(trial.case, got, trial.expected, trial.form.head)
        own = trial.subject.weights.get_shapes()
        biases = [(own[q], as_array(got[q])) for q in ("b1", "b2") if q in {*wanted} & {*got}]
        is_kept = all(array is None or keeps_shape(shape, array) for shape, array in biases)
        return is_kept and all(q in got and is_right(q, now) for q in wanted)

    return is_reached
