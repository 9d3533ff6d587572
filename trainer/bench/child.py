"""The process that processes.fresh starts: prints when it came to its first iteration, and its
peak of memory, as JSON on the last line of its output.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

from trainer.bench.processes import STATUS

ITERATIONS = 20  # of a run measured for its memory: three evaluations of all images


def _ours(backend: Any, options: dict[str, Any]) -> float:
    """Train as the train command does; the time at which its loop starts."""
    from trainer.common.settings import Settings
    from trainer.training.loop import Loop
    from trainer.training.run import run

    started = []

    class TimedLoop(Loop[Any]):
        def run(self) -> None:
            started.append(time.time())
            super().run()

    with mock.patch("trainer.training.run.Loop", TimedLoop):
        settings = Settings(
            backend=backend, iterations=ITERATIONS, dataset=options["--dataset"],
            device=options["--device"],
        )  # fmt: skip
        run(settings, Path(options["--data-dir"]), Path(options["--log-dir"]), pictures=1000)
    return started[0]


def _floor(options: dict[str, Any]) -> float:
    """A bare import and reading; afterwards the writer, and one float copy of the images."""
    import numpy as np
    from torchvision import datasets  # noqa: F401

    from trainer.data.fetch import SETS

    folder = options["--data-dir"]
    sets = [SETS[options["--dataset"]](folder, train=which) for which in (True, False)]
    read = time.time()
    images = sum(len(each) for each in sets)
    del sets
    from torch.utils.tensorboard import SummaryWriter  # noqa: F401

    np.ones((images, 784), np.float32)
    return read


def _peak_mb() -> float:
    # Not getrusage: after a fork it starts from the parent's peak.
    if not STATUS.exists():
        return 0.0
    peak = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    first = _floor(options) if name == "floor" else _ours(name, options)
    print(json.dumps({"first": first, "peak_mb": _peak_mb()}))
