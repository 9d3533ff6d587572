"""Measure what needs a new process: start-up, peak memory and whole runs."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.common.text import quote_command

# The options of the train command for each contestant of the measure "protocol", a whole run.
PROTOCOLS = {
    "numpy": ["--backend", "numpy", "--evaluation", "full"],
    "torch": ["--backend", "torch", "--evaluation", "full"],
    "numpy-lazy": ["--backend", "numpy", "--evaluation", "lazy"],
    "torch-lazy": ["--backend", "torch", "--evaluation", "lazy"],
}
START_UP = ["--iterations", "20"]  # all images are evaluated three times
POLL = 0.01  # seconds between two looks at a process that starts


def measure_start_up(name: str, settings: Settings, data_dir: Path) -> tuple[float, float]:
    """Return the seconds from process start to its first line, and the peak memory in MB.

    name is a backend, or "floor". The line tells of the first evaluation, before the first step.
    Raises InputError if the process fails.
    """
    if name == "floor":
        return _run_python("trainer.bench.floor", str(settings.dataset), str(data_dir.resolve()))
    with tempfile.TemporaryDirectory() as logs:
        return _train(logs, settings, data_dir, "--backend", name, *START_UP)


def time_protocol(name: str, settings: Settings, data_dir: Path) -> float:
    """Return the seconds of a whole run of the train command with its defaults.

    The run writes its event file, and lines of progress. Raises InputError if it fails.
    """
    with tempfile.TemporaryDirectory() as logs:
        _train(logs, settings, data_dir, *PROTOCOLS[name])
        about = json.loads(Path(logs, "run", "settings.json").read_text(encoding="utf-8"))
    return float(about["result"]["seconds"])


def _train(logs: str, settings: Settings, data_dir: Path, *options: str) -> tuple[float, float]:
    return _run_python(
        "trainer", "train", *options, "--dataset", str(settings.dataset),
        "--device", settings.device, "--data-dir", str(data_dir.resolve()),
        "--log-dir", logs, "--run-name", "run",
    )  # fmt: skip


def _run_python(module: str, *arguments: str) -> tuple[float, float]:
    """Run a module in a new process; return the seconds to its first output, and its peak MB.

    Raises InputError if it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    first, peak, started = 0.0, 0.0, time.perf_counter()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        try:
            while process.poll() is None:
                if not first and os.fstat(output.fileno()).st_size:
                    first = time.perf_counter() - started
                with suppress(psutil.NoSuchProcess):  # it has just ended
                    peak = max(peak, _read_peak_mb(process.pid))
                time.sleep(5 * POLL if first else POLL)  # so that a run keeps its cores
        finally:
            process.kill()  # does nothing if it has ended
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
    if process.returncode:
        reason = lines[-1] if lines else f"exit status {process.returncode}"
        raise InputError(f"the measured process failed, {quote_command(command)}: {reason}")
    return first, peak


def _read_peak_mb(pid: int) -> float:
    """Return the most memory that a process has had; on macOS what it has now."""
    status = Path(f"/proc/{pid}/status")  # of which psutil does not read the peak
    if status.exists():
        peak = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        return int(peak[1]) / 1024 if peak else 0.0
    memory = psutil.Process(pid).memory_info()
    return getattr(memory, "peak_wset", memory.rss) / 2**20
