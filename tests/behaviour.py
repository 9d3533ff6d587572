"""Observes all that a net computes, to tell whether two nets behave alike."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import Outcome, attempt
from trainer.checker.adapt.names import call_by_role
from trainer.checker.adapt.subject import Subject
from trainer.checker.check_file import load_class, restore_aliases
from trainer.checker.load.loading import Loader
from trainer.checker.measure import cases
from trainer.checker.measure.trial import Trial

NETS = Path(__file__).parent / "checker" / "nets"


def are_same(found: list[object], right: list[object]) -> bool:
    """Return whether two nets compute the same."""
    return len(found) == len(right) and all(map(is_same, found, right))


def is_same(one: object, other: object) -> bool:
    """Return whether two observed values are equal to within rounding."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and np.allclose(one, other, 1e-5, 1e-9, equal_nan=True)
    return type(one) is type(other) and (isinstance(one, np.ndarray) or one == other)


def write_net(folder: str, layout: str, text: str) -> Path:
    """Write a net beside copies of the layouts that it may import; return its path."""
    nets = Path(folder, "course", "nets")
    nets.mkdir(parents=True)
    for path in NETS.glob("chapter*.py"):
        (nets / path.name).write_text(path.read_text())
    (nets / f"{layout}.py").write_text(text)
    return nets / f"{layout}.py"


def observe(layout: str, text: str) -> list[object]:
    """Return all that a net computes, for two seeds, with and without a penalty."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, restore_aliases():
        loader = Loader(write_net(folder, layout, text))
        loaded = attempt(lambda: load_class(loader, None))
        if loaded.error or loaded.value[1] is None:
            return [str(loaded.error)]
        options = ((seed, reg) for seed in (1, 2) for reg in (0.0, 0.3))
        return [v for o in options for v in observe_net(loaded.value[1], *o)]


def observe_net(kind: type, seed: int, reg: float) -> list[object]:
    """Return the values of all methods on one case, with both kinds of targets."""
    case = cases.make_case(seed)
    built = attempt(lambda: Trial(kind, Subject(kind, cases.D, cases.H, cases.C, reg), case))
    if built.error:
        return [type(built.error)]
    trial: Trial = built.value
    values = list_values(trial.subject.weights.get())
    for t in trial.targets.values():
        for name in ("predict", "loss", "gradient", "gradient", "accuracy", "numerical_gradient"):
            trial.reset_weights()
            function, arrays = getattr(trial.subject, name), (case.x, t)
            values += list_values(attempt(function, *arrays[: 1 if name == "predict" else 2]))
        values += observe_directly(trial, t)
    return values


def observe_directly(trial: Trial, t: Any) -> list[object]:
    """Return all that loss returns, its value for one sample, and the weights after training."""
    subject, x = trial.subject, trial.case.x
    trial.reset_weights()
    values: list[object] = []
    if loss := subject.methods["loss"]:
        values += list_values(attempt(loss, x, t)) + list_values(attempt(loss, x[0], t[0]))
    if subject.methods["predict"]:
        values += list_values(attempt(subject.predict, x[0]))
    if train := subject.methods["train"]:
        given = {"x": x, "t": t, "x val": x, "t val": t, "lr": 0.01, "batch": 4, "epochs": 3}
        np.random.seed(0)
        values += list_values(attempt(lambda: call_by_role(train, given)))
        values += list_values(subject.weights.get())
    return values


def list_values(value: object) -> list[object]:
    """Return the arrays in what a call returned, or the class of what it raised."""
    if isinstance(value, Outcome):
        error = [type(value.error)] if value.error else list_values(value.value)
        return [*error, *value.wrote]
    if isinstance(value, dict):
        return [v for key in sorted(value) for v in (key, *list_values(value[key]))]
    if isinstance(value, list | tuple):
        return [v for part in value for v in list_values(part)]
    return [np.asarray(value)] if isinstance(value, np.ndarray | float | int) else [type(value)]
