"""How a run ended."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.common.settings import Settings
from trainer.nets.net import Net
from trainer.training import checkpoint
from trainer.training.loop import Point


@dataclass(frozen=True)
class Result:
    """How a run ended: its last point, the seconds it took, and its first iteration."""

    folder: Path
    settings: Settings
    last: Point
    seconds: float
    start: int = 0

    @property
    def net(self) -> Net[Any]:
        """The trained net, as it is in the folder."""
        return checkpoint.load_run(self.folder)

    @property
    def beside(self) -> str:
        """A line on the twin that was trained beside the net, "" where none was."""
        return ""
