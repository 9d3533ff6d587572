"""What a net does in a step and beside it: every quantity audited, and what no trace shows.

A trace of one plain step cannot show a softmax that overflows only for large inputs, a
derivative at exactly 0, a target form that is refused, an accuracy, a numerical gradient:
these are probed on copies of the net.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from trainer.auditing.audit import ORDER, Verdict, audit, first_wrong, judge
from trainer.book.functions import Array
from trainer.nets.numpy_net import TwoLayerNet

Verdicts = dict[str, Verdict]
ALL = ("x", "t", *ORDER, "step", "accuracy", "numerical_gradient")
LARGE = {"W1": 1e2, "W2": 1e5}  # logits of thousands: e^a overflows


def check_params(net: Any, params: dict[str, Array]) -> Verdict | None:
    """Whether the net's parameters have the names and shapes of params; the first that has not."""
    for key, right in params.items():
        if key not in net.params:
            return _broken(key, f"params has no {key}")
        if net.params[key].shape != right.shape:
            return _broken(key, f"its shape is {net.params[key].shape}, not {right.shape}")
    return None


def audited_step(net: Any, x: Array, t: Array, lr: float) -> Verdicts:
    """One step of the net on the batch, its verdicts in the order of computation.

    x (N, D), t labels (N,) or one-hot (N, C). "x" and "t" are wrong where they were written to,
    "step" where the step raises.
    """
    given_x, given_t = x.copy(), t.copy()
    try:
        trace = net.trace(net.native(given_x), net.native(given_t), lr)
    except Exception as error:  # of somebody's code: any can come
        return {"step": _broken("step", f"it raises {_line(error)}")}
    read = {"x": _unwritten("x", given_x, x), "t": _unwritten("t", given_t, t)}
    return read | audit(trace, net.activation, net.loss_name)


def _unwritten(name: str, now: Array, before: Array) -> Verdict:
    changed = np.argwhere(now != before)
    if not len(changed):
        return Verdict(name, 0, (), np.nan, np.nan)
    index = tuple(int(i) for i in changed[0])
    return Verdict(
        name, np.inf, index, float(now[index]), float(before[index]), "the step writes to it"
    )


def inspect(net: Any, x: Array, t: Array, lr: float) -> Verdicts:
    """One step of the net on the batch, as audited_step, and all that is wrong beside it.

    t are labels (N,): of one-hot rows a step is audited besides.
    """
    before = copy.deepcopy(net)
    verdicts = audited_step(net, x, t, lr)
    for verdict in _probe(before, x, t, lr, verdicts):
        if verdict.quantity not in verdicts or not verdicts[verdict.quantity].wrong:
            verdicts[verdict.quantity] = verdict
    return {name: verdicts[name] for name in ALL if name in verdicts}


def _probe(net: Any, x: Array, t: Array, lr: float, plain: Verdicts) -> list[Verdict]:
    rows = np.eye(_classes(net), dtype=x.dtype)[t]
    blank = x.copy()
    blank[0] = 0  # a1 = b1, which is 0 at first: ReLU's kink
    found = [
        _targets(plain, audited_step(copy.deepcopy(net), x, rows, lr)),
        _first(audited_step(copy.deepcopy(net), blank, t, lr), "an image is blank"),
        _first(audited_step(_large(net), x, t, lr), "weights are large and biases not 0"),
        _accuracy(net, x, t),
        _numerical_gradient(net),
    ]
    return [verdict for verdict in found if verdict is not None]


def _targets(labels: Verdicts, one_hot: Verdicts) -> Verdict | None:
    """Both forms of targets in a step: "t" where only one of them works."""
    if "step" in labels and "step" not in one_hot:
        return _broken("t", f"with labels (N,), not with one-hot rows, {labels['step'].why}")
    if "step" in one_hot and "step" not in labels:
        return _broken("t", f"with one-hot rows (N, C), not with labels, {one_hot['step'].why}")
    return _first(one_hot, "the targets are one-hot rows")


def _accuracy(net: Any, x: Array, t: Array) -> Verdict | None:
    def fraction() -> tuple[float, float]:
        y = np.asarray(net.predict(net.native(x.copy())).tolist())  # of NumPy or any device
        return float((y.argmax(axis=1) == t).mean()), net.accuracy(
            net.native(x.copy()), net.native(t.copy())
        )

    return _compared("accuracy", fraction, bound=np.finfo(x.dtype).eps)


def _numerical_gradient(net: Any) -> Verdict | None:
    """A small net's own central differences against those of the right loss, at the same h.

    Both take float64 losses within 200 roundings of the exact one, so they differ by
    2 · 200 u (1 + loss) / 2h at most, and a rounding of the result to the net's dtype.
    """
    options = {"activation": net.activation, "loss": net.loss_name}
    right = TwoLayerNet(6, 5, 3, 1.0, dtype="float64", **options)
    small = type(net)(6, 5, 3, 1.0, dtype=net.params["W1"].dtype.name, **options)
    small.set_params({k: v.astype(net.params[k].dtype) for k, v in right.params.items()})
    right.set_params({k: v.astype(np.float64) for k, v in small.params.items()})
    x = np.random.default_rng(0).random((4, 6)).astype(net.params["W1"].dtype)
    t = np.array([0, 2, 1, 2])

    def gradients() -> tuple[Array, Array]:
        expected = right.numerical_gradient(x.astype(np.float64), t)
        got = small.numerical_gradient(small.native(x.copy()), small.native(t.copy()))
        return _flat(expected), _flat(got)

    u, h = np.finfo(np.float64).eps / 2, 1e-4
    bound = 200 * u * (1 + right.loss(x.astype(np.float64), t)) / h
    return _compared("numerical_gradient", gradients, bound + np.finfo(x.dtype).eps)


def _compared(name: str, values: Callable[[], tuple[Any, Any]], bound: Any) -> Verdict | None:
    try:
        expected, got = (np.asarray(value, dtype=np.float64) for value in values())
    except Exception as error:  # of somebody's code: any can come
        return _broken(name, f"it raises {_line(error)}")
    return judge(name, got, expected, np.full(expected.shape, bound))


def _first(verdicts: Verdicts, when: str) -> Verdict | None:
    wrong = first_wrong(verdicts)
    if wrong is None:
        return None
    why = f"when {when}" if wrong.why is None else f"when {when}, {wrong.why}"
    return replace(wrong, why=why)


def _large(net: Any) -> Any:
    """A copy whose logits are thousands, and whose biases, 0 at first, can be missed."""
    twin = copy.deepcopy(net)
    large = {key: twin.params[key] * factor for key, factor in LARGE.items()}
    biases = {key: np.linspace(-5, 5, len(twin.params[key])) for key in ("b1", "b2")}
    dtype = twin.params["W1"].dtype
    twin.set_params({key: w.astype(dtype) for key, w in (large | biases).items()})
    return twin


def _classes(net: Any) -> int:
    return int(net.params["W2"].shape[1])


def _flat(grads: dict[str, Array]) -> Array:
    return np.concatenate([grads[key].ravel() for key in ("W1", "b1", "W2", "b2")])


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def _broken(quantity: str, why: str) -> Verdict:
    return Verdict(quantity, np.inf, (), np.nan, np.nan, why)
