"""Corrects the names in a file that nothing sets: all at once, since one hides the next."""

import ast
import builtins
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.diagnose.applying import Candidate, replace_all
from trainer.checker.diagnose.edits import Edit, list_similar
from trainer.checker.diagnose.insertions import insert_after
from trainer.checker.diagnose.patching import Function, list_outermost
from trainer.checker.load.bindings import list_all_names, list_bound_names
from trainer.checker.load.standins import FUNCTIONS

MODULES: dict[str, Any] = {
    "np": np, "numpy": np, "np.random": np.random, "np.linalg": np.linalg,
}  # fmt: skip
# Names that people forget to import, and how the book imports them.
COMMON = "from common.functions import "
IMPORTS = dict.fromkeys(FUNCTIONS, COMMON) | {
    "np": "import numpy as np", "OrderedDict": "from collections import OrderedDict",
    "numerical_gradient": "from common.gradient import numerical_gradient",
}  # fmt: skip
BOOK = re.compile(r"SoftmaxWithLoss|cross_entropy_error|\bcommon\.")  # a file of the book's
BUILTINS = set(dir(builtins))
OPTIONS = ("axis", "keepdims", "dtype", "size", "out", "where", "initial", "replace", "p")
METHODS = {name.lower(): name for name in dir(np.ndarray)}


def correct_names(path: Path, text: str, names: Collection[str]) -> Candidate | None:
    """Return the text with each unknown name and attribute of its functions spelt as a known one,
    or imported as in the book.

    names are those that the file's module has. None where every name is known.
    """
    tree, lines = ast.parse(text), text.splitlines()
    known = {*names, *BUILTINS, *(n for s in tree.body for n in list_bound_names(s))}
    set_anywhere = _list_attributes(tree)
    edits: list[Edit] = []
    lacking: list[tuple[ast.Name, str]] = []  # with how each is imported
    for scope in tree.body:
        methods = _list_methods(scope)
        own = _list_attributes(scope) | methods if methods else set()
        for function in list_outermost(ast.Module([scope], [])):
            edits += _correct_variables(lines, function, known, methods)
            edits += _correct_attributes(function, own, set_anywhere)
            pairs = ((n, _find_import(lines, n)) for n in _list_unknown(function, known))
            lacking += [(node, how) for node, how in pairs if how]
    nodes = (*(node for node, _ in lacking), *(edit.node for edit in edits))
    first = min(nodes, key=lambda n: n.lineno, default=None)
    changed = _import(tree, replace_all(text, edits), {node.id: how for node, how in lacking})
    return Candidate(path, changed, first) if first is not None and changed != text else None


def _import(tree: ast.Module, text: str, needed: Mapping[str, str]) -> str:
    """Return the text with the imports of names, after the first import that it has."""
    names = sorted(n for n in needed if needed[n] != COMMON or BOOK.search(text))
    shared = ", ".join(name for name in names if needed[name] == COMMON)
    new = [needed[name] for name in names if needed[name] != COMMON]
    new += [COMMON + shared] if shared else []
    first = next((s for s in tree.body if isinstance(s, ast.Import | ast.ImportFrom)), None)
    if first is not None and new:
        return insert_after(text, first, "\n".join(new))
    return "".join(f"{line}\n" for line in new) + text


def _find_import(lines: list[str], node: ast.Name) -> str:
    """Return how a name is imported: as in the book, or a module of Python of which something is
    used; "" for no such name.
    """
    after = lines[node.lineno - 1].encode()[node.end_col_offset or 0 :]
    is_module = node.id in sys.stdlib_module_names and after.startswith(b".")
    return IMPORTS.get(node.id) or (f"import {node.id}" if is_module else "")


def _list_methods(scope: ast.stmt) -> set[str]:
    """Return the names of the methods of a class, none of anything else."""
    body = scope.body if isinstance(scope, ast.ClassDef) else []
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


def _list_attributes(tree: ast.AST) -> set[str]:
    """Return the attributes that a part of the source sets, of whatever objects."""
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Attribute))
    return {n.attr for n in found if isinstance(n.ctx, ast.Store)}


