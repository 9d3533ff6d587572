"""All that is TensorBoard: the event file of a run, its scalars, texts and settings."""

from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from trainer.functions import Array
from trainer.loop import Point

FLUSH = 5  # seconds until what was logged is on disk, for a board that is open meanwhile


class Dashboard:
    """The event file in a run's folder; a context that closes it on every way out."""

    def __init__(self, folder: Path):
        self._writer: Any = SummaryWriter(str(folder), flush_secs=FLUSH)
        self._success: Any = None  # what a run that ends well adds for HPARAMS

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if self._success and error is None:
            self._writer.file_writer.add_summary(self._success)
        self._writer.close()

    def text(self, tag: str, rows: dict[str, object]) -> None:
        """A table of names and values."""
        lines = ["| | |", "| --- | --- |", *(f"| {key} | {value} |" for key, value in rows.items())]
        self._writer.add_text(tag, "\n".join(lines))

    def hparams(self, settings: dict[str, Any]) -> None:
        """The settings (numbers and texts), for the HPARAMS page beside the run's last scalars.

        A context left without an error adds that the run succeeded.
        """
        # Not add_hparams: it makes a run of its own. Nor the first summary, which says what the
        # settings are: without it the page shows those first in which the runs differ.
        _, start, self._success = hparams(settings, {})  # type: ignore[no-untyped-call]
        self._writer.file_writer.add_summary(start)

    def picture(self, tag: str, pixels: Array) -> None:
        """A drawn picture, uint8 (height, width, 3)."""
        self._writer.add_image(tag, pixels, dataformats="HWC")

    def record(self, point: Point) -> None:
        """The scalars of an iteration, in every run under the same tags."""
        self._writer.add_scalar("loss/train", point.loss, point.iteration)
        self._writer.add_scalar("accuracy/train", point.train, point.iteration)
        self._writer.add_scalar("accuracy/test", point.test, point.iteration)
