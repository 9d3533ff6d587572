"""Find the accuracies over both sets from every image, or only from those in doubt."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trainer.board.charts import FRACTION
from trainer.common.settings import Settings
from trainer.data.digits import Digits
from trainer.nets.net import Net
from trainer.training.lazy.build import build_lazy_accuracy
from trainer.training.threads import Threads

A = TypeVar("A")
Set = tuple[A, A]  # N images x (N, D) and labels t (N,), converted by net.native


@dataclass
class FullEvaluation(Generic[A]):
    """Evaluates every image."""

    net: Net[A]
    train: Set[A]
    test: Set[A]
    threads: Threads

    def accuracies(self) -> tuple[float, float]:
        """Return the accuracy over the training set and over the test set."""
        compute = self.threads.compute_accuracy
        return compute(self.net, *self.train), compute(self.net, *self.test)

    def scalars(self) -> dict[str, float]:
        """Return {}: a full evaluation has nothing to record besides the accuracies."""
        return {}


class LazyEvaluation:
    """Evaluates only images whose class may have changed since they were evaluated last."""

    def __init__(self, net: Net[Any], digits: Digits, threads: Threads):
        self._net, self._accuracy = net, build_lazy_accuracy(net, digits, threads)

    def accuracies(self) -> tuple[float, float]:
        """Return the accuracy over the training set and over the test set."""
        train, test = self._accuracy(self._net.params)
        return float(train), float(test)

    def scalars(self) -> dict[str, float]:
        """Return the fraction of the images whose outputs the last evaluation computed."""
        return {FRACTION: self._accuracy.fraction}


Evaluation = FullEvaluation[A] | LazyEvaluation


def choose_evaluation(
    settings: Settings, net: Net[A], digits: Digits, train: Set[A], test: Set[A], threads: Threads
) -> Evaluation[A]:
    """Return the evaluation that the settings ask for; train and test are digits' sets."""
    if settings.evaluation == "lazy":
        return LazyEvaluation(net, digits, threads)
    return FullEvaluation(net, train, test, threads)
