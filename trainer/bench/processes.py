"""Measure what needs a new process: start-up, peak memory and whole runs."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trainer.common.errors import InputError
from trainer.common.text import quote_command

# The options of the train command for each contestant of the measure "protocol", a whole run.
PROTOCOLS = {
    "numpy": ["--backend", "numpy", "--evaluation", "full"],
    "torch": ["--backend", "torch", "--evaluation", "full"],
    "numpy-lazy": ["--backend", "numpy", "--evaluation", "lazy"],
    "torch-lazy": ["--backend", "torch", "--evaluation", "lazy"],
}


def measure_start_up(name: str, dataset: str, data_dir: Path, device: str) -> tuple[float, float]:
    """Return the seconds from process start to the first iteration, and the peak memory in MB.

    name is a backend, or "floor". The floor imports torchvision and reads the files with it, but
    does not train. Its memory also has TensorBoard's writer and one float32 copy of the images.
    The memory is 0 if the system does not report it. Raises InputError if the process fails.
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

    The run writes its event file, and prints lines of progress to a pipe. Raises InputError if it
    fails.
    """
    with tempfile.TemporaryDirectory() as logs:
        _run_python(
            "trainer", "train", *PROTOCOLS[name], "--dataset", dataset, "--device", device,
            "--data-dir", str(data_dir.resolve()), "--log-dir", logs, "--run-name", "run",
        )  # fmt: skip
        about = json.loads(Path(logs, "run", "settings.json").read_text(encoding="utf-8"))
    return float(about["result"]["seconds"])


def _run_python(module: str, *arguments: str) -> str:
    """Run a module in a new process and return its output; raise InputError if it fails."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise InputError(f"the measured process failed, {quote_command(command)}: {lines[-1]}")
    return done.stdout
