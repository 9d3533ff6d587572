"""Checks one function or layer by itself: its results on inputs of two batch sizes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
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
from trainer.checker.shapes.draws import Draw, draw_inputs
from trainer.checker.shapes.losses import SOFTMAX_LOSS
from trainer.checker.shapes.operations import WITHOUT_BIAS, Operation, Values

UNWRITTEN = "is not written yet"
OTHERWISE = "works in a way that is not known here"
REASONS = {WITHOUT_BIAS: "the bias is missing (out = x w + b)"}
WROTE = "wrote"  # the label under which a run tells which of its arguments the function changed


def skip_edges() -> Iterator[Finding]:
    """Yield nothing: a function without notes on special inputs."""
    yield from ()


@dataclass(frozen=True)
class Part:
    """A function or layer: run returns its results by name, "" where there is only one.

    needs are the names that the run calls, the function's own first. edges yields notes on inputs
    at which right code differs, such as 0 for ReLU. builds_on are the functions that must be right
    for this one to be right. reasons describes mistakes that are not in the catalogue. is_open
    tells that right code may give other results too: only a known mistake is wrong then.
    """

    name: str
    needs: tuple[str, ...]
    run: Callable[[Draw], dict[str, Any]]
    operation: Operation
    edges: Callable[[], Iterator[Finding]] = skip_edges
    builds_on: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=lambda: REASONS)
    is_open: bool = False


def report_unfinished(name: str) -> Finding:
    """Return the finding on a template that was not filled in: it is not wrong."""
    return Finding(name, "missing", UNWRITTEN, "unfinished", checked=False)


def check_part(part: Part, blocked: Mapping[str, str], seed: int) -> Iterator[Finding]:
    """Yield a finding for each result of a function, and notes.

    blocked gives for each function that cannot run the unfinished one that it needs, or itself.
    """
    needed = [blocked[name] for name in part.needs if name in blocked]
    if part.name in needed:
        yield report_unfinished(part.name)
        return
    if needed:
        yield report_unchecked(part.name, f"needs {needed[0]}, which {UNWRITTEN}")
        return
    draws = [draw_inputs(seed, 7), draw_inputs(1001, 7), draw_inputs(1002, 5)]
    outcomes = [attempt(lambda d=d: part.run(d)) for d in draws]
    flat = [d.flatten() for d in draws]
    flat_outcomes = [attempt(lambda d=d: part.run(d)) for d in flat]
    if not _is_right(part, outcomes, draws) and _is_right(part, flat_outcomes, flat):
        yield Finding(part.name, "note", "takes x of two axes (N, D) only")
        outcomes, draws = flat_outcomes, flat
    if outcomes[0].error:
        yield report_error(part, outcomes[0].error)
        return
    yield from _judge_results(part, outcomes, draws)
    if any(o.value and o.value.get(WROTE) for o in outcomes):
        yield Finding(
            part.name, "note", f"writes into {outcomes[0].value[WROTE]}", "inputs-mutated"
        )
    yield from part.edges()


def _is_right(part: Part, outcomes: list[Outcome], draws: list[Draw]) -> bool:
    if any(outcome.error for outcome in outcomes):
        return False
    return all(
        compute_error(outcome.value.get(label), want) <= FLOAT32
        for outcome, d in zip(outcomes, draws, strict=True)
        for label, want in part.operation.compute(d).items()
    )


def report_error(part: Part, error: BaseException) -> Finding:
    """Return the finding on an exception; one in what the function needs says little about it.

    Where right code may work in other ways, only an unknown name proves that it is wrong.
    """
    finding = report_exception(part.name, error)
    if finding.cause == "unfinished":
        return report_unfinished(part.name)
    if part.is_open and finding.verdict == "raises" and not isinstance(error, NameError):
        return report_unchecked(part.name, f"unsupported call: {finding.message}")
    return finding


def _judge_results(part: Part, outcomes: list[Outcome], draws: list[Draw]) -> Iterator[Finding]:
    results = [outcome.value if not outcome.error else {} for outcome in outcomes]
    wanted = [part.operation.compute(d) for d in draws]
    if _is_sum(results, wanted):
        yield Finding(f"{part.name} loss", "ok")
        yield Finding(f"{part.name} dx", "ok")
        message = "is the sum over the batch, and dx is its derivative"
        yield Finding(part.name, "note", message, "loss-sum")
        return
    known = find_slugs(part, results, wanted, draws)
    for label, want in wanted[0].items():
        name = f"{part.name} {label}".strip()
        got = [result.get(label) for result in results]
        if part.is_open and label not in known and not _agree(results, wanted, label, FLOAT32):
            yield Finding(part.name, "note", f"{OTHERWISE}: its {label} could not be checked")
        elif label not in results[0]:
            yield report_unchecked(name, f"returns no {label}")
        elif all(compute_error(g, w[label]) <= FLOAT32 for g, w in zip(got, wanted, strict=True)):
            yield Finding(name, "ok")
            if part.operation is SOFTMAX_LOSS and label == "loss":
                yield from _note_epsilon(part.name, got[0], draws[0])
        elif part.operation is SOFTMAX_LOSS and label == "loss" and (
            note := list(_note_epsilon(part.name, got[0], draws[0]))
        ):  # fmt: skip
            yield from [Finding(name, "ok"), *note]
        else:
            yield _explain(part, name, got[0], want, known.get(label))


def _is_sum(results: list[dict[str, Any]], wanted: list[Values]) -> bool:
    """Return whether a loss and its gradient are both N times the mean over the batch."""
    return all(
        {"loss", "dx"} <= want.keys()
        and all(
            compute_error(result.get(k), len(want["dx"]) * want[k]) <= CLOSE for k in ("loss", "dx")
        )
        for result, want in zip(results, wanted, strict=True)
    )


def find_slugs(
    part: Part, results: list[dict[str, Any]], wanted: list[Values], draws: list[Draw]
) -> dict[str, str]:
    """Return the mistake that gives each wrong result on all inputs, if one is known.

    Where several give a result, that which gives most of the wrong results is taken.
    """
    mistaken = [part.operation.compute_mistaken(d) for d in draws]
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
        return Finding(name, "differs", "returns None", "unfinished")
    message = describe_difference(got, want)
    if slug is None:
        return Finding(name, "differs", message, is_explained=False)
    why = part.reasons.get(slug) or describe_mistake(slug)
    return Finding(name, "differs", f"{message}; it is what you get when {why}", slug)


def _note_epsilon(name: str, got: Any, d: Draw) -> Iterator[Finding]:
    """Yield a note where the loss is that of log(y + ε)."""
    exp = np.exp(d.scores - d.scores.max(axis=1, keepdims=True))
    y = (exp / exp.sum(axis=1, keepdims=True))[np.arange(len(exp)), d.labels]
    right = -np.log(y).mean()
    for epsilon in EPSILONS if compute_error(got, right) > EXACT else ():
        want = -np.log(y + epsilon).mean()
        if compute_error(got, want) <= min(EXACT, 0.01 * abs(want - right) / right):
            message = f"the loss uses log(y + {epsilon:.0e}), but dx is the gradient of log y"
            yield Finding(name, "note", message, "loss-log-epsilon")
            return
