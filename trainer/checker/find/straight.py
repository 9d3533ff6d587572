"""Finds the one step that a script takes without a loop, and puts it into one."""

import ast
import copy

AGAIN = "__again__"  # the variable of the loop


def wrap_step(tree: ast.Module) -> ast.Module | None:
    """Return a script with its one step in a loop of two rounds, None where it takes none.

    The step goes from where the last weight is set to where the last one is updated.
    """
    updates = {i: target for i, node in enumerate(tree.body) if (target := _find_updated(node))}
    if len(set(updates.values())) < 2:
        return None
    first, end = min(updates), max(updates) + 1
    made = [i for i in range(first) if set(_list_targets(tree.body[i])) & set(updates.values())]
    if not made:
        return None
    wrapped = copy.deepcopy(tree)
    body = wrapped.body[made[-1] + 1 : end]
    loop = ast.parse(f"for {AGAIN} in range(2): pass").body[0]
    assert isinstance(loop, ast.For)
    for node in ast.walk(loop):
        ast.copy_location(node, body[0])
    loop.body, loop.end_lineno = body, body[-1].end_lineno
    wrapped.body[made[-1] + 1 : end] = [loop]
    return wrapped


def wrap_if(is_straight: bool, tree: ast.Module) -> ast.Module:
    """Return a script with its one step in a loop where that is so, else the script as it is."""
    return (wrap_step(tree) if is_straight else None) or tree


def is_wrapped(loop: ast.stmt) -> bool:
    """Return whether a loop is one of ours."""
    return isinstance(loop, ast.For) and ast.unparse(loop.target) == AGAIN


def _find_updated(node: ast.stmt) -> str:
    """Return what a statement adds something to that is computed, "" for nothing."""
    match node:
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub(), value=value):
            return "" if isinstance(value, ast.Constant) else ast.unparse(target)
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Add() | ast.Sub())):
            return ast.unparse(target) if ast.unparse(left) == ast.unparse(target) else ""
    return ""


def _list_targets(node: ast.stmt) -> list[str]:
    """Return what a statement sets."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    parts = (p for t in targets for p in (t.elts if isinstance(t, ast.Tuple) else [t]))
    return [ast.unparse(part) for part in parts]
