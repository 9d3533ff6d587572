"""The modules of this project that a worker has: those that ask, and none that knows an answer."""

import compileall
import shutil
from importlib.util import cache_from_source
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]  # the folder of the package trainer
# Not among them: reference nets, expected values, the catalogue, the judge.
FILES = (
    "common/*.py", "common/locale/*/*/*.mo", "book/__init__.py", "book/functions.py",
    "checker/__init__.py", "checker/findings/*.py", "checker/load/*.py", "checker/adapt/*.py",
    "checker/find/*.py", "checker/shapes/*.py", "checker/worker/*.py",
)  # fmt: skip


def write_library(folder: Path) -> None:
    """Write the worker's modules into a folder, as the package trainer: compiled, or as text where
    the project's folder cannot keep what is compiled.
    """
    ours = ROOT / "trainer"
    for path in (path for pattern in FILES for path in ours.glob(pattern)):
        is_compiled = path.suffix == ".py" and compileall.compile_file(path, quiet=2)
        found = Path(cache_from_source(str(path))) if is_compiled else path
        copy = folder / path.relative_to(ROOT).with_suffix(found.suffix)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, copy)
    (folder / "trainer" / "__init__.py").touch()  # ours names what the worker has not
