"""Writes expressions that give a line the value that it should have, the nearest to it first.

The pieces are what the line can see and what it has itself: of several ways to write one value the
shortest counts. Each takes the place of one part of the line.
"""

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import partial
from itertools import chain, islice, product
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.edits import Edit, Root
from trainer.checker.diagnose.scope import list_variables
from trainer.checker.find.leaves import is_numeric_array, is_real
from trainer.checker.find.trace import digest
from trainer.checker.load.recording import copy_arrays
from trainer.checker.repair.derivatives import is_close

MOST_WORDS = 40  # variables and parts of the line
MOST_SINGLE = 900  # values made from one word
MOST_PAIRS = 4000  # values made from two
MOST_ELEMENTS = 400
LARGEST = 1e5  # a number that may become a size
HOLE = "__hole__"
SINGLE = (
    "-{a}", "{a}.T", "1 - {a}", "{a} * (1 - {a})", "1 - {a} ** 2", "{a} ** 2", "{a} > 0",
    "np.exp({a})", "np.exp(-{a})", "np.log({a})", "np.tanh({a})", "np.maximum(0, {a})",
    "1 / (1 + np.exp(-{a}))", "np.sum({a})", "np.sum({a}, axis=0)", "np.sum({a}, axis=1)",
    "np.sum({a}, axis=0, keepdims=True)", "np.sum({a}, axis=1, keepdims=True)", "{a}.shape[0]",
    "{a}.shape[1]", "{a}[1:]", "{a}[:-1]", "{a}[:, 1:]", "{a}[:, :-1]", "np.mean({a}, axis=0)",
    "np.max({a}, axis=1, keepdims=True)", "np.max({a}, axis=0, keepdims=True)",
)  # fmt: skip
PAIRS = {
    "{a} * {b}": np.multiply, "{a} - {b}": np.subtract, "{a} + {b}": np.add,
    "{a} / {b}": np.divide,
}  # fmt: skip
DOTS = {"@": "{a} @ {b}", ".dot": "{a}.dot({b})", "np.dot": "np.dot({a}, {b})"}


