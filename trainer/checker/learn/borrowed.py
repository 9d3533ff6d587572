"""A net that somebody else wrote, in the place of the hand-written one in the project's loop."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.subject import Subject, make_subject
from trainer.checker.findings.comparing import FLOAT32, as_array, compute_error, show_safely
from trainer.checker.measure.check_net import prepare_trial
from trainer.checker.measure.trial import ONE_HOT
from trainer.common.errors import InputError
from trainer.common.settings import Activation, Loss, Settings
from trainer.nets.build import build_net
from trainer.nets.numpy_net import TwoLayerNet

ROWS = 10  # on which its gradient must be that of the twin


class BorrowedNet(TwoLayerNet):
    """TwoLayerNet with the loss and the gradients of another net, at the same weights.

    Outputs are computed here: the check has shown that they are the same. takes_rows tells whether
    the other net takes one-hot rows.
    """

    def __init__(self, subject: Subject, takes_rows: bool, *sizes: Any, **options: Any):
        super().__init__(*sizes, **options)
        self._subject, self._takes_rows = subject, takes_rows

    def _ask(self, ask: Callable[[Array, Array], Any], x: Array, t: Array) -> Any:
        """Return what the other net gives at these weights; raise InputError if it raises."""
        self._subject.weights.set(self.params)
        targets = np.eye(self._subject.C)[t] if self._takes_rows else t
        outcome = attempt(ask, x, targets)
        if outcome.error:
            reason = f"{type(outcome.error).__name__}: {show_safely(outcome.error)}"
            raise InputError(f"the net raised {reason}; run `check` on its file")
        return outcome.value

    def loss(self, x: Array, t: Array) -> float:
        """Return the other net's loss, or that of its outputs where it has none."""
        found = as_array(self._ask(self._subject.loss, x, t)) if self._subject.has("loss") else None
        return super().loss(x, t) if found is None or found.size != 1 else float(found.ravel()[0])

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """Return the other net's gradient, as a dict keyed W1, b1, W2, b2."""
        grads = self._ask(self._subject.backpropagate, x, t) or {}
        if missing := [key for key in self.params if as_array(grads.get(key)) is None]:
            raise InputError(f"the net gave no gradient of {missing[0]}; run `check` on its file")
        return {k: np.reshape(grads[k], w.shape).astype(w.dtype) for k, w in self.params.items()}

    def step(self, x: Array, t: Array, lr: float) -> dict[str, Array]:
        """Train on one mini-batch by the other net's gradient, which is returned."""
        grads = self.gradient(x, t)
        self.update(grads, lr)
        return {"d" + key: grad for key, grad in grads.items()}


@dataclass(frozen=True)
class Lender:
    """The class of a net that somebody else wrote, in one of the forms of the hand-written net."""

    kind: Any
    activation: Activation
    loss: Loss
    takes_rows: bool

    def choose_settings(self, settings: Settings) -> Settings:
        """Return the settings of a run of this net."""
        return replace(
            settings, backend="numpy", device="cpu", activation=self.activation, loss=self.loss
        )

    def build(self, settings: Settings, inputs: int, classes: int) -> BorrowedNet:
        """Return the net with the initial weights of its twin; raises InputError where its gradient
        is another.
        """
        sizes = inputs, settings.hidden_size, classes
        names = ("activation", "loss", "seed", "dtype")
        options: dict[str, Any] = {name: getattr(settings, name) for name in names}
        subject = make_subject(self.kind, *sizes)
        if not subject.has("gradient"):
            raise InputError("the net computes no gradients by itself, so they cannot train it")
        net = BorrowedNet(subject, self.takes_rows, *sizes, settings.weight_init_std, **options)
        _compare_gradients(net, build_net(settings, inputs, classes))
        return net


def _compare_gradients(net: BorrowedNet, twin: Any) -> None:
    """Raise InputError where the gradient of a net is not that of its twin, as where it is that of
    a sum: it would need another learning rate.
    """
    rng, (D, C) = np.random.default_rng(0), (len(net.params["W1"]), len(net.params["b2"]))
    x, t = rng.random((ROWS, D)).astype(net.params["W1"].dtype), np.arange(ROWS) % C
    theirs, ours = net.gradient(x, t), twin.gradient(x, t)
    for key in ours:
        if compute_error(theirs[key], ours[key]) > FLOAT32:
            raise InputError(
                f"its gradient of {key} is not that of the mean loss over a mini-batch, so it "
                "cannot be trained beside its twin; `check` says what its loss is"
            )


def find_lender(kind: Any, name: str) -> Lender:
    """Return the class as a lender; raises InputError where it has not the hand-written net's form.

    name is what to call it.
    """
    prepared = attempt(lambda: prepare_trial(kind, 0)).value
    if prepared is None:
        raise InputError(f"{name}: no net of two layers could be built of it; run `check` on it")
    form, target = prepared[0].form, prepared[0].target
    activation: Any = form.activation
    loss: Any = form.head
    if activation not in get_args(Activation) or loss not in get_args(Loss):
        raise InputError(
            f"{name}: has {activation} and {loss}; a net with "
            f"{' or '.join(get_args(Activation))} and {' or '.join(get_args(Loss))} can be trained"
        )
    return Lender(kind, activation, loss, target == ONE_HOT)
