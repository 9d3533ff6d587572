"""Check a file in a process of its own: with limits of time and memory, and its output captured."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from trainer.checker.comparing import Finding
from trainer.checker.report import Report

START = 120  # seconds to import torch on a cold disk; no code of the file runs before that
READY = {"ready": True}
KEPT = 1 << 20  # bytes of the file's output that are kept
MOST = 1 << 22  # bytes of findings: more than any check writes
POLL = 0.25  # seconds between two looks at the memory that is used
FORGED = "its code wrote to the checker's own channel, so nothing it says can be trusted"


def check_in_child(
    path: Path,
    name: str | None = None,
    *,
    timeout: float = 20.0,
    memory: int = 2048,
    run_all: bool = False,
    seed: int = 0,
    hints: int = 3,
) -> tuple[Report, str]:
    """Check a file's class; return the report, and what the file's code printed.

    timeout is in seconds, memory in MiB, both for the file's code with all its processes.
    run_all runs every top-level statement too. seed is that of the weights and inputs. hints is
    1 to say what is wrong, 2 to name the line too, 3 to show a fix too.
    """
    # -P: a random.py beside the file, or in the current folder, is not Python's random.
    command = [sys.executable, "-P", "-m", "trainer.checker.child", str(memory), str(seed),
               "1" if run_all else "0", str(hints), str(path), *filter(None, [name])]  # fmt: skip
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=_environment(), start_new_session=True,
    )  # fmt: skip
    channel = Channel(child, timeout, memory)
    try:
        report = _listen(channel)
        report.hints = hints
        return report, channel.printed.decode("utf-8", "replace")
    finally:
        channel.kill()


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8:replace", "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",  # CUDA reserves more address space than the limit leaves
    }  # fmt: skip


@dataclass
class Channel:
    """The child's two outputs, read by threads since Windows cannot wait for a pipe.

    Its stdout carries the findings, a JSON object a line; its stderr all that the file prints.
    """

    child: subprocess.Popen[bytes]
    timeout: float
    memory: int  # MiB
    printed: bytearray = field(default_factory=bytearray)
    _found: queue.Queue[bytes] = field(default_factory=lambda: queue.Queue(64))

    def __post_init__(self) -> None:
        for pipe, put in ((self.child.stdout, self._found.put), (self.child.stderr, self._keep)):
            threading.Thread(target=_pump, args=(pipe, put), daemon=True).start()

    def _keep(self, data: bytes) -> None:
        self.printed += data[: max(0, KEPT - len(self.printed))]

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the child's findings; {"late"}, {"memory"} or {"forged"} where it is stopped."""
        rest, received, before, end = b"", 0, 0, time.monotonic() + START
        while (left := end - time.monotonic()) > 0:
            try:
                data = self._found.get(timeout=min(left, POLL))
            except queue.Empty:
                if before and self._memory_used() - before > self.memory * 2**20:
                    yield {"memory": True}
                    return
                continue
            received += len(data)
            *whole, rest = (rest + data).split(b"\n")
            parsed = [_parse(line) for line in whole]
            if received > MOST or None in parsed:
                yield {"forged": True}
                return
            for line in filter(None, parsed):
                if line == READY and not before:  # the first one starts the clock, no other
                    end, before = time.monotonic() + self.timeout, self._memory_used() or 1
                yield line
            if not data:
                return
        yield {"late": True}

    def _memory_used(self) -> int:
        """Return the bytes that the child and its own children hold."""
        return sum(_resident(process) for process in self._processes())

    def _processes(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            child = psutil.Process(self.child.pid)
            return [child, *child.children(recursive=True)]
        return []

    def kill(self) -> None:
        """End the child and the processes that it started."""
        for process in self._processes():
            with suppress(psutil.Error):
                process.kill()
        if hasattr(os, "killpg"):  # and those whose parent has ended already
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        if self.child.stdin:
            self.child.stdin.close()

    def exit_status(self) -> int | None:
        """Return the child's exit status, None where it does not end."""
        with suppress(subprocess.TimeoutExpired):
            return self.child.wait(timeout=5)
        return None


def _pump(pipe: IO[bytes], put: Callable[[bytes], None]) -> None:
    """Pass on what the pipe brings, and b"" at its end."""
    with pipe:
        while data := os.read(pipe.fileno(), 1 << 16):
            put(data)
    put(b"")


def _parse(line: bytes) -> dict[str, Any] | None:
    """Return the object on a line; None where there is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _listen(channel: Channel) -> Report:
    """Return the report of what the child finds, and of how it ends."""
    report, doing, ending = Report(), "start", "exit"
    for line in channel.lines():
        doing = line.get("doing", doing)
        report.name = line.get("class", report.name)
        report.stopped = line.get("stopped", report.stopped)
        if "finding" in line:
            report.findings.append(Finding(**line["finding"]))
        report.diagnosis = line.get("diagnosis", report.diagnosis)
        for word in ("ready", "done", "late", "memory", "forged"):
            ending = word if word in line else ending
        doing = "loading" if doing == "start" and ending == "ready" else doing
    if ending != "done":
        _explain_ending(report, channel, doing, ending)
    return report


def _explain_ending(report: Report, channel: Channel, doing: str, ending: str) -> None:
    """Add to the report why the child did not come to its end."""
    if doing == "diagnosis" and ending != "forged":
        return  # the verdict is complete without it
    if ending == "late":
        message = f"did not come back in {channel.timeout:g} s (--timeout)"
        if doing in ("predict", "loss", "gradient", "accuracy"):  # on 57 numbers, 7 samples
            report.findings.append(Finding(doing, "raises", f"{message}: an endless loop?"))
        else:
            report.stopped = f"{doing} {message}"
    elif ending in ("memory", "forged"):
        report.findings.clear()
        memory = "it took more memory than --memory allows"
        report.stopped = memory if ending == "memory" else FORGED
    elif doing == "start":
        last = channel.printed.decode("utf-8", "replace").strip().splitlines()[-1:]
        status = _describe_status(channel.exit_status())
        report.stopped = f"the checking process could not start ({status}): {''.join(last)}"
    elif doing == "loading":
        status = _describe_status(channel.exit_status())
        report.stopped = f"its code ended the program while loading ({status})"
    else:
        status = _describe_status(channel.exit_status())
        message = f"its code ended the whole program ({status})"
        report.findings.append(Finding(doing, "raises", message))


def _describe_status(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"
