"""Loads a file and its local helpers without running what trains, downloads or plots.

Every module loaded here gets our own __import__. Its `trainer`, `common` or `functions` is thus
the one beside it, and nothing stays in sys.modules.
"""

import ast
import builtins
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from trainer.checker.load.ordered_set import OrderedSet
from trainer.checker.load.purity import only_defines
from trainer.checker.load.running import STRICT, Runner
from trainer.checker.load.source import Source, read_source
from trainer.checker.load.standins import USUAL
from trainer.checker.load.star_imports import (
    describe_absence,
    describe_stand_in,
    fill_star_import,
    limit_star_import,
    make_stand_ins,
)
from trainer.common.language import translate as _

# Not imported even if installed: they are slow, open a window, or are ours of the same name.
OURS = {"trainer", "scripts", "tests"}
HEAVY = {"matplotlib", "mpl_toolkits", "seaborn", "tensorflow", "keras", "torchvision", "pandas",
         "cv2", "jax", "sklearn", "PIL", "IPython", "tkinter", "google", *OURS}  # fmt: skip
MOST_BESIDE, MOST_BYTES = 20, 200_000  # files of a folder, and bytes of each
PARENTS = 4  # folders above the file's that are searched


class Instrument(Protocol):
    """Changes the trees of modules before they run, and gives them the names that it uses."""

    @property
    def names(self) -> dict[str, Any]:
        """The builtins that instrumented code calls."""

    def instrument(self, path: Path, tree: ast.Module) -> ast.Module:
        """Return a changed copy of the tree."""


