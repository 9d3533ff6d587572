"""Statements that set a parameter which a net lacks, like those that set others, and sizes."""

import ast
import re
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

from trainer.checker.adapt.names import PARAMS, SIZES, find_role
from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.insertions import insert_after
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.siblings import get_target

NUMBER = re.compile(r"(?<![A-Za-z])[Wb][12](?![0-9])")


def list_parameters(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with one parameter more, set like one that a constructor sets, or with other
    sizes of one.
    """
    if function.name != "__init__":
        return
    sizes = [a.arg for a in function.args.args[1:] if find_role(a.arg, SIZES)]
    lacking = [key for key in PARAMS if key not in ast.unparse(function)]
    for node in (n for n in ast.walk(function) if isinstance(n, ast.Assign)):
        own, target = ast.unparse(node), get_target(node)
        match = NUMBER.search(target)
        for value in _list_resized(ast.unparse(node.value), sizes) if match else ():
            yield from apply_edit(path, text, Edit(node.value, value, 0.0))
        for key in (k for k in lacking if match and k[0] == match[0][0]):
            changed = own.replace(target, NUMBER.sub(key, target, count=1), 1)
            for new in _list_resized(changed, sizes):
                yield Candidate(path, insert_after(text, node, new), node)


def _list_resized(statement: str, sizes: list[str]) -> Iterator[str]:
    """Yield a statement with other sizes than it uses, and with its own."""
    parts = re.split(r"\b", statement)
    used = [name for name in sizes if name in parts]
    for chosen in permutations(sizes, len(used)):
        other = dict(zip(used, chosen, strict=True))
        yield "".join(other.get(part, part) for part in parts)
