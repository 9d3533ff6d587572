"""Short runs on mnist-5k for the tests of checkpoints, and readers of what they leave behind."""

import atexit
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

import trainer.training.run
from trainer.board import events
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import load_digits
from trainer.training import checkpoint
from trainer.training.signals import Stopped
from trainer.training.snapshots import ITERATIONS

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
FOLDER = "TWO_LAYER_NET_TEST_DATA"
TAGS = {"loss/train", "accuracy/train", "accuracy/test"}


@functools.cache
def find_data_dir() -> Path:
    """Return a folder with mnist-5k; one for a process and its children, removed at the end."""
    if FOLDER in os.environ:
        return Path(os.environ[FOLDER])
    folder = Path(tempfile.mkdtemp(prefix="two-layer-net-"))
    os.environ[FOLDER] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    load_digits("mnist-5k", folder)
    return folder


def run_python(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python with these words; return its status and what it printed."""
    keywords = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.run([sys.executable, *map(str, words)], check=False, **keywords)


def make_settings(**changes: Any) -> Settings:
    """Return the settings of a run of 60 iterations with a checkpoint at every 20th."""
    short = {"dataset": "mnist-5k", "iterations": 60, "checkpoint_every": 20, "lr": 0.5}
    return Settings(**{**short, **changes})


def train(log_dir: Path, name: str = "run", **changes: Any) -> Path:
    """Train to the last iteration; return the folder of the run.

    changes: settings, and pictures or snapshots of trainer.training.run.run.
    """
    shown = {key: changes.pop(key) for key in ("pictures", "snapshots") if key in changes}
    settings = make_settings(**changes)
    result = trainer.training.run.run(settings, find_data_dir(), log_dir, name, quiet=True, **shown)
    return result.folder


def resume(folder: Path, **given: Any) -> Path:
    """Resume a run to its last iteration; return its folder."""
    return trainer.training.run.resume(folder, given, find_data_dir(), quiet=True).folder


def make_signalling_batches(i: int, *numbers: int) -> type[Batches]:
    """Return Batches that raise the signals once, while the batch of step i is drawn."""

    waiting = list(numbers)

    class Signalling(Batches):
        def __call__(self, step: int) -> Any:
            while step == i and waiting:
                signal.raise_signal(waiting.pop())
            return super().__call__(step)

    return Signalling


def train_until(stop: int, log_dir: Path, name: str = "run", **changes: Any) -> Path:
    """Train until SIGTERM stops the run with the weights of iteration stop; return its folder."""
    batches = make_signalling_batches(stop - 1, signal.SIGTERM)
    with mock.patch("trainer.training.run.Batches", batches), pytest.raises(Stopped) as stopped:
        train(log_dir, name, **changes)
    assert stopped.value.iteration == stop
    return stopped.value.folder


def read_weights(folder: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Return the dtype, shape and bytes of each array of a run's checkpoint."""
    params = checkpoint.load(folder).params
    return {name: (str(w.dtype), w.shape, w.tobytes()) for name, w in params.items()}


def read_points(folder: Path) -> list[tuple[str, int, bytes]]:
    """Return tag, step and the value's bytes of each scalar in the event files, in their order."""
    return [
        (value.tag, event.step, np.float32(value.simple_value).tobytes())
        for path in events.list_event_files(folder)
        for _, event in events.split_records(path.read_bytes())[0]
        for value in event.summary.value
        if value.tag in TAGS
    ]


def find_leftovers(folder: Path) -> list[Path]:
    """Return the files in a run's folder that should not be there."""
    kept = {"settings.json", ".lock", checkpoint.NAME}
    event_files = events.list_event_files(folder)
    kept |= {f"snapshot-{iteration}.safetensors" for iteration in ITERATIONS}
    return [p for p in folder.iterdir() if p.name not in kept and p not in event_files]
