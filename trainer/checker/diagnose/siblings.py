"""Changes one line of a function, and the lines that do the same for other parameters with it.

W1 = W1 - lr * dW1 and b1 = b1 - lr * db1 are such lines, and so are two that differ in 1 and 2,
and those that set gradients.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from trainer.checker.adapt.names import PARAMS
from trainer.checker.diagnose.applying import Candidate, apply_edit, replace_all, replace_node
from trainer.checker.diagnose.edits import RATES, Edit, write_operand
from trainer.checker.diagnose.insertions import insert_after
from trainer.checker.diagnose.patching import Function

NUMBER = re.compile(r"(?<=[A-Za-z_])[12]\b")


def list_sibling_changes(
    path: Path, text: str, function: Function, edits: Iterable[Edit]
) -> Iterator[Candidate]:
    """Yield the text with all siblings written like one of them, as it is or with an edit."""
    groups = list(_list_groups(function))
    yield from _list_lacking(path, text, groups)
    for group in groups:
        for statement in group:
            new = _rewrite(text, group, statement, _read_line(text, statement))
            yield from [Candidate(path, new, _find_changed(text, new, group))] if new else []
    firsts = [(group, set(map(id, ast.walk(group[0])))) for group in groups]
    for edit in edits:
        for group, nodes in firsts if isinstance(edit.node, ast.expr) else ():
            in_group = id(edit.node) in nodes
            changed = _read_line(replace_node(text, edit) or "", group[0]) if in_group else ""
            if changed and (new := _rewrite(text, group, group[0], changed)):
                yield Candidate(path, new, edit.node)


def list_alike(
    path: Path, text: str, function: Function, edits: Iterable[Edit]
) -> Iterator[Candidate]:
    """Yield the text with something put around the value of all lines that set gradients, where an
    edit puts it around one of them: dW = (…) / m and db = (…) / m.
    """
    groups = list(_list_gradient_lines(function))
    for edit in edits:
        for group in groups:
            old = ast.unparse(edit.node)
            if any(line.value is edit.node for line in group) and edit.text.count(old) == 1:
                made = [
                    Edit(line.value, edit.text.replace(old, ast.unparse(line.value)), 0.0)
                    for line in group
                ]
                yield Candidate(path, replace_all(text, made), group[0])


def list_signs(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text without the minus in all lines that set gradients, where each has one, and
    with all of several steps up the gradient as steps down.

    dW1 = -x.T @ d, db1 = -d.sum()   →   dW1 = x.T @ d, db1 = d.sum()
    """
    for group in _list_gradient_lines(function):
        negatives = [
            [n for n in ast.walk(line.value) if isinstance(n, ast.UnaryOp) and _negates(n)]
            for line in group
        ]
        if all(negatives):
            made = [Edit(found[0], ast.unparse(found[0].operand), 0.0) for found in negatives]
            yield Candidate(path, replace_all(text, made), group[0])
    if len(ascents := list(_list_ascents(function))) > 1:
        yield Candidate(path, replace_all(text, ascents), ascents[0].node)


def list_swapped(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with one difference the other way round: y - t   →   t - y."""
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            swapped = f"{write_operand(node.right)} - {write_operand(node.left)}"
            yield from apply_edit(path, text, Edit(node, swapped, 0.0))


def list_kept(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text in which a value is subtracted from a variable or added to it, and does not
    take its place: W -= step for W = step.
    """
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Tuple):
            for operator in ("-=", "+="):
                changed = f"{get_target(node)} {operator} {ast.unparse(node.value)}"
                yield from apply_edit(path, text, Edit(node, changed, 0.0))


def _negates(node: ast.UnaryOp) -> bool:
    return isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant)


def _list_gradient_lines(function: Function) -> Iterator[list[ast.Assign]]:
    """Yield the lines of a function that set gradients: all, and those of W and b."""
    found = [n for n in ast.walk(function) if isinstance(n, ast.Assign)]
    every = [n for n in found if re.match(r"d[A-Za-z]|(self\.)?(d[Wwb]|grad)", get_target(n))]
    own = [n for n in every if re.search(r"\bd?[Wwb]\d?\b", get_target(n))]
    yield from (group for group in (every, own) if len(group) > 1)


def _list_ascents(function: Function) -> Iterator[Edit]:
    """Yield the steps up the gradient, W1 = params["W1"] + lr * dW1, as steps down."""
    for node in ast.walk(function):
        match node:
            case ast.AugAssign(op=ast.Add(), target=target, value=ast.BinOp(op=ast.Mult()) as step):
                if _has_rate(step):
                    yield Edit(node, f"{ast.unparse(target)} -= {ast.unparse(step)}", 0.0)
            case ast.Assign(
                value=ast.BinOp(
                    left=(ast.Name() | ast.Attribute() | ast.Subscript()) as left,
                    op=ast.Add(), right=step,
                ) as value
            ) if _has_rate(step):  # fmt: skip
                yield Edit(value, f"{ast.unparse(left)} - {ast.unparse(step)}", 0.0)


