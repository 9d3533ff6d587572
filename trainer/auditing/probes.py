"""Audit a training step of a net, and probe copies of the net for what one step does not show.

A plain step cannot show a softmax that overflows only for large inputs, a derivative at exactly
0, a form of targets that fails, a wrong accuracy or a wrong numerical gradient.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from trainer.auditing.audit import ORDER, Verdict, audit, find_first_wrong, judge
from trainer.book.functions import Array, Scalar
from trainer.common.errors import describe_error
from trainer.nets.net import Net
from trainer.nets.numpy_net import TwoLayerNet

Verdicts = dict[str, Verdict]
QUANTITIES = ("x", "t", *ORDER, "step", "accuracy", "numerical_gradient")
FACTORS = {"W1": 1e2, "W2": 1e5}  # The weights times these give logits whose e^a overflows.


def check_params(net: Net[Any], params: dict[str, Array]) -> Verdict | None:
    """Return a verdict on the first parameter missing or not shaped as in params, or None."""
    for key, expected in params.items():
        if key not in net.params:
            return Verdict(key, np.inf, reason=f"params has no {key}")
        shape = net.params[key].shape
        if shape != expected.shape:
            reason = f"its shape is {shape}, expected {expected.shape}"
            return Verdict(key, np.inf, reason=reason)
    return None


def audit_step(net: Net[Any], x: Array, t: Array, lr: float) -> Verdicts:
    """Train the net on one batch and return its verdicts in the order of computation.

    x (N, D); t: labels (N,) or one-hot rows (N, C). "x" and "t" are wrong if the step writes to
    them. If the step raises, the only verdict is a wrong "step".
    """
    given_x, given_t = x.copy(), t.copy()
    try:
        trace = net.trace(net.native(given_x), net.native(given_t), lr)
    except Exception as error:  # A net with a mistake may raise anything.
        return {"step": Verdict("step", np.inf, reason=_describe_error(error))}
    read = {"x": _check_unchanged("x", given_x, x), "t": _check_unchanged("t", given_t, t)}
    return read | audit(trace, net.activation, net.loss_name)


def _check_unchanged(name: str, now: Array, before: Array) -> Verdict:
    """Return the verdict on the array name: wrong at the first element that has changed."""
    changed = np.argwhere(now != before)
    if not len(changed):
        return Verdict(name, 0)
    index = tuple(int(i) for i in changed[0])
    numbers = float(now[index]), float(before[index])
    return Verdict(name, np.inf, index, *numbers, reason="the step writes to it")


def inspect_step(net: Net[Any], x: Array, t: Array, lr: float) -> Verdicts:
    """Train the net on one batch and return one verdict for each quantity.

    It is that of audit_step if that is wrong, otherwise that of the last probe of the quantity.
    x (N, D); t: labels (N,). One probe audits a step on one-hot rows too.
    """
    before = copy.deepcopy(net)
    verdicts = audit_step(net, x, t, lr)
    for verdict in _probe_copies(before, x, t, lr, verdicts):
        if verdict.quantity not in verdicts or not verdicts[verdict.quantity].is_wrong:
            verdicts[verdict.quantity] = verdict
    return {name: verdicts[name] for name in QUANTITIES if name in verdicts}


def _probe_copies(net: Net[Any], x: Array, t: Array, lr: float, plain: Verdicts) -> list[Verdict]:
    """Return the verdicts of the probes; plain are the verdicts on the step on labels."""
    rows = np.eye(net.params["W2"].shape[1], dtype=x.dtype)[t]
    blank = x.copy()
    blank[0] = 0  # Then a1 = b1 = 0 for initial weights, where ReLU has no derivative.
    large = _copy_with_large_params(net)
    verdicts = [
        _compare_target_forms(plain, audit_step(copy.deepcopy(net), x, rows, lr)),
        _find_first_wrong_when("an image is blank", audit_step(copy.deepcopy(net), blank, t, lr)),
        _find_first_wrong_when("weights are large and biases not 0", audit_step(large, x, t, lr)),
        _probe_accuracy(net, x, t),
        _probe_numerical_gradient(net),
    ]
    return [verdict for verdict in verdicts if verdict is not None]


def _compare_target_forms(labels: Verdicts, one_hot: Verdicts) -> Verdict | None:
    """Return "t" as wrong if only one form of targets raises, or what is wrong on one-hot rows."""
    forms = (("labels (N,)", labels, one_hot), ("one-hot rows (N, C)", one_hot, labels))
    for form, verdicts, others in forms:
        if "step" in verdicts and "step" not in others:
            return Verdict("t", np.inf, reason=f"with {form} only, {verdicts['step'].reason}")
    return _find_first_wrong_when("the targets are one-hot rows", one_hot)


def _find_first_wrong_when(case: str, verdicts: Verdicts) -> Verdict | None:
    """Return the first wrong verdict with the case added to its reason, or None."""
    wrong = find_first_wrong(verdicts)
    if wrong is None:
        return None
    reason = f"when {case}" if wrong.reason is None else f"when {case}, {wrong.reason}"
    return replace(wrong, reason=reason)


def _probe_accuracy(net: Net[Any], x: Array, t: Array) -> Verdict:
    """Compare net.accuracy with the fraction of rows of net.predict whose argmax is t."""

    def compute() -> tuple[float, float]:
        y = np.asarray(net.predict(net.native(x.copy())).tolist())  # tolist: also from a GPU
        got = net.accuracy(net.native(x.copy()), net.native(t.copy()))
        return float((y.argmax(axis=1) == t).mean()), got

    return _judge_results("accuracy", compute, np.finfo(x.dtype).eps)


def _probe_numerical_gradient(net: Net[Any]) -> Verdict:
    """Compare the central differences of a small net of this class with those of TwoLayerNet.

    Both use the same h and float64 losses within 200 roundings of the exact one. They differ by
    at most 2 · 200 u (1 + loss) / 2h, and by the rounding of the result to the net's dtype.
    """
    options: dict[str, Any] = {"activation": net.activation, "loss": net.loss_name}
    dtype = net.params["W1"].dtype
    build_small: Callable[..., Net[Any]] = type(net)
    small = build_small(6, 5, 3, 1.0, dtype=dtype.name, **options)
    reference = TwoLayerNet(6, 5, 3, 1.0, dtype="float64", **options)
    small.set_params({k: v.astype(net.params[k].dtype) for k, v in reference.params.items()})
    reference.set_params({k: v.astype(np.float64) for k, v in small.params.items()})
    x = np.random.default_rng(0).random((4, 6)).astype(dtype)
    wide_x, t = x.astype(np.float64), np.array([0, 2, 1, 2])

    def compute() -> tuple[Array, Array]:
        expected = reference.numerical_gradient(wide_x, t)
        got = small.numerical_gradient(small.native(x.copy()), small.native(t.copy()))
        return _flatten(expected), _flatten(got)

    u, h = np.finfo(np.float64).eps / 2, 1e-4
    bound = 200 * u * (1 + reference.loss(wide_x, t)) / h + np.finfo(dtype).eps
    return _judge_results("numerical_gradient", compute, bound)


def _judge_results(
    name: str, compute: Callable[[], tuple[float | Array, float | Array]], bound: float | Scalar
) -> Verdict:
    """Return the verdict on the second result of compute, of which the first is expected."""
    try:
        expected, got = (np.asarray(value, dtype=np.float64) for value in compute())
    except Exception as error:  # A net with a mistake may raise anything.
        return Verdict(name, np.inf, reason=_describe_error(error))
    return judge(name, got, expected, np.full(expected.shape, bound))


def _copy_with_large_params(net: Net[Any]) -> Net[Any]:
    """Return a copy of the net with logits of thousands, and with biases that are not 0."""
    twin = copy.deepcopy(net)
    params = {key: twin.params[key] * factor for key, factor in FACTORS.items()}
    params |= {key: np.linspace(-5, 5, len(twin.params[key])) for key in ("b1", "b2")}
    dtype = twin.params["W1"].dtype
    twin.set_params({key: value.astype(dtype) for key, value in params.items()})
    return twin


def _flatten(grads: dict[str, Array]) -> Array:
    return np.concatenate([grads[key].ravel() for key in ("W1", "b1", "W2", "b2")])


def _describe_error(error: Exception) -> str:
    return f"it raises {describe_error(error)}"
