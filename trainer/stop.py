"""Ctrl-C, SIGTERM and a closed terminal as a request that the loop grants between two steps."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stopped(KeyboardInterrupt):
    """A run that a signal ended in order, with a checkpoint of that iteration in its folder."""

    def __init__(self, number: int, iteration: int, folder: Path):
        super().__init__(f"stopped at iteration {iteration}")
        self.number, self.iteration, self.folder = number, iteration, folder


class Stop:
    """A context that notes the first signal in .number; a second one acts as it did before.

    In the middle of an update the weights are neither old nor new, so the step ends first.
    Outside the main thread, where Python takes no signals, it notes none.
    """

    number: int | None = None

    def __enter__(self) -> "Stop":
        self._before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.number = number
        self.__exit__()
