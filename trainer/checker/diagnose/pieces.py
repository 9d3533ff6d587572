"""What can be written at a line of somebody's code: expressions, one for each value."""

import ast
import copy
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import chain, islice, product, zip_longest
from typing import Any

import numpy as np

from trainer.checker.diagnose.edits import Root
from trainer.checker.diagnose.rewriting import bracket, list_swapped
from trainer.checker.diagnose.scope import list_own, list_variables
from trainer.checker.find.leaves import is_numeric_array, is_real
from trainer.checker.find.trace import digest

MOST_WORDS = 40  # variables and parts of the line
MOST_WRITTEN = 60  # sums and products of other lines
MOST_NEAR = 900  # values made from one word
MOST_FAR = 5000  # values made from two
MOST_ELEMENTS = 1000
TINY = 1e-4  # what tanh(7) lacks to 1 is less
NOTHING = 1e-5  # gradients may be small
LARGEST = 1e5  # a number that may become a size
SINGLE = (  # sizes first: a sum may have the same value
    "{a}.shape[0]", "{a}.shape[1]", "-{a}", "{a}.T", "1 - {a}", "{a} * (1 - {a})", "1 - {a} ** 2",
    "{a} ** 2", "{a} > 0", "np.exp({a})", "np.exp(-{a})", "np.log({a})", "np.tanh({a})",
    "np.maximum(0, {a})", "1 / (1 + np.exp(-{a}))", "np.sum({a})", "np.sum({a}, axis=0)",
    "np.sum({a}, axis=1)", "np.sum({a}, axis=0, keepdims=True)",
    "np.sum({a}, axis=1, keepdims=True)", "{a}[1:]", "{a}[:-1]", "{a}[:, 1:]", "{a}[:, :-1]",
    "np.max({a}, axis=1, keepdims=True)",
    "np.max({a}, axis=0, keepdims=True)",
)  # fmt: skip
PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "{a} * {b}": np.multiply, "{a} - {b}": np.subtract, "{a} + {b}": np.add,
    "{a} / {b}": np.divide, "(1 - {a}) * np.log(1 - {b})": lambda a, b: (1 - a) * np.log(1 - b),
}  # fmt: skip
PICK = "{a}[np.arange(len({a})), {b}]"  # of each row the one of its label
SIZE = ".shape[0]"
NUMBERED = re.compile(r"(?<=[A-Za-z_])\d+\b")  # the number of a layer, after a name
METHOD = re.compile(r"np\.(sum|mean|max)\(\{a\}(?:, )?")
DOTS = {"@": "{a} @ {b}", ".dot": "{a}.dot({b})", "np.dot": "np.dot({a}, {b})"}
Values = dict[str, Any]


