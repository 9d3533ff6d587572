"""Changes a source at exact places, found by its syntax tree."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property

Edit = tuple[int, int, str]  # the first character replaced, the one after the last, the new text


@dataclass(frozen=True)
class Code:
    """A source with the function of it in which slips are made."""

    text: str
    tree: ast.Module
    function: ast.FunctionDef

    @cached_property
    def starts(self) -> list[int]:
        """The position at which each line starts."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {part: n for n in ast.walk(self.function) for part in ast.iter_child_nodes(n)}

    def place(self, node: ast.AST) -> tuple[int, int]:
        """Return where the text of a node starts and ends."""
        names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
        first, start, last, end = (int(getattr(node, name)) for name in names)
        return self.starts[first - 1] + start, self.starts[last - 1] + end

    def get(self, node: ast.AST) -> str:
        """Return the text of a node."""
        first, last = self.place(node)
        return self.text[first:last]

    def split(self, node: ast.BinOp, sign: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return where the two operands of a node start and end, with the brackets around them."""
        start, end = self.place(node)
        at = self.text.index(sign, self.place(node.left)[1])
        return (start, at), (at + len(sign), end)

    def replace(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that puts a text in the place of a node."""
        return (*self.place(node), text)

    def swap(self, one: ast.AST, other: ast.AST) -> Edit:
        """Return the edit that swaps two nodes, the first of which comes first."""
        (start, first), (last, end) = self.place(one), self.place(other)
        return start, end, self.get(other) + self.text[first:last] + self.get(one)


def is_slip(text: str, edit: Edit) -> bool:
    """Return whether an edit changes what the source means, and no line that prints."""
    try:
        changed = ast.dump(ast.parse(apply_edit(text, edit)))
    except SyntaxError:
        return False
    lines = text[text.rfind("\n", 0, edit[0]) + 1 : text.find("\n", edit[1])]
    return changed != ast.dump(ast.parse(text)) and "print" not in lines


def apply_edit(text: str, edit: Edit) -> str:
    """Return the text with an edit applied."""
    start, end, new = edit
    return text[:start] + new + text[end:]
