"""Lists the slips that a student could make in a source: each is one edit at one place."""

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from source_edits import Code, Edit, is_slip

OPERATORS: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)), ast.Sub: ("-", ("+",)), ast.Mult: ("*", ("@", "+")),
    ast.Div: ("/", ("*",)), ast.MatMult: ("@", ("*",)), ast.Pow: ("**", ("*",)),
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", (">", "<=")), ast.LtE: ("<=", ("<", ">")), ast.Gt: (">", ("<", ">=")),
    ast.GtE: (">=", (">", "<")), ast.Eq: ("==", ("!=",)), ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
}  # fmt: skip
NUMBERS = {0: ("1",), 1: ("0", "2"), 2: ("1", "3"), 0.5: ("2", "1")}
NOT_DROPPED = ("range", "xrange", "print")
VARIABLES = ast.Name | ast.Attribute | ast.Subscript
SIMPLE = ast.Assign | ast.AugAssign | ast.Return | ast.Expr


def change_operator(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield other operators, and swapped operands."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in OPERATORS and "str(" not in code.get(right):
            sign, others = OPERATORS[type(op)]
            (start, at), (after, end) = code.split(node, sign)
            is_scaled = isinstance(left, ast.Constant) or "rand" in code.get(right)
            if not (is_scaled and isinstance(op, ast.Div)):
                yield from ((at, after, o) for o in others if not (is_scaled and o == "@"))
            if isinstance(op, ast.Sub | ast.MatMult):
                one, other = code.text[start:at].strip(), code.text[after:end].strip()
                yield start, end, f"{other} {sign} {one}"
        case ast.AugAssign(target, op) if type(op) in OPERATORS:
            sign, others = OPERATORS[type(op)]
            at = code.text.index(sign, code.place(target)[1])
            yield from ((at, at + len(sign), other) for other in (*others, ""))


def drop_term(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield one operand alone in place of both, and an expression without its sign."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in OPERATORS and "str(" not in code.get(right):
            (start, at), (after, end) = code.split(node, OPERATORS[type(op)][0])
            if not isinstance(left, ast.Constant):
                yield start, end, code.text[start:at].strip()
            if isinstance(op, ast.Add | ast.Sub | ast.Mult) and not isinstance(right, ast.Constant):
                yield start, end, code.text[after:end].strip()
        case ast.UnaryOp(ast.USub(), operand):
            yield code.replace(node, code.get(operand))


def change_name(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield other names in scope: variables bound before, functions, attributes of self."""
    others: list[str] = []
    match node:
        case ast.Name(name, ast.Load()) if name not in ("np", "self"):
            others = _list_names(code, node)
        case ast.Attribute(ast.Name("self"), name, ast.Load()):
            others = _list_attributes(code, name)
    for other in others:
        if is_like(name, other):
            yield code.replace(node, f"self.{other}" if isinstance(node, ast.Attribute) else other)


def is_like(name: str, other: str) -> bool:
    """Return whether two names are easily taken for each other."""
    ends = name[0] == other[0] or name[-1] == other[-1]
    return name != other and (ends or max(len(name), len(other)) <= 2)


def _list_names(code: Code, node: ast.Name) -> list[str]:
    """Return the functions of the file for one that is called, else the variables bound before."""
    parent = code.parents[node]
    if isinstance(parent, ast.Call) and parent.func is node:
        functions = [n.name for n in code.tree.body if isinstance(n, ast.FunctionDef)]
        return functions if node.id in functions else []
    bound = [a.arg for a in code.function.args.args if a.arg != "self"]
    for each in ast.walk(code.function):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            bound += [each.id] if each.lineno < node.lineno else []
    return list(dict.fromkeys(bound))


def _list_attributes(code: Code, name: str) -> list[str]:
    """Return the attributes that the class sets, none if it does not set that one."""
    classes = (n for n in code.tree.body if isinstance(n, ast.ClassDef))
    nodes = ast.walk(next((c for c in classes if code.function in c.body), code.function))
    stored = {n.attr for n in nodes if isinstance(n, ast.Attribute) and type(n.ctx) is ast.Store}
    return sorted(stored) if name in stored else []


def change_axis(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield the other axis, no axis, and no keepdims."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            first, last = code.place(keyword)
            first -= 2 * (code.text[first - 2 : first] == ", ")
            if keyword.arg in ("axis", "keepdims"):
                yield first, last, ""
            if keyword.arg == "axis":
                yield code.replace(keyword.value, "0" if code.get(keyword.value) == "1" else "1")
    match node:
        case ast.Call(ast.Attribute(attr="sum"), [ast.Constant() as axis]):
            yield from (code.replace(axis, text) for text in ("1", ""))


def change_transpose(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield a transposed array as it is, and factors of a product transposed."""
    match node:
        case ast.Attribute(value, "T"):
            yield code.replace(node, code.get(value))
        case (
            ast.BinOp(left, ast.MatMult(), right)
            | ast.Call(ast.Attribute(ast.Name("np"), "dot" | "matmul"), [left, right])
            | ast.Call(ast.Attribute(left, "dot"), [right])
        ):
            for part in (left, right):
                if isinstance(part, VARIABLES) and not code.get(part).endswith(".T"):
                    yield code.replace(part, f"{code.get(part)}.T")


def change_number(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield numbers near one, except for axes and indices."""
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            if not isinstance(code.parents[node], ast.keyword | ast.Subscript):
                yield from (code.replace(node, other) for other in NUMBERS.get(value, ()))


def change_key(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield other keys of the file that share the letters or the digit, and other indices."""
    match node:
        case ast.Constant(str() as key):
            for other in dict.fromkeys(re.findall(r'"([A-Za-z]+\d)"', code.text)):
                if other != key and key and (other[:-1] == key[:-1] or other[-1] == key[-1]):
                    yield code.replace(node, f'"{other}"')
        case ast.Subscript(slice=ast.Constant(int() as index) as place):
            yield code.replace(place, str(1 - index))


def delete_statement(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield the lines of a statement deleted, where others stay beside it."""
    for statement in _list_body(node):
        if len(_list_body(node)) > 1 and isinstance(statement, SIMPLE | ast.If):
            end = code.starts[statement.end_lineno or 0]
            yield code.starts[statement.lineno - 1], end, ""


def swap_statements(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield two neighbouring statements swapped."""
    for one, other in pairwise(_list_body(node)):
        if isinstance(one, SIMPLE) and isinstance(other, SIMPLE):
            yield code.swap(one, other)


def _list_body(node: ast.AST) -> list[ast.stmt]:
    body = getattr(node, "body", None)
    return body if isinstance(body, list) else []


def change_comparison(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield other comparisons of the same two values."""
    match node:
        case ast.Compare(left, [op]) if type(op) in COMPARISONS:
            sign, others = COMPARISONS[type(op)]
            at = code.text.index(sign, code.place(left)[1])
            yield from ((at, at + len(sign), other) for other in others)


def change_arguments(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield two arguments, or two parts of a tuple, in the other order."""
    match node:
        case ast.Call(args=[one, other, *_]) | ast.Tuple([one, other, *_]):
            if not isinstance(code.parents[node], ast.Subscript | ast.For):
                yield code.swap(one, other)


def drop_call(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield the argument of a call, or the array whose method is called, without the call."""
    if isinstance(node, ast.Call) and code.get(node.func) not in NOT_DROPPED:
        if node.args and not code.get(node.func)[0].isupper():
            yield code.replace(node, code.get(node.args[0]))
        elif isinstance(node.func, ast.Attribute):
            yield code.replace(node, code.get(node.func.value))


def change_slice(code: Code, node: ast.AST) -> Iterator[Edit]:
    """Yield other indices of the same array, and the whole array."""
    match node:
        case ast.Subscript(value, ast.Tuple([one, other])):
            yield code.swap(one, other)
            yield from (code.replace(part, ":") for part in (one, other))
            yield code.replace(node, code.get(value))
        case ast.Subscript(value, ast.Constant() | ast.Compare() as part):
            if code.get(part) == "..." or isinstance(part, ast.Compare):
                yield code.replace(node, code.get(value))
        case ast.Subscript(value, ast.Attribute() as mask):
            yield code.replace(mask, f"~{code.get(mask)}")


KINDS: dict[str, Callable[[Code, ast.AST], Iterator[Edit]]] = {
    "operator": change_operator, "term dropped": drop_term, "name": change_name,
    "axis": change_axis, "transpose": change_transpose, "number": change_number,
    "key or index": change_key, "statement deleted": delete_statement,
    "statements swapped": swap_statements, "comparison": change_comparison,
    "order of arguments": change_arguments, "call dropped": drop_call, "slice": change_slice,
}  # fmt: skip


def list_slips(text: str) -> dict[str, list[Edit]]:
    """Return the slips in all functions of a source by kind; those that do not parse are left out.

    The print statements of Python 2 are read as pass, and no line that prints is changed.
    """
    read = re.sub(r"(?m)^(\s*)(print .*)$", lambda m: m[1] + "pass".ljust(len(m[2])), text)
    tree, found = ast.parse(read), {kind: dict[Edit, None]() for kind in KINDS}
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        code = Code(read, tree, function)
        nodes = (node for statement in function.body for node in ast.walk(statement))
        for node in (function, *nodes):
            for kind, list_edits in KINDS.items():
                edits = (edit for edit in list_edits(code, node) if is_slip(read, edit))
                found[kind] |= dict.fromkeys(edits)
    return {kind: list(edits) for kind, edits in found.items()}
