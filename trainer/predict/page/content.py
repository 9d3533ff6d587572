"""Collect what the page of a run holds: its weights, its snapshots and examples of the test set."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trainer.board.pictures import shorten_name
from trainer.book.functions import Array
from trainer.book.preprocessing import Preparation
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.data.digits import check_fingerprint, load_digits
from trainer.predict import image
from trainer.predict.page.packing import choose_step, encode_changes, pack, round_to_steps
from trainer.training.checkpoint import Checkpoint

WRONG = 5  # examples that the net gets wrong
# The finest step of W1, and the integers that hold the steps: of the net, and of its snapshots.
FINE, COARSE = (2.0**-20, "int32"), (2.0**-11, "int16")
MOST_HIDDEN = 1000  # hidden neurons, each of which is a picture on the page


@dataclass(frozen=True)
class Content:
    """The packed data of a page, and what was measured of them.

    difference is the largest one between the outputs of NumPy and torch for the examples.
    rounding and earlier_rounding are the largest changes of these outputs by rounding the weights
    for the page: those of the checkpoint, and those of the snapshots.
    """

    packed: str
    difference: float
    rounding: float
    earlier_rounding: float


def collect_content(
    name: str, trained: Checkpoint, snapshots: dict[int, dict[str, Array]], data_dir: Path
) -> Content:
    """Return the content of the page of the run called name.

    snapshots holds the earlier weights by iteration. Raises InputError if data_dir holds other
    data than the net was trained on, or the net is too large.
    """
    settings = trained.origin.settings
    if settings.hidden_size > MOST_HIDDEN:
        text = _("has {size} hidden neurons; a page shows {most} at most: train a smaller net",
                 size=settings.hidden_size, most=MOST_HIDDEN)  # fmt: skip
        raise InputError(f"{name}: {text}")
    digits = load_digits(settings.dataset, data_dir, settings.dtype)
    check_fingerprint(digits, trained.origin.fingerprint)
    pixels = np.rint(255 * digits.x_test).astype(np.uint8)  # (N, 784)
    guesses = _compute_outputs(trained, pixels, "numpy").argmax(axis=1)
    first, wrong = choose_examples(digits.t_test, guesses, len(digits.classes))
    chosen = first + wrong
    outputs = [_compute_outputs(trained, pixels[chosen], by) for by in ("numpy", "torch")]
    difference = float(np.abs(outputs[0] - outputs[1]).max())
    facts = _describe(name, trained, float((guesses == digits.t_test).mean()))
    facts |= {"difference": difference, "labels": digits.t_test[chosen].tolist()}
    facts |= {"wrong": len(wrong)}
    final, *others = (
        fold_preparation(params, trained.preparation)
        for params in (trained.params, *snapshots.values())
    )
    arrays, steps = _collect_weights(final, dict(zip(snapshots, others, strict=True)))
    facts |= {"snapshots": list(snapshots), **steps}
    roundings = (
        _measure_rounding(trained, weights, pixels[chosen], step)
        for weights, step in zip(([final], others), steps.values(), strict=True)
    )
    return Content(pack(facts, {"examples": pixels[chosen], **arrays}), difference, *roundings)


def choose_examples(t: Array, guesses: Array, classes: int) -> tuple[list[int], list[int]]:
    """Return the first test image of each class that is guessed right, then WRONG wrong ones.

    A class of which none is right has its first image. t and guesses are labels (N,).
    """
    right = [np.flatnonzero((t == c) & (guesses == c)) for c in range(classes)]
    every = [np.flatnonzero(t == c) for c in range(classes)]
    first = [int(found[0]) for some, more in zip(right, every, strict=True)
             if len(found := some if len(some) else more)]  # fmt: skip
    wrong = [int(i) for i in np.flatnonzero(t != guesses) if i not in first]
    return first, wrong[:WRONG]


def _compute_outputs(trained: Checkpoint, pixels: Array, backend: Any) -> Array:
    """Return y (N, C) of the net for pixels (N, 784) of uint8, computed by the backend."""
    net = trained.restore_net(backend, "cpu")
    y: Array = net.activations(net.native(trained.prepare_inputs(pixels)))["y"]
    return y


def _describe(name: str, trained: Checkpoint, accuracy: float) -> dict[str, Any]:
    """Return the facts of the run, and the constants by which a drawing is prepared."""
    settings, origin = trained.origin.settings, trained.origin
    how = {key.lower(): getattr(image, key) for key in ("SIDE", "BOX", "NOISE", "FULL", "FAINT")}
    names = "backend", "dataset", "preprocess", "activation", "loss", "lr", "seed"
    return {
        "run": name, "iteration": origin.iteration, "accuracy": accuracy,
        "classes": [shorten_name(each) for each in origin.classes],
        "how": how | {"digits": image.DIGITS},
        **{key: getattr(settings, key) for key in names},
    }  # fmt: skip


def fold_preparation(params: dict[str, Array], how: Preparation | None) -> dict[str, Array]:
    """Return weights in float32 for pixels in [0, 1] that give the outputs for prepared inputs."""
    W1, b1 = params["W1"].astype(np.float64), params["b1"].astype(np.float64)
    if how is not None:
        W1 = how.scale @ W1 if how.scale.ndim == 2 else how.scale[:, None] * W1
        b1 = b1 - how.shift @ W1
    return {k: w.astype(np.float32) for k, w in (params | {"W1": W1, "b1": b1}).items()}


def _collect_weights(
    final: dict[str, Array], earlier: dict[int, dict[str, Array]]
) -> tuple[dict[str, Array], dict[str, float]]:
    """Return the arrays of the weights by name, and the steps of W1: fine, and coarse for earlier.

    The checkpoint's arrays have the names W1, b1, W2, b2; those of the snapshot of iteration 10
    W1@10 and so on. W1 of a snapshot holds changes from the snapshot before it.
    """
    series = [params["W1"] for params in earlier.values()]
    fine, coarse = choose_step([final["W1"]], *FINE), choose_step(series, *COARSE)
    arrays = final | {"W1": np.rint(final["W1"].astype(np.float64) / fine).astype(np.int32)}
    for (i, params), changes in zip(earlier.items(), encode_changes(series, coarse), strict=True):
        arrays |= {f"{key}@{i}": w for key, w in (params | {"W1": changes}).items()}
    return arrays, {"fine": fine, "coarse": coarse}


def _measure_rounding(
    trained: Checkpoint, weights: list[dict[str, Array]], pixels: Array, step: float
) -> float:
    """Return how much rounding W1 to multiples of step changes an output for pixels, at most."""
    largest = 0.0
    for exact in weights:
        rounded = exact | {"W1": round_to_steps(exact["W1"], step)}
        outputs = [_compute_folded(trained, each, pixels) for each in (exact, rounded)]
        largest = max(largest, float(np.abs(outputs[0] - outputs[1]).max()))
    return largest


def _compute_folded(trained: Checkpoint, folded: dict[str, Array], pixels: Array) -> Array:
    """Return y (N, C) in float64 of weights from fold_preparation for pixels (N, 784) of uint8."""
    settings = replace(trained.origin.settings, dtype="float64")
    params = {name: w.astype(np.float64) for name, w in folded.items()}
    return _compute_outputs(
        Checkpoint(params, replace(trained.origin, settings=settings)), pixels, "numpy"
    )
