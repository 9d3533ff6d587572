"""Write the pictures, histograms and curves of a run's net to its TensorBoard pages."""

from collections import OrderedDict
from typing import Any

import numpy as np
from torch import nn

from trainer.board import pictures
from trainer.board.dashboard import Dashboard
from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.digits import Digits
from trainer.nets.net import Net
from trainer.nets.torch_net import TorchTwoLayerNet

HISTOGRAM_DIGITS = 1000  # test digits whose activations are in the histograms
PROJECTOR_DIGITS = 500  # so few since torch takes some 80 bytes a pixel to draw them


class Album:
    """The pictures, histograms and curves of one net.

    digits is the prepared data set that the net learns from. pixels (N, 784) are its test digits
    before they were prepared, in [0, 1]. x_test holds its test inputs, converted by net.native.
    """

    def __init__(
        self, board: Dashboard, net: Net[Any], digits: Digits, pixels: Array, x_test: Any,
    ):  # fmt: skip
        self._board, self._net, self._digits = board, net, digits
        self._pixels, self._x = pixels, x_test

    def write_page(self, iteration: int, x: object, t: object) -> None:
        """Write what changes while the net learns; x, t is the mini-batch of the iteration."""
        board, params, y = self._board, self._net.params, self._compute_outputs()
        results = self._digits.t_test, y, self._digits.classes
        board.add_picture("pictures/W1", pictures.draw_weights(params["W1"]), iteration)
        mistakes = pictures.draw_mistakes(self._pixels, *results)
        board.add_picture("pictures/mistakes", mistakes, iteration)
        board.add_picture("pictures/confusion", pictures.draw_confusion(*results), iteration)
        grads = {"d" + key: grad for key, grad in self._net.gradient(x, t).items()}
        activations = self._net.activations(self._x[:HISTOGRAM_DIGITS])
        board.add_histograms("weights", params, iteration)
        board.add_histograms("gradients", grads, iteration)
        board.add_histograms("activations", activations, iteration)
        board.add_precision_recall(*results, iteration)

    def write_end(self, iteration: int) -> None:
        """Write what is shown once, of the trained net: its z1, and the graph of a torch net."""
        activations = self._net.activations(self._x[:PROJECTOR_DIGITS])
        names, guesses = self._digits.classes, activations["y"].argmax(axis=1)
        rows = [
            (names[t], names[guess], "right" if t == guess else "wrong")
            for t, guess in zip(self._digits.t_test, guesses, strict=False)
        ]
        header, images = ["label", "guess", "result"], self._pixels[:PROJECTOR_DIGITS]
        self._board.add_embedding("hidden", activations["z1"], rows, header, images, iteration)
        if isinstance(self._net, TorchTwoLayerNet):
            self._board.add_graph(name_layers(self._net), self._x[:1])

    def _compute_outputs(self) -> Array:
        """Return y (N, C), the outputs for the C classes, of all N test digits."""
        # Computed in parts, since the activations of a wide hidden layer take much memory.
        starts = range(0, len(self._x), HISTOGRAM_DIGITS)
        parts = (self._x[start : start + HISTOGRAM_DIGITS] for start in starts)
        return np.concatenate([self._net.activations(part)["y"] for part in parts])


class TorchNet(nn.Sequential):
    """The layers of a torch net in their order; the graph shows this name."""


def name_layers(net: TorchTwoLayerNet) -> TorchNet:
    """Return the net as a module for the graph, in which its activation has its own name.

    In a trace of net itself the activation is called "input", after an argument of torch's.
    """
    activation = nn.Sigmoid() if net.activation == "sigmoid" else nn.ReLU()
    layers = [("layer1", net.layer1), (net.activation, activation), ("layer2", net.layer2)]
    return TorchNet(OrderedDict(layers))


def is_due(iteration: int, every: int, settings: Settings) -> bool:
    """Return whether a page is due at a recorded iteration; never if every is 0.

    Pages are due at the first recorded iteration at or after each multiple of every, and at the
    last. This depends on the iteration alone, so that a resumed run has the same pages.
    """
    last = iteration == settings.iterations
    return every > 0 and (last or iteration % every < settings.eval_every)
