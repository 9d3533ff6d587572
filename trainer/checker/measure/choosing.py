"""Choose the form of a net and the kind of its targets, by how many numbers they explain."""

from itertools import product
from operator import itemgetter
from typing import Any, get_args

import numpy as np

from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import FLOAT32, as_array, compute_error, show_safely
from trainer.checker.measure.explaining import (
    Case,
    find_causes,
    find_pair,
    list_factors,
    matches,
    simulate_mistakes,
    simulate_net,
)
from trainer.checker.measure.judging import Causes, Judge
from trainer.checker.measure.reference import BINARY, FORMS, HEADS, Form, get_reference
from trainer.checker.measure.slopes import list_slopes
from trainer.checker.measure.trial import Outcomes, Trial, collect_values
from trainer.checker.measure.variants import HINGE, LOGISTIC
from trainer.common.settings import Activation, Loss

SIMPLE = ("sigmoid", "relu", "tanh")
# The forms that the hand-written net can take.
HAND_WRITTEN = [Form(a, loss) for loss, a in product(get_args(Loss), get_args(Activation))]
# Other forms in which its mistakes can be simulated.
SIMULATED = [
    *HAND_WRITTEN, *(Form("tanh", loss) for loss in get_args(Loss)),
    *(Form(activation, loss) for loss in (LOGISTIC, HINGE) for activation in SIMPLE),
]  # fmt: skip
Choice = tuple[float, Form, str]  # points, form, kind of targets


def choose_form(trial: Trial, runs: dict[str, Outcomes]) -> tuple[Form, str]:
    """Return the form and the kind of targets under which most quantities are right.

    Where no form makes all of them right, one in which a single mistake explains more wins. runs
    holds what the methods returned for each kind of targets.
    """
    best: Choice = (-np.inf, FORMS[0], next(iter(runs)))
    most = 0.0
    for target, outcomes in runs.items():
        got = collect_values(outcomes)
        calls, full = _weigh_calls(outcomes), _weigh(list(got), got)
        most = max(most, full)
        for form in list_forms(trial.case, got.get("predict")):
            if full + calls <= best[0]:  # No form can be better.
                break
            judge = Judge(trial.case, got, get_reference(form, trial.case), form.head)
            points = _weigh([q for q in got if is_right(q, judge)], got)
            best = max(best, (points + calls, form, target), key=itemgetter(0))
    if best[0] < most:
        best = max(best, _choose_by_mistake(trial, runs), key=itemgetter(0))
    return best[1], best[2]


def list_forms(case: Case, outputs: object) -> list[Form]:
    """Return the forms that a net of these outputs may have; one output column has no softmax."""
    is_single = case.sizes[2] == 1
    fitted = [Form(name, head) for name in list_slopes(case, outputs) for head in HEADS]
    every = [*FORMS, *fitted]
    return [f for f in every if not is_single or f.head in (*BINARY, "squared-error")]


def _choose_by_mistake(trial: Trial, runs: dict[str, Outcomes]) -> Choice:
    """Return the form in which one mistake of the hand-written net explains most."""
    choices: list[Choice] = []
    is_single = trial.case.sizes[2] == 1
    several = [*HAND_WRITTEN, *(form for form in SIMULATED if form.head == HINGE)]
    single = [form for form in SIMULATED if form.head == LOGISTIC]
    for form in single if is_single else several:
        right = get_reference(form, trial.case)
        mistaken = simulate_mistakes(trial.case, form.activation, form.head).values()
        for target, outcomes in runs.items():
            got = collect_values(outcomes)
            good = [q for q in got if matches(q, got[q], right)]
            explained = max(
                _weigh([q for q in got if q not in good and matches(q, got[q], numbers)], got)
                for numbers in mistaken
            )
            points = _weigh(good, got) + 0.9 * explained + _weigh_calls(outcomes)
            choices.append((points, form, target))
    return max(choices, key=itemgetter(0))


def is_right(quantity: str, judge: Judge) -> bool:
    """Return whether a quantity of the net is right to the precision of float32."""
    got = judge.theirs[quantity]
    if quantity == "predict":
        return matches("predict", got, judge.right, FLOAT32)
    if quantity == "loss":
        return judge.is_loss_right()
    return compute_error(got, judge.get_expected(quantity)) <= FLOAT32


def _weigh(quantities: list[str], got: dict[str, Any]) -> float:
    """Return the points of quantities: 1 each, but 0.4 for predict where it gives class labels."""
    outputs = as_array(got.get("predict"))
    is_flat = outputs is not None and outputs.ndim == 1
    return sum(0.4 if q == "predict" and is_flat else 1.0 for q in quantities)


def _weigh_calls(outcomes: Outcomes) -> float:
    """Return points that decide a tie: for calls that returned, and against wrong shapes."""
    errors = [outcome.error for outcome in outcomes.values()]
    misfits = sum(isinstance(e, IndexError | ValueError | TypeError) for e in errors)
    as_index = sum("used as indices must be" in show_safely(error) for error in errors)
    return 0.01 * errors.count(None) - 0.02 * (misfits + as_index)


def find_mistakes(trial: Trial, got: dict[str, Any], judge: Judge) -> Causes:
    """Return the mistakes of the catalogue that give the net's wrong numbers, by quantity."""
    if trial.form not in SIMULATED:
        return {}
    mistaken = simulate_mistakes(trial.case, trial.form.activation, trial.form.head)
    right = judge.right | {k: judge.get_expected(k) for k in (*PARAMS, "loss")}
    known = {q: value for q, value in got.items() if value is not None}
    if "loss" in known and judge.is_loss_right():
        known["loss"] = right["loss"]
    found = find_causes(known, right, mistaken, len(trial.case.x))
    if not found and "predict" in known and not is_right("predict", judge):
        pair = find_pair(trial.form.activation, trial.form.head, trial.case, known["predict"])
        if pair:
            found["predict"] = (pair[0], f"with {pair[1]}")
    return {q: cause for q, cause in found.items() if _holds_elsewhere(q, *cause, trial, judge)}


def _holds_elsewhere(quantity: str, slug: str, factor: str, trial: Trial, judge: Judge) -> bool:
    """Return whether a mistake, times a factor or with another one, gives the other values too."""
    slugs = slug, *([factor.removeprefix("with ")] if factor.startswith("with ") else [])
    for case, theirs, _ in judge.others:
        if quantity not in theirs:
            continue
        made = simulate_net(case, trial.form.activation, trial.form.head, *slugs)
        c = list_factors(len(case.x)).get(factor, 1.0)
        scaled = made if c == 1 else {q: c * made[q] for q in (quantity,) if q in made}
        if not matches(quantity, theirs[quantity], scaled):
            return False
    return True
