"""Rewrites parts of one line, and tells what a person would not write."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from trainer.checker.diagnose.edits import Root

WORDS = ast.Name | ast.Attribute | ast.Subscript
DOTTED = re.compile(r"(?<=[A-Za-z_])\.(?=[A-Za-z_])")
TAKEN = 0.1  # what a token counts that is taken out, beside 0.5 where more are than are typed
SUMS = ("np.sum", "np.mean", "numpy.sum", "numpy.mean")


def list_places(root: Root) -> Iterator[ast.expr]:
    """Yield the parts of a line that may be replaced, a whole axis of an index too: not np, self,
    what is called or what is set, but for its index.
    """
    called = {id(node.func) for node in ast.walk(root) if isinstance(node, ast.Call)}
    if isinstance(root, ast.Assign | ast.AugAssign):
        target = root.targets[0] if isinstance(root, ast.Assign) else root.target
        if isinstance(target, ast.Subscript):
            yield from list_places(target.slice)
        yield from list_places(root.value)
        return
    for node in _walk_code(root):
        is_range = isinstance(node, ast.Slice) and (node.lower or node.upper)
        if isinstance(node, ast.expr) and not is_range and not isinstance(node, ast.Starred):
            is_base = isinstance(node, ast.Name) and node.id in ("np", "numpy", "self")
            if not is_base and id(node) not in called:
                yield node


def list_sums(root: Root) -> Iterator[ast.expr]:
    """Yield the value of a line, and what it sums up."""
    value = root.value if isinstance(root, ast.Assign | ast.AugAssign) else root
    if isinstance(value, ast.expr):
        yield value
        for node in ast.walk(value):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in SUMS:
                yield from node.args[:1]


def _walk_code(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, but not those inside an f-string: its parts are text."""
    yield root
    for child in ast.iter_child_nodes(root) if not isinstance(root, ast.JoinedStr) else ():
        yield from _walk_code(child)


def cancels(text: str) -> bool:
    """Return whether a line multiplies what it divides by the same: x * m / m, y * (1 / y - y)."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            factors, divisors = _list_factors(node)
            if set(factors) & set(divisors):
                return True
            inner = (n for n in ast.walk(node) if isinstance(n, ast.BinOp) and _divides(n))
            if any(ast.unparse(n.right) in factors for n in inner):
                return True
    return False


def _divides(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.Div)


def _list_factors(node: ast.expr) -> tuple[list[str], list[str]]:
    """Return the factors of a product and what it is divided by."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult | ast.Div):
        return [ast.unparse(node)], []
    (factors, divisors), (more, fewer) = _list_factors(node.left), _list_factors(node.right)
    if _divides(node):
        more, fewer = fewer, more
    return [*factors, *more], [*divisors, *fewer]


def adds_nothing(text: str) -> bool:
    """Return whether a line has a minus behind another sign or before a square, adds or subtracts
    0, multiplies or divides by 1, calculates with two numbers, takes the maximum of a comparison,
    or takes back what it just added.
    """
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.UnaryOp(op=ast.USub())):
                return True
            case ast.BinOp(left=ast.Constant(), right=ast.Constant()):
                return True
            case ast.Call(func=ast.Attribute(attr="maximum"), args=args):
                if any(isinstance(each, ast.Compare) for each in args):
                    return True
            case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(value=0)):
                return True
            case ast.BinOp(right=right) if _is_negative(right):
                return True
            case ast.AugAssign(op=ast.Add() | ast.Sub(), value=value) if _is_negative(value):
                return True
            case ast.BinOp(op=ast.Mult() | ast.Div(), right=ast.Constant(value=1)):
                return True
            case ast.AugAssign(op=ast.Mult() | ast.Div(), value=ast.Constant(value=1)):
                return True
            case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=1)):
                return True
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub()), op=ast.Pow()):
                return True
            case ast.BinOp(left=ast.BinOp(left=a, op=ast.Add(), right=b), op=ast.Sub(), right=c):
                if ast.unparse(c) in (ast.unparse(a), ast.unparse(b)):
                    return True
    return False


def _is_negative(node: ast.expr) -> bool:
    """Return whether an expression begins with a minus."""
    return ast.unparse(node).startswith("-")


def count_repeated(text: str) -> int:
    """Return how many calculations a line has again that it has already."""
    tree = ast.parse(text)
    made = [ast.dump(n) for n in ast.walk(tree) if isinstance(n, ast.BinOp | ast.Call)]
    return len(made) - len(set(made))


def list_swapped(root: Root) -> Iterator[str]:
    """Yield the parts of a line in which two values are combined otherwise: a − b for a + b or for
    b − a, or with a mean in place of a sum.
    """
    for node in ast.walk(root):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="sum" | "mean" as name)):
                other = ast.Attribute(value, "mean" if name == "sum" else "sum", ast.Load())
                yield ast.unparse(ast.Call(other, node.args, node.keywords))
        if isinstance(node, ast.BinOp):
            for operator in (ast.Add, ast.Sub, ast.Mult, ast.Div):
                if not isinstance(node.op, operator):
                    yield ast.unparse(ast.BinOp(node.left, operator(), node.right))
            if isinstance(node.op, ast.Sub):
                yield ast.unparse(ast.BinOp(node.right, node.op, node.left))


def replace_word(root: Root, old: str, new: str) -> str:
    """Return a line with a word in each place of another."""
    words = [n for n in list_places(root) if isinstance(n, WORDS) and ast.unparse(n) == old]
    return write_line(root, words, new)


def write_line(root: Root, parts: Sequence[ast.expr], text: str) -> str:
    """Return the line with a text in place of its parts."""
    new = ast.parse(text, mode="eval").body
    return ast.unparse(_Replacer(parts, new).visit(root))


class _Replacer(ast.NodeTransformer):
    """Returns trees with parts replaced, and leaves the given tree as it is."""

    def __init__(self, parts: Sequence[ast.expr], new: ast.expr):
        self._parts, self._new = parts, new

    def visit(self, node: ast.AST) -> ast.AST:
        if any(node is part for part in self._parts):
            return self._new
        made = type(node)(**{
            name: [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            if isinstance(value, list) else self.visit(value) if isinstance(value, ast.AST)
            else value for name, value in ast.iter_fields(node)
        })  # fmt: skip
        return ast.copy_location(made, node)


def bracket(text: str) -> str:
    """Return an expression in brackets, where one in its place may need them."""
    node = ast.parse(text, mode="eval").body
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare) else text


def split_tokens(text: str) -> list[str]:
    """Return the words and signs of a line; np.sum and self.W are one word each."""
    lines = io.StringIO(DOTTED.sub("", text)).readline
    return [token.string for token in tokenize.generate_tokens(lines) if token.string.strip()]


def count_changes(old: list[str], new: list[str]) -> float:
    """Return how many tokens a person has to type, and a little for what is taken out; of two ways
    with as many the shorter one counts less.
    """
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    pairs = [(j - i, m - k) for kind, i, j, k, m in changes if kind != "equal"]
    moved = sum(typed + TAKEN * taken * (taken != typed) + 0.5 * (taken > typed)
                for taken, typed in pairs)  # fmt: skip
    return moved + 0.001 * (len("".join(new)) - len("".join(old)))
