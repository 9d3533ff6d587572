"""What a run shows of its net in the Dashboard, beside the scalars: how it sees the test digits."""

from typing import Any

import numpy as np

from trainer.board import pictures
from trainer.board.dashboard import Dashboard
from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.digits import Digits
from trainer.nets.torch_net import TorchTwoLayerNet

SOME = 1000  # test digits in the histograms of activations
SHOWN = 500  # test digits in the projector, whose picture takes torch some 80 bytes a pixel


class Album:
    """Pictures, histograms and curves of one net.

    digits: the prepared set the net learns from; pixels (N, 784): its test digits as they were,
    in [0, 1]; x_test: its test inputs where the net computes.
    """

    def __init__(self, board: Dashboard, net: Any, digits: Digits, pixels: Array, x_test: Any):
        self._board, self._net, self._digits = board, net, digits
        self._pixels, self._x = pixels, x_test

    def write_page(self, iteration: int, x: Any, t: Any) -> None:
        """All that changes while the net learns; x, t is the mini-batch of the iteration."""
        board, labels, classes = self._board, self._digits.t_test, self._digits.classes
        params, y = self._net.params, self._outputs()
        board.picture("pictures/W1", pictures.weights(params["W1"]), iteration)
        board.picture(
            "pictures/mistakes", pictures.mistakes(self._pixels, labels, y, classes), iteration
        )
        board.picture("pictures/confusion", pictures.confusion(labels, y, classes), iteration)
        grads = {"d" + key: grad for key, grad in self._net.gradient(x, t).items()}
        board.histograms("weights", params, iteration)
        board.histograms("gradients", grads, iteration)
        board.histograms("activations", self._net.activations(self._x[:SOME]), iteration)
        board.precision_recall(labels, y, classes, iteration)

    def write_end(self, iteration: int) -> None:
        """What is shown once, of the trained net: the hidden layer, and the graph of a module."""
        made = self._net.activations(self._x[:SHOWN])
        names, guesses = self._digits.classes, made["y"].argmax(axis=1)
        rows = [
            (names[t], names[guess], "right" if t == guess else "wrong")
            for t, guess in zip(self._digits.t_test, guesses, strict=False)
        ]
        header = ["label", "guess", "result"]
        self._board.embedding("hidden", made["z1"], rows, header, self._pixels[:SHOWN], iteration)
        if isinstance(self._net, TorchTwoLayerNet):
            self._board.graph(self._net, self._x[:1])

    def _outputs(self) -> Array:
        """y (N, C) of every test digit; in parts, since a wide hidden layer takes memory."""
        parts = (self._x[i : i + SOME] for i in range(0, len(self._x), SOME))
        return np.concatenate([self._net.activations(part)["y"] for part in parts])


def is_due(iteration: int, every: int, settings: Settings) -> bool:
    """Whether a recorded iteration has a page: the first at or after each multiple of every,
    and the last.

    Never where every is 0. A function of the iteration alone, so that a run that goes on
    after a stop has the same pages.
    """
    last = iteration == settings.iterations
    return every > 0 and (last or iteration % every < settings.eval_every)