class Enumerator:
    """Writes other parts of one expression or statement, with the names and values that it sees.

    The value of a statement is that of what it changes, name, afterwards. style is how the file
    multiplies matrices, functions are those of one array.
    """

    def __init__(
        self, root: Root, name: str, scope: dict[str, Any], names: dict[str, Any],
        functions: list[str], style: str,
    ):  # fmt: skip
        self._root, self._name, self._scope, self._names = root, name, scope, names
        self._functions, self._style = functions, style
        self._numpy = next((name for name, value in names.items() if value is np), "np")

    def list_edits(
        self, expected: Array, function: ast.AST, *, is_exact: bool = True
    ) -> list[Edit]:
        """Return the edits of parts with which the value is the expected one, or a positive
        multiple of it where that is not exact, the nearest first.
        """
        found: dict[str, Any] = {}
        seen: set[Any] = set()
        self._add(found, seen, self._list_words(function), MOST_WORDS)
        first = [*found]
        forms = [form.replace("np.", f"{self._numpy}.") for form in SINGLE]
        forms += [f"{name}({{a}})" for name in self._functions]
        single = (form.format(a=_bracket(a)) for a in first for form in forms)
        self._add(found, seen, chain(_list_swapped(self._root), single), MOST_SINGLE)
        is_same = partial(_is_same if is_exact else _is_multiple, expected=expected)
        if edits := self._fill(found, is_same):
            return edits
        pairs = self._pair_up(found, first, seen)
        return self._fill(dict(islice(pairs, MOST_PAIRS)), is_same)

    def _fill(self, values: dict[str, Any], is_same: Callable[[Any], bool]) -> list[Edit]:
        """Return the edits that put one of the values into the place of a part."""
        plain = ast.unparse(self._root)
        old, may_be_odd = _split(plain), _adds_nothing(plain)
        found: list[Edit] = []
        for part in _list_parts(self._root):
            code = self._open(part)
            texts = values.items() if code else ()
            for text in [text for text, value in texts if is_same(self._run(code, value))]:
                new = _write(self._root, part, text)
                if not _cancels(new) and (may_be_odd or not _adds_nothing(new)):
                    found.append(Edit(part, text, _count_changes(old, _split(new))))
        return sorted(found, key=lambda edit: edit.cost)

    def _list_words(self, function: ast.AST) -> Iterator[str]:
        own = (ast.unparse(node) for node in ast.walk(self._root) if isinstance(node, ast.expr))
        attributes = (f"self.{name}" for name in getattr(self._scope.get("self"), "__dict__", {}))
        numbers = (k for k, v in self._names.items() if is_real(v) or isinstance(v, int))
        others = chain(list_variables(function), self._scope, attributes, numbers)
        found = (sorted(dict.fromkeys(words), key=len) for words in (own, others))
        return chain.from_iterable([*found, ("1", "2")])

    def _add(self, found: dict[str, Any], seen: set[Any], texts: Iterator[str], most: int) -> None:
        """Add the values of expressions that no other has given, up to so many."""
        for text in texts:
            if len(found) >= most:
                return
            value = self._evaluate(_compile(text))
            if _is_usable(value):
                key = _identify(value)
                if key not in seen:
                    seen.add(key)
                    found[text] = value

    def _pair_up(
        self, known: dict[str, Any], first: list[str], seen: set[Any]
    ) -> Iterator[tuple[str, Any]]:
        """Yield new values of two that are known, one of them a word, with what gives them."""
        rest = (text for text in known if text not in first)  # of numbers the rest to 1 alone
        arrays = [t for t in rest if np.size(known[t]) > 1 or t.startswith("1 - ")]
        forms = PAIRS | {DOTS[self._style].replace("np.", f"{self._numpy}."): np.dot}
        for a, b in _order_pairs(first, arrays):
            for form, function in forms.items() if a != b else ():
                value = _try(partial(function, known[a], known[b]))
                if _is_usable(value) and (key := _identify(value)) not in seen:
                    seen.add(key)
                    yield form.format(a=_bracket(a), b=_bracket(b)), value

    def _open(self, part: ast.expr) -> Any:
        """Return the code of the line with a name in place of one part."""
        kind = "exec" if isinstance(self._root, ast.stmt) else "eval"
        return _compile(_write(self._root, part, HOLE), kind)

    def _run(self, code: Any, value: Any) -> Any:
        """Return what the line gives with a value in place of a part, None where it raises."""
        if isinstance(self._root, ast.expr):
            return _try(lambda: eval(code, self._names, self._scope | {HOLE: value}))
        return _try(lambda: self._run_statement(code, value))

    def _run_statement(self, code: Any, value: Any) -> Any:
        scope = copy_arrays(self._scope | {HOLE: value})
        exec(code, self._names, scope)
        return eval(self._name, self._names, scope)

    def _evaluate(self, code: Any) -> Any:
        """Return the value of an expression of what the line sees, None where it raises."""
        return _try(lambda: eval(code, self._names, dict(self._scope))) if code else None


def _order_pairs(first: list[str], others: list[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of words, and then those of a word with what is made from one."""
    yield from product(first, first)
    for a, b in product(first, others):
        yield a, b
        yield b, a


def _list_parts(root: Root) -> Iterator[ast.expr]:
    """Yield the parts of a line that may be replaced: not np, self, what is called or what is set,
    but for its index.
    """
    called = {id(node.func) for node in ast.walk(root) if isinstance(node, ast.Call)}
    if isinstance(root, ast.Assign | ast.AugAssign):
        target = root.targets[0] if isinstance(root, ast.Assign) else root.target
        if isinstance(target, ast.Subscript):
            yield from _list_parts(target.slice)
        yield from _list_parts(root.value)
        return
    for node in _walk_code(root):
        if isinstance(node, ast.expr) and not isinstance(node, ast.Slice | ast.Starred):
            is_base = isinstance(node, ast.Name) and node.id in ("np", "numpy", "self")
            if not is_base and id(node) not in called:
                yield node


def _walk_code(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, but not those inside an f-string: its parts are text."""
    yield root
    for child in ast.iter_child_nodes(root) if not isinstance(root, ast.JoinedStr) else ():
        yield from _walk_code(child)


def _cancels(text: str) -> bool:
    """Return whether a line multiplies what it divides by the same: y * (1 / y - y)."""
    products = [n for n in ast.walk(ast.parse(text))
                if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult)]  # fmt: skip
    sides = [pair for n in products for pair in ((n.left, n.right), (n.right, n.left))]
    return any(
        isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)
        and ast.unparse(n.right) == ast.unparse(factor)
        for factor, other in sides for n in ast.walk(other)
    )  # fmt: skip


