"""Make the net that a mistake of trainer/mistakes.py gives, from the changed source."""

import inspect
from functools import cache
from types import ModuleType

from trainer import functions, gradient, numpy_net
from trainer.errors import InputError
from trainer.mistakes import MISTAKES


@cache
def plant(slug: str) -> type[numpy_net.TwoLayerNet]:
    """trainer.numpy_net.TwoLayerNet with that mistake; InputError where there is none such."""
    if slug not in MISTAKES:
        raise InputError(f"no mistake is called {slug}: --list-mistakes lists them")
    mistake = MISTAKES[slug]
    net = _changed(numpy_net, mistake.net)
    for module in (_changed(functions, mistake.functions), _changed(gradient, mistake.gradient)):
        vars(net).update({k: v for k, v in vars(module).items() if not k.startswith("__")})
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
