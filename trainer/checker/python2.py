"""Reads Python 2: translates it to Python 3."""

import ast

PYTHON_2_NAMES = {"xrange", "unicode", "raw_input", "basestring", "unichr", "reduce"}
PYTHON_2_METHODS = {"iteritems", "itervalues", "iterkeys", "has_key"}


def translate(text: str) -> str:
    """Return Python 2 as Python 3, by fissix, 2to3's successor; raises ValueError."""
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError
    from fissix.refactor import RefactoringTool, get_fixers_from_package

    names = get_fixers_from_package("fissix.fixes")
    unneeded = ("import", "idioms", "ws_comma", "set_literal", "asserts")  # import: no relative
    fixers = [name for name in names if name.rpartition("fix_")[2] not in unneeded]
    try:
        return str(RefactoringTool(fixers).refactor_string(text.rstrip() + "\n", "file"))
    except (ParseError, TokenError, IndentationError) as error:
        raise ValueError(error) from None


def is_python_2(tree: ast.Module) -> bool:
    """Return whether a file that parses as Python 3 uses what only Python 2 has."""
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
    # A star import may bind any name, but no module offers xrange.
    names = {"xrange"} - bound if "*" in bound else PYTHON_2_NAMES - bound
    return any(
        (isinstance(node, ast.Attribute) and node.attr in PYTHON_2_METHODS)
        or (isinstance(node, ast.Name) and node.id in names)
        for node in ast.walk(tree)
    )
