"""Which form of net and of targets this is: the one under which most is right, or explained."""

from typing import Any

import numpy as np

from trainer.checker.bench import Bench, Run, values
from trainer.checker.comparing import FLOAT32, error
from trainer.checker.explaining import find_causes, find_pair, matches, simulate_mistakes
from trainer.checker.judging import Causes, Judge
from trainer.checker.names import PARAMS
from trainer.checker.reference import FORMS, Form, get_reference

HEADS = ("cross-entropy", "squared-error")  # those of the hand-written net
HAND_WRITTEN = [Form(activation, head) for head in HEADS for activation in ("sigmoid", "relu")]
Choice = tuple[float, Form, str]


def choose(bench: Bench, runs: dict[str, Run]) -> tuple[Form, str]:
    """The form and the targets, from what the net gave with each form of targets."""
    best: Choice = (-1.0, FORMS[0], bench.target)
    for target, run in runs.items():
        theirs = values(run)
        for form in FORMS:
            judge = Judge(bench.case, theirs, get_reference(form, bench.case), form.head)
            points = sum(_weight(q, theirs) for q in theirs if is_right(q, judge))
            best = max(best, (points + _reached(run), form, target), key=_points)
    most = max(sum(_weight(q, values(run)) for q in values(run)) for run in runs.values())
    if best[0] < most:
        best = max(best, _explained(bench, runs), key=_points)
    return best[1], best[2]


def _points(choice: Choice) -> float:
    return choice[0]


def _explained(bench: Bench, runs: dict[str, Run]) -> Choice:
    """The hand-written net's forms, each with each mistake: which explains most."""
    best: Choice = (-1.0, FORMS[0], bench.target)
    for form in HAND_WRITTEN:
        right = get_reference(form, bench.case)
        made = simulate_mistakes(bench.case, form.activation, form.head).values()
        for target, run in runs.items():
            theirs = values(run)
            good = {q for q, got in theirs.items() if matches(q, got, right)}
            left = [q for q in theirs if q not in good]
            most = max(
                sum(_weight(q, theirs) for q in left if matches(q, theirs[q], numbers))
                for numbers in made
            )
            points = sum(_weight(q, theirs) for q in good) + 0.9 * most + _reached(run)
            best = max(best, (points, form, target), key=_points)
    return best


def is_right(quantity: str, judge: Judge) -> bool:
    """Whether a quantity of theirs is right to the precision of float32."""
    got = judge.theirs[quantity]
    if quantity == "predict":
        return matches("predict", got, judge.right, FLOAT32)
    if quantity == "loss":
        return judge.is_loss_right()
    return error(got, judge.get_expected(quantity)) <= FLOAT32


def _weight(quantity: str, theirs: dict[str, Any]) -> float:
    """How much a quantity says about the form: class labels say little."""
    return 0.4 if quantity == "predict" and np.ndim(theirs[quantity]) == 1 else 1.0


def _reached(run: Run) -> float:
    """Less than any quantity counts: how far a run came, and whether on the right targets."""
    shapes = sum(isinstance(o.error, IndexError | ValueError | TypeError) for o in run.values())
    return 0.01 * sum(not o.error for o in run.values()) - 0.02 * shapes


def explain(bench: Bench, theirs: dict[str, Any], judge: Judge) -> Causes:
    """The mistakes of the catalogue that give what is not right of theirs."""
    if bench.form not in HAND_WRITTEN:
        return {}
    made = simulate_mistakes(bench.case, bench.form.activation, bench.form.head)
    right = judge.right | {k: judge.get_expected(k) for k in (*PARAMS, "loss")}
    known = {q: v for q, v in theirs.items() if v is not None}
    if "loss" in known and judge.is_loss_right():
        known["loss"] = right["loss"]
    found = find_causes(known, right, made, len(bench.case.x))
    if not found and "predict" in known and not is_right("predict", judge):
        pair = find_pair(bench.form.activation, bench.form.head, bench.case, known["predict"])
        if pair:
            found["predict"] = (pair[0], f"with {pair[1]}")
    return found
