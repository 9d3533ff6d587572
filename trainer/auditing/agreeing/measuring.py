"""Measure how far rounding can move the results of an implementation at these inputs.

f is run in float64 on the inputs x and on x (1 ± h) with random signs, for h = 2⁻²⁴ and h = 2⁻⁴⁰:

    slope      the largest |f(x (1 ± h)) − f(x)| / h: times u, what inputs rounded to u do to f
    noise      |f(x (1 + h)) + f(x (1 − h)) − 2 f(x)|: what is not smooth, such as the rounding
               where the run casts to float32 inside; h² f″ is smaller
    rounding   the same for h = 2⁻⁴⁰: the rounding of the run itself in float64

A backward stable algorithm gives the exact result of inputs that are moved by a few u, so its
error is a small multiple of u · slope [Higham 2002, 1.5]. A sum of n terms in any order has an
error of about √n u with a high probability [Higham and Mary 2019]; n is the longest axis, or what
a torch operation sums. That second differences of a function show its noise is from
[Moré and Wild 2011]; random signs in the last place are CESTAC's [Vignes 1993].
"""

from dataclasses import dataclass

import numpy as np

from trainer.auditing.agreeing.side import Side, Values
from trainer.auditing.agreeing.values import ROUNDOFF
from trainer.book.functions import Array

STEPS = (2.0**-24, 2.0**-40)  # h: a unit in the last place of float32, and one much smaller
# In the middle between the roundings of float32 and of float64: functions that differ by less
# than inputs moved by so much of themselves are the same function.
SAME = 2.0**-38
SAFETY = 8  # noise is measured at a few points, and is up to so many times as large elsewhere
KINK = 2.0**12  # the ratio of two second differences, of which rounding has 1 and a kink 2¹⁶
CHANCE = 4  # λ of Higham and Mary: the probability to be outside λ √n u is 2 exp(−λ²/2)


@dataclass(frozen=True)
class Scale:
    """What a result is in float64, and how far its elements move with the inputs."""

    value: Array
    slope: Array
    noise: Array
    rounding: Array

    @property
    def size(self) -> Array:
        """The slope and value of each element, and those that are usual in this result."""
        usual = find_usual(self.slope) + find_usual(self.value)
        return self.slope + np.abs(self.value) + usual

    @property
    def is_flat(self) -> bool:
        """Whether most elements stay where they are, as those that are rounded coarsely do."""
        return bool(np.mean((self.slope == 0) & (self.value != 0)) > 0.5)

    def bound_rounding(self, u: float, length: int) -> Array:
        """Return the error that is explained by a roundoff of u in sums of so many terms.

        Terms that cancel leave their rounding, as they do in float64.
        """
        by_terms = (CHANCE * np.sqrt(length) + SAFETY) * u * self.size
        return by_terms + SAFETY * self.rounding * u / ROUNDOFF["float64"]


def measure(side: Side, steps: tuple[float, ...] = STEPS, shrink: float = 1.0) -> dict[str, Scale]:
    """Return the scale of each floating result of a side; takes 1 + 2 · len(steps) runs.

    The inputs are multiplied by shrink first.
    """
    base = side.run_wide(shrink=shrink)
    moved = {
        step: (side.run_wide(step, seed, shrink), side.run_wide(-step, seed, shrink))
        for seed, step in enumerate(steps)
    }
    rounded = {name: value.array for name, value in base.items() if value.is_rounded}
    return {name: _compare_runs(array, name, moved) for name, array in rounded.items()}


def limit_same(a: Scale, b: Scale) -> Array:
    """Return by how much two float64 runs of one function may differ."""
    return SAME * find_truth(a, b).size + SAFETY * (a.noise + b.noise)


def find_truth(a: Scale, b: Scale) -> Scale:
    """Return the one that is nearer to the exact result: more of it is finite, or less noise."""
    finite = [int(np.isfinite(each.value).sum()) for each in (a, b)]
    if finite[0] != finite[1]:
        return a if finite[0] > finite[1] else b
    if a.is_flat != b.is_flat:
        return b if a.is_flat else a
    noises = [pool(each.noise) for each in (a, b)]
    if max(noises) <= SAFETY * min(noises):  # that of a smooth function: h² f″
        noises = [pool(each.rounding) for each in (a, b)]
    return a if noises[0] <= noises[1] else b


def pool(array: Array) -> float:
    """Return the root of the mean square of what is finite."""
    finite = array[np.isfinite(array)]
    return float(np.sqrt(np.mean(np.abs(finite) ** 2))) if finite.size else 0.0


def find_usual(array: Array) -> float:
    """Return the median size of the numbers that are finite and not 0: some may be masked."""
    sizes = np.abs(array[np.isfinite(array) & (array != 0)])
    return float(np.median(sizes)) if sizes.size else 0.0


def _compare_runs(base: Array, name: str, moved: dict[float, tuple[Values, Values]]) -> Scale:
    slope, noise, rounding = (np.zeros(base.shape) for _ in range(3))
    with np.errstate(all="ignore"):
        for step, runs in moved.items():
            if any(name not in run or run[name].array.shape != base.shape for run in runs):
                continue  # a result whose shape depends on its numbers
            up, down = (run[name].array - base for run in runs)
            # fmax: where a moved input is outside of a function's domain, nan counts nothing.
            slope = np.fmax(slope, np.fmax(np.abs(up), np.abs(down)) / step)
            second = _spread(np.abs(up + down), slope * STEPS[0] + np.abs(base))
            # What shrinks with h is a kink at this input, and no rounding.
            rounding = np.where(noise > KINK * second, 0, second)
            noise = np.fmax(noise, second)
    return Scale(base, slope, noise, rounding if len(moved) > 1 else np.zeros(base.shape))


def _spread(noise: Array, size: Array) -> Array:
    """Return the noise of each element, or if that is more, what is usual for all elements or,
    relative to their size, for elements of its size.

    Chance makes the noise of some elements much too small.
    """
    noise, size = (np.where(np.isfinite(each), each, 0) for each in (noise, size))
    relative = np.divide(noise, size, out=np.zeros(noise.shape), where=size > 0)
    return np.fmax(noise, np.fmax(find_usual(noise), find_usual(relative) * size))
