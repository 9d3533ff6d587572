"""One training run: settings in; a folder with its event file and settings.json out."""

import json
import platform
import time
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from trainer import data
from trainer.dashboard import Dashboard
from trainer.errors import InputError
from trainer.functions import Array
from trainer.lazy import LazyAccuracy
from trainer.loop import Point, train
from trainer.numpy_net import CHUNK, TwoLayerNet
from trainer.progress import Progress
from trainer.settings import Settings
from trainer.tape import Batches
from trainer.threads import Threads
from trainer.torch_net import TorchTwoLayerNet, pick_device


@dataclass(frozen=True)
class Result:
    """How a run ended: its folder, its last point, and the seconds its loop took."""

    folder: Path
    settings: Settings
    last: Point
    seconds: float


def run(
    settings: Settings, data_dir: Path, log_dir: Path, name: str | None = None, quiet: bool = False
) -> Result:
    """Train one net, recorded in a new folder of log_dir: name, or <dataset>-<backend>.

    Raises InputError before anything is written for what cannot be used, and afterwards
    where the loss diverges. What was recorded stays, also when KeyboardInterrupt passes.
    """
    settings = replace(settings, device=_device(settings))
    if settings.device == "cuda":
        settings = replace(settings, evaluation="full")  # which is cheap there
    digits = data.load(settings.dataset, data_dir, settings.dtype)
    settings = replace(settings, dataset=digits.name)
    if settings.batch_size > len(digits.x_train):
        raise InputError(
            f"--batch-size {settings.batch_size}: {digits.name} has {len(digits.x_train)} images"
        )
    digits = data.prepare(digits, settings.preprocess)
    folder = new_folder(log_dir, name or f"{digits.name}-{settings.backend}")
    about = {"settings": asdict(settings), "versions": versions()}
    _write(folder, about)
    points: list[Point] = []
    started = time.perf_counter()
    try:
        with Dashboard(folder) as board:
            for title, rows in about.items():
                board.text(title, rows)
            _train(settings, digits, board, points, quiet)
    except BaseException as error:
        _write(folder, about | {"stopped": str(error) or type(error).__name__})
        raise
    result = Result(folder, settings, points[-1], time.perf_counter() - started)
    _write(folder, about | {"result": asdict(result.last) | {"seconds": result.seconds}})
    return result


def build(settings: Settings, inputs: int, classes: int) -> Any:
    """The net of these settings."""
    options: dict[str, Any] = {
        name: getattr(settings, name) for name in ("activation", "loss", "seed", "dtype")
    }
    if settings.backend == "torch":
        return TorchTwoLayerNet(
            inputs,
            settings.hidden_size,
            classes,
            settings.weight_init_std,
            device=settings.device,
            **options,
        )
    return TwoLayerNet(inputs, settings.hidden_size, classes, settings.weight_init_std, **options)


def chunks(rows: int, threads: Threads) -> list[slice]:
    """The rows that threads.accuracy of so many classifies at once."""
    return [
        slice(i, min(i + CHUNK, part.stop))
        for part in threads.parts(rows)
        for i in range(part.start, part.stop, CHUNK)
    ]


def lazy_accuracy(net: Any, digits: data.Digits, threads: Threads) -> LazyAccuracy:
    """The accuracies of a net on the CPU over both sets, as threads.accuracy computes them."""

    def classify(x: Array) -> Array:
        return np.asarray(net.classes(net.native(x)))

    sets = [(digits.x_train, digits.t_train), (digits.x_test, digits.t_test)]
    return LazyAccuracy(
        sets, net.activation, classify, lambda rows: chunks(rows, threads), threads.map
    )


def _train(
    settings: Settings, digits: data.Digits, board: Dashboard, points: list[Point], quiet: bool
) -> None:
    net = build(settings, digits.x_train.shape[1], len(digits.classes))
    x_train, t_train = net.native(digits.x_train), net.native(digits.t_train)
    x_test, t_test = net.native(digits.x_test), net.native(digits.t_test)
    batch = Batches(x_train, t_train, settings.batch_size, settings.seed, net.native)
    threads = Threads()
    progress = Progress(0, settings.iterations, settings.eval_every, quiet)

    lazy = lazy_accuracy(net, digits, threads) if settings.evaluation == "lazy" else None

    def evaluate() -> tuple[float, float]:
        if lazy:
            train, test = lazy(net.params)
            return train, test
        return threads.accuracy(net, x_train, t_train), threads.accuracy(net, x_test, t_test)

    def record(point: Point) -> None:
        board.record(point)
        if lazy:
            board.scalars(point.iteration, {"evaluation/fraction": lazy.fraction})
        progress.show(point)
        points.append(point)

    sizes = digits.x_train.shape[1], settings.hidden_size, settings.batch_size
    with closing(progress), threads.step(*sizes):
        train(net, batch, progress, settings, evaluate, record)


def new_folder(log_dir: Path, name: str) -> Path:
    """Make log_dir/name, or name-2, name-3, …: two runs never share a folder.

    Raises InputError where it cannot be made, or the name leads out of log_dir.
    """
    if name in ("", ".", "..") or Path(name).name != name:
        raise InputError(f"--run-name {name}: must be one folder's name, without a path")
    number = 1
    while True:
        folder = log_dir / (name if number == 1 else f"{name}-{number}")
        try:
            log_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir()  # fails where it exists, also when another process was first
            return folder
        except FileExistsError as error:
            if not log_dir.is_dir():
                raise InputError(f"--log-dir {log_dir}: is not a folder") from error
            number += 1
        except OSError as error:
            raise InputError(
                f"--log-dir {log_dir}: cannot write there: {error.strerror}"
            ) from error


def versions() -> dict[str, str]:
    """What the numbers of a run may depend on beside its settings."""
    packages = ("numpy", "torch", "torchvision", "tensorboard")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _write(folder: Path, about: dict[str, Any]) -> None:
    (folder / "settings.json").write_text(json.dumps(about, indent=2) + "\n")


def _device(settings: Settings) -> str:
    return pick_device(settings.device).type if settings.backend == "torch" else "cpu"
