"""What a run writes and shows: points, pictures and checkpoints, in its folder and on screen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.board.album import Album, is_due
from trainer.board.dashboard import Dashboard
from trainer.common.settings import Settings
from trainer.data.digits import Digits
from trainer.nets.net import Net
from trainer.training import checkpoint
from trainer.training.checkpoint import Checkpoint
from trainer.training.evaluation import FullEvaluation, LazyEvaluation
from trainer.training.loop import Point
from trainer.training.metadata import Origin, find_versions
from trainer.training.progress import Progress


@dataclass
class Recorder:
    """Writes the points, pictures and checkpoints of one net's run.

    pictures: iterations from one set of pictures to the next, 0 for none.
    """

    folder: Path
    settings: Settings
    digits: Digits
    net: Net[Any]
    batch: Callable[[int], tuple[Any, Any]]
    evaluation: FullEvaluation[Any] | LazyEvaluation
    board: Dashboard
    album: Album
    progress: Progress
    pictures: int
    points: list[Point] = field(default_factory=list)

    def record(self, point: Point) -> None:
        """Write a point to TensorBoard and show it; write pictures where they are due."""
        scalars = {
            "loss/train": point.loss,
            "accuracy/train": point.train,
            "accuracy/test": point.test,
        }
        self.board.scalars(point.iteration, scalars)
        self.board.scalars(point.iteration, self.evaluation.scalars())
        self.progress.show(point)
        self.points.append(point)
        if is_due(point.iteration, self.pictures, self.settings):
            self.album.write_page(point.iteration, *self.batch(point.iteration))

    def save(self, i: int) -> None:
        """Write the checkpoint of the weights before step i."""
        self.board.flush()  # first, so that no point before the checkpoint can be missing
        digits = self.digits
        origin = Origin(i, self.settings, digits.classes, digits.fingerprint, find_versions())
        checkpoint.save(self.folder, Checkpoint(self.net.params, origin, digits.preparation))

    def finish(self) -> None:
        """Write what is shown once, of the trained net."""
        if self.pictures:
            self.album.write_end(self.settings.iterations)
