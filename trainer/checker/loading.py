"""Loads a file and its local helpers without running what trains, downloads or plots.

Every module loaded here gets an __import__ of our own, so that its `trainer`, `common` or
`functions` is the one beside it and nothing enters sys.modules.
"""

import __future__

import ast
import builtins
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from trainer.checker import standins
from trainer.checker.source import Source, definitions, read
from trainer.checker.standins import StandIn

# Left out even where they are installed: slow, or a window, or ours of the same name.
HEAVY = {"matplotlib", "tensorflow", "keras", "torchvision", "pandas", "seaborn", "cv2", "jax",
         "sklearn", "PIL", "IPython", "tkinter", "google", "trainer", "scripts", "tests",
}  # fmt: skip
PARENTS = 4  # folders above the file's that are searched
NOT_RUN = "set at line {}, by a statement that was not run (--run-all runs it)"


class Loader:
    """Modules by path; notes says what was read in another way than it was written."""

    def __init__(self, path: Path, run_all: bool = False):
        self.path, self.run_all = path.resolve(), run_all
        self.notes: list[str] = []
        self.trees: dict[Path, ast.Module] = {}
        self._modules: dict[Path, ModuleType] = {}
        folder = self.path.parent
        self._roots = [folder, *list(folder.parents)[:PARENTS]]
        self._known = set(sys.path)

    def load(self) -> ModuleType:
        """The file as a module; raises InputError, or what its own code raises."""
        return self._load(self.path, self.path.stem)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _load(self, path: Path, name: str) -> ModuleType:
        if path in self._modules:
            return self._modules[path]
        module = ModuleType(name)
        module.__file__ = str(path)
        self._modules[path] = module
        if path.is_dir():
            module.__path__ = [str(path)]
            path = path / "__init__.py"
            if not path.exists():
                return module
        source = read(path)
        self.trees[path] = source.tree
        if source.translated:
            self._note(f"{path.name} is Python 2: read through 2to3's fixers")
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import}
        self._run(source, module)
        return module

    def _run(self, source: Source, module: ModuleType) -> None:
        statements = source.tree.body if self.run_all else definitions(source)
        vars(module)["__free__"] = {n.id for n in ast.walk(source.tree) if isinstance(n, ast.Name)}
        later = "from __future__ import annotations" in ast.unparse(source.tree)
        flags = __future__.annotations.compiler_flag if later else 0
        for statement in statements:
            code = compile(ast.Module([statement], []), str(source.path), "exec", flags, True)
            try:
                exec(code, vars(module))
            except Exception:
                if self.run_all or not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
                    raise
                for node in ast.walk(statement):  # a constant made of what was not run
                    if isinstance(node, ast.Name) and type(node.ctx) is ast.Store:
                        source.skipped.setdefault(node.id, node.lineno)
        for name, line in source.skipped.items():
            if name not in vars(module) and name not in vars(builtins):
                vars(module)[name] = StandIn(name, NOT_RUN.format(line))

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: Any = None,
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> Any:
        """__import__ for the modules loaded here."""
        user = globals or {}
        folder = Path(user["__file__"])
        folder = folder if folder.is_dir() else folder.parent
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            top, leaf = self._local([folder], name) or self._absent(name or ".")
        else:
            top, leaf = self._absolute(folder, name)
        if not fromlist:
            if "__standin__" in vars(leaf):
                self._note(self._said(leaf, ()))
            return top
        for wanted in fromlist:
            if wanted == "*" and "__standin__" in vars(leaf):
                self._fill(leaf, user)
            elif (
                leaf in self._modules.values()
                and wanted not in vars(leaf)
                and hasattr(leaf, "__path__")
            ):
                found = self._local([Path(leaf.__path__[0])], wanted)
                if found:
                    setattr(leaf, wanted, found[1])
        if "__standin__" in vars(leaf):
            self._note(self._said(leaf, fromlist))
        return leaf

    def _said(self, module: ModuleType, fromlist: tuple[str, ...]) -> str:
        names = module.__all__ if "*" in fromlist else fromlist
        ours = [n for n in names if not isinstance(vars(module).get(n), StandIn | None)]
        if ours:
            return f"{module.__name__} is not there: ours stands in for it"
        return f"{module.__name__} is not there: left out, unless it is used"

    def _absolute(self, folder: Path, name: str) -> tuple[ModuleType, ModuleType]:
        added = [Path(p) for p in sys.path if p not in self._known]
        added = [p if p.is_absolute() else self.path.parent / p for p in added]
        head = name.split(".")[0]
        if head not in ("numpy", "sys", "os"):
            own = self._local([folder, self.path.parent, *added], name)
            if own:
                return own
            if head not in sys.stdlib_module_names and (far := self._local(self._roots, name)):
                return far
        if head not in HEAVY:
            try:
                module = importlib.import_module(name)
                return sys.modules[head], module
            except Exception:  # what an installed package raises is as if it were not there
                return self._absent(name)
        return self._absent(name)

    def _local(self, folders: list[Path], name: str) -> tuple[ModuleType, ModuleType] | None:
        """The first and the last module of a dotted name found in one of the folders."""
        parts = name.split(".") if name else []
        for folder in folders:
            paths = [_module_path(folder.joinpath(*parts[: i + 1])) for i in range(len(parts))]
            if not parts and folder.is_dir():
                package = self._load(folder, folder.name)
                return package, package
            if parts and all(paths):
                chain = [self._load(p, ".".join(parts[: i + 1])) for i, p in enumerate(paths) if p]
                for parent, child, part in zip(chain, chain[1:], parts[1:], strict=False):
                    setattr(parent, part, child)
                return chain[0], chain[-1]
        return None

    def _absent(self, name: str) -> tuple[ModuleType, ModuleType]:
        """A stand-in, and a stand-in for each package above it."""
        leaf = module = standins.module(name)
        while "." in name.strip("."):
            name, _, part = name.rpartition(".")
            parent = standins.module(name)
            setattr(parent, part, module)
            module = parent
        return module, leaf

    def _fill(self, module: ModuleType, user: dict[str, Any]) -> None:
        """What `from module import *` gives: nothing that the user has, and all it looks for."""
        ours = {k: v for k, v in vars(module).items() if not k.startswith("__")}
        names = {k: v for k, v in ours.items() if isinstance(user.get(k), StandIn | None)}
        for name in user.get("__free__", ()):
            if name not in ours and name not in user and name not in vars(builtins):
                names[name] = StandIn(name, f"perhaps of module {module.__name__}, not there")
        module.__all__ = list(names)  # type: ignore[attr-defined]
        vars(module).update(names)


def _module_path(base: Path) -> Path | None:
    file = base.with_name(base.name + ".py")
    if file.is_file():
        return file
    return base if base.is_dir() else None
