"""Draw what chapter 4.1 sets against learning: features by hand, with a classifier behind them.

SIFT, SURF and HOG are the book's examples, SVM and KNN the classifiers. HOG (histograms of oriented
gradients) is that of Dalal and Triggs, CVPR 2005, by scikit-image; the classifiers are
scikit-learn's.
"""

import importlib.util
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.digits import Digits
from trainer.figures.learning import ShownRun, train_in_memory
from trainer.figures.style import BLUE, GREEN, VERMILION, make_sheet, name_axes, show_image
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.threads import Threads

NEEDED = ("skimage", "sklearn")
INSTALL = 'scikit-image and scikit-learn: pip install ".[features]"'
TRAIN, TEST = 5000, 1000  # digits, at most: KNN compares each with each
NEURONS = 5  # that are shown
CELLS = {"orientations": 9, "pixels_per_cell": (7, 7), "cells_per_block": (2, 2)}
DIGIT = 0  # the number of the test digit that is shown


@dataclass(frozen=True)
class Score:
    """How a way to read digits does: accuracy over the test digits, and seconds."""

    name: str
    accuracy: float
    train: float
    predict: float


def can_draw() -> bool:
    """Return whether the libraries are installed that these pictures need."""
    return all(importlib.util.find_spec(name) for name in NEEDED)


def compute_hog(images: Array) -> Array:
    """Return the histograms of gradients (N, 324) of images (N, 784)."""
    from skimage.feature import hog

    return np.array([hog(image.reshape(28, 28), **CELLS) for image in images])


def _measure(
    name: str, train: Callable[[], Any], predict: Callable[[Any], Array], t: Array
) -> Score:
    started = time.perf_counter()
    model = train()
    trained = time.perf_counter()
    accuracy = float(np.mean(predict(model) == t))
    return Score(name, accuracy, trained - started, time.perf_counter() - trained)


def measure_scores(digits: Digits, settings: Settings) -> tuple[list[Score], ShownRun]:
    """Return how HOG with a linear SVM, KNN on pixels, and the net do; and the net's run."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import LinearSVC

    x, t, x_test, t_test = digits.x_train, digits.t_train, digits.x_test, digits.t_test
    quiet = replace(settings, eval_every=settings.iterations)
    size = x.shape[1], settings.hidden_size, len(digits.classes)
    net, runs = TwoLayerNet(*size), list[ShownRun]()

    def train_net() -> TwoLayerNet:
        runs.append(train_in_memory(digits, quiet))
        net.set_params(runs[0].after)
        return net

    # joblib would count the cores by another program, and print a traceback where that is missing.
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")
    with Threads().limit_to_one():
        scores = [
            _measure("HOG, linear SVM", lambda: LinearSVC(random_state=0).fit(compute_hog(x), t),
                     lambda svm: svm.predict(compute_hog(x_test)), t_test),
            _measure("KNN on pixels", lambda: KNeighborsClassifier(3).fit(x, t),
                     lambda knn: knn.predict(x_test), t_test),
            _measure("the net", train_net, lambda net: net.classes(x_test), t_test),
        ]  # fmt: skip
    return scores, runs[0]


def draw_features(digits: Digits, settings: Settings) -> Figure:
    """Draw three ways to read the same digits, and what two of them see of one (chapter 4.1)."""
    from skimage.feature import hog

    few = replace(
        digits, x_train=digits.x_train[:TRAIN], t_train=digits.t_train[:TRAIN],
        x_test=digits.x_test[:TEST], t_test=digits.t_test[:TEST],
    )  # fmt: skip
    scores, run = measure_scores(few, settings)
    figure, axes = make_sheet(
        f"Features by hand, and learned ones: {len(few.x_train):,} digits of {few.name}",
        "Above: HOG counts, in each cell of an image, how strong the edges of each direction are; "
        "people chose that, and only the SVM behind it is learned. KNN learns nothing: it keeps "
        "the digits and compares. The net finds its features itself. Below: a digit, the edges "
        f"that HOG sees of it, and the weights of the {NEURONS} hidden neurons that say most about "
        "it; a neuron adds up ink where they are red and subtracts it where they are blue.",
        rows=2,
        columns=2 + NEURONS,
        size=(9, 5.6),
    )
    _draw_scores(figure, axes[0], scores)
    image = few.x_test[DIGIT]
    show_image(axes[1, 0], image.reshape(28, 28))
    axes[1, 0].set_title("a digit", fontsize=9)
    show_image(axes[1, 1], hog(image.reshape(28, 28), visualize=True, **CELLS)[1])
    axes[1, 1].set_title("as HOG sees it", fontsize=9)
    _draw_neurons(axes[1, 2:], run, image)
    return figure


def _draw_scores(figure: Figure, row: Array, scores: list[Score]) -> None:
    """Draw a panel of bars for the accuracy and for both times, in place of a row of axes."""
    grid = row[0].get_gridspec()
    for axis in row:
        axis.remove()
    panels = (("accuracy", "fraction correct", slice(0, 3)), ("train", "seconds", slice(3, 5)),
              ("predict", "seconds", slice(5, None)))  # fmt: skip
    for i, (quantity, unit, columns) in enumerate(panels):
        panel = figure.add_subplot(grid[0, columns])
        values = [getattr(score, quantity) for score in scores]
        names = [score.name for score in scores]
        bars = panel.barh(names, values, color=[VERMILION, GREEN, BLUE])
        panel.bar_label(bars, [f"{value:.3g}" for value in values], padding=3, fontsize=8.5)
        panel.set_xlim(0, 1.3 * max(values))
        panel.invert_yaxis()
        title = {"train": "time to train", "predict": f"time to read {TEST:,}"}
        name_axes(panel, title.get(quantity, "accuracy on test digits"), unit, "classifier")
        if i:
            panel.set_yticklabels([])


def _draw_neurons(row: Array, run: ShownRun, image: Array) -> None:
    """Draw the weights of the hidden neurons that count most for the outputs of an image."""
    (D, H), C = run.after["W1"].shape, len(run.after["b2"])
    net = TwoLayerNet(D, H, C)
    net.set_params(run.after)
    found = net.activations(image[None])
    best = found["a2"].argmax()
    share = found["z1"][0] * net.params["W2"][:, best]
    for axis, neuron in zip(row, np.argsort(-np.abs(share)), strict=False):
        weights = net.params["W1"][:, neuron]
        limit = np.abs(weights).max()
        show_image(axis, weights.reshape(28, 28), cmap="RdBu_r", vmin=-limit, vmax=limit)
        axis.set_title(f"neuron {neuron}", fontsize=9)