def _has_rate(step: ast.expr) -> bool:
    names = (n for n in ast.walk(step) if isinstance(n, ast.Name | ast.Attribute))
    return any(ast.unparse(name).split(".")[-1] in RATES for name in names)


def _list_lacking(path: Path, text: str, groups: list[list[ast.stmt]]) -> Iterator[Candidate]:
    """Yield the text with the lines for b1 and b2 that are missing after those for W1 and W2."""
    there = {get_target(node) for group in groups for node in group}  # type: ignore[arg-type]
    for group in groups:
        targets = [get_target(node) for node in group]  # type: ignore[arg-type]
        keys = [_find_key(target) for target in targets]
        if sorted(keys) == ["W1", "W2"]:
            others = [
                target.replace(key, f"b{key[1]}") for target, key in zip(targets, keys, strict=True)
            ]
            if there & set(others):
                continue
            lines = [_translate(_read_line(text, node), old, new)
                     for node, old, new in zip(group, targets, others, strict=True)]  # fmt: skip
            yield Candidate(path, insert_after(text, group[-1], "\n".join(lines)), group[-1])


def _list_groups(function: Function) -> Iterator[list[ast.stmt]]:
    """Yield the assignments of a function that set the same of several parameters."""
    found = [n for n in ast.walk(function) if isinstance(n, ast.Assign | ast.AugAssign)]
    found = [n for n in found if n.lineno == n.end_lineno]
    groups: dict[str, list[ast.stmt]] = {}
    for node in found:
        target = get_target(node)
        for key in dict.fromkeys((_mask_parameter(target), _mask_number(target))):
            groups.setdefault(key, []).append(node)
    groups.pop("", None)
    yield from (group for group in groups.values() if len(group) > 1)


def get_target(node: ast.Assign | ast.AugAssign) -> str:
    """Return what a statement sets, as one writes it; the first of several."""
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def _mask_parameter(target: str) -> str:
    key = _find_key(target)
    return target.replace(key, "P") if key else ""


def _mask_number(target: str) -> str:
    return NUMBER.sub("#", target) if NUMBER.search(target) else ""


def _find_key(target: str) -> str:
    """Return which of W1, b1, W2 and b2 a target is for, "" for none of them."""
    return next((key for key in PARAMS if re.search(rf"\b[dD]?{key}\b", target)), "")


def _translate(line: str, old: str, new: str) -> str:
    """Return the line of one target as the line of another: W1 becomes b1, or 1 becomes 2."""
    one, other = _find_key(old), _find_key(new)
    if one and other and one != other and old.replace(one, other) == new:
        return re.sub(rf"(?<![A-Za-z])([dD]?){one}\b", rf"\g<1>{other}", line)
    return swap_numbers(line)


def swap_numbers(text: str) -> str:
    """Return a text with 2 for 1 and 1 for 2 at the end of its names."""
    return NUMBER.sub(lambda match: "21"[int(match[0]) - 1], text)


def _rewrite(text: str, group: list[ast.stmt], donor: ast.stmt, line: str) -> str:
    """Return the text with every statement of a group like the donor's new line, "" if equal."""
    lines = text.splitlines(keepends=True)
    for statement in group:
        assert isinstance(statement, ast.Assign | ast.AugAssign)
        assert isinstance(donor, ast.Assign | ast.AugAssign)
        old, new = get_target(donor), get_target(statement)
        made = line if statement is donor else _translate(line, old, new)
        number, first = statement.lineno - 1, lines[statement.lineno - 1]
        if made != first.strip():
            lines[number] = f"{first[: len(first) - len(first.lstrip())]}{made}\n"
    new_text = "".join(lines)
    return new_text if new_text != text else ""


def _read_line(text: str, statement: ast.stmt) -> str:
    """Return the line of a statement in a changed text, "" where it is no statement there."""
    line = "".join(text.splitlines()[statement.lineno - 1 : statement.lineno]).strip()
    try:
        ast.parse(line)
    except SyntaxError:
        return ""
    return line


def _find_changed(text: str, new: str, group: list[ast.stmt]) -> ast.stmt:
    """Return the first statement of a group whose line is changed."""
    old_lines, new_lines = text.splitlines(), new.splitlines()
    changed = (s for s in group if old_lines[s.lineno - 1] != new_lines[s.lineno - 1])
    return next(changed, group[0])
