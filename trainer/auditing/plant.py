"""Make the net that mistakes of trainer/mistakes.py give, from the changed source."""

import inspect
from collections.abc import Iterable
from functools import cache
from types import ModuleType

from trainer.auditing.mistakes import MISTAKES
from trainer.book import functions, gradient
from trainer.common.errors import InputError
from trainer.nets import numpy_net


@cache
def plant(*slugs: str) -> type[numpy_net.TwoLayerNet]:
    """trainer.nets.numpy_net.TwoLayerNet with those mistakes.

    Raises InputError where there is none such, ValueError where two change the same text.
    """
    for slug in slugs:
        if slug not in MISTAKES:
            raise InputError(f"no mistake is called {slug}: --list-mistakes lists them")
    mistakes = [MISTAKES[slug] for slug in slugs]
    net = _changed(numpy_net, _together(mistake.net for mistake in mistakes))
    for module, changes in (
        (functions, _together(mistake.functions for mistake in mistakes)),
        (gradient, _together(mistake.gradient for mistake in mistakes)),
    ):
        changed = _changed(module, changes)
        vars(net).update({k: v for k, v in vars(changed).items() if not k.startswith("__")})
    return net.TwoLayerNet


def _changed(module: ModuleType, changes: dict[str, str]) -> ModuleType:
    """A new module from the source of module with each old text, found once, replaced."""
    source = inspect.getsource(module)
    for old, new in changes.items():
        if source.count(old) != 1:
            raise AssertionError(f"{old!r} is {source.count(old)} times in {module.__name__}")
        source = source.replace(old, new)
    changed = ModuleType(module.__name__)
    exec(compile(source, f"{module.__file__} (changed)", "exec"), vars(changed))
    return changed


def _together(changes: Iterable[dict[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for each in changes:
        for old, new in each.items():
            if merged.setdefault(old, new) != new:
                raise ValueError(f"{old!r} cannot become both {merged[old]!r} and {new!r}")
    return merged
