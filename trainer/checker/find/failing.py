"""Tells whether what a call raises is a mistake of the code itself, whatever it was given."""

import ast
import inspect
import re
import traceback
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from trainer.checker.find.guessing import find_last_name
from trainer.checker.find.leaves import Namespace
from trainer.checker.findings.comparing import show_safely
from trainer.checker.load.attributes import has_attributes, list_stored, read_attributes
from trainer.checker.load.bindings import get_bound_names, list_all_names, walk_scope

SIMILAR = 0.8  # of two names of which one is misspelt
# Of errors that other versions of Python and NumPy do not raise, or a stand-in does.
ELSEWHERE = r"StandIn|'(dict_\w+|map|zip|filter|range)'|integer|indices|scalar"
CALLED = r"(\w+)\(\) (takes|missing|got an unexpected)"  # how Python tells of wrong arguments


def find_fault(
    error: Exception | None, path: Path, tree: ast.Module, given: Namespace
) -> tuple[int, str] | None:
    """Return the line of a file whose own mistake raises an error, and the error, None for any that
    other values may not raise, or a function that is still to be written.

    given are the values of arguments that were chosen.
    """
    if error is None:
        return None
    line, frames = find_line(error, path), traceback.extract_tb(error.__traceback__)
    if not line or not _is_sure(error, frames[-1].filename == str(path), line, tree, given):
        return None
    if any(map(_is_unwritten, ast.walk(tree))):
        return None
    return line, f"{type(error).__name__}: {show_safely(error)}"


def find_line(error: Exception, path: Path) -> int:
    """Return the last line of a file in a traceback, 0 for none."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 0 for f in frames[::-1] if f.filename == str(path)), 0)


def always_fails(error: Exception, text: str) -> bool:
    """Return whether an error of a file's own program, which has its own data, is a mistake of its
    line with this text, whatever Python and NumPy run it, and whatever it is given.
    """
    is_own = isinstance(error, TypeError | IndexError) and "argv" not in text
    return is_own and not re.search(ELSEWHERE, show_safely(error))


def _is_unwritten(node: ast.AST) -> bool:
    """Return whether a node is a function that does nothing."""
    body = node.body if isinstance(node, ast.FunctionDef) else []
    return bool(body) and all(
        isinstance(each, ast.Pass | ast.Raise)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in body
    )


def _is_sure(
    error: Exception, is_last: bool, line: int, tree: ast.Module, given: Namespace
) -> bool:
    """Return whether an error would come with all other values too: of a name that nothing binds, a
    misspelt key or attribute, or wrong arguments of a function of the file.

    is_last says that the code of the file raised it, and no library that it calls.
    """
    match error:
        case UnboundLocalError():
            return False
        case NameError(name=str(name)):
            is_free = "free variable" in show_safely(error)  # of a function around this one
            return name not in _list_global(tree) and not is_free
        case KeyError(args=[str(key)]):  # one that is put together may be of what it was given
            return key in _list_texts(tree) and _is_misspelt(key, _list_keys(tree))
        case AttributeError(obj=str()):  # a key where an object is expected
            return not any(isinstance(value, str) for value in given.values())
        case AttributeError(obj=owner, name=str(name)):
            is_own = type(owner).__name__ in _list_bound(tree)
            is_changing = isinstance(owner, ModuleType | type)  # other versions have other names
            kept = {} if is_changing else read_attributes(owner)
            known = set(dir(owner)) if is_own else {*kept}
            lacks = is_own and _lacks_method(tree, line, name, type(owner))
            is_absent = _is_misspelt(name, known) or (lacks and name not in known)
            return is_absent and name not in _list_set(tree, type(owner))
        case TypeError():
            called = re.search(CALLED, show_safely(error))
            if not called or any(map(_is_object, given.values())):
                return False  # an object of ours may not be the one that is meant
            return is_last and _calls(tree, line, called[1])
    return False


def _lacks_method(tree: ast.Module, line: int, name: str, kind: type) -> bool:
    """Return whether a line calls a method of self that only another file could give to a class:
    this one makes objects of it, and neither derives another class from it nor sets by name.
    """
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    own = [c.func for c in calls if c.lineno == line and isinstance(c.func, ast.Attribute)]
    is_called = any(f.attr == name and ast.unparse(f.value) == "self" for f in own)
    bases = {find_last_name(b) for n in nodes if isinstance(n, ast.ClassDef) for b in n.bases}
    made = {find_last_name(call.func) for call in calls}
    is_whole = all(each.__module__ in (kind.__module__, "builtins") for each in kind.__mro__)
    is_last = kind.__name__ in made - bases and made.isdisjoint(("setattr", "update", "vars"))
    return is_called and is_whole and is_last


def _is_object(value: object) -> bool:
    """Return whether a value is an object of a class in Python, or a list of such."""
    parts = value if isinstance(value, list | tuple) else [value]
    return any(has_attributes(each) for each in parts)


def _is_misspelt(name: str, known: set[str]) -> bool:
    """Return whether nothing has a name, and one that it may be a misspelling of is known: one that
    is much alike, or has the same letters in another order.
    """
    is_turned = len(name) > 2 and sorted(name) in map(sorted, known)
    return name not in known and (
        is_turned or bool(get_close_matches(name, sorted(known), 1, SIMILAR))
    )


def _list_bound(tree: ast.Module) -> set[str]:
    """Return the names that a file may bind anywhere; all of its names where it imports any."""
    if _imports_any(tree):
        return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return list_all_names(tree)


def _list_global(tree: ast.Module) -> set[str]:
    """Return the names that a file may bind for all of its functions; all of its names where it
    imports any.
    """
    nodes = [node for statement in tree.body for node in walk_scope(statement)]
    declared = (n for n in ast.walk(tree) if isinstance(n, ast.Global))
    names = {name for node in nodes for name in get_bound_names(node)}
    names |= {name for node in declared for name in node.names}
    return names | (_list_bound(tree) if _imports_any(tree) else set())


def _imports_any(tree: ast.Module) -> bool:
    """Return whether a file imports all names of another one."""
    imports = (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom))
    return any(alias.name == "*" for each in imports for alias in each.names)


def _list_keys(tree: ast.Module) -> set[str]:
    """Return the texts of a file that are more than keys that are read."""
    slices = [n.slice for n in ast.walk(tree)
              if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)]  # fmt: skip
    return _list_texts(tree, slices)


def _list_texts(tree: ast.Module, left_out: Collection[ast.expr] = ()) -> set[str]:
    """Return the texts of a file, without those of some nodes."""
    texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and n not in left_out)
    return {n.value for n in texts if isinstance(n.value, str)}


def _list_set(tree: ast.Module, kind: type) -> set[str]:
    """Return the attributes that a file gives to any objects, and those that the methods of a class
    in another file set. An attribute that is only added to must be there.
    """
    nodes = list(ast.walk(tree))
    added = {node.target for node in nodes if isinstance(node, ast.AugAssign)}
    found = (n for n in nodes if isinstance(n, ast.Attribute) and n not in added)
    own = {n.attr for n in found if isinstance(n.ctx, ast.Store)}
    if any(isinstance(node, ast.ClassDef) and node.name == kind.__name__ for node in nodes):
        return own
    return own | list_stored(m for _, m in inspect.getmembers(kind, inspect.isfunction))


def _calls(tree: ast.Module, line: int, name: str) -> bool:
    """Return whether a line calls what the file defines under a name, and not an argument."""
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call) and n.lineno == line)
    return name in defined and any(find_last_name(each) == name for each in calls)
