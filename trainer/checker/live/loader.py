"""Stands for a loaded file where the objects are live: their names, and their source by cell."""

import ast
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.placing import describe_cell, describe_line, replace_places
from trainer.checker.live.reaching import Namespace, Reached
from trainer.checker.load.loading import Loader
from trainer.checker.load.source import Source, read_source
from trainer.common.errors import InputError

NOTEBOOK = "notebook"  # the name of what has no file


class LiveLoader(Loader):
    """A loader whose file is what live objects need; it runs nothing.

    space is the namespace of kind, or of the functions. A class from a file of its own has the
    path of that file.
    """

    def __init__(
        self,
        reached: Reached,
        space: Namespace,
        kind: type | None = None,
        functions: list[FunctionType | type] | None = None,
    ):
        file = Path(str(space.get("__file__")))
        self.has_file = bool(reached.list_files()) and file in reached.list_files()
        super().__init__(file if self.has_file else Path(NOTEBOOK))
        self.reached, self.space, self.kind = reached, space, kind
        own = {each.__name__: each for each in (kind, *(functions or ())) if each}
        used = reached.names.get(id(space), (space, set()))[1]
        self._names = {name: space[name] for name in used if name in space} | own
        if self.has_file:
            self._names = {**space, **own}
        self.sources = self._read_files()
        if not self.has_file:
            self.sources[self.path] = Source(self.path, self._make_tree(own))

    def load_file(self) -> ModuleType:
        """Return a module with the live objects."""
        module = ModuleType(self.path.stem)
        vars(module).update(self._names)
        return module

    def list_own_files(self) -> set[str]:
        """Return the file names that the code has: those of cells, too."""
        return {str(self.path), *(cell.filename for cell in self.reached.list_cells())}

    def place(self, finding: Finding) -> Finding:
        """Return the finding with the cell in place of the name that Python gave it."""
        message, file = finding.message, finding.file
        for cell in self.reached.list_cells():
            describe = partial(describe_cell, cell.label)
            message = replace_places(message, Path(cell.filename).name, describe)
            file = f"cell {cell.label}" if file == cell.filename else file
        if not self.has_file:
            message = replace_places(message, NOTEBOOK, partial(self._find_cell, message))
            file = None if file == str(self.path) else file
        return replace(finding, message=message, file=file)

    def _find_cell(self, message: str, number: int) -> str:
        """Return the place of a line of which only its number and words of the text are known."""
        word = re.search(r"np\.\w+|def \w+", message)
        for cell in self.reached.list_cells():
            lines = cell.text.splitlines()[number - 1 : number]
            if lines and (word is None or word[0].strip() in lines[0]):
                return describe_cell(cell.label, number)
        return describe_line(number)

    def _read_files(self) -> dict[Path, Source]:
        sources = {}
        for path in self.reached.list_files():
            try:
                sources[path] = read_source(path)
            except InputError:  # It was removed or changed since it was loaded.
                continue
        return sources

    def _make_tree(self, own: dict[str, FunctionType | type]) -> ast.Module:
        """Return the definitions of all cells, with one that says nothing for what has no source.

        Each line is that of its cell, as in the frames of what the code raises.
        """
        body = [node for cell in self.reached.list_cells() for node in cell.kept.values()]
        stubs = [f"def {name}(): return 0" for name in own if name in self.reached.lost]
        return ast.Module([*body, *ast.parse("\n".join(stubs)).body, ast.Pass()], [])
