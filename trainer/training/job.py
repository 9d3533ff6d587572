"""A run that is about to start: its settings, data and folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.digits import Digits
from trainer.nets.build import build_net
from trainer.nets.net import Net
from trainer.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Job:
    """A run that is about to start in its folder, new or resumed.

    digits are prepared; pixels (N, 784) are the N test images before that. pictures: iterations
    from one set of pictures to the next, 0 for none. snapshots: whether to keep early weights
    (trainer.training.snapshots). checkpoint: where a resumed run starts. build returns the net
    for settings, D and C; net names one that somebody wrote, "" for the project's.
    """

    settings: Settings
    digits: Digits
    pixels: Array
    folder: Path
    quiet: bool
    pictures: int
    snapshots: bool = False
    checkpoint: Checkpoint | None = None
    build: Callable[[Settings, int, int], Net[Any]] = build_net
    net: str = ""

    @property
    def start(self) -> int:
        """The first iteration."""
        return self.resumed_at or 0

    @property
    def resumed_at(self) -> int | None:
        """The iteration at which the run is resumed; None for a new run."""
        return self.checkpoint.origin.iteration if self.checkpoint else None

    def make_net(self) -> Net[Any]:
        """Return the net with the weights with which the run starts."""
        net = self.build(self.settings, self.digits.x_train.shape[1], len(self.digits.classes))
        if self.checkpoint:
            net.set_params(self.checkpoint.params)
        return net

    @property
    def about(self) -> dict[str, dict[str, str]]:
        """What settings.json says of a net that somebody wrote, {} of the project's."""
        return {"net": {"name": self.net}} if self.net else {}
