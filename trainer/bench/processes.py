"""What only a process of its own can show: start-up, peak memory, and the whole protocol."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

STATUS = Path("/proc/self/status")
TRAIN = ["-m", "trainer", "train"]
# The protocol's contestants, each with the options of train.py that make it.
PROTOCOLS = {
    "numpy": ["--backend", "numpy", "--evaluation", "full"],
    "torch": ["--backend", "torch", "--evaluation", "full"],
    "numpy-lazy": ["--backend", "numpy", "--evaluation", "lazy"],
    "torch-lazy": ["--backend", "torch", "--evaluation", "lazy"],
}


def fresh(name: str, dataset: str, data_dir: Path, device: str) -> tuple[float, float]:
    """Seconds from process start to the first iteration, and the peak of memory in MB.

    name is one of ours, or "floor": a bare import of torchvision and reading the files with it;
    for the memory also of the writer, with one float copy of the images. The memory is 0
    where the system has no /proc.
    """
    with tempfile.TemporaryDirectory() as logs:
        options = ["--dataset", dataset, "--data-dir", str(data_dir.resolve()), "--log-dir", logs]
        command = [sys.executable, "-m", "trainer.bench.child", name, *options, "--device", device]
        started = time.time()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout.splitlines()[-1])
    return seen["first"] - started, seen["peak_mb"]


def protocol(name: str, dataset: str, data_dir: Path, device: str) -> float:
    """Seconds that the loop of train.py takes with its defaults, event file and bar on."""
    with tempfile.TemporaryDirectory() as logs:
        command = [
            sys.executable, *TRAIN, *PROTOCOLS[name], "--dataset", dataset, "--device", device,
            "--data-dir", str(data_dir.resolve()), "--log-dir", logs, "--run-name", "run",
        ]  # fmt: skip
        _in_terminal(command)
        about = json.loads(Path(logs, "run", "settings.json").read_text())
    return float(about["result"]["seconds"])


def _in_terminal(command: list[str]) -> None:
    """Run a command whose standard error is a terminal, so that it draws its progress bar."""
    import pty  # not on Windows

    ours, theirs = pty.openpty()
    drain = threading.Thread(target=_drain, args=(ours,), daemon=True)
    drain.start()
    try:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, check=True)
    finally:
        os.close(theirs)
        drain.join()
        os.close(ours)


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:  # the other end has closed
        pass
