"""The net's own numerical gradient, against differences of its own loss."""

from collections.abc import Iterator
from typing import Any

from trainer.book.functions import Array
from trainer.checker.attempts import attempt, raised
from trainer.checker.bench import Bench, same
from trainer.checker.comparing import CLOSE, Finding, describe, error
from trainer.checker.descriptions import describe_mistake
from trainer.checker.judging import Judge
from trainer.checker.names import PARAMS

NAME = "numerical_gradient"
STEPS = (1e-4, 1e-5, 1e-3, 1e-6, 1e-2, 1e-7)  # that people take


def check_numerical(bench: Bench, judge: Judge) -> Iterator[Finding]:
    """It must be the derivative, and leave the weights as they were."""
    if not bench.subject.has("numerical"):
        return
    bench.progress(NAME)
    outcome = attempt(bench.subject.numerical_gradient, bench.case.x, bench.t)
    moved = not same(bench.subject.weights.get(), bench.case.weights, CLOSE / 100)
    bench.reset()
    if outcome.error:
        yield raised(NAME, outcome.error)
    elif outcome.value is None:
        yield Finding(NAME, "differs", "gives no gradients", "unfinished")
    elif moved:
        cause = "numerical-not-restored"
        yield Finding(
            NAME, "differs", f"leaves the weights changed: {describe_mistake(cause)}", cause
        )
    else:
        yield _verdict(bench, judge, outcome.value)


def _verdict(bench: Bench, judge: Judge, given: dict[str, Any]) -> Finding:
    own = bench.differences(list(PARAMS)) or {k: judge.get_expected(k) for k in PARAMS}
    far = 0.05 if bench.subject.is_float32() else 2 * CLOSE  # float32 drowns a difference of 1e-4
    wrong = [k for k in own if k not in given or error(given[k], own[k]) > far]
    if not wrong:
        return Finding(NAME, "ok")
    key = wrong[0]
    if given.get(key) is None:
        return Finding(NAME, "differs", f"gives no {key}", "unfinished")
    cause, message = _cause(bench, key, given[key], own[key]), f"{key} "
    message += describe(given[key], own[key])
    if cause:
        message += f"; it is what you get when {describe_mistake(cause)}"
    return Finding(NAME, "differs", message, cause)


def _cause(bench: Bench, key: str, given: Any, own: Array) -> str | None:
    if error(given, 2 * own) <= 1e-3:
        return "numerical-step"
    if error(given, own) > 0.05:
        return None
    for h in STEPS:
        sided = bench.differences([key], sided=True, h=h).get(key)
        if sided is not None and error(given, sided) < error(given, own) / 20:
            return "numerical-one-sided"
    return None
