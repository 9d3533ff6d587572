"""Every picture by name, and what it is drawn from."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.image import imsave

from trainer.board.dashboard import Dashboard
from trainer.common.errors import InputError
from trainer.common.files import new_folder
from trainer.common.settings import Dataset, Settings
from trainer.data.digits import Digits, load_digits
from trainer.data.fetch import SETS, is_present
from trainer.figures import chapter2, chapter3, chapter4, learning
from trainer.figures.style import pixels


@dataclass(frozen=True)
class Book:
    """Where the digits are, and the settings of the run that some pictures show.

    What only some pictures need is read or trained when the first of them is drawn.
    """

    data_dir: Path
    settings: Settings

    @cached_property
    def digits(self) -> Digits:
        """The set of the settings, by default mnist where it is there, else mnist-5k."""
        default: Dataset = "mnist" if is_present("mnist", self.data_dir) else "mnist-5k"
        name = self.settings.dataset or default
        return load_digits(name, self.data_dir)

    @cached_property
    def sets(self) -> list[Digits]:
        """Every data set that is there; nothing is downloaded."""
        others = [name for name in SETS if is_present(name, self.data_dir)]
        names = dict.fromkeys([self.digits.name, *others, "mnist-5k"])
        return [load_digits(name, self.data_dir) for name in SETS if name in names]

    @cached_property
    def lesson(self) -> learning.Lesson:
        """The run."""
        return learning.learn(self.digits, self.settings)


# In the order of the book; a name's first part is its chapter.
PICTURES: dict[str, Callable[[Book], Figure]] = {
    "2-gates": lambda _: chapter2.gates(),
    "2-xor": lambda _: chapter2.xor(),
    "2-xor-stacked": lambda _: chapter2.xor_stacked(),
    "2-xor-learned": lambda _: chapter2.xor_learned(),
    "3-step-and-sigmoid": lambda _: chapter3.step_and_sigmoid(),
    "3-relu": lambda _: chapter3.rectifier(),
    "3-softmax": lambda _: chapter3.softmax_overflow(),
    "3-samples": lambda book: learning.samples(book.sets),
    "3-preparations": lambda book: chapter3.preparations(book.digits),
    "4-losses": lambda _: chapter4.losses(),
    "4-one-hot-and-labels": lambda _: chapter4.one_hot_and_labels(),
    "4-loss-not-accuracy": lambda book: learning.line_through_weights(book.lesson),
    "4-tangents": lambda _: chapter4.tangents(),
    "4-gradient-field": lambda _: chapter4.gradient_field(),
    "4-descents": lambda _: chapter4.descents(),
    "4-run": lambda book: learning.curves(book.lesson),
}


def draw(book: Book, names: Iterable[str], log_dir: Path, out: Path | None = None) -> Path:
    """Draw the named pictures into a new run "book" of log_dir; returns its folder.

    Each is also a PNG file, in out or beside the event file. Raises InputError, before
    anything is drawn, where a folder cannot be written or a data set cannot be used.
    """
    _ = book.digits
    if out:
        make_folder(out)
    folder = new_folder(log_dir, "book")
    with Dashboard(folder) as board:
        for name in names:
            picture = pixels(PICTURES[name](book))
            board.add_picture(f"chapter {name[0]}/{name[2:]}", picture, 0)
            imsave((out or folder) / f"{name}.png", picture)
    return folder


def make_folder(out: Path) -> None:
    """Have a folder that can be written, or raise InputError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: cannot make that folder: {error.strerror}") from error
    if not os.access(out, os.W_OK):
        raise InputError(f"--out {out}: cannot write there")
