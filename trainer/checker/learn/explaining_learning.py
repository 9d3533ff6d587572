"""Say whether a net learns, what would help, and what is seen on the way."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.cells import cell_len

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import OPTIONS, simplify_name
from trainer.checker.adapt.plan import Curve, Rows
from trainer.checker.find.guessing import list_given
from trainer.checker.findings.comparing import as_array, show_safely
from trainer.checker.learn.learning import (
    RATE,
    STEPS,
    Learner,
    does_learn,
    list_changes,
    standardise,
    train_reference,
)
from trainer.checker.measure.check_net import prepare_trial
from trainer.common.language import translate as _

DEFAULT = "mnist-5k"
FLAT = 1e-3  # of the slope of a sigmoid or tanh: a neuron below it hardly learns


@dataclass
class Learning:
    """What a training showed: the curves, the changes that were tried, and other numbers."""

    rate: float
    curve: Curve
    reference: Curve
    tried: dict[str, Curve] = field(default_factory=dict)
    helped: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    learns: bool = True
    is_own_rate: bool = True  # False where the file names none


def explain_learning(kind: type, tree: ast.AST, rows: Rows, seed: int = 0) -> Learning | None:
    """Train a net of a class, and with one change at a time if it does not learn.

    None where the net has no form in which it can be built for these images.
    """
    prepared = prepare_trial(kind, seed)
    if prepared is None:
        return None
    learner, rate = Learner(prepared[0], rows), find_rate(tree)
    plan = learner.make_plan(rate or RATE)
    reference = train_reference(rows, standardise(learner.make_plan(RATE), rows))
    found = Learning(plan.rate, learner.train(plan), reference, is_own_rate=rate is not None)
    found.learns = does_learn(found.curve, reference, rows)
    found.seen = list(_describe_start(learner, found))
    for name, changed in list_changes(plan, learner) if not found.learns else ():
        found.tried[name] = learner.train(changed)
        if does_learn(found.tried[name], reference, rows):
            found.helped.append(name)
    return found


def show_training(
    kind: type | None, tree: ast.AST, rows: Rows, name: str
) -> tuple[list[str], dict[str, Any] | None]:
    """Train a net of a class on rows of that name; return the lines on that, and the numbers.

    tree is its code, which may name the learning rate. The lines also say why it cannot be trained;
    then there are no numbers.
    """
    outcome = attempt(lambda: kind and explain_learning(kind, tree, rows))
    if outcome.error:
        reason = f"{type(outcome.error).__name__}: {show_safely(outcome.error)}"
        return [_("it could not be trained: {reason}").format(reason=reason)], None
    if not outcome.value:
        message = _(
            "it could not be trained: only a net of two layers in a known form can be built"
        )
        return [message], None
    return show_learning(outcome.value, name), list_numbers(outcome.value)


def find_rate(tree: ast.AST) -> float | None:
    """Return the learning rate that code gives in a call, sets, or has as a default, if any."""
    found: dict[int, float] = {}
    for node in ast.walk(tree):
        for rank, name, value in list_given(node):
            is_rate = re.fullmatch(OPTIONS["lr"], simplify_name(name))
            if is_rate and isinstance(value, ast.Constant) and isinstance(value.value, int | float):
                found.setdefault(rank, float(value.value))
    return found[min(found)] if found else None


def _describe_start(learner: Learner, found: Learning) -> Iterator[str]:
    """Yield what is seen at the first weights, with the numbers.

    A step of 1e-3 of the weights is that of the notes of CS231n, "Neural Networks 3".
    """
    subject, rows = learner.build(), learner.rows
    x, t = rows.x[:200], rows.t[:200]
    yield _("inputs from {low} to {high}").format(low=f"{x.min():.3g}", high=f"{x.max():.3g}")
    loss = as_array(subject.loss(x, learner.make_targets(t))) if subject.has("loss") else None
    if loss is not None and loss.size == 1 and learner.trial.form.head == "cross-entropy":
        text = _("first loss {loss}; that of guessing is {guess} (log {classes})")
        yield text.format(loss=f"{float(loss.ravel()[0]):.4g}", classes=rows.classes,
                          guess=f"{np.log(rows.classes):.4g}")  # fmt: skip
    weights = subject.weights.get()
    biases = np.concatenate([np.ravel(w) for w in weights.values() if w.ndim < 2] or [np.zeros(1)])
    if biases.any():
        text = _("first biases from {low} to {high}")
        yield text.format(low=f"{biases.min():.3g}", high=f"{biases.max():.3g}")
    a1 = x @ weights["W1"] + weights.get("b1", 0)
    share = (np.exp(-np.abs(a1)) < FLAT).mean()
    text = _(
        "hidden sums x W1 + b1 from {low} to {high}: {share} of them saturate a sigmoid or tanh"
    )
    if "relu" in learner.trial.form.activation:
        text = _("hidden sums x W1 + b1 from {low} to {high}: {share} of the neurons are always 0")
        share = (a1 <= 0).all(axis=0).mean()
    yield text.format(low=f"{a1.min():.3g}", high=f"{a1.max():.3g}", share=f"{share:.0%}")
    grads = subject.backpropagate(x, learner.make_targets(t)) or {}
    for key in ("W1", "W2"):
        if key in grads and np.isfinite(np.asarray(grads[key])).all():
            step = found.rate * np.abs(grads[key]).mean() / (np.abs(weights[key]).mean() or 1)
            text = _("a step moves {key} by {share} of its size; some 1e-3 is usual")
            yield text.format(key=key, share=f"{step:.2g}")


def list_numbers(found: Learning) -> dict[str, Any]:
    """Return the same for JSON."""
    return {
        "learns": found.learns, "rate": found.rate, "helped": found.helped,
        "curve": found.curve.accuracies, "reference": found.reference.accuracies,
        "tried": {name: curve.accuracies for name, curve in found.tried.items()},
    }  # fmt: skip


def show_learning(found: Learning, images: str) -> list[str]:
    """Return the lines of the report: both curves, what helps, and what was seen."""
    text = _("training on {images}: {steps} steps, rate {rate}, from its own first weights")
    if not found.is_own_rate:
        text = _(
            "training on {images}: {steps} steps, rate {rate}, since the file names none, from its "
            "own first weights"
        )
    if images == DEFAULT:
        images = _("{name} (--data X.npy T.npy: on rows of your own)").format(name=images)
    lines = [text.format(images=images, steps=STEPS, rate=f"{found.rate:g}")]
    names = _("this net"), _("a right net")
    width = max(map(cell_len, names))
    for name, curve in zip(names, (found.curve, found.reference), strict=True):
        space = " " * (width - cell_len(name) + 2)
        lines.append(f"{name}{space}{_draw(curve)}  {curve.accuracies[0]:.2f} → {curve.last:.2f}")
    lines += found.seen
    if found.learns:
        return [*lines, _("it learns")]
    overflow = _("its numbers overflow")
    lines.append(_("it does not learn{reason}; with one change at a time:").format(
        reason=f" ({overflow})" if found.curve.error else ""))  # fmt: skip
    for name, curve in found.tried.items():
        mark = "  " + _("learns") if name in found.helped else f"  {overflow}" * bool(curve.error)
        lines.append(f"  {name}: {curve.accuracies[0]:.2f} → {curve.last:.2f}{mark}")
    if not found.helped:
        return [*lines, _("none of these changes alone makes it learn")]
    best = max(found.helped, key=lambda name: found.tried[name].last)
    curve = found.tried[best]
    text = _("it learns best with {name}: {first} → {last} in {steps} steps")
    numbers = {"first": f"{curve.accuracies[0]:.2f}", "last": f"{curve.last:.2f}"}
    return [*lines, text.format(name=best, steps=STEPS, **numbers)]


def _draw(curve: Curve) -> str:
    return "".join("▁▂▃▄▅▆▇█"[min(int(each * 8), 7)] for each in curve.accuracies)
