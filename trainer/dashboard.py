"""All that is TensorBoard: the event file of a run, its scalars and texts."""

import threading
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from trainer import events
from trainer.loop import Point

FLUSH = 5  # seconds until what was logged is on disk, for a board that is open meanwhile


class Dashboard:
    """The event file in a run's folder; a context that closes it on every way out.

    A run that goes on at an iteration, start, has its points from there on taken out first.
    """

    def __init__(self, folder: Path, start: int | None = None):
        self._start = start or 0
        self._hook, threading.excepthook = threading.excepthook, self._unless_raised_again
        if start is not None:
            events.forget(folder, start)
            events.wait_for_next_name(folder)
        # purge_step tells a TensorBoard that is open meanwhile, and has read those points.
        self._writer = SummaryWriter(str(folder), flush_secs=FLUSH, purge_step=start)

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._writer.close()
        finally:
            threading.excepthook = self._hook

    def _unless_raised_again(self, args: threading.ExceptHookArgs) -> None:
        """Print no traceback of the writer's own thread: record and flush raise its OSError."""
        if not isinstance(args.exc_value, OSError):
            self._hook(args)

    def text(self, tag: str, rows: dict[str, object]) -> None:
        """A table of names and values."""
        lines = ["| | |", "| --- | --- |", *(f"| {key} | {value} |" for key, value in rows.items())]
        self._writer.add_text(tag, "\n".join(lines), self._start)

    def flush(self) -> None:
        """Have all that was recorded in the file, where a kill of this process leaves it."""
        self._writer.flush()

    def record(self, point: Point) -> None:
        """The scalars of an iteration, in every run under the same tags."""
        self._writer.add_scalar("loss/train", point.loss, point.iteration)
        self._writer.add_scalar("accuracy/train", point.train, point.iteration)
        self._writer.add_scalar("accuracy/test", point.test, point.iteration)
