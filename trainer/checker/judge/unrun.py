"""Lists the functions of a file that a step of training, or any check, does not run."""

import ast
from collections.abc import Container, Iterable, Iterator

from trainer.checker.findings.placing import describe_line

Function = ast.FunctionDef | ast.Lambda
Definition = ast.FunctionDef | ast.ClassDef
MOST = 8  # functions that are named


def list_unrun(tree: ast.AST, seen: Container[int]) -> list[str]:
    """Return each function that returns something or has a loop, and of which no line was seen:
    relu (line 7).
    """
    found = [
        f"{name} ({describe_line(node.lineno)})"
        for name, node in _list_functions(tree)
        if not any(line in seen for line in range(node.lineno, (node.end_lineno or 0) + 1))
    ]
    return _shorten(found)


def list_unknown(tree: ast.Module, known: Iterable[str]) -> list[str]:
    """Return the names of the functions and classes that do something, and that none of these known
    ones is, or uses.
    """
    nodes = {n.name: n for n in tree.body if isinstance(n, Definition)}
    reached: set[str] = set()
    left = [name for name in known if name in nodes]
    while left:
        reached.add(name := left.pop())
        left += (_list_names(nodes[name]) & nodes.keys()) - reached
    return _shorten([n for n, node in nodes.items() if n not in reached and _is_to_run(node)])


def _list_names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _is_to_run(node: Definition) -> bool:
    return any(map(_does_something, ast.walk(node)))


def _shorten(names: list[str]) -> list[str]:
    return names[:MOST] + ["…"] * (len(names) > MOST)


def _list_functions(tree: ast.AST) -> Iterator[tuple[str, Function]]:
    """Yield functions by their names, and those that are assigned by what they are assigned to."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) if _is_to_run(node):
                yield name, node
            case ast.Assign(targets=[target, *_], value=ast.Lambda() as value):
                yield ast.unparse(target), value


def _does_something(node: ast.AST) -> bool:
    """Return whether a node returns a value, or is a loop."""
    if isinstance(node, ast.For | ast.While):
        return True
    return isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None)
