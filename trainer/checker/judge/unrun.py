"""Lists the functions of a file that a step of training does not run."""

import ast
from collections.abc import Container, Iterator

from trainer.checker.findings.placing import describe_line

Function = ast.FunctionDef | ast.Lambda
MOST = 8  # functions that are named


def list_unrun(tree: ast.AST, seen: Container[int]) -> list[str]:
    """Return each function that returns something, and of which no line was seen: relu (line 7)."""
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
            case ast.FunctionDef(name=name) if any(map(_gives_value, ast.walk(node))):
                yield name, node
            case ast.Assign(targets=[target, *_], value=ast.Lambda() as value):
                yield ast.unparse(target), value


def _gives_value(node: ast.AST) -> bool:
    return isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None)
