"""Measurements that need a process of their own: start-up, peak memory and whole runs."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trainer.common.errors import InputError

# Contestants of the measure "protocol", each with its options of the train command.
PROTOCOLS = {
    "numpy": ["--backend", "numpy", "--evaluation", "full"],
    "torch": ["--backend", "torch", "--evaluation", "full"],
    "numpy-lazy": ["--backend", "numpy", "--evaluation", "lazy"],
    "torch-lazy": ["--backend", "torch", "--evaluation", "lazy"],
}


def measure_start_up(name: str, dataset: str, data_dir: Path, device: str) -> tuple[float, float]:
    """Return the seconds from process start to the first iteration, and the peak memory in MB.

    name is a backend, or "floor". The floor's seconds are those of a bare import of torchvision
    and of reading the files with it. Its memory also has TensorBoard's writer and one float copy
    of the images. The memory is 0 where the system does not report it. Raises InputError if the
    process fails.
    """
    with tempfile.TemporaryDirectory() as logs:
        started = time.time()
        output = _run_python(
            "trainer.bench.child", name, dataset, str(data_dir.resolve()), logs, device
        )
    measured = json.loads(output.splitlines()[-1])
    return measured["first"] - started, measured["peak_mb"]


def time_protocol(name: str, dataset: str, data_dir: Path, device: str) -> float:
    """Return the seconds of a whole run of the train command with its defaults.

    It writes its event file and prints its progress as lines into a pipe, on every system. Raises
    InputError if the run fails.
    """
    with tempfile.TemporaryDirectory() as logs:
        _run_python(
            "trainer", "train", *PROTOCOLS[name], "--dataset", dataset, "--device", device,
            "--data-dir", str(data_dir.resolve()), "--log-dir", logs, "--run-name", "run",
        )  # fmt: skip
        about = json.loads(Path(logs, "run", "settings.json").read_text(encoding="utf-8"))
    return float(about["result"]["seconds"])


def _run_python(module: str, *arguments: str) -> str:
    """Return what a module prints that runs in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise InputError(f"the process to measure failed, {' '.join(command)}: {lines[-1]}")
    return done.stdout
