"""Writes expressions that give a line the value that it should have, the nearest to it first.

The pieces are what the line can see and what it has itself. Each takes the place of one part of the
line.
"""

import ast
import re
from collections.abc import Callable, Iterator
from math import inf
from typing import Any

import numpy as np

from trainer.checker.diagnose.edits import Edit, Root, turn_operator
from trainer.checker.diagnose.insertions import find_holder
from trainer.checker.diagnose.pieces import Pieces, Values
from trainer.checker.diagnose.rewriting import (
    WORDS,
    adds_nothing,
    bracket,
    cancels,
    count_changes,
    count_repeated,
    list_places,
    list_sums,
    replace_word,
    split_tokens,
    write_line,
)
from trainer.checker.diagnose.scope import find_style, list_callables
from trainer.checker.find.copying import copy_together
from trainer.checker.load.recording import Record, Site, copy_arrays

NEAR = 8.0  # tokens of a small edit, such as a sum over an axis
DEEPER = 0.01  # what a part counts that is further inside
TURNED = 0.9  # what another sign of an update counts: less than one before its value
NEEDLESS = 3.0  # tokens that a number counts in the place of a factor which may be left out
REPEATED = 4.0  # tokens that a calculation counts as that is made twice
HOLE = "__hole__"
BESIDE = ("{hole} + {part}", "{hole} * {part}")  # where a term or a factor is missing
AFTER = ("{part} + {hole}", "{hole} * {part}")  # the same beside what is computed
IsRight = Callable[[Any], bool]


def make_enumerator(
    site: Site, record: Record, text: str, leaves_factors: bool = False
) -> "Enumerator | None":
    """Return what writes other parts of a recorded line, None where its statement is not found.

    text is that of its file. leaves_factors tells that a number in the place of a factor which may
    be left out is unlikely.
    """
    root: Root | None = find_holder(site.function, site.value) if site.is_update else site.value
    if root is None:
        return None
    functions, style = list_callables(site.function, record), find_style(text)
    pieces = Pieces(root, site.function, record.scope, record.globals, functions, style)
    return Enumerator(root, site.name, record.scope, record.globals, pieces, leaves_factors)


