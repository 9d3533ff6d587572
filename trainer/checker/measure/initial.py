"""Notes initial weights that train badly: all equal, all positive, or as large as 1."""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import OPTIONS, find_role, list_arguments
from trainer.checker.adapt.subject import make_subject
from trainer.checker.findings.comparing import Finding
from trainer.common.language import join_words
from trainer.common.language import translate as _

SIZES = (60, 40, 10)  # many enough that the draw of a right net shows its scale
LEAST = 30  # weights of a matrix
LARGE = 0.7  # He's and Xavier's scales are at most 0.4 in these sizes


def check_initial(kind: type) -> Iterator[Finding]:
    """Yield a note on the weights that the constructor draws by itself, if they train badly."""
    if not getattr(kind, "draws_weights", True):
        return  # A net made of functions or layers alone.
    given = [p for p in list_arguments(kind) if p.default is p.empty]
    if any(find_role(p.name, OPTIONS) in ("weights", "std") for p in given):
        return  # The user chooses them.
    subject = attempt(lambda: make_subject(kind, *SIZES)).value
    if subject is None or not {"W1", "W2"} <= set(subject.weights.places):
        return
    outcome = attempt(subject.weights.get)
    matrices = {k: v for k, v in (outcome.value or {}).items() if k[0] == "W" and v.size >= LEAST}
    if message := _describe(matrices):
        yield Finding("initial weights", "note", message)


def _describe(matrices: dict[str, Array]) -> str:
    """Return what is unusual about the matrices, empty for nothing."""
    equal = [key for key, array in matrices.items() if not np.ptp(array)]
    positive = [k for k, array in matrices.items() if k not in equal and array.min() >= 0]
    deviations = {key: float(array.std()) for key, array in matrices.items()}
    large = {k: s for k, s in deviations.items() if s > LARGE and k not in positive}
    if "W1" in equal:
        value = matrices["W1"].flat[0] + 0.0  # no −0
        message = _(
            "all of {names} are {value}: all hidden neurons stay equal, use np.random.randn"
        )
        return message.format(names=join_words(equal), value=f"{value:.3g}")
    if positive:
        message = _(
            "all of {names} are positive: np.random.randn draws both signs, np.random.rand not"
        )
        return message.format(names=join_words(positive))
    if large:
        message = _(
            "their standard deviation is large ({deviations}): the book multiplies by 0.01. With "
            "large weights sigmoid saturates and training starts slowly"
        )
        return message.format(deviations=", ".join(f"{k} {s:.1f}" for k, s in large.items()))
    return ""
