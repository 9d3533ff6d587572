"""What a run does: net, batches, evaluation, pictures and checkpoints, put together."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from trainer import checkpoint
from trainer.album import Album, due
from trainer.checkpoint import Checkpoint
from trainer.dashboard import Dashboard
from trainer.data import Digits
from trainer.functions import Array
from trainer.lazy.of_net import lazy_accuracy
from trainer.loop import Point, train
from trainer.metadata import Origin, versions
from trainer.nets import build
from trainer.progress import Progress
from trainer.settings import Settings
from trainer.stop import Stop, Stopped
from trainer.tape import Batches
from trainer.threads import Threads


@dataclass(frozen=True)
class Job:
    """What to train, on what, in which folder, and what to show.

    digits are prepared, pixels (N, 784) are the test digits as they were; checkpoint is
    what to go on from, if anything; pictures the iterations between two pages, 0 for none.
    """

    settings: Settings
    digits: Digits
    pixels: Array
    folder: Path
    checkpoint: Checkpoint | None = None
    quiet: bool = False
    pictures: int = 0

    @property
    def start(self) -> int:
        """The iteration to begin with."""
        return self.checkpoint.origin.iteration if self.checkpoint else 0


def work(job: Job, board: Dashboard, stop: Stop, points: list[Point]) -> None:
    """Train the job's net to its end, with what is recorded added to points.

    Raises InputError where the loss diverges, Stopped where a signal ended it.
    """
    settings, digits = job.settings, job.digits
    net = build(settings, digits.x_train.shape[1], len(digits.classes))
    if job.checkpoint:
        net.set_params(job.checkpoint.params)
    x_train, t_train = net.native(digits.x_train), net.native(digits.t_train)
    x_test, t_test = net.native(digits.x_test), net.native(digits.t_test)
    batch = Batches(x_train, t_train, settings.batch_size, settings.seed, net.native)
    threads = Threads()
    lazy = lazy_accuracy(net, digits, threads) if settings.evaluation == "lazy" else None
    album = Album(board, net, digits, job.pixels, x_test)
    progress = Progress(job.start, settings.iterations, settings.eval_every, job.quiet)

    def evaluate() -> tuple[float, float]:
        if lazy is None:
            return threads.accuracy(net, x_train, t_train), threads.accuracy(net, x_test, t_test)
        of_train, of_test = lazy(net.params)
        return of_train, of_test

    def record(point: Point) -> None:
        board.record(point)
        if lazy is not None:
            board.scalars(point.iteration, {"evaluation/fraction": lazy.fraction})
        progress.show(point)
        points.append(point)
        if due(point.iteration, job.pictures, settings):
            album.page(point.iteration, *batch(point.iteration))

    def save(i: int) -> None:
        board.flush()  # first, so that no point before the checkpoint can be missing
        origin = Origin(i, settings, digits.classes, digits.fingerprint, versions())
        checkpoint.save(job.folder, Checkpoint(net.params, origin, digits.preparation))

    sizes = digits.x_train.shape[1], settings.hidden_size, settings.batch_size
    with closing(progress), threads.step(*sizes):
        train(net, batch, _kept(job, progress, save, stop), settings, evaluate, record)
        save(settings.iterations)
        if job.pictures:
            album.close(settings.iterations)


def _kept(job: Job, steps: Iterable[int], save: Callable[[int], None], stop: Stop) -> Iterator[int]:
    """The steps, with a checkpoint before the first, every so many, and where a signal stops them.

    That before the first shows that the folder takes one, and with which settings a run goes on.
    """
    for i in steps:
        if i == job.start or i % job.settings.checkpoint_every == 0 or stop.number is not None:
            save(i)
        if stop.number is not None:
            raise Stopped(stop.number, i, job.folder)
        yield i
