"""Every picture by name, and what it is drawn from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from matplotlib.figure import Figure

from trainer import data
from trainer.data import Digits
from trainer.figures import chapter2, chapter3, chapter4, learning
from trainer.settings import Settings


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
        there = data.there("mnist", self.data_dir)
        name = self.settings.dataset or ("mnist" if there else "mnist-5k")
        return data.load(name, self.data_dir)

    @cached_property
    def sets(self) -> list[Digits]:
        """Every data set that is there; nothing is downloaded."""
        others = [name for name in data.SETS if data.there(name, self.data_dir)]
        names = dict.fromkeys([self.digits.name, *others, "mnist-5k"])
        return [data.load(name, self.data_dir) for name in data.SETS if name in names]

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
