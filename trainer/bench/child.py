"""The process that processes.measure_start_up starts, with NAME DATASET DATA_DIR LOG_DIR DEVICE.

Its last line is JSON: the clock time (time.time) of its first iteration and its peak memory.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

ITERATIONS = 20  # of the measured run, so that it evaluates all images three times


def _train(data_dir: Path, log_dir: Path, options: dict[str, Any]) -> float:
    """Train as the train command does; return the clock time at which the loop started."""
    from trainer.common.settings import Settings
    from trainer.training.loop import Loop
    from trainer.training.run import run

    started = []

    class TimedLoop(Loop[Any]):
        def run(self) -> None:
            started.append(time.time())
            super().run()

    with mock.patch("trainer.training.run.Loop", TimedLoop):
        run(Settings(iterations=ITERATIONS, **options), data_dir, log_dir, pictures=1000)
    return started[0]


def _load_floor(data_dir: Path, dataset: Any) -> float:
    """Read the data set's files with torchvision; return the clock time at which this was done."""
    import numpy as np
    from torchvision import datasets  # noqa: F401

    from trainer.data.fetch import SETS

    sets = [SETS[dataset](data_dir, train=is_train) for is_train in (True, False)]
    read_at = time.time()
    # The rest belongs to the memory of the floor: the writer and one float32 copy of the images.
    images = sum(len(each) for each in sets)
    del sets
    from torch.utils.tensorboard import SummaryWriter  # noqa: F401

    np.ones((images, 784), np.float32)
    return read_at


def _read_peak_mb() -> float:
    """Return the most memory that this process has had, in MB; 0.0 where no system call says it."""
    if sys.platform == "win32":
        import psutil  # here, since its import would count as start-up

        return psutil.Process().memory_info().peak_wset / 2**20
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # in bytes there
    # On Linux psutil has no peak, and getrusage starts from the peak of the parent process. Only
    # VmHWM of /proc is that of this program alone.
    status = Path("/proc/self/status")
    peak = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    return int(peak[1]) / 1024 if peak else 0.0


if __name__ == "__main__":
    name, dataset, data_dir, log_dir, device = sys.argv[1:]
    if name == "floor":
        first = _load_floor(Path(data_dir), dataset)
    else:
        options = {"backend": name, "dataset": dataset, "device": device}
        first = _train(Path(data_dir), Path(log_dir), options)
    print(json.dumps({"first": first, "peak_mb": _read_peak_mb()}))
