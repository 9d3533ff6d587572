"""What a run writes and shows: points, pictures and checkpoints, in its folder and on screen."""

from collections.abc import Callable
from typing import Generic, TypeVar

from trainer.board.album import Album, is_due
from trainer.board.dashboard import Dashboard
from trainer.nets.net import Net
from trainer.training import checkpoint
from trainer.training.checkpoint import Checkpoint
from trainer.training.evaluation import FullEvaluation, LazyEvaluation
from trainer.training.job import Job
from trainer.training.loop import Point
from trainer.training.metadata import Origin, find_versions
from trainer.training.progress import Progress

A = TypeVar("A")  # the arrays of the net: NumPy's, or torch's tensors


class Recorder(Generic[A]):
    """Writes the points, pictures and checkpoints of one net's run; x_test is what it tests on."""

    def __init__(
        self,
        job: Job,
        board: Dashboard,
        net: Net[A],
        batch: Callable[[int], tuple[A, A]],
        evaluation: FullEvaluation[A] | LazyEvaluation,
        x_test: A,
    ):
        settings = job.settings
        self._job, self._board, self._net, self._batch = job, board, net, batch
        self._evaluation = evaluation
        self._album = Album(board, net, job.digits, job.pixels, x_test)
        self._progress = Progress(job.start, settings.iterations, settings.eval_every, job.quiet)
        self.points: list[Point] = []

    def record(self, point: Point) -> None:
        """Write a point to TensorBoard and show it; write pictures where they are due."""
        scalars = {
            "loss/train": point.loss,
            "accuracy/train": point.train,
            "accuracy/test": point.test,
        }
        self._board.add_scalars(point.iteration, scalars | self._evaluation.scalars())
        self._progress.show(point)
        self.points.append(point)
        if is_due(point.iteration, self._job.pictures, self._job.settings):
            self._album.write_page(point.iteration, *self._batch(point.iteration))

    def save(self, i: int) -> None:
        """Write the checkpoint of the weights before step i."""
        self._board.flush()  # first, so that no point before the checkpoint can be missing
        digits = self._job.digits
        origin = Origin(i, self._job.settings, digits.classes, digits.fingerprint, find_versions())
        saved = Checkpoint(self._net.params, origin, digits.preparation)
        checkpoint.save(self._job.folder, saved)

    def advance(self, i: int) -> None:
        """Show that step i is done."""
        self._progress.advance(i)

    def finish(self) -> None:
        """Write what is shown once, of the trained net."""
        if self._job.pictures:
            self._album.write_end(self._job.settings.iterations)

    def close(self) -> None:
        """Leave the progress bar as it stands."""
        self._progress.close()
