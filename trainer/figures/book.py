"""Draw the pictures of the book's chapters 2 to 4 by name, and load the data that they show."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.image import imsave

from trainer.board.dashboard import open_board
from trainer.common.errors import InputError
from trainer.common.files import make_run_folder
from trainer.common.language import translate as _
from trainer.common.settings import Dataset, Settings
from trainer.data.digits import Digits, load_digits
from trainer.data.fetch import SETS, is_present
from trainer.figures import chapter2, chapter3, chapter4, features, learning
from trainer.figures.style import render_pixels


@dataclass(frozen=True)
class PictureData:
    """The data sets in data_dir, and the run of these settings that some pictures show.

    A data set is read, or the run trained, when the first picture needs it.
    """

    data_dir: Path
    settings: Settings

    @cached_property
    def digits(self) -> Digits:
        """The data set of the settings, by default mnist if present, otherwise mnist-5k."""
        default: Dataset = "mnist" if is_present("mnist", self.data_dir) else "mnist-5k"
        return load_digits(self.settings.dataset or default, self.data_dir)

    @cached_property
    def sets(self) -> list[Digits]:
        """Every data set that is present; nothing is downloaded."""
        always = self.digits.name, "mnist-5k"
        names = [name for name in SETS if name in always or is_present(name, self.data_dir)]
        return [load_digits(name, self.data_dir) for name in names]

    @cached_property
    def run(self) -> learning.ShownRun:
        """The run, which is trained in memory."""
        return learning.train_in_memory(self.digits, self.settings)


# In the order of the book; a name's first part is its chapter.
PICTURES: dict[str, Callable[[PictureData], Figure]] = {
    "2-gates": lambda _: chapter2.draw_gates(),
    "2-xor": lambda _: chapter2.draw_xor(),
    "2-xor-stacked": lambda _: chapter2.draw_stacked_xor(),
    "2-xor-learned": lambda _: chapter2.draw_learned_xor(),
    "3-step-and-sigmoid": lambda _: chapter3.draw_step_and_sigmoid(),
    "3-relu": lambda _: chapter3.draw_relu(),
    "3-softmax": lambda _: chapter3.draw_softmax_overflow(),
    "3-samples": lambda data: learning.draw_samples(data.sets),
    "3-preparations": lambda data: chapter3.draw_preparations(data.digits),
    "4-features": lambda data: features.draw_features(data.digits, data.settings),
    "4-losses": lambda _: chapter4.draw_losses(),
    "4-one-hot-and-labels": lambda _: chapter4.draw_one_hot_and_labels(),
    "4-loss-not-accuracy": lambda data: learning.draw_line_through_weights(data.run),
    "4-tangents": lambda _: chapter4.draw_tangents(),
    "4-gradient-field": lambda _: chapter4.draw_gradient_field(),
    "4-descents": lambda _: chapter4.draw_descents(),
    "4-run": lambda data: learning.draw_curves(data.run),
}


def draw_pictures(
    data: PictureData, names: Iterable[str], log_dir: Path, out: Path | None = None
) -> Path:
    """Draw the named pictures into a new run "book" in log_dir; return its folder.

    Also saves each as a PNG file, in out or in the run's folder. Raises InputError, before
    anything is drawn, if a folder cannot be written or a data set cannot be used.
    """
    _ = data.digits  # raises InputError if they cannot be read
    if out:
        make_output_folder(out)
    folder = make_run_folder(log_dir, "book")
    with open_board(folder) as board:
        for name in names:
            picture = render_pixels(PICTURES[name](data))
            board.add_image(f"chapter {name[0]}/{name[2:]}", picture, 0, dataformats="HWC")
            imsave((out or folder) / f"{name}.png", picture)
    return folder


def make_output_folder(out: Path) -> None:
    """Make the folder if it is missing; raise InputError if it cannot be made or written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = _("cannot make this folder: {reason}", reason=error.strerror)
        raise InputError(f"--out {out}: {text}") from error
    if not os.access(out, os.W_OK):
        text = _("cannot write there; choose another folder")
        raise InputError(f"--out {out}: {text}")
