"""The judge's side of a worker: sends questions, receives answers, and watches time and memory."""

import math
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from trainer.checker.remote.hanging import Hangs
from trainer.checker.worker.protocol import MOST_BYTES, ProtocolError, read_line, write_line

START = 120  # seconds to import NumPy on a cold disk; no code of the file runs before that
KEPT = 1 << 20  # bytes of the code's output that are kept
MOST_TOTAL = 1 << 30  # bytes of all answers on a file
POLL = 0.1  # seconds between two looks at what the code uses
Watch = Callable[[], str]  # returns which limit is exceeded, "" for none


class WorkerLostError(BaseException):
    """The worker answers no more; ending is "exit", "late", "hung", "forged", or a limit's name.

    "hung" says that a part alone took too long, or a step too much memory, and that another worker
    may be asked for the rest.

    It is no Exception, since what catches those of the code must not catch this.
    """

    def __init__(self, ending: str):
        super().__init__(ending)
        self.ending = ending


@dataclass
class Connection:
    """The pipes of a child process. Windows cannot wait for a pipe, so threads use them.

    timeout is in seconds for all questions together. watch is called every POLL seconds. most is
    the number of bytes of all answers.
    """

    child: subprocess.Popen[bytes]
    timeout: float
    watch: Watch
    hangs: Hangs | None = None
    most: float = MOST_TOTAL
    printed: bytearray = field(default_factory=bytearray)
    is_ready: bool = False
    rows: object = None  # to train on, that were sent
    _number: int = 0
    _received: int = 0
    _rest: bytes = b""
    _end: float = 0.0
    _limit: float = math.inf  # of one question
    _next_look: float = 0.0
    _chunks: queue.Queue[bytes] = field(default_factory=lambda: queue.Queue(64))
    _unsent: queue.Queue[bytes | None] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._run_in_thread(_pump, self.child.stdout, self._chunks.put)
        self._printing = self._run_in_thread(_pump, self.child.stderr, self._keep)
        self._run_in_thread(self._send_all)

    @staticmethod
    def _run_in_thread(target: Callable[..., None], *args: Any) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, daemon=True)
        thread.start()
        return thread

    def _keep(self, data: bytes) -> None:
        self.printed += data[: max(0, KEPT - len(self.printed))]

    def _send_all(self) -> None:
        """Write what is to be sent: the worker may not read, and the judge must not wait."""
        pipe = self.child.stdin
        assert pipe is not None
        with suppress(OSError, ValueError), pipe:
            while (data := self._unsent.get()) is not None:
                pipe.write(data)
                pipe.flush()

    def start(self, settings: dict[str, Any] | None = None) -> None:
        """Send the settings, and wait until the child is ready to run the code."""
        self._end = time.monotonic() + START
        if settings is not None:
            self._unsent.put(write_line(settings))
        if self.receive() != {"ready": True}:
            raise WorkerLostError("forged")
        self.is_ready = True
        self._end = time.monotonic() + self.timeout

    @property
    def seconds_left(self) -> float:
        """The seconds that the code may still take."""
        return self._end - time.monotonic()

    def ask(
        self, question: dict[str, Any], evaluate: Callable[[Any], Any] | None = None
    ) -> dict[str, Any]:
        """Return the answer to a question; evaluate gives the values that the worker asks for.

        Raises WorkerLostError where no answer comes, and ProtocolError for what is none.
        """
        if self.hangs:
            self.hangs.refuse(question)
        started = time.monotonic()
        try:
            answer = self._ask(question, evaluate)
        except WorkerLostError as lost:
            seconds = time.monotonic() - started
            if self.hangs and self.hangs.add(question, seconds, lost.ending):
                lost.ending = "hung"
            raise
        if self.hangs:
            self.hangs.accept(question)
        return answer

    def _ask(
        self, question: dict[str, Any], evaluate: Callable[[Any], Any] | None
    ) -> dict[str, Any]:
        """Send a question, with the next number, and return the answer, which has to have this
        number.
        """
        left = self.seconds_left
        share = self.hangs.share(question, left) if self.hangs else left
        self._limit = time.monotonic() + share
        self._number += 1
        self._unsent.put(write_line(question | {"number": self._number}))
        answer = self.receive()
        while evaluate is not None and set(answer) == {"evaluate"}:
            self._unsent.put(write_line({"value": evaluate(answer["evaluate"])}))
            answer = self.receive()
        if answer.get("to") != self._number:
            raise WorkerLostError("forged")
        return answer

    def receive(self) -> dict[str, Any]:
        """Return the object on the next line."""
        try:
            return read_line(self._receive_line())
        except ProtocolError:
            raise WorkerLostError("forged") from None

    def _receive_line(self) -> bytes:
        parts = [self._rest]
        size = len(self._rest)
        while b"\n" not in parts[-1]:
            parts.append(self._receive_chunk())
            size += len(parts[-1])
            self._received += len(parts[-1])
            if size > MOST_BYTES:
                raise WorkerLostError("forged")
            if self._received > self.most:
                raise WorkerLostError("values")
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _receive_chunk(self) -> bytes:
        """Return the next bytes; look at the limits meanwhile. Raises WorkerLostError where none
        come.
        """
        while True:
            now = time.monotonic()
            if now >= min(self._end, self._limit):
                raise WorkerLostError("late")
            if now >= self._next_look and self.is_ready:
                self._look()
            try:
                data = self._chunks.get(timeout=min(self._end - now, self._limit - now, POLL))
            except queue.Empty:
                continue
            if not data:
                raise WorkerLostError("exit")
            return data

    def _look(self) -> None:
        if exceeded := self.watch():
            raise WorkerLostError(exceeded)
        self._next_look = time.monotonic() + POLL

    def close(self) -> None:
        """Stop sending."""
        self._unsent.put(None)

    def exit_status(self) -> int | None:
        """Return the child's exit status, None where it does not end."""
        with suppress(subprocess.TimeoutExpired):
            return self.child.wait(timeout=5)
        return None

    def read_printed(self) -> str:
        """Return what the child printed, also what stderr still holds after its end."""
        self._printing.join(timeout=1)  # a process that the child left may keep stderr open
        return self.printed.decode("utf-8", "replace")


def _pump(pipe: IO[bytes], put: Callable[[bytes], None]) -> None:
    """Pass on what the pipe brings, and b"" at its end."""
    with suppress(OSError, ValueError), pipe:
        while data := os.read(pipe.fileno(), 1 << 16):
            put(data)
    put(b"")
