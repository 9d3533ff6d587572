"""Chapters 3 and 4 on real digits: the data, the line through weight space, the curves of a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from trainer.board.pictures import short_name
from trainer.book.functions import Array
from trainer.book.gradient import numerical_gradient
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import Digits
from trainer.figures.style import (
    BLUE,
    GREY,
    VERMILION,
    name_axes,
    sheet,
    show_image,
)
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.evaluation import FullEvaluation
from trainer.training.loop import Loop, Point
from trainer.training.threads import Threads

FEW = 100  # digits along the line: few enough that each one's step in the accuracy is seen


@dataclass(frozen=True)
class Lesson:
    """A run of TwoLayerNet in memory: its weights before and after, and its points."""

    digits: Digits
    before: dict[str, Array]
    after: dict[str, Array]
    points: list[Point]


def learn(digits: Digits, settings: Settings) -> Lesson:
    """Train the book's net on the digits, by the project's own loop."""
    size = digits.x_train.shape[1], settings.hidden_size, len(digits.classes)
    net = TwoLayerNet(*size, settings.weight_init_std, seed=settings.seed)
    before = {key: value.copy() for key, value in net.params.items()}
    batch = Batches(digits.x_train, digits.t_train, settings.batch_size, settings.seed)
    points: list[Point] = []
    threads = Threads()
    train, test = (digits.x_train, digits.t_train), (digits.x_test, digits.t_test)
    evaluation = FullEvaluation(net, train, test, threads)
    with threads.limit_to_one():
        Loop(net, batch, settings, evaluation, points.append).run()
    return Lesson(digits, before, net.params, points)


def samples(sets: Sequence[Digits]) -> Figure:
    """Two training images of each class of each data set (chapter 3.6.1)."""
    names = ", ".join(digits.name for digits in sets)
    figure, axes = sheet(
        f"A sample of {names}",
        "The first two training images of each class, 28 × 28 pixels from 0 (white here) to 1 "
        "(black), each under its label. This is all that the net is given: 784 numbers and, "
        "to learn, the label.",
        rows=2 * len(sets),
        columns=10,
        size=(9, 1.2 + 1.85 * len(sets)),
        squeeze=False,
    )
    for digits, rows in zip(sets, axes.reshape(len(sets), 2, 10), strict=True):
        for label, column in enumerate(rows.T):
            chosen = np.flatnonzero(digits.t_train == label)[:2]
            for axis, image in zip(column, digits.x_train[chosen], strict=True):
                show_image(axis, image.reshape(28, 28))
            column[0].set_title(short_name(digits.classes[label]), fontsize=8.5)
        rows[0, 0].set_ylabel(digits.name, fontsize=8.5)
    return figure


def line_through_weights(lesson: Lesson) -> Figure:
    """The loss and the accuracy along a line through weight space (chapter 4.2.5)."""
    alpha = np.linspace(-0.25, 1.5, 176)
    figure, axes = sheet(
        "Why the loss is minimised, and not the accuracy",
        f"From the initial weights (α = 0) straight to the trained ones (α = 1), on {FEW} test "
        "digits. The loss is smooth, and its slope says at every α which way is down. The accuracy "
        f"moves in jumps of 1/{FEW}: between them its slope, by numerical_gradient, is exactly 0, "
        "and tells descent nothing.",
        rows=2,
        columns=2,
        size=(9, 6),
        sharex=True,
    )
    styles = {"loss": {"color": BLUE}, "accuracy": {"color": VERMILION, "drawstyle": "steps-mid"}}
    for column, (name, style) in zip(axes.T, styles.items(), strict=True):
        value = _along(lesson, name)
        with Threads().limit_to_one():
            slope = [float(numerical_gradient(value, a)) for a in alpha]
        name_axes(column[0], f"the {name} along the line", "", name)
        column[0].plot(alpha, [value(a) for a in alpha], **style)
        name_axes(column[1], f"its slope: 0 at {np.mean(np.equal(slope, 0)):.1%} of the points",
                  "α", f"d {name} / dα")  # fmt: skip
        column[1].plot(alpha, slope, **style)
        column[1].axhline(0, color=GREY, linewidth=0.8)
    return figure


def _along(lesson: Lesson, name: str) -> Callable[[float | Array], float]:
    """net.loss or net.accuracy on a few test digits as a function of α, in float64."""
    size = *lesson.before["W1"].shape, lesson.before["W2"].shape[1]
    net = TwoLayerNet(*size, dtype="float64")
    x, t = lesson.digits.x_test[:FEW].astype(np.float64), lesson.digits.t_test[:FEW]

    def value(alpha: float | Array) -> float:
        net.set_params({
            key: start + alpha * (lesson.after[key].astype(np.float64) - start)
            for key, start in lesson.before.items()
        })  # fmt: skip
        return float(getattr(net, name)(x, t))

    return value


def curves(lesson: Lesson) -> Figure:
    """Loss and accuracies of a real run (chapter 4.5.3)."""
    iterations = [point.iteration for point in lesson.points]
    last = lesson.points[-1]
    figure, (loss, accuracy) = sheet(
        f"A run on {lesson.digits.name}: {last.iteration:,} steps",
        "Left: the loss of each mini-batch that was looked at, which jumps since every batch is "
        "another, and falls. Right: the accuracy on all training and all test digits. While the "
        "two lines go together the net learns what digits look like; a gap that opens between "
        "them is over-fitting.",
        columns=2,
        size=(9, 4.8),
    )
    name_axes(loss, "loss", "iteration", "cross-entropy of the mini-batch")
    loss.plot(iterations, [point.loss for point in lesson.points], color=BLUE, linewidth=1)
    name_axes(accuracy, "accuracy", "iteration", "fraction right")
    sets = {"train": {"color": BLUE}, "test": {"color": VERMILION, "linestyle": "--"}}
    for name, style in sets.items():
        label = f"{name}: {getattr(last, name):.4f} at the end"
        accuracy.plot(iterations, [getattr(p, name) for p in lesson.points], label=label, **style)
    accuracy.legend(loc="lower right")
    return figure
