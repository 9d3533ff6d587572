"""Loads a file and finds the class in it that is the net, with all that the checks need of it.

The process that runs somebody's code has this module, and none that judges.
"""

import ast
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.averaging import averages_sums
from trainer.checker.adapt.building import find_candidates
from trainer.checker.findings.placing import describe_place
from trainer.checker.load.definitions import (
    Helper,
    Names,
    has_loop,
    list_called,
    list_defined,
    list_helpers,
)
from trainer.checker.load.loading import Loader
from trainer.checker.load.standins import StandIn, describe
from trainer.common.errors import InputError
from trainer.common.language import N_
from trainer.common.language import translate as _

# Names that NumPy had when the books were written.
ALIASES = {"int": int, "float": float, "object": object, "str": str, "complex": complex,
           "bool": bool, "float_": np.float64, "int_": np.int64, "Inf": np.inf, "NaN": np.nan,
           "product": np.prod, "alltrue": np.all, "sometrue": np.any,
           "mat": np.asmatrix}  # fmt: skip

NO_NET_BUT = N_("no class that looks like a two-layer net; {reason}")


@dataclass
class Loaded:
    """What a file has: its class or None, its names and those that it defines, its helpers.

    absence says why there is no class. notes say how the file was read. aliases are the uses of
    names that NumPy has lost. unfinished are the templates that nobody filled in. parts are the
    functions and layers that are checked by themselves. is_whole is False where only one class or
    function of the file is checked, has_loop tells that the file has a loop outside of these, and
    averages_sums that it divides the losses of all batches by the number of samples.
    """

    path: Path
    kind: Any  # the class, or what stands for a class of another process
    names: Names
    defined: set[str]
    helpers: list[Helper] = field(default_factory=list)
    notes: Iterable[str] = ()
    aliases: Iterable[str] = ()
    absence: str = ""
    unfinished: Mapping[str, str] = field(default_factory=dict)
    parts: list[Any] = field(default_factory=list)
    is_whole: bool = True
    has_loop: bool = False
    averages_sums: bool = False


def describe_file(loader: Loader, names: Names, kind: Any, removed: set[str]) -> Loaded:
    """Return what a loaded file has, with the class that is to be checked."""
    source = loader.sources[loader.path]
    return Loaded(
        loader.path, kind, names, list_defined(source), list_helpers(loader, names),
        loader.notes, list(_find_aliases(loader, removed)),
        _explain_absence(loader, names) if kind is None else "", has_loop=has_loop(source),
        averages_sums=averages_sums(source),
    )  # fmt: skip


def load_names(loader: Loader) -> tuple[dict[str, object], list[type]]:
    """Return the names of the loader's file, and the classes that may be meant.

    Raises InputError for an empty file, or what the file's own code raises.
    """
    module = loader.load_file()
    if not loader.sources[loader.path].tree.body:
        raise InputError(_("{path}: the file is empty").format(path=loader.path))
    return vars(module), find_candidates(module, list_defined(loader.sources[loader.path]))


def choose_class(
    loader: Loader, names: Names, candidates: list[type], name: str | None
) -> type | None:
    """Return the class of that name; without a name, the only candidate or the only one that the
    file's other code calls, None if there is none.

    Raises InputError if no class has that name, or if several may be meant.
    """
    if name is None and len(candidates) > 1:
        return _choose_used(loader, candidates)
    if name is None:
        return candidates[0] if candidates else None
    kind = names.get(name)
    if isinstance(kind, StandIn):
        raise InputError(f"{loader.path}: {describe(kind)}")
    if not isinstance(kind, type):
        defined = list_defined(loader.sources[loader.path])
        own = [k for k, v in names.items() if isinstance(v, type) and k in defined]
        message = _("{path}: there is no class {name}; it has: {names}")
        names_of_own = ", ".join(own) or _("none")
        raise InputError(message.format(path=loader.path, name=name, names=names_of_own))
    return kind


def _choose_used(loader: Loader, candidates: list[type]) -> type:
    """Return the only one of several classes that the file's other code calls, with a note."""
    called = list_called(loader.sources[loader.path].tree)
    used = [kind for kind in candidates if kind.__name__ in called]
    listed = ", ".join(kind.__name__ for kind in candidates)
    if len(used) != 1:
        message = _("{path}: several classes may be meant ({names}): add :CLASS")
        raise InputError(message.format(path=loader.path, names=listed))
    message = _("has {names}: the one that it uses is checked (add :CLASS for another)")
    loader.notes.append(message.format(names=listed))
    return used[0]


def _explain_absence(loader: Loader, names: Names) -> str:
    """Return that there is no net, with a cell or a class that could not be used, if any."""
    notebook = loader.sources[loader.path].notebook
    if notebook and notebook.notes:
        return _(NO_NET_BUT).format(reason=notebook.notes[0])
    unset = [
        v
        for k, v in names.items()
        if isinstance(v, StandIn) and k in list_defined(loader.sources[loader.path])
    ]
    if unset:
        return _(NO_NET_BUT).format(reason=describe(unset[0]))
    defined = list_defined(loader.sources[loader.path])
    if not any(isinstance(value, type) and name in defined for name, value in names.items()):
        return _("no two-layer net in a form that is known here")
    return _("no class that looks like a two-layer net; name it: FILE:CLASS")


@contextmanager
def restore_aliases() -> Iterator[set[str]]:
    """Give NumPy back its removed names for a while, so that np.int does not stop the check, and
    Python its time.clock.
    """
    removed = {name for name in ALIASES if name not in vars(np)}
    lost = [(np, name, ALIASES[name]) for name in removed]
    lost += [] if hasattr(time, "clock") else [(time, "clock", time.perf_counter)]
    for module, name, value in lost:
        setattr(module, name, value)
    try:
        yield removed
    finally:
        for module, name, _value in lost:
            delattr(module, name)


def _find_aliases(loader: Loader, removed: set[str]) -> Iterator[str]:
    for file, source in loader.sources.items():
        for node in ast.walk(source.tree):
            match node:
                case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name) if name in removed:
                    place = describe_place(file.name, node.lineno)
                    message = _("np.{name} was removed from NumPy ({place})")
                    yield message.format(name=name, place=place)