class Loader:
    """Loads modules, each once; notes says what was read in another way than it was written.

    texts replace the contents of files. recorder, if given, sees the values that the code has.
    is_script runs every statement, as far as each can run; what stops one is in errors.
    """

    def __init__(
        self,
        path: Path,
        run_all: bool = False,
        texts: Mapping[Path, str] | None = None,
        recorder: Instrument | None = None,
        is_script: bool = False,
    ):
        self.path, self.run_all, self._is_script = path.resolve(), run_all, is_script
        self.errors: list[Exception] = []  # of the statements of a script
        self.notes: list[str] = []
        self.sources: dict[Path, Source] = {}
        self._texts, self._recorder = texts or {}, recorder
        self._modules: dict[Path, ModuleType] = {}
        folder = self.path.parent
        self._roots = [folder, *list(folder.parents)[:PARENTS]]
        self._known = set(sys.path)

    def load_file(self) -> ModuleType:
        """Return the file as a module; raises InputError, or what its own code raises."""
        return self._load_path(self.path, self.path.stem)

    def list_modules(self) -> list[ModuleType]:
        """Return the modules that were loaded from local files so far."""
        return list(self._modules.values())

    def load_beside(self) -> list[ModuleType]:
        """Return the modules in the folder of the file that it does not import, and that only
        define things: a net may be given what they have.
        """
        files = sorted(self.path.parent.glob("*.py"))[:MOST_BESIDE]
        return [module for file in files if (module := self._load_definitions(file))]

    def _load_definitions(self, path: Path) -> ModuleType | None:
        if path in self._modules or path.stat().st_size > MOST_BYTES:
            return None
        notes = [*self.notes]
        try:
            source = read_source(path, self._texts.get(path))
            return self._load_path(path, path.stem, source) if only_defines(source.tree) else None
        except Exception:  # what another file raises says nothing of this one
            self._modules.pop(path, None)
            return None
        finally:
            self.notes[:] = notes

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _lacks(self, module: ModuleType, wanted: tuple[str, ...]) -> bool:
        """Return whether a module is the checked file and lacks what a file that it imports wants
        of it, as while it still runs. A script is run a second time then, as a module.
        """
        is_checked = module is self._modules.get(self.path)
        return is_checked and any(n not in vars(module) for n in wanted if n != "*")

    def _load_path(
        self, path: Path, name: str, source: Source | None = None, *, is_again: bool = False
    ) -> ModuleType:
        """Return the module of a file, whose source may have been read before; is_again for the
        second one of a script.
        """
        key = path / "again" if is_again else path
        if key in self._modules:
            return self._modules[key]
        module = ModuleType(name)
        module.__file__ = str(path)
        self._modules[key] = module
        if path.is_dir():
            module.__path__ = [str(path)]
            path = path / "__init__.py"
            if not path.exists():
                return module
        source = source or read_source(path, self._texts.get(path))
        self.sources[path] = source
        if source.is_translated:
            message = _("{file} is Python 2: it was translated with 2to3's fixers")
            self._note(message.format(file=path.name))
        for text in source.notebook.notes if source.notebook else ():
            self._note(text)
        is_checked = path == self.path and not is_again
        about = self._is_script, self.errors
        runner = Runner(source, module, self.run_all, is_checked, self._note, *about)
        names = {"__import__": self._import, "set": OrderedSet, **runner.names}
        tree = source.tree
        if self._recorder:
            names |= self._recorder.names
            tree = self._recorder.instrument(path, tree)
        vars(module)["__builtins__"] = {**vars(builtins), **names}
        runner.run(tree)
        return module

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: object = None,
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> ModuleType:
        """Import a module for the code loaded here, with the arguments of __import__."""
        user = globals or {}
        folder = Path(user["__file__"])
        folder = folder if folder.is_dir() else folder.parent
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            top, leaf = self._find_local([folder], name) or make_stand_ins(name or ".")
        else:
            is_tried = user.get(STRICT)  # and something else is imported where it is not found
            top, leaf = self._import_absolute(folder, name if is_tried else self._rename(name))
        if self._lacks(leaf, fromlist or ()):
            leaf = self._load_path(self.path, name, is_again=True)
        is_stand_in = "__standin__" in vars(leaf)
        if is_stand_in and user.get(STRICT):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        for wanted in fromlist or ():
            if is_stand_in and wanted in USUAL:
                vars(leaf).setdefault(wanted, USUAL[wanted])
            if wanted == "*" and is_stand_in:
                fill_star_import(leaf, user)
            elif wanted == "*":
                leaf = limit_star_import(leaf, user)
            elif leaf in self._modules.values() and wanted not in vars(leaf) and (
                hasattr(leaf, "__path__")
                and (found := self._find_local([Path(leaf.__path__[0])], wanted))
            ):  # fmt: skip
                setattr(leaf, wanted, found[1])
        if is_stand_in:
            self._note(describe_stand_in(leaf, fromlist or ()))
        return leaf if fromlist else top

    def _import_absolute(self, folder: Path, name: str) -> tuple[ModuleType, ModuleType]:
        """Import a module by its whole name: one beside the file before an installed one, and a
        stand-in for what is large or not here.
        """
        added = [Path(p) for p in sys.path if p not in self._known]
        added = [p if p.is_absolute() else self.path.parent / p for p in added]
        head = name.split(".")[0]
        if head not in ("numpy", "sys", "os"):
            own = self._find_local([folder, self.path.parent, *added], name)
            if own is None and head not in sys.stdlib_module_names:
                own = self._find_local(self._roots, name)
            if own:
                return own
        if head in HEAVY:
            return make_stand_ins(name, describe_absence(head, head in OURS))
        try:
            module = importlib.import_module(name)
        except Exception:  # An installed package that raises is treated like a missing one.
            return make_stand_ins(name)
        return sys.modules[head], module

    def _rename(self, name: str) -> str:
        """Return the name of NumPy for cupy, whose arrays are NumPy's on a graphics card."""
        if name.split(".")[0] != "cupy":
            return name
        self._note(_("NumPy is used in place of cupy"))
        return name.replace("cupy", "numpy", 1)

    def _find_local(self, folders: list[Path], name: str) -> tuple[ModuleType, ModuleType] | None:
        """Load a dotted name from one of the folders; return its first and its last module."""
        parts = name.split(".") if name else []
        for folder in folders:
            if not parts and folder.is_dir():
                package = self._load_path(folder, folder.name)
                return package, package
            paths = [_find_path(folder.joinpath(*parts[: i + 1])) for i in range(len(parts))]
            if parts and all(paths):
                named = [(p, ".".join(parts[:i])) for i, p in enumerate(paths, 1) if p]
                chain = [self._load_path(path, full_name) for path, full_name in named]
                for parent, child, part in zip(chain, chain[1:], parts[1:], strict=False):
                    setattr(parent, part, child)
                return chain[0], chain[-1]
        return None


def _find_path(base: Path) -> Path | None:
    file = base.with_name(base.name + ".py")
    if file.is_file():
        return file
    return base if base.is_dir() else None
