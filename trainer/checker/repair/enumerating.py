"""Writes expressions that give a line the value that it should have, the nearest to it first.

The pieces are what the line can see and what it has itself: of several ways to write one value the
shortest counts. Each takes the place of one part of the line.
"""

import ast
from collections.abc import Callable, Iterator
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
from trainer.checker.repair.rewriting import (
    WORDS,
    adds_nothing,
    bracket,
    cancels,
    count_changes,
    list_places,
    list_swapped,
    replace_word,
    split_tokens,
    write_line,
)

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
        single = (form.format(a=bracket(a)) for a in first for form in forms)
        self._add(found, seen, chain(list_swapped(self._root), single), MOST_SINGLE)
        is_same = partial(_is_same if is_exact else _is_multiple, expected=expected)
        turned = self._turn(is_same)
        if edits := self._fill(found, is_same) + turned + self._rename(found, first, is_same):
            return sorted(edits, key=lambda edit: edit.cost)
        pairs = self._pair_up(found, first, seen)
        return self._fill(dict(islice(pairs, MOST_PAIRS)), is_same)

    def _fill(self, values: dict[str, Any], is_same: Callable[[Any], bool]) -> list[Edit]:
        """Return the edits that put one of the values into the place of a part."""
        plain = ast.unparse(self._root)
        old, may_be_odd = split_tokens(plain), adds_nothing(plain)
        found: list[Edit] = []
        for part in list_places(self._root):
            code = self._open(part)
            texts = values.items() if code else ()
            for text in [text for text, value in texts if is_same(self._run(code, value))]:
                new = write_line(self._root, [part], text)
                if not cancels(new) and (may_be_odd or not adds_nothing(new)):
                    found.append(Edit(part, text, count_changes(old, split_tokens(new))))
        return sorted(found, key=lambda edit: edit.cost)

    def _turn(self, is_same: Callable[[Any], bool]) -> list[Edit]:
        """Return the edit that subtracts what a statement adds, or adds what it subtracts."""
        root = self._root
        if not isinstance(root, ast.AugAssign) or not isinstance(root.op, ast.Add | ast.Sub):
            return []
        operator = ast.Sub() if isinstance(root.op, ast.Add) else ast.Add()
        text = ast.unparse(ast.AugAssign(root.target, operator, root.value))
        is_right = is_same(_try(lambda: self._run_statement(_compile(text, "exec"), None)))
        return [Edit(root, text, 1.0)] if is_right else []

    def _rename(
        self, found: dict[str, Any], words: list[str], is_same: Callable[[Any], bool]
    ) -> list[Edit]:
        """Return the edits that put one word into each place of another, where it has several."""
        names = [ast.unparse(n) for n in list_places(self._root) if isinstance(n, WORDS)]
        several = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        shapes = {word: np.shape(found[word]) for word in words}
        pairs = [(a, b) for a in several for b in words if shapes.get(a) == shapes[b]]
        texts = {replace_word(self._root, a, b): 2.0 for a, b in pairs if a != b}
        kind = "exec" if isinstance(self._root, ast.stmt) else "eval"
        runs = ((text, cost, _compile(text, kind)) for text, cost in texts.items())
        return [Edit(self._root, text, cost) for text, cost, code in runs
                if is_same(self._run(code, None))]  # fmt: skip

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
                    yield form.format(a=bracket(a), b=bracket(b)), value

    def _open(self, part: ast.expr) -> Any:
        """Return the code of the line with a name in place of one part."""
        kind = "exec" if isinstance(self._root, ast.stmt) else "eval"
        return _compile(write_line(self._root, [part], HOLE), kind)

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
