"""Runs the child process: a time limit, captured output, and an answer however it ends."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from trainer.checker.comparing import Finding
from trainer.checker.report import Report

START = 120  # seconds to import torch on a cold disk; no code of theirs runs before
READY = b'{"ready": true}'
KEPT = 1 << 20  # bytes of their output that are kept


def check_in_child(
    path: Path,
    name: str | None = None,
    *,
    timeout: float = 20.0,
    memory: int = 2048,
    run_all: bool = False,
    seed: int = 0,
) -> tuple[Report, str]:
    """The report on a file's class, and what its code printed."""
    read_fd, write_fd = os.pipe()
    # -P: a random.py beside the file, or in the folder we stand in, is not Python's random
    command = [sys.executable, "-P", "-m", "trainer.checker.child", str(write_fd), str(memory),
               str(seed), "1" if run_all else "0", str(path), *filter(None, [name])]  # fmt: skip
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8:replace", "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",  # CUDA reserves more address space than the limit leaves
    }  # fmt: skip
    with tempfile.TemporaryFile() as printed:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=(write_fd,), env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(write_fd)
        try:
            report = _listen(child, read_fd, printed, timeout)
        finally:
            _kill(child)
            os.close(read_fd)
        printed.seek(0)
        return report, printed.read().decode("utf-8", "replace")


def _kill(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout:
        child.stdout.close()


def _listen(child: subprocess.Popen[bytes], fd: int, printed: IO[bytes], timeout: float) -> Report:
    report, doing, done, late = Report(), "start", False, False
    for line in _lines(child, fd, printed, timeout):
        doing = line.get("doing", doing)
        report.name = line.get("class", report.name)
        report.stopped = line.get("stopped", report.stopped)
        if "finding" in line:
            report.findings.append(Finding(**line["finding"]))
        done = done or "done" in line
        late = "late" in line
    if not done:
        _say_how_it_ended(report, child, doing, late, timeout)
    return report


def _say_how_it_ended(
    report: Report, child: subprocess.Popen[bytes], doing: str, late: bool, timeout: float
) -> None:
    if late:
        message = f"did not come back in {timeout:g} s (--timeout)"
        if doing in ("predict", "loss", "gradient", "accuracy"):  # on 57 numbers, 7 samples
            report.findings.append(Finding(doing, "raises", f"{message}: an endless loop?"))
        else:
            report.stopped = f"{doing} {message}"
        return
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=5)
    code = child.returncode
    if code is None or doing in ("start", "loading"):
        report.stopped = f"its code ended the program while loading ({_ending(code)})"
        return
    message = f"its code ended the whole program ({_ending(code)})"
    report.findings.append(Finding(doing, "raises", message))


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"


def _lines(
    child: subprocess.Popen[bytes], fd: int, printed: IO[bytes], timeout: float
) -> Iterator[dict[str, Any]]:
    """The child's findings as they come, until it closes them; {"late"} when the time is up."""
    kept, rest, end = 0, b"", time.monotonic() + START
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        selector.register(child.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
        while (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fileobj)
                    if key.fd == fd:
                        return
                elif key.fd != fd:
                    printed.write(data[: max(0, KEPT - kept)])
                    kept += len(data)
                else:
                    *whole, rest = (rest + data).split(b"\n")
                    for line in whole:
                        if line == READY:
                            end = time.monotonic() + timeout
                        yield json.loads(line)
    yield {"late": True}