def _correct_variables(
    lines: list[str], function: Function, known: set[str], methods: set[str]
) -> Iterator[Edit]:
    """Yield a correction of each unknown variable in a function; methods are those of its class."""
    local = list_all_names(function)
    unknown = _list_unknown(function, known)
    if methods and any(node.id == "self" for node in unknown):
        yield _give_self(lines, function)
    for node in (node for node in unknown if node.id != "self"):
        if comma := _find_comma(lines, node):
            yield Edit(comma, f".{node.id}", 1.0)
        elif node.id in methods:
            yield Edit(node, f"self.{node.id}", 1.0)
        elif _find_import(lines, node):
            continue
        elif callable(getattr(np, node.id, None)):
            yield Edit(node, f"np.{node.id}", 1.0)
        else:
            yield from _correct(node, node.id, local | known - BUILTINS)


def _give_self(lines: list[str], function: Function) -> Edit:
    """Return the argument self: before the first, or in the place of one that is never read.

    predict(x) → predict(self, x)
    """
    arguments = function.args.args
    read = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    if arguments:
        first = arguments[0]
        return Edit(first, f"self, {ast.unparse(first)}" if first.arg in read else "self", 1.0)
    start = lines[function.lineno - 1].encode().index(b"(", function.col_offset) + 1
    place = ast.arg("", lineno=function.lineno, col_offset=start)
    place.end_lineno, place.end_col_offset = function.lineno, start
    return Edit(place, "self", 1.0)


def _list_unknown(function: Function, known: set[str]) -> list[ast.Name]:
    """Return the names that a function reads, and that neither it nor the module sets."""
    local = list_all_names(function)
    read = (n for n in ast.walk(function) if isinstance(n, ast.Name))
    return [n for n in read if isinstance(n.ctx, ast.Load) and n.id not in local | known]


def _find_comma(lines: list[str], node: ast.Name) -> ast.arg | None:
    """Return a name with the comma before it that stands for a dot, as in layer,forward(x)."""
    line = lines[node.lineno - 1].encode()
    if node.id not in dir(np.ndarray) and line[node.end_col_offset or 0 :][:1] != b"(":
        return None
    before = re.search(rb"(?<=\w),[ ]?$", line[: node.col_offset])
    if before is None:
        return None
    part = ast.arg(node.id, lineno=node.lineno, col_offset=before.start())
    part.end_lineno, part.end_col_offset = node.end_lineno, node.end_col_offset
    return part


def _correct_attributes(function: Function, own: set[str], others: set[str]) -> Iterator[Edit]:
    """Yield a correction of each unknown attribute of NumPy, of self and of an array, and of each
    unknown option of a function of NumPy. own are the attributes of self, others all that are set.
    """
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=base, attr=name) if module := MODULES.get(ast.unparse(base)):
                if not hasattr(module, name):
                    yield from _correct(node, name, dir(module), f"{ast.unparse(base)}.")
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Load()):
                if own and name not in own:
                    yield from _correct(node, name, own, "self.")
            case ast.Attribute(value=base, attr=name, ctx=ast.Load()):
                is_method = name in METHODS.values() or name in others
                if not is_method and name.lower() in METHODS:
                    yield Edit(node, f"{ast.unparse(base)}.{METHODS[name.lower()]}", 1.0)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy")), keywords=given):
                for option in given:
                    if option.arg and option.arg not in OPTIONS:
                        after = f"={ast.unparse(option.value)}"
                        yield from _correct(option, option.arg, OPTIONS, "", after)


def _is_near(name: str, other: str) -> bool:
    """Return whether two names differ by a slip: by a letter, or by a few in a long one."""
    if len(name) < 3:
        return name.lower() == other.lower()
    least = 0.6 if len(name) < 4 else 0.75
    return SequenceMatcher(None, name.lower(), other.lower()).ratio() >= least


def _correct(
    node: Any, name: str, others: Collection[str], before: str = "", after: str = ""
) -> Iterator[Edit]:
    """Yield the name that is spelt like this one, rather as long and with the same first letter."""

    def compare(other: str) -> tuple[int, bool]:
        return abs(len(other) - len(name)), other[0] != name[0]

    similar = [other for other in list_similar(name, sorted(others)) if _is_near(name, other)]
    if similar:
        yield Edit(node, f"{before}{min(similar, key=compare)}{after}", 1.0)
