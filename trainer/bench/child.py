"""The process that processes.fresh starts: prints when it came to its first iteration, and its
peak of memory, as JSON on the last line of its output.
"""

import json
import runpy
import sys
import time
from typing import Any

from trainer.bench.processes import STATUS
from trainer.command import ROOT

ITERATIONS = 20  # of a run measured for its memory: three evaluations of all images


def _ours(backend: str, options: list[str]) -> float:
    """Run scripts/train.py; the time at which its loop starts."""
    from trainer import job

    started, loop = [], vars(job)["train"]

    def noted(*arguments: Any) -> None:
        started.append(time.time())
        loop(*arguments)

    vars(job)["train"] = noted
    sys.argv = ["train.py", "--backend", backend, "--iterations", str(ITERATIONS), *options]
    try:
        runpy.run_path(str(ROOT / "scripts" / "train.py"), run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    return started[0]


def _floor(options: list[str]) -> float:
    """A bare import and reading; afterwards the writer, and one float copy of the images."""
    import numpy as np
    from torchvision import datasets  # noqa: F401

    from trainer.fetch import SETS

    given = dict(zip(options[::2], options[1::2], strict=True))
    folder = given["--data-dir"]
    sets = [SETS[given["--dataset"]](folder, train=which) for which in (True, False)]
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
    first = _floor(rest) if name == "floor" else _ours(name, rest)
    print(json.dumps({"first": first, "peak_mb": _peak_mb()}))
