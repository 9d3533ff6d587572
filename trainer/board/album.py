"""Write the pictures, histograms and curves of a run's net to its TensorBoard pages."""

import re
import shutil
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from trainer.board import pictures
from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.digits import Digits
from trainer.nets.net import Net
from trainer.nets.torch_net import TorchTwoLayerNet

HISTOGRAM_DIGITS = 1000  # test digits whose activations are in the histograms
PROJECTOR_DIGITS = 500  # so few since torch takes some 80 bytes a pixel to draw them
BINS = 64  # in a recorded histogram; TensorBoard shows 30


@dataclass(frozen=True)
class Album:
    """The pictures, histograms and curves of one net.

    digits is the prepared data set that the net learns from. pixels (N, 784) are its test digits
    before they were prepared, in [0, 1]. x_test holds its test inputs, converted by net.native.
    """

    writer: SummaryWriter
    net: Net[Any]
    digits: Digits
    pixels: Array
    x_test: Any

    def write_page(self, iteration: int, x: object, t: object) -> None:
        """Write what changes while the net learns; x, t is the mini-batch of the iteration."""
        params, y = self.net.params, self._compute_outputs()
        self._write_pictures(iteration, params["W1"], y)
        groups = {
            "weights/": params,
            "gradients/d": self.net.gradient(x, t),
            "activations/": self.net.activations(self.x_test[:HISTOGRAM_DIGITS]),
        }
        for group, arrays in groups.items():
            for name, array in arrays.items():
                if (finite := array[np.isfinite(array)]).size:
                    self.writer.add_histogram(group + name, finite, iteration, bins=BINS)
        y = np.clip(np.nan_to_num(y), 0, 1)
        for k, name in enumerate(self.digits.classes):
            curve = self.digits.t_test == k, y[:, k]
            self.writer.add_pr_curve(f"precision-recall/{name}", *curve, iteration)

    def _write_pictures(self, iteration: int, W1: Array, y: Array) -> None:
        """Write the pictures of the weights W1 and of the outputs y (N, C)."""
        results = self.digits.t_test, y, self.digits.classes
        drawn = {
            "W1": pictures.draw_weights(W1),
            "mistakes": pictures.draw_mistakes(self.pixels, *results),
            "confusion": pictures.draw_confusion(*results),
        }
        for name, picture in drawn.items():
            self.writer.add_image(f"pictures/{name}", picture, iteration, dataformats="HWC")

    def write_end(self, iteration: int) -> None:
        """Write what is shown once, of the trained net: its z1, and the graph of a torch net."""
        activations = self.net.activations(self.x_test[:PROJECTOR_DIGITS])
        names, guesses = self.digits.classes, activations["y"].argmax(axis=1)
        rows = [
            (names[t], names[guess], "right" if t == guess else "wrong")
            for t, guess in zip(self.digits.t_test, guesses, strict=False)
        ]
        # Points from before the run was resumed are removed. Torch names a step's folder by digits.
        for earlier in Path(self.writer.log_dir).glob("*/hidden"):
            if re.fullmatch(r"\d{5,}", earlier.parent.name):
                shutil.rmtree(earlier.parent)
        images = torch.from_numpy(self.pixels[:PROJECTOR_DIGITS].reshape(-1, 1, 28, 28))
        header = ["label", "guess", "result"]
        self.writer.add_embedding(activations["z1"], rows, images, iteration, "hidden", header)
        if isinstance(self.net, TorchTwoLayerNet):
            self._write_graph(self.net)

    def _write_graph(self, net: TorchTwoLayerNet) -> None:
        """Write the graph of the layers, in which the activation has its own name.

        In a trace of net itself it is called "input", after an argument of torch's.
        """
        activation = nn.Sigmoid() if net.activation == "sigmoid" else nn.ReLU()
        layers = {"layer1": net.layer1, net.activation: activation, "layer2": net.layer2}
        with warnings.catch_warnings():  # the writer traces with torch.jit, which is deprecated
            warnings.filterwarnings("ignore", "`torch.jit")
            self.writer.add_graph(TorchNet(OrderedDict(layers)), self.x_test[:1])

    def _compute_outputs(self) -> Array:
        """Return y (N, C), the outputs for the C classes, of all N test digits."""
        # Computed in parts, since the activations of a wide hidden layer take much memory.
        starts = range(0, len(self.x_test), HISTOGRAM_DIGITS)
        parts = (self.x_test[start : start + HISTOGRAM_DIGITS] for start in starts)
        return np.concatenate([self.net.activations(part)["y"] for part in parts])


class TorchNet(nn.Sequential):
    """The layers of a torch net in their order; the graph shows this name."""


def is_due(iteration: int, every: int, settings: Settings) -> bool:
    """Return whether a page is due at a recorded iteration; never if every is 0.

    Pages are due at the first recorded iteration at or after each multiple of every, and at the
    last. This depends on the iteration alone, so that a resumed run has the same pages.
    """
    last = iteration == settings.iterations
    return every > 0 and (last or iteration % every < settings.eval_every)
