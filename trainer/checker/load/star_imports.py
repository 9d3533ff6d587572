"""Gives a module that is loaded what it imports from missing modules, and by `import *`."""

import importlib.util
from contextlib import suppress
from types import ModuleType
from typing import Any

from trainer.checker.load.standins import NOT_FOUND, StandIn, make_module
from trainer.common.language import N_
from trainer.common.language import translate as _

NEVER = {"self", "cls"}  # no module offers them
NOT_LOADED = N_("module {name} is not loaded during the check")
# What is reported of a module that is missing or not loaded.
NOTES = {
    (NOT_FOUND, True): N_("module {name} was not found: our own version is used"),
    (NOT_FOUND, False): N_("module {name} was not found: what uses it cannot be checked"),
    (NOT_LOADED, True): N_("module {name} is not loaded during the check: our own version is used"),
    (NOT_LOADED, False): N_(
        "module {name} is not loaded during the check: what uses it cannot be checked"
    ),
}


def make_stand_ins(name: str, reason: str = NOT_FOUND) -> tuple[ModuleType, ModuleType]:
    """Return stand-ins for the topmost package of a dotted name and for the module itself."""
    leaf = module = make_module(name, reason)
    while "." in name.strip("."):
        name, _, part = name.rpartition(".")
        parent = make_module(name, reason)
        setattr(parent, part, module)
        module = parent
    return module, leaf


def describe_absence(package: str, is_ours: bool) -> str:
    """Return why a package that is never imported here is not used, untranslated."""
    with suppress(ImportError, ValueError):
        if not is_ours and importlib.util.find_spec(package):
            return NOT_LOADED
    return NOT_FOUND


def describe_stand_in(module: ModuleType, fromlist: tuple[str, ...]) -> str:
    """Return the note on a stand-in for a module."""
    names = module.__all__ if "*" in fromlist else fromlist
    has_ours = any(not isinstance(vars(module).get(n), StandIn | None) for n in names)
    message = NOTES[vars(module)["__standin__"], has_ours]
    return _(message).format(name=module.__name__)


def fill_star_import(module: ModuleType, user: dict[str, Any]) -> None:
    """Set what `from module import *` gives: what the user lacks, and every name it looks for."""
    ours = {k: v for k, v in vars(module).items() if not k.startswith("__")}
    names = {k: v for k, v in ours.items() if isinstance(user.get(k), StandIn | None)}
    for name in user.get("__free__", ()):
        if name not in ours and name not in user and name not in user["__builtins__"]:
            why = _("perhaps from module {name}, which is missing").format(name=module.__name__)
            names[name] = StandIn(name, why)
    module.__all__ = list(names)  # type: ignore[attr-defined]
    vars(module).update(names)


def limit_star_import(module: ModuleType, user: dict[str, Any]) -> ModuleType:
    """Return a module with what `from module import *` may set: no stand-in hides a real value.

    Nor does a name hide one of __kept__, those that the user itself defines for good.
    """
    public = (name for name in vars(module) if not name.startswith("_"))
    names = list(getattr(module, "__all__", None) or public)
    values = {name: getattr(module, name) for name in names if hasattr(module, name)}
    for name, value in list(values.items()):
        has_real = name in user and not isinstance(user[name], StandIn)
        if has_real and (isinstance(value, StandIn) or name in user.get("__kept__", ())):
            del values[name]
            names.remove(name)
    view = ModuleType(module.__name__)
    vars(view).update(values, __all__=names)
    return view
