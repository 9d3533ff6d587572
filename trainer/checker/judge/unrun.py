"""Lists the functions of a file that a step of training does not run."""

import ast
from collections.abc import Container, Iterator

from trainer.checker.findings.placing import describe_line

Function = ast.FunctionDef | ast.Lambda
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
    return found[:MOST] + ["…"] * (len(found) > MOST)


def _list_functions(tree: ast.AST) -> Iterator[tuple[str, Function]]:
    """Yield functions by their names, and those that are assigned by what they are assigned to."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) if any(map(_does_something, ast.walk(node))):
                yield name, node
            case ast.Assign(targets=[target, *_], value=ast.Lambda() as value):
                yield ast.unparse(target), value


def _does_something(node: ast.AST) -> bool:
    """Return whether a node returns a value, or is a loop."""
    if isinstance(node, ast.For | ast.While):
        return True
    return isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None)
