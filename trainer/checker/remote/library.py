"""The modules of this project that a worker has: those that it imports, and no others."""

import ast
import py_compile
import tempfile
from functools import cache
from pathlib import Path

from trainer.common.language import DOMAIN, FOLDER

ROOT = Path(__file__).resolve().parents[3]  # the folder of the package trainer
WORKER = "trainer.checker.remote.worker"
TOP = "trainer"  # its __init__ names what the worker has not, and stays empty
# What somebody's code must not find: reference nets, expected values, the catalogue, the judge.
FORBIDDEN = ("trainer.auditing", "trainer.nets", "trainer.training", "trainer.book.gradient",
             "trainer.checker.measure", "trainer.checker.diagnose",
             "trainer.checker.judge",
             "trainer.checker.shapes.operations", "trainer.checker.shapes.losses",
             "trainer.checker.shapes.expected", "trainer.checker.shapes.parts",
             "trainer.checker.shapes.layer_pairs", "trainer.checker.shapes.relative",
             "trainer.checker.shapes.file_parts",
             "trainer.checker.remote.net", "trainer.checker.remote.calling")  # fmt: skip


@cache
def list_modules(start: str = WORKER) -> tuple[str, ...]:
    """Return the modules of the project that a module needs, directly or not."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _list_imports(name)
            waiting += [name.rpartition(".")[0]] if "." in name else []
    bad = [n for n in found if any(n == f or n.startswith(f"{f}.") for f in FORBIDDEN)]
    assert not bad, f"the worker must not import {', '.join(sorted(bad))}"
    return tuple(sorted(found))


def _find_file(name: str) -> Path:
    base = ROOT.joinpath(*name.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _list_imports(name: str) -> list[str]:
    """Return the modules of the project that a module names in imports."""
    if name == TOP:
        return []
    found = []
    for node in ast.walk(ast.parse(_find_file(name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trainer"):
            module = str(node.module)
            inner = [f"{module}.{alias.name}" for alias in node.names]
            found += [module, *(each for each in inner if _find_file(each).exists())]
    return found


@cache
def _read_library() -> dict[str, bytes]:
    """Return the contents of the library's files by their paths, compiled ones too."""
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in list_modules():
            path = _find_file(name)
            relative = path.relative_to(ROOT)
            text = b"" if name == TOP else path.read_bytes()
            copy = Path(folder, relative)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(text)
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            compiled = str(py_compile.compile(str(copy), doraise=True, invalidation_mode=mode))
            files[str(relative)] = text
            files[str(Path(compiled).relative_to(folder))] = Path(compiled).read_bytes()
    catalogues = FOLDER.glob(f"*/*/{DOMAIN}.mo")  # for why a file cannot be loaded
    return files | {str(path.relative_to(ROOT)): path.read_bytes() for path in catalogues}


def write_library(folder: Path) -> None:
    """Write the worker's modules into a folder, as the package trainer."""
    for name, data in _read_library().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
