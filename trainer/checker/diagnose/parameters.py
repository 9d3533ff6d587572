"""Statements that set a parameter which a net lacks, like those that set its others."""

import ast
import re
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

from trainer.checker.adapt.names import PARAMS, SIZES, find_role
from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.insertions import insert_after
from trainer.checker.diagnose.patching import Function

NUMBER = re.compile(r"(?<![A-Za-z])[Wb]([12])(?![0-9])")


def list_parameters(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with one parameter more, set like one that a constructor sets."""
    if function.name != "__init__":
        return
    arguments = [a.arg for a in function.args.args[1:]]
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or not (match := NUMBER.search(_target(node))):
            continue
        own = ast.unparse(node)
        for key in (k for k in PARAMS if k[0] == match[0][0] and k not in ast.unparse(function)):
            changed = own.replace(_target(node), _target(node).replace(match[0], key), 1)
            for new in _list_resized(changed, arguments):
                yield Candidate(path, insert_after(text, node, new), node)


def _target(node: ast.Assign) -> str:
    return ast.unparse(node.targets[0])


def _list_resized(statement: str, arguments: list[str]) -> Iterator[str]:
    """Yield a statement with other sizes in place of those that it uses."""
    sizes = [name for name in arguments if find_role(name, SIZES)]
    words = [n.id for n in ast.walk(ast.parse(statement)) if isinstance(n, ast.Name)]
    used = [name for name in sizes if name in words]
    for chosen in permutations(sizes, len(used)):
        other = dict(zip(used, chosen, strict=True))
        parts = re.split(r"\b", statement)
        yield "".join(other.get(part, part) for part in parts)
