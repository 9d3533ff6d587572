"""Lists the names that a statement sets in its own scope."""

import ast
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def walk_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and the nodes inside it, but not those in functions, classes and the like."""
    yield node
    if not isinstance(node, (*FUNCTIONS, ast.Lambda, *COMPREHENSIONS)):
        for child in ast.iter_child_nodes(node):
            yield from walk_scope(child)


def list_bound_names(statement: ast.AST) -> dict[str, int]:
    """Return the names that a statement sets in its scope, each with its first line."""
    found: dict[str, int] = {}
    for node in walk_scope(statement):
        for name in get_bound_names(node):
            found.setdefault(name, getattr(node, "lineno", 0))
    return found


def get_bound_names(node: ast.AST) -> list[str]:
    """Return the names that a node itself sets, without the nodes inside it."""
    match node:
        case ast.Name(ctx=ast.Store()):
            return [node.id]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import():
            return [alias.asname or alias.name.split(".")[0] for alias in node.names]
        case ast.ImportFrom():
            return [alias.asname or alias.name for alias in node.names if alias.name != "*"]
        case ast.ExceptHandler(name=str(name)):
            return [name]
    return []


def list_variables(tree: ast.AST) -> set[str]:
    """Return the variables and arguments of a part of the source, in inner scopes too, without what
    it defines or imports.
    """
    nodes = list(ast.walk(tree))
    stored = (node for node in nodes if isinstance(node, ast.Name))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return arguments | {name for node in stored for name in get_bound_names(node)}


def list_all_names(tree: ast.AST) -> set[str]:
    """Return all names that a part of the source sets, in inner scopes too."""
    others = (name for node in ast.walk(tree) for name in get_bound_names(node))
    return list_variables(tree) | set(others)


def list_changed_names(statement: ast.AST) -> dict[str, int]:
    """Return the names whose elements or attributes a statement sets, as in w[0] = 1."""
    found: dict[str, int] = {}
    for node in walk_scope(statement):
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            part: ast.expr = node
            while isinstance(part, ast.Subscript | ast.Attribute):
                part = part.value
            if isinstance(part, ast.Name):
                found.setdefault(part.id, node.lineno)
    return found
