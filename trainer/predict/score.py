"""Score a net on a test set: accuracy, loss and confusion matrix."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from trainer.board.pictures import count_guesses, shorten_name
from trainer.book.functions import Array
from trainer.common.language import translate as _
from trainer.common.settings import Backend, Device
from trainer.data.digits import check_fingerprint, load_digits, prepare_digits
from trainer.nets.net import Net
from trainer.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Score:
    """The accuracy and loss of a net, and its confusion matrix.

    confusion (C, C) counts the images of each of C classes (row) by the guessed class (column).
    """

    accuracy: float
    loss: float
    confusion: Array
    classes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the score as values that JSON can hold."""
        return vars(self) | {"confusion": self.confusion.tolist()}


def score_checkpoint(
    trained: Checkpoint, data_dir: Path, backend: Backend, device: Device = "auto"
) -> Score:
    """Return the score of a trained net on the test images of its data set.

    Raises InputError if data_dir holds other data.
    """
    settings = trained.origin.settings
    net = trained.restore_net(backend, device)
    digits = load_digits(settings.dataset, data_dir, settings.dtype)
    check_fingerprint(digits, trained.origin.fingerprint)
    digits = prepare_digits(digits, settings.preprocess, trained.preparation)
    return score_net(net, digits.x_test, digits.t_test, trained.origin.classes)


def score_net(net: Net[Any], x: Array, t: Array, classes: tuple[str, ...]) -> Score:
    """Return the score of a net on N images of D pixels, x (N, D), with labels t (N,)."""
    xs, ts = net.native(x), net.native(t)
    guesses = np.asarray(net.predict(xs).argmax(1).tolist())  # (N,) from NumPy or any device
    confusion = count_guesses(t, guesses, len(classes))
    return Score(net.accuracy(xs, ts), net.loss(xs, ts), confusion, classes)


def tabulate_confusion(score: Score) -> Table:
    """Return the confusion matrix as a table, with the fraction right at the end of each row."""
    names = [shorten_name(name) for name in score.classes]
    table = Table(_("is \\ got"), box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in (*names, _("right")):
        table.add_column(name, justify="right", overflow="fold")
    for name, row, right in zip(names, score.confusion, score.confusion.diagonal(), strict=True):
        counts = [str(count) if count else "·" for count in row.tolist()]
        table.add_row(name, *counts, f"{right / max(row.sum(), 1):.1%}")
    return table
