"""Names the known mistakes of a backward pass, at any depth.

The gradient of the weights of a layer is Σ C ∂z/∂w, where z are its sums and C is the derivative of
the loss by them. With a known mistake C is another one. The C that gives the steps of a layer's
weights is what the layer before it gets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice

import numpy as np

from trainer.book.functions import Array, relu, sigmoid, softmax
from trainer.checker.judge.decision import Decision
from trainer.checker.judge.derivatives import (
    differentiate,
    differentiate_along,
    find_factor,
    find_slope,
)
from trainer.checker.judge.events import Values
from trainer.checker.judge.fit import Fit, are_same
from trainer.checker.judge.influence import Model
from trainer.checker.judge.layering import Layer, list_layers, name_event
from trainer.checker.judge.losses import arrange_targets
from trainer.checker.judge.slopes import CLOSE, probe

EACH = 4  # directions of a weight
OF_OUTPUTS = "double-softmax", "sigmoid-before-softmax"  # with which softmax is of other sums
MOST_FITS = 4  # losses that the step may be meant to go down
Mistake = tuple[str, Array, Mapping[str, Array]]  # its name, C, and values beside the step's own


def name_mistakes(decision: Decision) -> dict[str, str]:
    """Return the known mistake that each wrong weight shows, where one does."""
    fits = dict.fromkeys(fit for fit in (decision.fit, *decision.fits) if fit)
    found = (Backward(decision, f).name_mistakes() for f in islice(fits, MOST_FITS))
    return next(filter(None, found), {})


def find_other_outputs(model: Model, fit: Fit) -> int | None:
    """Return the event of outputs that are a softmax of wrong sums, where all weights go down the
    cross-entropy of a softmax, if these were the outputs of one; None where not.
    """
    named = _list_named_outputs(model, fit)
    event = min((event for name, event in named if name in OF_OUTPUTS), default=None)
    if event is None:
        return None
    followed = Backward(Decision(model, False, fit, model.weights), fit).follow()
    is_so = followed.keys() == {*model.weights} and {*followed.values()} & {*OF_OUTPUTS}
    return event if is_so else None


class Backward:
    """The backward pass of a step down a loss, layer by layer from the outputs."""

    def __init__(self, decision: Decision, fit: Fit):
        self._model, self._fit = decision.model, fit
        self._layers = list_layers(decision.model, fit)
        is_followed = set(fit.list_agreeing()) - set(decision.wrong)
        self._rate = fit.common_rate if is_followed else 0.0
        self._penalties: dict[str, Array] = {}

    def name_mistakes(self) -> dict[str, str]:
        """Return the weights of each layer with a mistake, as far as the layers are understood."""
        return {weight: name for weight, name in self.follow().items() if name}

    def follow(self) -> dict[str, str]:
        """Return the weights that move as they should, or as with a known mistake, and its name."""
        return dict(self._follow())

    def _follow(self) -> Iterator[tuple[str, str]]:
        fit, after = self._fit, None
        for layer, before in zip(self._layers[::-1], [*self._layers[-2::-1], None], strict=False):
            for name, c, beside in self._list_variants(layer, before, after, fit):
                passed = self._weigh(layer, c)
                if c.any() and all(self._follows(w, passed, beside) for w in layer.matrices):
                    yield from ((w, name) for w in layer.matrices)
                    biases = (w for w in layer.weights if w not in layer.matrices)
                    yield from ((w, name) for w in biases if self._follows(w, passed, {}))
                    break
            else:
                return
            fit, after = passed, layer

    def _list_variants(
        self, layer: Layer, before: Layer | None, after: Layer | None, fit: Fit
    ) -> Iterator[Mistake]:
        """Yield what C may be for a layer, where a fit weighs the sums of the layer after it."""
        c, z = self._differentiate(fit, layer.sums), self._read(layer.sums)
        yield "", c, {}
        pairs = self._list_hidden(layer, fit, c, z) if after else self._list_last(layer, c, z)
        yield from ((name, changed, {}) for name, changed in pairs)
        if after:
            moved = {w: self._model.base.after[w] for w in after.matrices}
            yield "w2-updated-before-backward", self._differentiate(fit, layer.sums, moved), {}
        if before:
            sums = self._read(before.sums)
            for event in before.outputs:
                yield "dw2-from-a1", c, {name_event(event): sums.reshape(self._read(event).shape)}

    def _list_last(self, layer: Layer, c: Array, z: Array) -> Iterator[tuple[str, Array]]:
        """Yield known mistakes of the last layer, whose outputs are compared with the targets."""
        yield "gradient-sign", -c
        for y in (self._read(event).reshape(z.shape) for event in layer.outputs):
            yield "output-grad-extra", c * y * (1 - y)
            yield "target-not-subtracted", y
            for name in name_last_activation(y, z):
                targets = chain(*(arrange_targets(y, t) for t in self._model.list_targets()))
                yield from ((name, y - t) for t in targets)
        yield from self._list_sloped(layer, self._fit, z)

    def _list_hidden(
        self, layer: Layer, fit: Fit, c: Array, z: Array
    ) -> Iterator[tuple[str, Array]]:
        if layer.outputs == [layer.sums]:
            yield from (("activation-missing", c * slope) for slope in _list_slopes(z))
        yield from self._list_sloped(layer, fit, z)

    def _list_sloped(self, layer: Layer, fit: Fit, z: Array) -> Iterator[tuple[str, Array]]:
        """Yield known mistakes about the slope of an activation."""
        for event in layer.outputs:
            a, d = (
                v.reshape(z.shape) for v in (self._read(event), self._differentiate(fit, event))
            )
            yield "activation-grad-missing", d
            yield "hidden-grad-is-activation", d * a
            yield "relu-grad-of-gradient", d * (d > 0)
            yield "sigmoid-grad-of-output", d * z * (1 - z)
            yield "sigmoid-grad-of-output", d * (1 - z * z)
            if slope := find_slope(self._model, name_event(layer.sums), event, a):
                yield "sigmoid-grad-of-output", d * slope.value.reshape(z.shape)

    def _weigh(self, layer: Layer, c: Array) -> Fit:
        """Return a fit of the sums of a layer times C."""

        def weigh(values: Values) -> float:
            z = values[layer.sums]
            return float("nan") if z is None else float((c * z).sum())

        return replace(self._fit, events=(layer.sums,), function=weigh)

    def _follows(self, weight: str, fit: Fit, beside: Mapping[str, Array]) -> bool:
        """Return whether a weight moves down what a fit weighs, at the rate of all others."""
        found = probe(self._model, weight, EACH)
        moved = np.array([each.moved for each in found])
        vectors = [each.vector for each in found]
        slopes = differentiate_along(self._model, fit, weight, vectors, beside)
        slopes = slopes + self._find_penalty(weight)
        rate = -float(slopes @ moved) / (float(slopes @ slopes) or 1.0)
        rest = np.abs(moved + rate * slopes).max()
        is_same = are_same(rate, self._rate) if self._rate else rate > 0
        is_sure = len(found) > 1 + (not self._rate)  # by chance one or two go any way
        follows = bool(is_sure and is_same and rest <= CLOSE * np.abs(moved).max())
        self._rate = rate if follows else self._rate
        return follows

    def _find_penalty(self, weight: str) -> Array:
        """Return the derivative of a penalty along the directions of a weight."""
        if weight not in self._penalties:
            found = probe(self._model, weight, EACH)
            vectors, decay = [d.vector for d in found], np.array([d.decay for d in found])
            layer = next(each for each in self._layers if weight in each.weights)
            passed = self._weigh(layer, self._differentiate(self._fit, layer.sums))
            whole, part = (differentiate_along(self._model, fit, weight, vectors)
                           for fit in (self._fit, passed))  # fmt: skip
            self._penalties[weight] = find_factor(whole - part, decay) * decay
        return self._penalties[weight]

    def _read(self, event: int) -> Array:
        return np.asarray(self._model.base.events[event][2], dtype=np.float64)

    def _differentiate(self, fit: Fit, event: int, beside: Mapping[str, Array] = {}) -> Array:
        return differentiate(self._model, fit, name_event(event), beside)


def name_last_activation(y: Array, z: Array) -> Iterator[str]:
    """Yield the mistakes with which these outputs are computed from these sums."""
    for outputs, sums in ((y, z), (y.T, z.T)):
        wrong = {
            "double-softmax": softmax(softmax(sums)),
            "sigmoid-before-softmax": softmax(sigmoid(sums)),
            "softmax-whole-batch": softmax(sums.reshape(-1)).reshape(sums.shape),
        }
        yield from (name for name, value in wrong.items() if np.allclose(value, outputs, atol=0))


def name_outputs(decision: Decision) -> str | None:
    """Return the mistake with which the outputs of a step are computed, None for none."""
    found = _list_named_outputs(decision.model, decision.fit) if decision.fit else iter(())
    return next((name for name, _ in found), None)


def _list_named_outputs(model: Model, fit: Fit) -> Iterator[tuple[str, int]]:
    """Yield the known mistakes of the outputs of the last layer, with the events of these."""
    events = model.base.events
    for layer in list_layers(model, fit)[-1:]:
        z = events[layer.sums][2]
        for event in layer.outputs:
            names = name_last_activation(events[event][2].reshape(z.shape), z)
            yield from ((name, event) for name in names)


def _list_slopes(z: Array) -> list[Array]:
    """Return the slopes that an activation may have at some sums, or at outputs that are these."""
    slope = sigmoid(z) * (1 - sigmoid(z))
    return [np.sign(relu(z)), slope, z * (1 - z), 1 - np.tanh(z) ** 2, 1 - z * z]
