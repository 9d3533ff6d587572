"""Applies edits to the text of a file, and writes the difference as a diff."""

import ast
import difflib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trainer.checker.diagnose.edits import Edit, Node
from trainer.checker.diagnose.patching import Function

REPEATED = (ast.Call, ast.BinOp, ast.Compare, ast.Subscript)  # changed at all places at once
CALLED = re.compile(r"\b(\w+)\(")
SHORTEST = 8  # characters of an expression that is also changed at other places


@dataclass(frozen=True)
class Candidate:
    """A changed source of one file; node is the part of the old source that was changed."""

    path: Path
    text: str
    node: Node


def apply_edit(path: Path, text: str, edit: Edit) -> Iterator[Candidate]:
    """Yield the source with the edit at its place, and at all places that read the same."""
    changed = replace_node(text, edit)
    if changed is None:
        return
    changed = _drop_idle(changed, edit.node.lineno)
    if "/" in edit.text and _undoes_itself(changed.splitlines()[edit.node.lineno - 1]):
        return
    yield Candidate(path, changed, edit.node)
    # At another place a function might call itself, and double its argument until memory is full.
    if any(f"def {name}(" in text for name in CALLED.findall(edit.text)):
        return
    old, new = (each.splitlines() for each in (text, changed))
    number = edit.node.lineno - 1
    if old.count(old[number]) > 1:
        kept = [new[number]] if len(old) == len(new) else []
        lines = [each for line in old for each in (kept if line == old[number] else [line])]
        yield Candidate(path, "\n".join(lines) + "\n", edit.node)
    part = _get_segment(text, edit.node) if isinstance(edit.node, REPEATED) else ""
    if len(part) >= SHORTEST and text.count(part) > 1:
        yield Candidate(path, text.replace(part, edit.text), edit.node)


def _drop_idle(text: str, line: int) -> str:
    """Return the text without a line that sets a variable to itself."""
    lines = text.splitlines(keepends=True)
    target, sign, value = "".join(lines[line - 1 : line]).partition(" = ")
    if sign and target.strip() == value.strip():
        return "".join(lines[: line - 1] + lines[line:])
    return text


def _undoes_itself(line: str) -> bool:
    """Return whether a line multiplies by what it divides by: y * (1 / y)."""
    with suppress(SyntaxError):
        products = (n for n in ast.walk(ast.parse(line.strip())) if isinstance(n, ast.BinOp))
        factors = ([*_list_factors(each)] for each in products)
        return any((text, not is_over) in every for every in factors for text, is_over in every)
    return False


def _list_factors(node: ast.expr, is_over: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the factors of a product, and whether it is divided by each."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            yield from _list_factors(left, is_over)
            yield from _list_factors(right, is_over ^ isinstance(op, ast.Div))
        case _:
            yield ast.unparse(node), is_over


def _get_segment(text: str, node: Node) -> str:
    """Return the source of a node that stands on one line, "" otherwise."""
    line = text.splitlines()[node.lineno - 1].encode()
    one_line = node.end_lineno == node.lineno
    return line[node.col_offset : node.end_col_offset].decode() if one_line else ""


def replace_node(text: str, edit: Edit) -> str | None:
    """Return the source with the edit at its place, None where it would be read in another way."""
    if edit.text == "pass" and (shorter := _delete_statement(text, edit.node)):
        return shorter
    new = match_style(text, _tidy(edit.text) if isinstance(edit.node, ast.expr) else edit.text)
    for replacement in (new, f"({new})"):
        changed = replace_segment(text, edit.node, replacement)
        if not isinstance(edit.node, ast.expr) or _is_unit(changed, edit):
            return changed
    return None


def _tidy(text: str) -> str:
    """Return an expression without brackets that it does not need."""
    with suppress(SyntaxError):
        tree = ast.parse(text, mode="eval").body
        return text if isinstance(tree, ast.Tuple) else ast.unparse(tree)
    return text


def match_style(text: str, new: str) -> str:
    """Return new code with the quotes that a text uses, and 1e-7 for 1e-07."""
    new = re.sub(r"(?<=\de)-0(?=\d\b)", "-", new)
    is_double = text.count('"') > text.count("'")
    return new.replace("'", '"') if is_double else new


def _delete_statement(text: str, node: Node) -> str | None:
    """Return the text without the line of a statement, None where a block would be empty or
    the statement does not stand on a line of its own.
    """
    lines = text.splitlines(keepends=True)
    if lines[node.lineno - 1].strip() != _get_segment(text, node):
        return None
    del lines[node.lineno - 1]
    with suppress(SyntaxError):
        ast.parse("".join(lines))
        return "".join(lines)
    return None


def _is_unit(changed: str, edit: Edit) -> bool:
    """Return whether the new text of an edit is read as one expression, in brackets or not."""
    with suppress(SyntaxError):
        return _reads_as(changed, edit, _dump(ast.parse(edit.text, mode="eval").body))
    return False


def _reads_as(changed: str, edit: Edit, wanted: str) -> bool:
    """Return whether the changed source has this node where the edit is.

    Parses the line alone if it can stand alone, with a body if it opens a block.
    """
    place = edit.node.col_offset
    line = changed.splitlines()[edit.node.lineno - 1]
    indent, bare = len(line) - len(line.lstrip()), line.strip()
    for source, row, shift in (
        (bare, 1, indent), (f"{bare} pass", 1, indent), (changed, edit.node.lineno, 0),
    ):  # fmt: skip
        with suppress(SyntaxError):
            nodes = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.expr))
            there = (n for n in nodes if n.lineno == row and 0 <= n.col_offset + shift - place <= 1)
            return any(_dump(node) == wanted for node in there)
    return False


