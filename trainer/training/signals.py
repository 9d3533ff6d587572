"""Stop a run between two steps when Ctrl-C, SIGTERM or a closed terminal asks for it."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from trainer.common.language import translate as _

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stopped(KeyboardInterrupt):
    """A signal has stopped a run, which has saved the checkpoint of this iteration."""

    def __init__(self, number: int, iteration: int, folder: Path):
        super().__init__(_("stopped at iteration {number}", number=iteration))
        self.number, self.iteration, self.folder = number, iteration, folder


class Stop:
    """A context that remembers the first signal, so that the step can be finished.

    A second signal has its usual effect. In another thread than the main one, where Python
    handles no signals, the context remembers none.
    """

    number: int | None = None  # of the first signal

    def __init__(self, folder: Path = Path()):
        self._folder = folder
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
                    self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, _: FrameType | None) -> None:
        self.number = number
        self.__exit__()

    @property
    def is_requested(self) -> bool:
        """Whether a signal has come."""
        return self.number is not None

    def raise_if_requested(self, iteration: int) -> None:
        """Raise Stopped if a signal has come."""
        if self.number is not None:
            raise Stopped(self.number, iteration, self._folder)
