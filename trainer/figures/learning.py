"""Draw the book's chapters 3 and 4 on real digits: samples, a line through weights, a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from trainer.board.pictures import shorten_name
from trainer.book.functions import Array
from trainer.book.gradient import numerical_gradient
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import Digits
from trainer.figures.style import BLUE, GREY, VERMILION, make_sheet, name_axes, show_image
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.evaluation import FullEvaluation
from trainer.training.loop import Loop, Point
from trainer.training.threads import Threads

FEW = 100  # test digits for the line, so few that one sees the accuracy move in steps of 1/FEW


@dataclass(frozen=True)
class ShownRun:
    """A run of TwoLayerNet in memory: its params before and after training, and its points."""

    digits: Digits
    before: dict[str, Array]
    after: dict[str, Array]
    points: list[Point]


def train_in_memory(digits: Digits, settings: Settings) -> ShownRun:
    """Train TwoLayerNet on the digits by the loop of trainer.training; return the run."""
    size = digits.x_train.shape[1], settings.hidden_size, len(digits.classes)
    net = TwoLayerNet(*size, settings.weight_init_std, seed=settings.seed)
    before = {key: value.copy() for key, value in net.params.items()}
    train, test = (digits.x_train, digits.t_train), (digits.x_test, digits.t_test)
    batch = Batches(*train, settings.batch_size, settings.seed)
    threads = Threads()
    evaluation = FullEvaluation(net, train, test, threads)
    with threads.limit_to_one():
        points = Loop(net, batch, settings, evaluation).run()
    return ShownRun(digits, before, net.params, points)


def draw_samples(sets: Sequence[Digits]) -> Figure:
    """Draw two training images of each class of each data set (chapter 3.6.1)."""
    names = ", ".join(digits.name for digits in sets)
    figure, axes = make_sheet(
        f"A sample of {names}",
        "The first two training images of each class, 28 × 28 pixels from 0 (white here) to 1 "
        "(black), each under its label. This is all that the net gets: 784 numbers, and the "
        "label to learn.",
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
            column[0].set_title(shorten_name(digits.classes[label]), fontsize=8.5)
        rows[0, 0].set_ylabel(digits.name, fontsize=8.5)
    return figure


def draw_line_through_weights(run: ShownRun) -> Figure:
    """Draw the loss and the accuracy along a line through weight space (chapter 4.2.5)."""
    alpha = np.linspace(-0.25, 1.5, 176)
    figure, axes = make_sheet(
        "Why the loss is minimised, and not the accuracy",
        f"From the initial weights (α = 0) straight to the trained ones (α = 1), on {FEW} test "
        "digits. The loss is smooth, and its slope says at every α which way is down. The accuracy "
        f"moves in jumps of 1/{FEW}. Between them its slope, by numerical_gradient, is exactly 0, "
        "so gradient descent could not follow it.",
        rows=2,
        size=(9, 6),
        sharex=True,
    )
    styles = {"loss": {"color": BLUE}, "accuracy": {"color": VERMILION, "drawstyle": "steps-mid"}}
    for column, (name, style) in zip(axes.T, styles.items(), strict=True):
        value = _make_function_of_alpha(run, name)
        with Threads().limit_to_one():
            slope = [float(numerical_gradient(value, a)) for a in alpha]
        name_axes(column[0], f"the {name} along the line", "", name)
        column[0].plot(alpha, [value(a) for a in alpha], **style)
        name_axes(column[1], f"its slope: 0 at {np.mean(np.equal(slope, 0)):.1%} of the points",
                  "α", f"d {name} / dα")  # fmt: skip
        column[1].plot(alpha, slope, **style)
        column[1].axhline(0, color=GREY, linewidth=0.8)
    return figure


def _make_function_of_alpha(run: ShownRun, name: str) -> Callable[[float | Array], float]:
    """Return net.loss or net.accuracy (by name) on FEW test digits as a function of α."""
    size = *run.before["W1"].shape, run.before["W2"].shape[1]
    net = TwoLayerNet(*size, dtype="float64")
    x, t = run.digits.x_test[:FEW].astype(np.float64), run.digits.t_test[:FEW]

    def value(alpha: float | Array) -> float:
        net.set_params({
            key: start + alpha * (run.after[key].astype(np.float64) - start)
            for key, start in run.before.items()
        })  # fmt: skip
        return float(getattr(net, name)(x, t))

    return value


def draw_curves(run: ShownRun) -> Figure:
    """Draw the loss and accuracies of a real run (chapter 4.5.3)."""
    iterations = [point.iteration for point in run.points]
    last = run.points[-1]
    figure, (loss, accuracy) = make_sheet(
        f"A run on {run.digits.name}: {last.iteration:,} steps",
        "Left: the loss of the mini-batches at which the net was evaluated. It falls, and jumps "
        "because every batch is different. Right: the accuracy on all training and all test "
        "digits. While the two lines stay together the net learns what digits look like; a gap "
        "that opens between them is over-fitting.",
        size=(9, 4.8),
    )
    name_axes(loss, "loss", "iteration", "cross-entropy of the mini-batch")
    loss.plot(iterations, [point.loss for point in run.points], color=BLUE, linewidth=1)
    name_axes(accuracy, "accuracy", "iteration", "fraction correct")
    sets = {"train": {"color": BLUE}, "test": {"color": VERMILION, "linestyle": "--"}}
    for name, style in sets.items():
        label = f"{name}: {getattr(last, name):.4f} at the end"
        accuracy.plot(iterations, [getattr(p, name) for p in run.points], label=label, **style)
    accuracy.legend(loc="lower right")
    return figure
