"""Train a net, the project's or one that somebody wrote, beside its twin from the same weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.learn.borrowed import Lender, find_lender
from trainer.checker.live.live import check
from trainer.checker.load.source import split_class
from trainer.checker.remote.lending import lend_class
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Settings
from trainer.training.checkpoint import NAME
from trainer.training.result import Result
from trainer.training.run import resume as resume_run
from trainer.training.run import run
from trainer.training.signals import Stopped

TWIN = "twin"  # the end of the name of its run


@dataclass(frozen=True)
class OwnResult(Result):
    """How the run of somebody's net ended, and that of its twin."""

    twin: Result | None = None

    @property
    def beside(self) -> str:
        """How far the weights are from those of the twin, in one line."""
        drift = self.measure_drift()
        worst = max(drift, key=lambda key: drift[key])
        text = _("twin: at most {far:.0e} of its largest weight away ({key})")
        return text.format(far=drift[worst], key=worst)

    def measure_drift(self) -> dict[str, float]:
        """Return how far the weights of both moved apart, over the largest of each, by its name."""
        assert self.twin is not None
        pairs = ((key, w, self.twin.net.params[key]) for key, w in self.net.params.items())
        return {k: float(np.abs(w - v).max() / (np.abs(v).max() or 1)) for k, w, v in pairs}


def train(
    net: Settings | type | str | Path = Settings(),
    data_dir: Path | str = "data",
    log_dir: Path | str = "logs",
    name: str | None = None,
    quiet: bool = False,
    pictures: int = 0,
    snapshots: bool = False,
    *,
    settings: Settings = Settings(),
) -> Result:
    """Train one net in a new folder of log_dir; the arguments are those of run.

    net is the settings of a run of the project's net; or a net that you wrote, as a class or the
    path of a file, FILE or FILE:CLASS. Such a net is checked first. Then its own gradients train it
    with these settings, from the weights and on the mini-batches of its twin, whose run is written
    beside it. Raises what run raises, and InputError for a net that cannot be trained so.
    """
    shown = quiet, pictures, snapshots
    if isinstance(net, Settings):
        return run(net, data_dir, log_dir, name, *shown)
    with _borrow(net) as (lender, title):
        name, settings = name or title, lender.choose_settings(settings)
        own = run(settings, data_dir, log_dir, name, *shown, lender.build, _show(net))
    return _train_twin(own, Path(data_dir), shown, is_new=True)


def resume(
    net: type | str | Path,
    folder: Path,
    given: dict[str, Any],
    data_dir: Path,
    quiet: bool = False,
    pictures: int = 0,
    snapshots: bool = False,
) -> Result:
    """Continue the run of a net that you wrote in its folder, and then that of its twin.

    net is as for train, the other arguments and what is raised as for resume of the project's net.
    """
    shown = quiet, pictures, snapshots
    with _borrow(net) as (lender, _title):
        own = resume_run(folder, given, data_dir, *shown, lender.build, _show(net))
    return _train_twin(own, data_dir, shown, is_new=False)


def _show(net: type | str | Path) -> str:
    """Return how to name a net: as its file is given, or by its class."""
    return net.__name__ if isinstance(net, type) else str(net)


def _train_twin(own: Result, data_dir: Path, shown: Any, is_new: bool) -> Result:
    """Train the twin of a net that was trained, or continue it; both go on where it stops."""
    name = f"{own.folder.name}-{TWIN}"
    folder = own.folder.with_name(name)
    try:
        if is_new or not (folder / NAME).is_file():
            twin = run(own.settings, data_dir, own.folder.parent, name, *shown)
        else:
            given = {"iterations": own.settings.iterations}
            twin = resume_run(folder, given, data_dir, *shown)
    except Stopped as stop:
        raise Stopped(stop.number, stop.iteration, own.folder) from stop
    return OwnResult(**vars(own), twin=twin)


@contextmanager
def _borrow(net: type | str | Path) -> Iterator[tuple[Lender, str]]:
    """Check a net and lend it inside this context, with its name."""
    if isinstance(net, str | Path):
        path, name = split_class(str(net))
        with lend_class(path, name) as lender:
            yield lender, name or path.stem
        return
    title = _show(net)
    result = check(net, hints=1)
    if not result:
        text = _("{name} is not right, so it is not trained: check({name}) says why", name=title)
        raise InputError(text)
    yield find_lender(net, title), title
