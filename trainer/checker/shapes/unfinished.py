"""Finds functions and classes that are templates which nobody has filled in."""

import ast
import builtins
import re
from collections.abc import Iterable

from trainer.checker.load.bindings import list_all_names, list_bound_names
from trainer.checker.load.source import Source

FRAME = re.compile(r"#.*\bSTARTS? (CODE )?HERE", re.IGNORECASE)
START = re.compile(rf"{FRAME.pattern}|# *TODO: *Implement", re.IGNORECASE)
FILLED = 2  # methods that return something, as forward and backward do
END = re.compile(r"#.*\b(END|ENDS) (CODE )?HERE|#.*END OF YOUR CODE|^ *return", re.IGNORECASE)


def find_unfinished(sources: Iterable[Source]) -> dict[str, str]:
    """Return the names of functions and classes that cannot run, each with the unfinished one.

    That is the function itself, the class itself where one of its methods is a template, or a
    function that it calls.
    """
    found: dict[str, str] = {}
    calls: dict[str, set[str]] = {}
    for source in sources:
        lines = source.text.splitlines()
        known = {*dir(builtins), *(n for s in source.tree.body for n in list_bound_names(s))}
        for node in source.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                functions = _list_to_write(node, source.tree)
                if any(is_unfinished(f, lines, known) for f in functions):
                    found[node.name] = node.name
                elif isinstance(node, ast.FunctionDef):
                    calls[node.name] = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    templates = list(found)
    for _ in range(3):  # Longer chains of calls do not occur.
        for name, called in calls.items():
            reached = next((found[t] for t in called if t in found), None)
            if reached and name not in templates:
                found.setdefault(name, reached)
    return found


def _list_to_write(node: ast.FunctionDef | ast.ClassDef, tree: ast.Module) -> list[ast.FunctionDef]:
    """Return the function, or the methods of the class, that should have code: not those in which
    a layer has nothing to do, as in the update of one without weights.
    """
    if isinstance(node, ast.FunctionDef):
        return [node]
    methods = [f for f in _list_methods(node) if not _is_empty_constructor(f)]
    filled = [f for f in methods if not _does_nothing(f)]
    others = {f.name for kind in tree.body if isinstance(kind, ast.ClassDef) and kind is not node
              for f in _list_methods(kind) if not _does_nothing(f)}  # fmt: skip
    does_both = sum(bool(_list_returned(f)) for f in filled) >= FILLED
    return [f for f in methods if f in filled or not does_both or f.name not in others]


def _list_methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [f for f in node.body if isinstance(f, ast.FunctionDef)]


def is_unfinished(function: ast.FunctionDef, lines: list[str], known: set[str]) -> bool:
    """Return whether a function does nothing, uses a name that is only None, or has a gap.

    A gap is a place marked for the student's code that holds no code. If nothing is missing, the
    code stands outside of the marks. known are the names of the module.
    """
    if _does_nothing(function):
        return True
    text = lines[function.lineno - 1 : function.end_lineno]
    if _list_only_none(function):
        return True
    return _has_gap(text) and not (_has_frame(text) and _sets_all(function, known))


def _is_empty_constructor(function: ast.FunctionDef) -> bool:
    """Return whether a function is a constructor of pass, as the book writes it in AddLayer."""
    return function.name == "__init__" and _does_nothing(function)


def _has_frame(lines: list[str]) -> bool:
    """Return whether the place for the student's code has a mark at its start and its end."""
    return any(FRAME.search(line) for line in lines)


def _sets_all(function: ast.FunctionDef, known: set[str]) -> bool:
    """Return whether a function sets all variables that it reads, none to an empty dictionary."""
    nodes = list(ast.walk(function))
    read = {n.id for n in nodes if isinstance(n, ast.Name)}
    return read <= list_all_names(function) | known and not any(
        isinstance(n, ast.Dict) and not n.keys for n in nodes
    )


def _does_nothing(function: ast.FunctionDef) -> bool:
    """Return whether a function has no code, or only says that it is not written."""
    return all(map(_is_empty, function.body))


def _is_empty(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=None):
            return True
        case ast.Return(value=ast.Constant(value=None)):
            return True
        case ast.Raise(exc=exc):
            return exc is not None and "NotImplemented" in ast.unparse(exc)
    return False


def _list_only_none(function: ast.FunctionDef) -> set[str]:
    """Return the names that are never set to anything but None, and are returned."""
    values: dict[str, list[bool]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    _note_values(target, value, values)
            case ast.Name(id=name, ctx=ast.Store()):
                values.setdefault(name, [])
            case ast.AugAssign(target=ast.Name(id=name)):
                values.setdefault(name, []).append(False)
    stores = [n.id for n in ast.walk(function) if isinstance(n, ast.Name)
              and isinstance(n.ctx, ast.Store)]  # fmt: skip
    none = {k for k, v in values.items() if v and all(v) and len(v) == stores.count(k)}
    return none & _list_returned(function)


def _list_returned(function: ast.FunctionDef) -> set[str]:
    """Return the names in the returned values."""
    returns = [n for n in ast.walk(function) if isinstance(n, ast.Return) and n.value]
    return {n.id for r in returns for n in ast.walk(r) if isinstance(n, ast.Name)}


def _note_values(target: ast.expr, value: ast.expr, values: dict[str, list[bool]]) -> None:
    """Add for each name that is set whether its value is None."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for each, part in zip(target.elts, value.elts, strict=False):
            _note_values(each, part, values)
    elif isinstance(target, ast.Name):
        is_none = isinstance(value, ast.Constant) and value.value is None
        values.setdefault(target.id, []).append(is_none)


def _has_gap(lines: list[str]) -> bool:
    """Return whether between the marks of a template there is no code."""
    for number, line in enumerate(lines):
        if START.search(line):
            rest = lines[number + 1 :]
            ends = [i for i, each in enumerate(rest) if END.search(each)]
            inside = rest[: ends[0]] if ends else []
            codes = [each.split("#")[0].strip() for each in inside]
            if ends and not any(code not in ("", "pass", "...") for code in codes):
                return True
    return False
