"""Finds variables that a function sets and never reads: most often a line was meant to use them."""

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.insertions import insert_all
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.siblings import get_target, list_alike, swap_numbers

LEFT_OUT = ("{name} + {new}", "{name} - {new}", "{name} * ({new})")


def list_unused(function: Function) -> dict[str, int]:
    """Return the variables that a function sets and never reads, each with its first line.

    Those of loops do not count, nor what is unpacked of a variable, such as b of x, w, b = cache:
    they are often not needed.
    """
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)} | {"_"}
    found: dict[str, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            is_copy = isinstance(node.value, ast.Name | ast.Attribute)
            target = node.targets[0]
            parts = target.elts if isinstance(target, ast.Tuple) and not is_copy else [target]
            for part in parts:
                if isinstance(part, ast.Name) and part.id not in read:
                    found.setdefault(part.id, part.lineno)
    return found


def list_left_out(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the texts in which an element of a comprehension uses a variable that it leaves out:
    [old + new for old, new in pairs] for [new for old, new in pairs].
    """
    for node in ast.walk(function):
        if isinstance(node, ast.ListComp):
            names = _list_names(node.elt) | _list_names(*node.generators[0].ifs)
            for name in sorted(_list_names(node.generators[0].target) - names - {"_"}):
                for form in LEFT_OUT:
                    edit = Edit(node.elt, form.format(name=name, new=ast.unparse(node.elt)), 0.0)
                    yield from apply_edit(path, text, edit)


def _list_names(*nodes: ast.AST) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def list_uses(path: Path, text: str, function: Function, edits: list[Edit]) -> Iterator[Candidate]:
    """Yield the texts with one of the edits that use a variable that is not used, at one line and
    at all lines that set gradients.
    """
    unused = list_unused(function)
    for edit in edits:
        words = set(re.findall(r"\w+", edit.text)) if isinstance(edit.node, ast.expr) else set()
        is_read = isinstance(getattr(edit.node, "ctx", None), ast.Load | None)
        if is_read and any(edit.node.lineno > unused[word] for word in words & unused.keys()):
            yield from list_alike(path, text, function, [edit])
            yield from apply_edit(path, text, edit)


def list_copies(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the texts with a line more that does with an unused variable what the line before does
    with its sibling: dW1 where there is dW2, or b of W, b = … where W alone is updated.
    """
    unused = list_unused(function)
    yield from insert_all(path, text, _list_numbered(function, unused))
    for target in (n for n in ast.walk(function) if isinstance(n, ast.Tuple) and unused):
        names = [each.id for each in target.elts if isinstance(each, ast.Name)]
        for used, new in product(names, sorted(set(names) & unused.keys())):
            yield from insert_all(path, text, _list_renamed(function, used, new))


def _list_numbered(function: Function, unused: Mapping[str, int]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the lines that use the variable whose name differs in 1 and 2, with the numbers so."""
    others = {swap_numbers(name) for name in unused} - unused.keys()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign):
            read = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            if read & others:
                yield node, swap_numbers(ast.unparse(node))


def _list_renamed(function: Function, used: str, new: str) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the lines that set an item by a variable, with another variable in its place."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign) and f"[{used}]" in get_target(node):
            yield node, re.sub(rf"\b{used}\b", new, ast.unparse(node))
