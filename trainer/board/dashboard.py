"""Write the event file of a run, which TensorBoard reads."""

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

FLUSH_SECONDS = 5  # until recorded values are on disk, where an open TensorBoard reads them
# Settings that change no number of a run.
CHANGE_NOTHING = ("device", "evaluation", "eval_every", "checkpoint_every")
BINS = 64  # in a recorded histogram; TensorBoard shows 30


class Dashboard:
    """A context that writes the event file in a run's folder, and always closes it.

    start is the iteration at which a run is resumed; earlier points at or after it are removed.
    """

    def __init__(self, folder: Path, start: int | None = None):
        self._start = start or 0
        self._hook, threading.excepthook = threading.excepthook, self._report_thread_error
        if start is not None:
            events.cut_events(folder, start)
        # purge_step removes those points from a TensorBoard that is open and has read them.
        # The type is Any, since torch's writer has untyped methods.
        with events.sort_new_file_last(folder):
            self._writer: Any = SummaryWriter(
                str(folder), flush_secs=FLUSH_SECONDS, purge_step=start
            )
        self._success: Summary | None = None  # for the HPARAMS page, when the run succeeds

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if self._success and error is None:
            self._writer.file_writer.add_summary(self._success)
        try:
            self._writer.close()
        finally:
            threading.excepthook = self._hook

    def _report_thread_error(self, args: threading.ExceptHookArgs) -> None:
        """Print an exception of a thread unless it is an OSError.

        An OSError is one of the writer's thread, which the writer's methods raise again.
        """
        if not isinstance(args.exc_value, OSError):
            self._hook(args)

    def add_description(self, about: Mapping[str, Mapping[str, object]], layout: Summary) -> None:
        """Write each part of about as a table, and the layout of the custom-scalars page.

        The part "settings" (numbers and texts) is also written for the HPARAMS page, without
        those that change no result: the page sorts settings by name and shows the first five.
        layout comes from trainer.board.charts.
        """
        for title, rows in about.items():
            lines = [f"| {key} | {value} |" for key, value in rows.items()]
            table = ["| name | value |", "| --- | --- |", *lines]
            self._writer.add_text(title, "\n".join(table), self._start)
        # add_hparams is not used, since it would create another run. The first summary, which
        # describes the settings, is not written: without it the page begins with the settings in
        # which the runs differ.
        shown = {k: v for k, v in about["settings"].items() if k not in CHANGE_NOTHING}
        _, start, self._success = hparams(shown, {})  # type: ignore[no-untyped-call]
        self._writer.file_writer.add_summary(start)
        self._writer.file_writer.add_summary(layout)

    def flush(self) -> None:
        """Write all that was recorded to the file, so that no kill of this process can lose it."""
        self._writer.flush()

    def add_scalars(self, iteration: int, values: Mapping[str, float]) -> None:
        """Record the numbers of an iteration, each under its tag."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, iteration)

    def add_picture(self, tag: str, picture: Array, iteration: int) -> None:
        """Record a picture (height, width, 3) of uint8."""
        self._writer.add_image(tag, picture, iteration, dataformats="HWC")

    def add_histograms(self, group: str, arrays: Mapping[str, Array], iteration: int) -> None:
        """Record a histogram of the finite values of each array."""
        for name, array in arrays.items():
            finite = array[np.isfinite(array)]
            if finite.size:
                self._writer.add_histogram(f"{group}/{name}", finite, iteration, bins=BINS)

    def add_precision_recall(
        self, t: Array, y: Array, classes: tuple[str, ...], iteration: int
    ) -> None:
        """Record a precision-recall curve of each of C classes; labels t (N,), outputs y (N, C)."""
        y = np.clip(np.nan_to_num(y), 0, 1)
        for k, name in enumerate(classes):
            self._writer.add_pr_curve(f"precision-recall/{name}", t == k, y[:, k], iteration)

    def add_embedding(
        self, tag: str, points: Array, rows: Sequence[tuple[str, ...]], header: list[str],
        pixels: Array, iteration: int,
    ) -> None:  # fmt: skip
        """Record points (N, H) for the projector, with a row of texts and 784 pixels for each.

        Removes points with this tag that were recorded before the run was resumed.
        """
        for earlier in Path(self._writer.log_dir).glob(f"*/{tag}"):
            if re.fullmatch(r"\d{5,}", earlier.parent.name):  # torch's name for a step's folder
                shutil.rmtree(earlier.parent)
        images = torch.from_numpy(pixels.reshape(-1, 1, 28, 28))
        self._writer.add_embedding(points, rows, images, iteration, tag, header)

    def add_graph(self, module: torch.nn.Module, x: object) -> None:
        """Record the graph of a module, traced on its input x."""
        with warnings.catch_warnings():  # the writer traces with torch.jit, which is deprecated
            warnings.filterwarnings("ignore", "`torch.jit")
            self._writer.add_graph(module, x)
