"""Build the NumPy net with mistakes of mistakes.py from its changed source."""

import inspect
from collections.abc import Iterable
from functools import cache
from types import ModuleType

from trainer.auditing.mistakes import MISTAKES, change_source
from trainer.book import functions, gradient
from trainer.common.errors import InputError
from trainer.nets import numpy_net


@cache
def plant(*slugs: str, rewrites: tuple[tuple[str, str], ...] = ()) -> type[numpy_net.TwoLayerNet]:
    """Return the class TwoLayerNet with the mistakes of these slugs.

    rewrites are (old, new) texts of numpy_net.py, which are replaced after the mistakes are in.
    Raises InputError for an unknown slug, ValueError where two mistakes change the same text.
    """
    for slug in slugs:
        if slug not in MISTAKES:
            raise InputError(f"unknown mistake {slug}: choose one that --list-mistakes lists")
    mistakes = [MISTAKES[slug] for slug in slugs]
    changes = _merge_changes(mistake.net for mistake in mistakes)
    net = _execute_changed(numpy_net, changes, rewrites)
    for module, changes in (
        (functions, _merge_changes(mistake.functions for mistake in mistakes)),
        (gradient, _merge_changes(mistake.gradient for mistake in mistakes)),
    ):
        changed = _execute_changed(module, changes) if changes else module
        vars(net).update({k: v for k, v in vars(changed).items() if not k.startswith("__")})
    return net.TwoLayerNet


def _execute_changed(
    module: ModuleType, changes: dict[str, str], rewrites: tuple[tuple[str, str], ...] = ()
) -> ModuleType:
    """Return a new module from the source of module, with each old text replaced by the new, those
    of changes as change_source does it.
    """
    source = change_source(inspect.getsource(module), changes)
    for old, new in rewrites:
        source = source.replace(old, new)
    changed = ModuleType(module.__name__)
    exec(compile(source, f"{module.__file__} (changed)", "exec"), vars(changed))
    return changed


def _merge_changes(changes: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return all changes in one dict; raises ValueError if two change the same text."""
    merged: dict[str, str] = {}
    for each in changes:
        for old, new in each.items():
            if merged.setdefault(old, new) != new:
                raise ValueError(f"{old!r} cannot become both {merged[old]!r} and {new!r}")
    return merged
