"""Write a run's points, pictures and checkpoints to its folder, and show its progress."""

from collections.abc import Callable
from typing import Generic, TypeVar

from torch.utils.tensorboard import SummaryWriter

from trainer.board.album import Album, is_due
from trainer.board.dashboard import add_scalars
from trainer.nets.net import Net
from trainer.training import checkpoint
from trainer.training.checkpoint import Checkpoint
from trainer.training.evaluation import Evaluation
from trainer.training.job import Job
from trainer.training.loop import Observer, Point
from trainer.training.metadata import Origin, find_versions
from trainer.training.progress import Progress
from trainer.training.signals import Stop
from trainer.training.snapshots import keep_snapshot

A = TypeVar("A")  # the arrays of the net: NumPy's, or torch's tensors


class Recorder(Observer, Generic[A]):
    """Writes points, pictures and checkpoints; x_test are the test images, from net.native."""

    def __init__(
        self,
        job: Job,
        board: SummaryWriter,
        stop: Stop,
        net: Net[A],
        batch: Callable[[int], tuple[A, A]],
        evaluation: Evaluation[A],
        x_test: A,
    ):
        settings = job.settings
        self._job, self._board, self._stop = job, board, stop
        self._net, self._batch = net, batch
        self._evaluation = evaluation
        self._album = Album(board, net, job.digits, job.pixels, x_test)
        self._progress = Progress(job.start, settings.iterations, settings.eval_every, job.quiet)

    def record(self, point: Point) -> None:
        """Write a point to TensorBoard and show it; write pictures where they are due."""
        scalars = {
            "loss/train": point.loss,
            "accuracy/train": point.train,
            "accuracy/test": point.test,
        }
        add_scalars(self._board, point.iteration, scalars | self._evaluation.scalars())
        self._progress.show(point)
        if is_due(point.iteration, self._job.pictures, self._job.settings):
            self._album.write_page(point.iteration, *self._batch(point.iteration))

    def begin(self, i: int) -> None:
        """Write the checkpoint of the weights before step i if one is due; raises Stopped, with one
        written, after a signal.
        """
        # The first weights are saved to find out before training if the folder can be written.
        is_regular = i == self._job.start or i % self._job.settings.checkpoint_every == 0
        if is_regular or self._stop.is_requested:
            self._save(i)
        self._stop.raise_if_requested(i)

    def _save(self, i: int) -> None:
        # Flushed first, so that a kill cannot lose a point from before this checkpoint.
        self._board.flush()
        digits = self._job.digits
        origin = Origin(i, self._job.settings, digits.classes, digits.fingerprint, find_versions())
        saved = Checkpoint(self._net.params, origin, digits.preparation)
        checkpoint.save(self._job.folder, saved)
        if i == 0:
            self._keep_snapshot(0)

    def advance(self, i: int) -> None:
        """Show that step i is done, and keep the weights after it if a snapshot is due."""
        self._keep_snapshot(i + 1)
        self._progress.advance(i)

    def _keep_snapshot(self, iteration: int) -> None:
        if self._job.snapshots:
            keep_snapshot(self._job.folder, iteration, self._net)

    def end(self, i: int) -> None:
        """Write the checkpoint of the trained weights, and the pictures that are made once."""
        self._save(i)
        if self._job.pictures:
            self._album.write_end(i)

    def close(self) -> None:
        """Stop updating the progress bar."""
        self._progress.close()
