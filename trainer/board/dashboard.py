"""All that is TensorBoard: the event file of a run, and what goes into it."""

import re
import shutil
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from trainer.board import events
from trainer.book.functions import Array

FLUSH = 5  # seconds until what was logged is on disk, for a board that is open meanwhile
BINS = 64  # of a histogram; TensorBoard shows 30


class Dashboard:
    """The event file in a run's folder; a context that closes it on every way out.

    A run that goes on at an iteration, start, has its points from there on taken out first.
    """

    def __init__(self, folder: Path, start: int | None = None):
        self._start = start or 0
        self._hook, threading.excepthook = threading.excepthook, self._unless_raised_again
        if start is not None:
            events.cut(folder, start)
            events.wait_for_next_name(folder)
        # purge_step tells a TensorBoard that is open meanwhile, and has read those points.
        self._writer: Any = SummaryWriter(str(folder), flush_secs=FLUSH, purge_step=start)
        self._success: Any = None  # what a run that ends well adds for HPARAMS

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if self._success and error is None:
            self._writer.file_writer.add_summary(self._success)
        try:
            self._writer.close()
        finally:
            threading.excepthook = self._hook

    def _unless_raised_again(self, args: threading.ExceptHookArgs) -> None:
        """Print no traceback of the writer's own thread: record and flush raise its OSError."""
        if not isinstance(args.exc_value, OSError):
            self._hook(args)

    def describe(self, about: Mapping[str, Mapping[str, object]], layout: Summary) -> None:
        """Write what the run is: a table of each part of about, and its custom-scalars page.

        The part "settings" (numbers and texts) goes to the HPARAMS page too. layout is one of
        trainer.board.charts.
        """
        for title, rows in about.items():
            lines = [f"| {key} | {value} |" for key, value in rows.items()]
            self._writer.add_text(title, "\n".join(["| | |", "| --- | --- |", *lines]), self._start)
        self._write_hparams(dict(about["settings"]))
        self._writer.file_writer.add_summary(layout)

    def flush(self) -> None:
        """Have all that was recorded in the file, where a kill of this process leaves it."""
        self._writer.flush()

    def _write_hparams(self, settings: dict[str, Any]) -> None:
        """Write the settings for the HPARAMS page, and at the end that the run succeeded."""
        # Not add_hparams: it makes a run of its own. Nor the first summary, which says what the
        # settings are: without it the page shows those first in which the runs differ.
        _, start, self._success = hparams(settings, {})  # type: ignore[no-untyped-call]
        self._writer.file_writer.add_summary(start)

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Numbers of a step, each under its tag."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step)

    def picture(self, tag: str, picture: Array, iteration: int) -> None:
        """A picture (height, width, 3) of uint8."""
        self._writer.add_image(tag, picture, iteration, dataformats="HWC")

    def histograms(self, group: str, arrays: Mapping[str, Array], iteration: int) -> None:
        """How the numbers of each array are distributed; those that are not finite are left out."""
        for name, array in arrays.items():
            finite = array[np.isfinite(array)]
            if finite.size:
                self._writer.add_histogram(f"{group}/{name}", finite, iteration, bins=BINS)

    def precision_recall(
        self, t: Array, y: Array, classes: tuple[str, ...], iteration: int
    ) -> None:
        """Precision against recall for each class, of labels t (N,) and outputs y (N, C)."""
        y = np.clip(np.nan_to_num(y), 0, 1)
        for k, name in enumerate(classes):
            self._writer.add_pr_curve(f"precision-recall/{name}", t == k, y[:, k], iteration)

    def embedding(
        self, tag: str, points: Array, rows: Sequence[tuple[str, ...]], header: list[str],
        pixels: Array, iteration: int,
    ) -> None:  # fmt: skip
        """Points (N, H) for the projector, with a row of texts and a picture (28, 28) for each.

        They take the place of those that a run that now goes on has left at its end.
        """
        for left in Path(self._writer.log_dir).glob(f"*/{tag}"):
            if re.fullmatch(r"\d{5,}", left.parent.name):  # as torch names the folder of a step
                shutil.rmtree(left.parent)
        images = torch.from_numpy(pixels.reshape(-1, 1, 28, 28))
        self._writer.add_embedding(points, rows, images, iteration, tag, header)

    def graph(self, module: torch.nn.Module, x: torch.Tensor) -> None:
        """The graph of a module, traced on x."""
        with warnings.catch_warnings():  # the writer still traces by torch.jit, deprecated by now
            warnings.filterwarnings("ignore", "`torch.jit")
            self._writer.add_graph(module, x)
