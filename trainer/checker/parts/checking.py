"""Checks one function or layer by itself: its results on inputs of two batch sizes."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import Outcome, attempt, report_exception
from trainer.checker.findings.comparing import (
    CLOSE,
    EXACT,
    FLOAT32,
    Finding,
    compute_error,
    describe_difference,
    report_unchecked,
)
from trainer.checker.findings.descriptions import describe_mistake
from trainer.checker.measure.judging import EPSILONS
from trainer.checker.parts.expected import check_edges, find_rule
from trainer.checker.parts.losses import SOFTMAX_LOSS, SVM_LOSS, compute_squared_hinge
from trainer.checker.parts.operations import Operation, Rule, Values
from trainer.checker.shapes.draws import Draw, draw_inputs
from trainer.checker.shapes.shape import FAILED, OTHER, UNWRITTEN, WROTE, Part
from trainer.common.language import translate as _


def get_rule(part: Part) -> Rule:
    """Return how a part is judged."""
    rule = find_rule(part.name)
    assert rule is not None, part.name
    return rule


def report_unfinished(name: str) -> Finding:
    """Return the finding on a template that was not filled in: it is not wrong."""
    return Finding(name, "missing", _(UNWRITTEN), "unfinished", checked=False)


def check_part(part: Part, blocked: Mapping[str, str], seed: int) -> Iterator[Finding]:
    """Yield a finding for each result of a function, and notes.

    blocked gives for each function that cannot run the unfinished one that it needs, or itself.
    """
    needed = [blocked[name] for name in part.needs if name in blocked]
    if part.name in needed:
        yield report_unfinished(part.name)
        return
    if needed:
        message = _("needs {name}, which is not written yet").format(name=needed[0])
        yield report_unchecked(part.name, message)
        return
    draws = [draw_inputs(seed, 7), draw_inputs(1001, 7), draw_inputs(1002, 8)]
    flat = [d.flatten() for d in draws]
    outcomes, flat_outcomes = ([_run(part, d) for d in each] for each in (draws, flat))
    raises = all(o.error for o in outcomes) and not any(o.error for o in flat_outcomes)
    if raises or (not _is_right(part, outcomes, draws) and _is_right(part, flat_outcomes, flat)):
        yield Finding(part.name, "note", _("takes x of two axes (N, D) only"))
        outcomes, draws = flat_outcomes, flat
    if outcomes[0].error:
        yield report_error(part, outcomes[0].error)
        return
    yield from _judge_results(part, outcomes, draws)
    if wrote := next((o.value[WROTE] for o in outcomes if o.value and o.value.get(WROTE)), ""):
        message = _("writes into {names}").format(names=wrote)
        yield Finding(part.name, "note", message, "inputs-mutated")
    yield from check_edges(part)


def _run(part: Part, d: Draw) -> Outcome:
    """Run a part; what it gives with the other kind of targets counts where only that is right."""
    outcome = attempt(lambda: part.run(d))
    results: Mapping[str, Any] = outcome.value or {}
    if FAILED in results and _get_operation(part, results).compute(d):
        outcome.error = results[FAILED]
    other = results.get(OTHER)
    if isinstance(other, dict) and not _has_right_results(part, outcome.value, d):
        outcome.value = other if _has_right_results(part, other, d) else outcome.value
    return outcome


def _get_operation(part: Part, results: Mapping[str, Any]) -> Operation:
    return get_rule(part).get_operation(results)


def _has_right_results(part: Part, results: Mapping[str, Any], d: Draw) -> bool:
    wanted = _get_operation(part, results).compute(d)
    return all(compute_error(results.get(k), want) <= FLOAT32 for k, want in wanted.items())


def _is_right(part: Part, outcomes: list[Outcome], draws: list[Draw]) -> bool:
    pairs = zip(outcomes, draws, strict=True)
    return all(not o.error and _has_right_results(part, o.value, d) for o, d in pairs)


def report_error(part: Part, error: BaseException) -> Finding:
    """Return the finding on an exception; one in what the function needs says little about it.

    Where right code may give other results, only an unknown name proves that it is wrong.
    """
    finding = report_exception(part.name, error)
    if finding.cause == "unfinished":
        return report_unfinished(part.name)
    proves_nothing = get_rule(part).is_free and not isinstance(error, NameError)
    if proves_nothing and finding.verdict == "raises":
        return report_unsupported(finding)
    return finding


def report_unsupported(raised: Finding) -> Finding:
    """Return the finding on an exception that proves nothing, since the call was guessed."""
    reason = _("unsupported call: {message}").format(message=raised.message)
    return report_unchecked(raised.quantity, reason)


def _judge_results(part: Part, outcomes: list[Outcome], draws: list[Draw]) -> Iterator[Finding]:
    """Yield a finding for each number that a part gives, beside what a right one computes from the
    same draws; those that a known mistake gives are named.
    """
    results = [outcome.value if not outcome.error else {} for outcome in outcomes]
    pairs = list(zip(results, draws, strict=True))
    wanted = [_get_operation(part, result).compute(d) for result, d in pairs]
    if variant := _note_variant(part, results, wanted, draws):
        yield from (Finding(f"{part.name} {label}", "ok") for label in ("loss", "dx"))
        yield variant
        return
    if not wanted[0]:
        yield _report_unknown(part)
    known = find_slugs(part, results, wanted, draws)
    for label, want in wanted[0].items():
        name, is_right = f"{part.name} {label}".strip(), _agree(results, wanted, label, FLOAT32)
        takes_log = get_rule(part).get_operation({}) is SOFTMAX_LOSS and label == "loss"
        note = list(_note_epsilon(part.name, results[0].get(label), draws[0]) if takes_log else ())
        if get_rule(part).is_free and label not in known and not is_right:
            message = _("works in a way that is not known here: its {name} could not be checked")
            yield Finding(part.name, "note", message.format(name=label))
        elif label not in results[0]:
            yield report_unchecked(name, _("returns no {name}").format(name=label))
        elif is_right or note:
            yield from [Finding(name, "ok"), *note]
        else:
            yield _explain(part, name, results[0].get(label), want, known.get(label))


def _report_unknown(part: Part) -> Finding:
    """Return the finding on results of which it is not known what is right."""
    message = _("works in a way that is not known here: it could not be checked")
    if get_rule(part).is_open:
        return Finding(part.name, "note", message)
    return report_unchecked(part.name, message)


def _note_variant(
    part: Part, results: list[dict[str, Any]], wanted: list[Values], draws: list[Draw]
) -> Finding | None:
    """Return a note where a loss and its gradient are those of a sum, or of squared margins."""
    if not all(want.keys() >= {"loss", "dx"} for want in wanted):
        return None
    sums = [{k: len(want["dx"]) * want[k] for k in ("loss", "dx")} for want in wanted]
    if all(_agree(results, sums, label, CLOSE) for label in ("loss", "dx")):
        message = _("is the sum over the batch, and dx is its derivative")
        return Finding(part.name, "note", message, "loss-sum")
    squares = [compute_squared_hinge(d) for d in draws]
    is_svm = get_rule(part).get_operation({}) is SVM_LOSS
    if is_svm and all(_agree(results, squares, label, CLOSE) for label in ("loss", "dx")):
        message = _("is the mean of the squared margins, and dx is its derivative")
        return Finding(part.name, "note", message)
    return None


def find_slugs(
    part: Part, results: list[dict[str, Any]], wanted: list[Values], draws: list[Draw]
) -> dict[str, str]:
    """Return the mistake that gives each wrong result on all inputs, if one is known.

    Where several give a result, that which gives most of the wrong results is taken.
    """
    pairs = zip(results, draws, strict=True)
    mistaken = [_get_operation(part, result).compute_mistaken(d) for result, d in pairs]
    wrong = [k for k in wanted[0] if not _agree(results, wanted, k, FLOAT32)]
    explained = {
        slug: [k for k in wrong if _agree(results, [each[slug] for each in mistaken], k, CLOSE)]
        for slug in mistaken[0]
        if all(slug in each for each in mistaken)
    }
    order = sorted(explained, key=lambda slug: len(explained[slug]), reverse=True)
    order.reverse()  # Of equals, the first of the list is taken.
    return {label: slug for slug in order for label in explained[slug]}


def _agree(
    results: list[dict[str, Any]], values: list[Values], label: str, tolerance: float
) -> bool:
    return all(
        compute_error(result.get(label), value.get(label)) <= tolerance
        for result, value in zip(results, values, strict=True)
    )


def _explain(part: Part, name: str, got: Any, want: Any, slug: str | None) -> Finding:
    """Return the finding on a wrong result, with the mistake that gives it."""
    if got is None:
        return Finding(name, "differs", _("returns None"), "unfinished")
    message = describe_difference(got, want)
    if slug is None:
        return Finding(name, "differs", message, is_explained=False)
    reasons = get_rule(part).reasons
    why = _(reasons[slug]) if slug in reasons else describe_mistake(slug)
    cause = _("{difference}; it is what you get when {mistake}")
    return Finding(name, "differs", cause.format(difference=message, mistake=why), slug)


def _note_epsilon(name: str, got: Any, d: Draw) -> Iterator[Finding]:
    """Yield a note where the loss is that of log(y + ε)."""
    exp = np.exp(d.scores - d.scores.max(axis=1, keepdims=True))
    y = (exp / exp.sum(axis=1, keepdims=True))[np.arange(len(exp)), d.labels]
    right = -np.log(y).mean()
    for epsilon in EPSILONS if compute_error(got, right) > EXACT else ():
        want = -np.log(y + epsilon).mean()
        if compute_error(got, want) <= min(EXACT, 0.01 * abs(want - right) / right):
            message = _("the loss uses log(y + {epsilon}), but dx is the gradient of log y")
            message = message.format(epsilon=f"{epsilon:.0e}")
            yield Finding(name, "note", message, "loss-log-epsilon")
            return