class Enumerator:
    """Writes other parts of one expression or statement, with the pieces that it sees.

    The value of a statement is that of what it changes, name, afterwards.
    """

    def __init__(
        self, root: Root, name: str, scope: Values, names: Values, pieces: Pieces,
        leaves_factors: bool = False,
    ):  # fmt: skip
        self._root, self._name, self._scope, self._names = root, name, scope, names
        self._pieces = pieces
        self._kind = "exec" if isinstance(root, ast.stmt) else "eval"
        self._plain = ast.unparse(root)
        self._tokens = split_tokens(self._plain)
        self._leaves_factors = leaves_factors

    def list_edits(self, is_right: IsRight) -> list[Edit]:
        """Return the edits with which the value is right, the nearest to what is written first: the
        small ones, or all where there is none.
        """
        return next(filter(None, self.list_stages(is_right)), [])

    def list_stages(self, is_right: IsRight) -> Iterator[list[Edit]]:
        """Yield the small edits with which the value is right, and then, where there is none, all.

        A small one puts what one word gives in place of one part, or changes a word or a sign in
        all its places. The others put there what two words give, or that beside a part.
        """
        with np.errstate(all="ignore"):
            found = self._fill(self._pieces.near, is_right)
            found += self._turn(is_right) + self._rename(is_right)
        found.sort(key=lambda edit: edit.cost)
        small = [edit for edit in found if edit.cost <= NEAR]
        yield small
        far = [] if small else self._list_far(is_right)
        yield [] if small else sorted([*far, *found], key=lambda edit: edit.cost)

    def _list_far(self, is_right: IsRight) -> list[Edit]:
        """Return the edits of what two words give."""
        with np.errstate(all="ignore"):
            found = self._fill(self._pieces.far, is_right)
            if min((edit.cost for edit in found), default=inf) > NEAR:
                found += self._add_beside(self._pieces.terms, is_right)
        return found

    def _fill(self, values: Values, is_right: IsRight) -> list[Edit]:
        """Return the edits that put one of the values into the place of a part."""
        may_be_odd = adds_nothing(self._plain)
        nodes = [*ast.walk(self._root)]
        arguments = {id(a) for n in nodes if isinstance(n, ast.Call) for a in n.args}
        found: list[Edit] = []
        for depth, part in enumerate(list_places(self._root)):
            texts = self._list_right(self._open(part), values, is_right)
            needless = self._list_needless(part, texts, is_right)
            for text in texts:
                if text == "0" and not isinstance(part, ast.Constant) and id(part) not in arguments:
                    continue  # a term that is 0 is none
                new = write_line(self._root, [part], text)
                if not cancels(new) and (may_be_odd or not adds_nothing(new)):
                    cost = self._weigh(new) + DEEPER * depth + NEEDLESS * (text in needless)
                    found.append(Edit(part, text, cost))
        return found

    def _list_needless(self, part: ast.expr, texts: list[str], is_right: IsRight) -> set[str]:
        """Return the texts in the place of a part that make a number of a factor, where a line is
        right without that factor.
        """
        is_asked = bool(texts) and self._leaves_factors
        factor = self._find_needless(part, is_right) if is_asked else None
        lines = {text: write_line(factor, [part], text) for text in texts} if factor else {}
        made = {t: self._run(compile(line, "<candidate>", "eval")) for t, line in lines.items()}
        return {text for text, value in made.items() if not np.ndim(value)}

    def _find_needless(self, part: ast.expr, is_right: IsRight) -> ast.expr | None:
        """Return the factor that a part is in, where a line is right without: no number in its
        place says anything.
        """
        for node in ast.walk(self._root):
            match node:
                case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                    pairs = [(right, left), (left, right)][: 1 + isinstance(op, ast.Mult)]
                    for factor, other in pairs:
                        code = self._open(node, ast.unparse(other))
                        if part in ast.walk(factor) and is_right(self._run(code)):
                            return factor
        return None

    def _add_beside(self, values: Values, is_right: IsRight) -> list[Edit]:
        """Return the edits that put one of the values beside a variable, the whole expression, or
        what it sums up.
        """
        found: list[Edit] = []
        words = (part for part in list_places(self._root) if isinstance(part, WORDS))
        for place in {id(part): part for part in (*list_sums(self._root), *words)}.values():
            part = bracket(ast.unparse(place))
            for form in BESIDE if isinstance(place, WORDS) else AFTER:
                code = self._open(place, form.format(hole=HOLE, part=part))
                texts = self._list_right(code, values, is_right)
                for new in (form.format(hole=bracket(text), part=part) for text in texts):
                    cost = self._weigh(write_line(self._root, [place], new))
                    found.append(Edit(place, new, cost))
        return found

    def _weigh(self, new: str) -> float:
        """Return what a person has to type to write the line so."""
        repeated = max(0, count_repeated(new) - count_repeated(self._plain))
        return REPEATED * repeated + count_changes(self._tokens, split_tokens(new))

    def _turn(self, is_right: IsRight) -> list[Edit]:
        """Return the edit that subtracts what a statement adds, or adds what it subtracts."""
        root = self._root
        if not isinstance(root, ast.AugAssign) or not isinstance(root.op, ast.Add | ast.Sub):
            return []
        text = ast.unparse(ast.AugAssign(root.target, turn_operator(root.op), root.value))
        return [Edit(root, text, TURNED)] if is_right(self._run(self._compile(text))) else []

    def _rename(self, is_right: IsRight) -> list[Edit]:
        """Return the edits that put one word into each place of another, where it has several."""
        words = self._pieces.words
        names = [ast.unparse(n) for n in list_places(self._root) if isinstance(n, WORDS)]
        several = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        shapes = {word: np.shape(value) for word, value in words.items()}
        pairs = [(a, b) for a in several for b in words if shapes.get(a) == shapes[b]]
        texts = dict.fromkeys(replace_word(self._root, a, b) for a, b in pairs if a != b)
        right = (text for text in texts if is_right(self._run(self._compile(text))))
        return [Edit(self._root, text, 2.0) for text in right]

    def _copy(self, scope: Values) -> Values:
        """Return the names that a statement may change, with a copy of all that an object holds
        where it changes a part of one.
        """
        found, owner = copy_arrays(scope), re.split(r"[.\[]", self._name)[0]
        if owner in scope and owner != self._name:
            found |= copy_together({owner: scope[owner]}, None)[0]
        return found

    def _open(self, part: ast.expr, text: str = HOLE) -> Any:
        """Return the code of the line with a text in place of one part."""
        return self._compile(write_line(self._root, [part], text))

    def _compile(self, text: str) -> Any:
        """Return the code of a line; of an update that of the sum, which leaves the array as it is,
        None for what is no Python.
        """
        try:
            for node in ast.parse(text).body:
                if isinstance(node, ast.AugAssign) and ast.unparse(node.target) == self._name:
                    text = ast.unparse(ast.BinOp(node.target, node.op, node.value))
                    return compile(text, "<candidate>", "eval")
            return compile(text, "<candidate>", self._kind)
        except SyntaxError:
            return None

    def _list_right(self, code: Any, values: Values, is_right: IsRight) -> list[str]:
        """Return the texts of the values with which a line gives what is right."""
        return [text for text, value in values.items() if code and is_right(self._run(code, value))]

    def _run(self, code: Any, value: Any = None) -> Any:
        """Return what code gives with a value in place of a part, None where it raises."""
        scope = {**self._scope, HOLE: value}
        try:
            scope = scope if self._kind == "eval" else self._copy(scope)
            result = eval(code, self._names, scope)  # None for a statement
            return eval(self._name, self._names, scope) if result is None else result
        except Exception:  # of somebody's code: any can come
            return None
