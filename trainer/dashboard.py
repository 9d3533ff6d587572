"""All that is TensorBoard: the event file of a run, its scalars and texts."""

from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from trainer.loop import Point

FLUSH = 5  # seconds until what was logged is on disk, for a board that is open meanwhile


class Dashboard:
    """The event file in a run's folder; a context that closes it on every way out."""

    def __init__(self, folder: Path):
        self._writer = SummaryWriter(str(folder), flush_secs=FLUSH)

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def text(self, tag: str, rows: dict[str, object]) -> None:
        """A table of names and values."""
        lines = ["| | |", "| --- | --- |", *(f"| {key} | {value} |" for key, value in rows.items())]
        self._writer.add_text(tag, "\n".join(lines))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Numbers of a step, each under its tag."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step)

    def record(self, point: Point) -> None:
        """The scalars of an iteration, in every run under the same tags."""
        self._writer.add_scalar("loss/train", point.loss, point.iteration)
        self._writer.add_scalar("accuracy/train", point.train, point.iteration)
        self._writer.add_scalar("accuracy/test", point.test, point.iteration)
