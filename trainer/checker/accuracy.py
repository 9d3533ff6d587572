"""Accuracy, on a net that is wrong on three of the samples."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.attempts import Outcome, attempt, raised
from trainer.checker.bench import LABELS, ONE_HOT, Bench
from trainer.checker.cases import one_hot, partly_right
from trainer.checker.comparing import Finding, as_array, describe
from trainer.checker.descriptions import describe_mistake
from trainer.checker.explaining import build_mistaken_net, matches

MISTAKEN = ("accuracy-count", "accuracy-of-itself", "accuracy-axis")


def check_accuracy(bench: Bench) -> Iterator[Finding]:
    """With labels and with one-hot rows: one of them right is enough, and a note."""
    if not bench.subject.has("accuracy"):
        yield Finding("accuracy", "missing", "the net has no such method")
        return
    bench.progress("accuracy")
    a2 = _outputs(bench)
    labels = partly_right(a2)
    want = float((a2.argmax(axis=1) == labels).mean())
    forms = {LABELS: labels, ONE_HOT: one_hot(labels, a2.shape[1])}
    outcomes = {f: attempt(bench.subject.accuracy, bench.case.x, t) for f, t in forms.items()}
    bench.reset()
    right = [f for f, o in outcomes.items() if _is(o, want)]
    if not right and not any(_is(o, 100 * want) for o in outcomes.values()):
        yield _wrong(bench, a2, outcomes, forms, want)
        return
    yield Finding("accuracy", "ok")
    if not right:
        yield Finding("accuracy", "note", "is a percentage")
    elif len(right) == 1:
        cause = "labels-only" if right == [LABELS] else "one-hot-only"
        yield Finding("accuracy", "note", f"takes {right[0]} only", cause)


def _is(outcome: Outcome, want: Any) -> bool:
    array = as_array(outcome.value) if not outcome.error else None
    return array is not None and array.size == 1 and abs(float(array.reshape(())) - want) < 1e-9


def _outputs(bench: Bench) -> Array:
    """What their predict gives, right or not, as (N, C); the right a2 where it gives nothing."""
    a2: Array = bench.right()["a2"]
    if not bench.subject.has("predict"):
        return a2
    outcome = attempt(bench.subject.predict, bench.case.x)
    bench.reset()
    theirs = as_array(outcome.value) if not outcome.error else None
    if theirs is None or not np.isfinite(theirs).all():
        return a2
    if theirs.shape == (len(a2),) and set(theirs) <= set(range(a2.shape[1])):
        return one_hot(theirs.astype(int), a2.shape[1])
    return theirs if theirs.shape == a2.shape else a2


def _wrong(
    bench: Bench,
    a2: Array,
    outcomes: dict[str, Outcome],
    forms: dict[str, Array],
    want: float,
) -> Finding:
    usable = [form for form, outcome in outcomes.items() if not outcome.error]
    form = bench.target if bench.target in usable or not usable else usable[0]
    outcome = outcomes[form]
    cause = _cause(bench, a2, outcomes, forms)
    told = f"; it is what you get when {describe_mistake(cause)}" if cause else ""
    if outcome.error:
        finding = raised("accuracy", outcome.error)
        if cause and finding.cause is None and finding.verdict == "raises":
            finding.cause, finding.message = cause, finding.message + told
        return finding
    if outcome.value is None:
        return Finding("accuracy", "differs", "returns None", "unfinished")
    return Finding("accuracy", "differs", describe(outcome.value, np.float64(want)) + told, cause)


def _cause(
    bench: Bench, a2: Array, outcomes: dict[str, Outcome], forms: dict[str, Array]
) -> str | None:
    down = (a2.argmax(axis=0) == forms[ONE_HOT].argmax(axis=0)).sum()  # both over the batch
    for form, outcome in outcomes.items():
        for slug in MISTAKEN:
            net = build_mistaken_net(bench.case, "sigmoid", "cross-entropy", slug)
            net._forward = lambda x: (a2, a2, a2)  # type: ignore[method-assign]
            theirs = attempt(net.accuracy, bench.case.x, forms[form])
            if not theirs.error and _is(outcome, theirs.value):
                return slug
        if any(_is(outcome, down / n) for n in a2.shape) or (
            isinstance(outcome.error, ValueError)
            and "broadcast" in str(outcome.error)
            and matches("predict", a2, bench.right())
        ):
            return "accuracy-axis"
    return None
