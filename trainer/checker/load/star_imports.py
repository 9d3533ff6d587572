"""Gives a module that is loaded what it imports from missing modules, and by `import *`."""

import importlib.util
from collections.abc import Collection
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


def _is_mistaken(name: str, ours: Collection[str], own: Collection[str]) -> bool:
    """Return whether no missing module is to be expected to offer a name that a file reads.

    ours are the names of the module, as far as they are known, own those that the file sets: of the
    book's modules none offers what is a variable of the file's functions.
    """
    if name in own:
        return bool(ours)
    return any(is_slip(name, other) for other in {*ours, *own})


def is_slip(word: str, name: str) -> bool:
    """Return whether a word is a name with one slip of the keys in it: sigomid for sigmoid.

    A letter at an end, a digit or a capital may as well be meant: grad is no slip of grads.
    """
    if len(word) < 4 or word[0] != name[0] or word.lower() == name.lower():
        return False
    start = _count_common(word, name)
    end = _count_common(word[: start - 1 : -1], name[: start - 1 : -1])
    left, right = word[start : len(word) - end], name[start : len(name) - end]
    is_swap = len(left) == 2 and left == right[::-1]
    is_other = len(left) == len(right) == 1 and len(word) > 5
    is_one = is_swap or is_other or sorted(map(len, (left, right))) == [0, 1]
    return is_one and end > 0 and not any(map(str.isdigit, left + right))


def _count_common(a: str, b: str) -> int:
    """Return how many characters two texts begin with that are the same."""
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def fill_star_import(module: ModuleType, user: dict[str, Any]) -> None:
    """Set what `from module import *` gives: what the user lacks, and every name it looks for."""
    ours = {k: v for k, v in vars(module).items() if not k.startswith("__")}
    names = {k: v for k, v in ours.items() if isinstance(user.get(k), StandIn | None)}
    own = user.get("__known__", set())
    for name in user.get("__free__", ()):
        is_set = name in ours or name in user or name in user["__builtins__"]
        if not is_set and not _is_mistaken(name, ours, own):
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