def _adds_nothing(text: str) -> bool:
    """Return whether a line adds or subtracts 0, multiplies or divides by 1, takes the square of a
    negative, or takes back what it has just added.
    """
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(value=0)):
                return True
            case ast.BinOp(op=ast.Mult() | ast.Div(), right=ast.Constant(value=1)):
                return True
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub()), op=ast.Pow()):
                return True
            case ast.BinOp(left=ast.BinOp(left=a, op=ast.Add(), right=b), op=ast.Sub(), right=c):
                if ast.unparse(c) in (ast.unparse(a), ast.unparse(b)):
                    return True
    return False


def _list_swapped(root: Root) -> Iterator[str]:
    """Yield the parts of a line in which two values are combined otherwise: a − b for a + b."""
    for node in ast.walk(root):
        if isinstance(node, ast.BinOp):
            for operator in (ast.Add, ast.Sub, ast.Mult, ast.Div):
                if not isinstance(node.op, operator):
                    yield ast.unparse(ast.BinOp(node.left, operator(), node.right))


def _write(root: Root, part: ast.expr, text: str) -> str:
    """Return the line with a text in place of a part."""
    new = ast.parse(text, mode="eval").body
    return ast.unparse(_Replacer(part, new).visit(root))


class _Replacer(ast.NodeTransformer):
    """Returns trees with one part replaced, and leaves the given tree as it is."""

    def __init__(self, part: ast.expr, new: ast.expr):
        self._part, self._new = part, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self._part:
            return self._new
        made = type(node)(**{
            name: [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            if isinstance(value, list) else self.visit(value) if isinstance(value, ast.AST)
            else value for name, value in ast.iter_fields(node)
        })  # fmt: skip
        return ast.copy_location(made, node)


def _compile(text: str, kind: str = "eval") -> Any:
    try:
        return compile(text, "<candidate>", kind)
    except SyntaxError:
        return None


def _try(function: Callable[[], Any]) -> Any:
    """Return what a function returns, None where it raises."""
    try:
        with np.errstate(all="ignore"):
            return function()
    except Exception:  # of somebody's code: any can come
        return None


def _bracket(text: str) -> str:
    node = ast.parse(text, mode="eval").body
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare) else text


def _is_usable(value: Any) -> bool:
    is_number = is_real(value) or (isinstance(value, int) and not isinstance(value, bool))
    if not is_number and not (is_numeric_array(value) and value.size <= MOST_ELEMENTS):
        return False
    is_small = np.size(value) > 1 or float(np.max(np.abs(value))) <= LARGEST  # perhaps a size
    return is_small and bool(np.isfinite(value).all())


def _identify(value: Any) -> Any:
    array = np.asarray(value, dtype=np.float64)
    digits = 10 - int(np.log10(np.abs(array).max() + 1e-9))
    return np.shape(value), int(digest(np.round(array, digits)))


def _is_same(value: Any, expected: Array) -> bool:
    try:
        return value is not None and is_close(np.asarray(value, dtype=np.float64), expected)
    except (TypeError, ValueError):
        return False


def _is_multiple(value: Any, expected: Array) -> bool:
    """Return whether a value is the expected one but for a positive factor."""
    if not is_numeric_array(value) or value.shape != expected.shape:
        return False
    square = float((value * value).sum())  # 0 also where the squares are below every float
    factor = float((value * expected).sum()) / square if square else 0.0
    return factor > 0 and is_close(factor * value, expected)


def _split(text: str) -> list[str]:
    lines = io.StringIO(text).readline
    return [token.string for token in tokenize.generate_tokens(lines) if token.string.strip()]


def _count_changes(old: list[str], new: list[str]) -> float:
    """Return how many tokens a person has to take out, to type, or to replace."""
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    typed = sum(max(j - i, m - k) for kind, i, j, k, m in changes if kind != "equal")
    return typed + 0.01 * len("".join(new))