def _dump(node: ast.AST) -> str:
    """Return what a node is, without its place, and whether it is read or written."""
    return ast.dump(node).replace("Store()", "Load()")


def replace_segment(text: str, node: Node, replacement: str) -> str:
    """Return the text with the source of a node replaced."""
    lines = text.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset or 0 :].decode()
    return "".join([*lines[:first], before + replacement + after, *lines[last + 1 :]])


def list_repeated(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with one change at several places of a function: another axis in all calls
    that have the same one, no update of an array, or an assignment in place of all updates.
    """
    groups: dict[str, list[ast.expr]] = {}
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            if keyword.arg == "axis":
                key = ", ".join(ast.unparse(each) for each in call.keywords)
                groups.setdefault(key, []).append(keyword.value)
    changes = [[Edit(node, axis, 0.0) for node in g] for g in groups.values() for axis in "01"]
    updates = [node for node in ast.walk(function) if isinstance(node, ast.AugAssign)]
    changes.append(
        [Edit(n, f"{ast.unparse(n.target)} = {ast.unparse(n.value)}", 0.0) for n in updates]
    )
    changes.append(list(_list_sums(function)))
    for update in updates:
        yield from apply_edit(path, text, Edit(update, "pass", 0.0))
    changes += _list_lower_points(function)
    for edits in changes:
        if len(edits) > 1:
            yield Candidate(path, replace_all(text, edits), edits[0].node)


def _list_sums(function: Function) -> Iterator[Edit]:
    """Yield what is added to a variable in place of the sum: dW for self.dW = self.dW + dW."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(
                targets=[target], value=ast.BinOp(left=left, op=ast.Add(), right=right)
            ) if ast.unparse(left) == ast.unparse(target):
                yield Edit(node.value, ast.unparse(right), 0.0)


def _list_lower_points(function: Function) -> Iterator[list[Edit]]:
    """Yield what makes one-sided differences central: x - h where x + h was, and 2 * h."""
    assigned = [n for n in ast.walk(function) if isinstance(n, ast.Assign)]
    divided = [n for n in ast.walk(function) if isinstance(n, ast.BinOp)]
    for upper in assigned:
        match upper.value:
            case ast.BinOp(left=point, op=ast.Add(), right=h):
                x, step = ast.unparse(point), ast.unparse(h)
                widths = [
                    Edit(n.right, f"2 * {step}", 0.0)
                    for n in divided
                    if isinstance(n.op, ast.Div) and ast.unparse(n.right) == step
                ]
                for lower in assigned:
                    same = ast.unparse(lower.targets[0]) == ast.unparse(upper.targets[0])
                    if same and ast.unparse(lower.value) == x:
                        yield [Edit(lower.value, f"{x} - {step}", 0.0), *widths]


def replace_all(text: str, edits: list[Edit]) -> str:
    """Return the text with all edits, from the last to the first so that places stay right."""
    for edit in sorted(edits, key=lambda e: (e.node.lineno, e.node.col_offset), reverse=True):
        text = replace_node(text, edit) or text
    return text


def make_diff(path: Path, old: str, new: str) -> str:
    """Return a unified diff of one file, without context."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    names = f"a/{path.name}", f"b/{path.name}"
    return "".join(difflib.unified_diff(before, after, *names, n=0))
