"""What each function and layer must give, by its name, and notes on what right code may do.

The process that runs somebody's code has none of this.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import simplify_name
from trainer.checker.findings.comparing import CLOSE, Finding, as_array, compute_error
from trainer.checker.findings.descriptions import append_mistake, describe_mistake
from trainer.checker.parts import layer_pairs, relative
from trainer.checker.parts import operations as ops
from trainer.checker.parts.losses import SOFTMAX_LOSS, SVM_LOSS
from trainer.checker.parts.operations import Operation, Rule, Values, give_always
from trainer.checker.shapes import chain
from trainer.checker.shapes.draws import Draw, draw_inputs
from trainer.checker.shapes.layers import AFFINE, HIDDEN, LOSS, NODES, find_layer
from trainer.checker.shapes.shape import AGAIN, Part
from trainer.common.language import translate as _


def _join(forward: Operation, backward: Operation) -> Operation:
    """Return the operation of a layer: its output out, then its gradients."""

    def name(values: Values, label: str) -> Values:
        return {key or label: value for key, value in values.items()}

    def compute(d: Draw) -> Values:
        d = d.flatten()
        return name(forward.compute(d), "out") | name(backward.compute(d), "dx")

    def compute_mistaken(d: Draw) -> dict[str, Values]:
        right, d = compute(d), d.flatten()
        wrong = {k: name(v, "out") for k, v in forward.compute_mistaken(d).items()}
        wrong |= {k: name(v, "dx") for k, v in backward.compute_mistaken(d).items()}
        return {slug: right | values for slug, values in wrong.items()}

    return Operation(compute, compute_mistaken)


RELU = _join(ops.RELU_FORWARD, ops.RELU_BACKWARD)
OPERATIONS: Mapping[str, Operation] = {
    "affine_forward": ops.AFFINE_FORWARD, "affine_backward": ops.AFFINE_BACKWARD,
    "relu_forward": ops.RELU_FORWARD, "relu_backward": ops.RELU_BACKWARD,
    "affine_relu_forward": ops.AFFINE_RELU_FORWARD,
    "affine_relu_backward": ops.AFFINE_RELU_BACKWARD,
    "softmax_loss": SOFTMAX_LOSS, "svm_loss": SVM_LOSS,
    "Affine": _join(ops.AFFINE_FORWARD, ops.AFFINE_BACKWARD), "Relu": RELU,
    "MulLayer": ops.MUL, "AddLayer": ops.ADD,
    "Sigmoid": _join(ops.SIGMOID_FORWARD, ops.SIGMOID_BACKWARD), "SoftmaxWithLoss": SOFTMAX_LOSS,
}  # fmt: skip


def _make_rule(operation: Operation) -> Rule:
    is_loss = operation in (SOFTMAX_LOSS, SVM_LOSS)
    return Rule(give_always(operation), reasons=ops.LOSS_REASONS if is_loss else ops.REASONS)


RULES: Mapping[str, Rule] = {
    **{name: _make_rule(operation) for name, operation in OPERATIONS.items()},
    **layer_pairs.RULES, **relative.RULES,
}  # fmt: skip
STRICT = [name for name, rule in RULES.items() if not rule.is_open]
LAYERS = {AFFINE, *HIDDEN, LOSS, *NODES}
DEEP = layer_pairs.RULES.keys() & set(STRICT)


def find_rule(name: str) -> Rule | None:
    """Return how a function or layer of this name is judged, None where nothing is known of it."""
    is_trainer = re.fullmatch(chain.TRAIN, simplify_name(name))
    return RULES.get(find_layer(name) or name) or (relative.TRAINER if is_trainer else None)


def check_edges(part: Part) -> Iterator[Finding]:
    """Yield what inputs show on which right code differs, such as 0 for ReLU."""
    if check := EDGES.get(find_layer(part.name) or part.name):
        yield from check(part)


def _check_at_zero(part: Part) -> Iterator[Finding]:
    """Yield a note where the derivative of ReLU at 0 is 1, and a finding where it is no number."""
    d = replace(draw_inputs(0, 5), a=np.array([[0.0, 1.0, -1.0]]), dout=np.ones((1, 3)))
    results: dict[str, Any] = attempt(lambda: part.run(d)).value or {}
    grad = as_array(results.get("dx", results.get("")))
    if grad is not None and np.isnan(grad).any():
        yield Finding(part.name, "differs", _("it is nan where the input is 0, expected 0"))
    elif grad is not None and compute_error(grad, [[1.0, 1.0, 0.0]]) == 0:
        message = describe_mistake("relu-grad-at-zero")
        yield Finding(part.name, "note", message, "relu-grad-at-zero")


def _check_overflow(part: Part) -> Iterator[Finding]:
    """Yield a note where scores of some thousands overflow."""
    scores, labels = np.array([[3000.0, 0, 1], [0, 2000, 0]]), np.array([0, 2])
    d = replace(draw_inputs(0, 5), scores=scores, labels=labels)
    dx = as_array((attempt(lambda: part.run(d)).value or {}).get("dx"))
    if dx is not None and not np.isfinite(dx).all():
        message = describe_mistake("softmax-overflow")
        yield Finding(part.name, "note", message, "softmax-overflow")


def _check_repeated(part: Part) -> Iterator[Finding]:
    """Yield a finding where a second backward pass adds to the gradients of the first."""
    d = draw_inputs(0, 5).flatten()
    first: dict[str, Any] = attempt(lambda: part.run(d)).value or {}
    second = first.get(AGAIN) or {}
    for key in ("dw", "db"):
        grad = as_array(first.get(key))
        if grad is not None and grad.any() and compute_error(second.get(key), 2 * grad) <= CLOSE:
            message = append_mistake(_("a second call gives the sum of both"), "stale-gradient")
            yield Finding(f"{part.name} {key}", "differs", message, "stale-gradient")


EDGES: dict[str, Callable[[Part], Iterator[Finding]]] = {
    "relu_backward": _check_at_zero, "Relu": _check_at_zero,
    "softmax_loss": _check_overflow, "Affine": _check_repeated,
}  # fmt: skip
