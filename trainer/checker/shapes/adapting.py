"""Loads a file, and applies the shapes to it: the class that they build, and the parts they find.

The process that runs somebody's code does this. Nothing here knows an expected value.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import FunctionType

from trainer.checker.adapt.loaded import Loaded, choose_class, describe_file, load_names
from trainer.checker.adapt.subject import ForeignClass
from trainer.checker.load.definitions import list_defined
from trainer.checker.load.loading import Loader
from trainer.checker.shapes import registry
from trainer.checker.shapes.shape import Found, Part
from trainer.checker.shapes.unfinished import find_unfinished

HERE = __name__.rpartition(".")[0]


def load_code(loader: Loader, name: str | None, removed: set[str]) -> Loaded:
    """Load the file of a loader: the class of that name or the only one, or what a shape builds
    of its functions, and the functions and layers that are checked by themselves.

    With the name of a function only that one is checked. removed are the names that NumPy has
    lost. Raises InputError where there is no such class, or what the file's own code raises.
    """
    names, kind = load_class(loader, name)
    loaded = describe_file(loader, names, kind, removed)
    found = find_names(loader, names, kind)
    parts = [part for part in registry.list_parts(found) if name in (None, part.name)]
    loaded.parts = [replace(part, is_own=is_own(loader, found, part)) for part in parts]
    loaded.unfinished, loaded.is_whole = found.unfinished, name is None
    return loaded


def load_class(loader: Loader, name: str | None) -> tuple[dict[str, object], type | None]:
    """Return the names of the loader's file, and the class that is to be checked, if any.

    That is one of the file, or one that a shape builds from its functions. Raises InputError where
    there is none of that name, or what the file's own code raises.
    """
    names, candidates = load_names(loader)
    if name is not None and is_part(loader, names, name):
        return names, None
    kind = choose_class(loader, names, candidates, name)
    return names, registry.build_class(find_names(loader, names, kind)) or kind


def find_names(loader: Loader, names: Mapping[str, object], kind: type | None) -> Found:
    """Return the functions and classes of a file and its local modules, as the shapes see them.

    A class that a shape built is none of the file.
    """
    paths = {str(path) for path in (*loader.sources, loader.path)}
    local = {k: v for k, v in names.items() if get_path(v) in paths}
    unfinished = find_unfinished(loader.sources.values())
    text = loader.sources[loader.path].text
    defined = frozenset(list_defined(loader.sources[loader.path]))
    return Found(local, unfinished, None if is_built(kind) else kind, text, defined)


def get_path(value: object) -> str:
    """Return the path of the code of a function or of a class's methods, "" for anything else."""
    members = list(vars(value).values()) if isinstance(value, type) else [value]
    functions = (f for f in members if isinstance(f, FunctionType))
    return next((f.__code__.co_filename for f in functions), "")


def is_built(kind: type | ForeignClass | None) -> bool:
    """Return whether a shape built this class, here or in another process."""
    if isinstance(kind, ForeignClass):
        return kind.is_built
    return kind is not None and str(getattr(kind, "__module__", "")).startswith(HERE)


def is_part(loader: Loader, names: Mapping[str, object], name: str) -> bool:
    """Return whether the name is that of a function or layer that is checked by itself."""
    return any(part.name == name for part in registry.list_parts(find_names(loader, names, None)))


def is_own(loader: Loader, found: Found, part: Part) -> bool:
    """Return whether the function or layer is defined in the loader's own file."""
    path = get_path(found.names.get(part.name))
    return bool(path) and Path(path) == loader.path