class Pieces:
    """The values of expressions at a line, by their texts: of several texts the shortest counts.

    words are variables and parts of the line, near what one of them gives too, and far what two
    give. style is how the file multiplies matrices, functions are those of one argument.
    """

    def __init__(
        self, root: Root, function: ast.AST, scope: Values, names: Values, functions: list[str],
        style: str,
    ):  # fmt: skip
        self._root, self._function, self._functions = root, function, functions
        self._called = {name.split(".")[-1] for name in functions}
        self._scope, self._names = scope, names
        self._own = [ast.unparse(node) for node in ast.walk(root) if isinstance(node, ast.expr)]
        self._whole = ast.unparse(root.value) if isinstance(root, ast.Assign) else self._own[0]
        self._numpy = next((name for name, value in names.items() if value is np), "np")
        self._dot = DOTS[style].replace("np.", f"{self._numpy}.")
        self._seen: set[Any] = set()

    @cached_property
    def words(self) -> Values:
        """The values of the line's own parts and of what it sees."""
        found: Values = {}
        self._add(found, self._list_words(), MOST_WORDS, _is_word)
        self._add(found, _list_picks(found), MOST_WORDS, _is_word)
        return found

    @cached_property
    def near(self) -> Values:
        """The values of words, of the line's parts written otherwise, and of functions of words."""
        found = {**self.words}
        forms = [f"{name}({{a}})" for name in self._functions]
        forms += [form.replace("np.", f"{self._numpy}.") for form in self._list_forms()]
        single = (form.format(a=a) for a in map(bracket, self.words) for form in forms)
        self._add(found, chain(list_swapped(self._root), single), MOST_NEAR, _is_work)
        return found

    @cached_property
    def far(self) -> Values:
        """The values of two pieces, of which one is a word or a size, and of what other lines of
        the function compute from more.
        """
        found = {text: value for text, value, _ in self._pairs}
        self._add(found, self._list_written(), MOST_FAR + MOST_WRITTEN, _is_work)
        return found

    @cached_property
    def terms(self) -> Values:
        """The words, what two of them give, and what the lines of other layers compute, with the
        number of this one.
        """
        found = {text: value for text, value in self.words.items() if not text.isdigit()}
        found |= {text: value for text, value, is_of_words in self._pairs if is_of_words}
        numbers = dict.fromkeys(NUMBERED.findall(self._whole))
        others = (NUMBERED.sub(n, text) for n in numbers for text in self._list_written())
        self._add(found, others, MOST_FAR + MOST_WRITTEN, _is_work)
        return found

    @cached_property
    def _divides(self) -> bool:
        """Whether the line divides by anything."""
        divisions = (n for n in ast.walk(self._root) if isinstance(n, ast.BinOp | ast.AugAssign))
        return any(isinstance(node.op, ast.Div) for node in divisions)

    @cached_property
    def _pairs(self) -> list[tuple[str, Any, bool]]:
        with np.errstate(all="ignore"):
            return list(islice(self._pair_up(), MOST_FAR))

    def _list_written(self) -> list[str]:
        """Return the sums and products that the function has, the shortest first."""
        nodes = (node for node in ast.walk(self._function) if isinstance(node, ast.BinOp))
        texts = {ast.unparse(node): None for node in nodes}
        return sorted(texts, key=len)[:MOST_WRITTEN]

    def _list_forms(self) -> list[str]:
        """Return what is made from one word; sums as methods where the function has them so."""
        text = ast.unparse(self._function)
        is_method = ".sum(" in text and "np.sum(" not in text
        return [METHOD.sub(r"{a}.\1(", form) if is_method else form for form in SINGLE]

    def _list_words(self) -> Iterator[str]:
        attributes = list_own(self._scope.get("self"))
        numbers = (k for k, v in self._names.items() if is_real(v) or isinstance(v, int))
        own = list_variables(self._function)
        others = chain(own, self._scope, attributes, numbers, self._list_alike(own))
        found = (sorted(dict.fromkeys(words), key=len) for words in (self._own, others))
        return chain.from_iterable([*found, ("0", "1", "2")])

    def _list_alike(self, own: Iterable[str]) -> list[str]:
        """Return the arrays of the module that have the name of another layer's variable."""
        stems = {NUMBERED.sub("", name) for name in own if NUMBERED.search(name)}
        arrays = (name for name, value in self._names.items() if is_numeric_array(value))
        return [name for name in arrays if NUMBERED.sub("", name) in stems]

    def _add(
        self, found: Values, texts: Iterable[str], most: int, is_fit: Callable[[str, Any], bool]
    ) -> None:
        """Add the values of expressions that are fit and that no other has given, up to so many."""
        for text in texts:
            if len(found) >= most:
                return
            value = self._evaluate(text)
            if self._is_new(value) and is_fit(text, value):
                found[text] = value

    def _is_new(self, value: Any) -> bool:
        """Return whether a value may be used, and no expression has given it yet."""
        if not _is_usable(value) or (key := _identify(value)) in self._seen:
            return False
        self._seen.add(key)
        return True

    def _pair_up(self) -> Iterator[tuple[str, Any, bool]]:
        """Yield what two pieces give, and whether both are words: new values, and all that the
        whole line is a part of.
        """
        known, forms = self.near, PAIRS | {self._dot: np.dot}
        shown = {text: bracket(text) for text in known}
        for a, b in self._order_pairs():
            is_mean = a not in self.words and np.ndim(known[b]) == 0
            for form, function in forms.items() if a != b else ():
                is_own = self._divides and b in self._own
                if function is np.divide and not is_own and _are_alike(known[a], known[b]):
                    continue  # a mask by chance, and a sample may be 0
                if is_mean and function is not np.divide:
                    continue
                try:
                    value = function(known[a], known[b])
                except (ValueError, TypeError, ArithmeticError):  # of shapes, or of whole numbers
                    continue
                is_whole = a == self._whole and _is_usable(value)
                if (is_whole or self._is_new(value)) and _is_work(form, value):
                    is_of_words = {a, b} <= self.words.keys()
                    yield form.format(a=shown[a], b=shown[b]), value, is_of_words

    def _order_pairs(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of words, those of the line's own parts first, and then in turn what is made
        from one word with one of these parts, with a number and with any word.
        """
        known = self.near
        first = [text for text in self.words if text != "0"]
        rest = [text for text in known if text not in self.words]
        # Of numbers only those that are left of 1, and sums.
        arrays = [t for t in rest if np.size(known[t]) > 1 or t.startswith(("1 - ", "np.sum("))]
        numbers = [t for t in rest if t.endswith(SIZE)]
        numbers += [t for t in first if np.ndim(known[t]) == 0 and not t.isdigit()]
        own = sorted((t for t in first if t in self._own), key=lambda t: t != self._whole)
        whole_first = ((b, a) for a in own for b in arrays)
        groups = whole_first, product(numbers, [*first, *arrays]), product(arrays, first)
        in_turn = filter(None, chain.from_iterable(zip_longest(*groups)))
        turned = product([t for t in arrays if t.endswith(".T")], first)  # gradients of weights
        for b, a in chain(product(first, own), product(first, first), turned, in_turn):
            yield a, b
            yield b, a

    def _evaluate(self, text: str) -> Any:
        """Return the value of an expression of what the line sees, None where it raises."""
        try:
            code = compile(text, "<candidate>", "eval")
            scope = {name: self._scope[name] for name in code.co_names if name in self._scope}
            is_safe = self._called.isdisjoint(code.co_names)
            scope = scope if is_safe else copy.deepcopy(scope)
            return eval(code, self._names, scope)
        except Exception:  # of somebody's code: any can come
            return None


def _list_picks(words: Values) -> list[str]:
    """Return what picks the number of its label from each row, of the words that may be such."""
    rows = [a for a, value in words.items() if np.ndim(value) == 2 and a.isidentifier()]
    labels = [b for b, value in words.items() if np.ndim(value) == 1 and value.dtype.kind in "iu"]
    pairs = [(a, b) for a, b in product(rows, labels) if len(words[a]) == len(words[b])]
    return [PICK.format(a=a, b=b) for a, b in pairs]


def _is_usable(value: Any) -> bool:
    is_number = is_real(value) or (isinstance(value, int) and not isinstance(value, bool))
    if not is_number and not (is_numeric_array(value) and value.size <= MOST_ELEMENTS):
        return False
    is_small = np.size(value) > 1 or float(np.max(np.abs(value))) <= LARGEST  # perhaps a size
    return is_small and bool(np.isfinite(value).all())


def _is_word(text: str, value: Any) -> bool:
    """Return whether a word may stand for its value: 0 and 1 are written as numbers."""
    return text.isdigit() or np.ndim(value) > 0 or _is_work(text, value)


def _is_work(_text: str, value: Any) -> bool:
    """Return whether an expression gives more than 0 or 1 everywhere."""
    return not any(bool(np.all(np.abs(value - n) < most)) for n, most in ((0, NOTHING), (1, TINY)))


def _are_alike(a: Any, b: Any) -> bool:
    """Return whether two values are arrays of one shape."""
    return np.size(a) > 1 and np.shape(a) == np.shape(b)


def _identify(value: Any) -> Any:
    array = np.asarray(value, dtype=np.float64)
    digits = 10 - int(np.log10(np.abs(array).max() + 1e-9))
    return np.shape(value), int(digest(np.round(array, digits)))
