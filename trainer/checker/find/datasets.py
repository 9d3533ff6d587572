"""Small data in the place of files and data sets that a script cannot read."""

import ast
import re
import struct
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import OPTIONS, simplify_name
from trainer.checker.find.guessing import list_given, list_nodes
from trainer.checker.load.tables import Dense, Table

N = 7  # samples: no usual size of a layer
MANY = 1100
MOST, MOST_ROWS = 20_000, 12_000  # samples that are asked for one by one, and rows of a table
LAYOUTS = 4
MNIST = 784, 10  # inputs and classes
USUAL = 4, 2
PARTS = "(s|tr|te|train|test|val|data|batch|orig|norm|scaled|true|onehot|enc|encoded|raw|full|all)*"
SETS = "(mnist)?(tr|te|dev|val|valid|train|test|training)?(set)?"
TABLES = r"(train|test|training|raw|df|data|dataset|csv|table|file|mnist|digits|iris|sample)+s?"
INPUTS = rf"x{PARTS}|{SETS}(x|inputs?|images?|features?){PARTS}"
TARGETS = rf"[yt]{PARTS}|{SETS}(y|labels?|targets?|outputs?){PARTS}"


def draw_samples(labels: Array, D: int, C: int) -> tuple[Array, Array]:
    """Return inputs (N, D) for labels, and these as one-hot rows (N, C), or as one column."""
    x = np.random.default_rng(0).standard_normal((len(labels), D))
    return x, np.eye(C)[labels] if C > 1 else labels.reshape(-1, 1).astype(float)


class Dataset:
    """Data for names of inputs and targets, for files of tables, and for what reads those.

    layout is 0 for rows with labels, 1 for rows with one-hot rows or one column, 2 for columns
    with the same as columns, and 3 for columns with labels. A table has its labels in the first
    column, in the last one where layout is odd, and many rows in the last two layouts: some
    scripts set the first thousand apart. separator is what the lines of a file have between two
    numbers.
    """

    def __init__(
        self, D: int, C: int, layout: int, separator: str = ",", samples: int = N, many: int = MANY
    ):
        labels = (max(C, 2) - 1 - np.arange(samples)) % max(C, 2)
        x, hot = draw_samples(labels, D, C)
        self._inputs = x if layout < 2 else x.T
        self._targets = (labels, hot, hot.T, labels)[layout]
        self._label, self._separator = (D if layout % 2 else 0), separator
        labels = np.arange(samples if layout < 2 else max(samples, many)) % max(C, 2)
        rows = draw_samples(labels, D, C)[0]
        rows = np.abs(40 * rows).astype(int) if MNIST[0] == D else rows  # pixels
        columns = [labels[:, np.newaxis], rows]
        self._table = np.hstack(columns[::-1] if layout % 2 else columns)

    def give(self, name: str, has_tables: bool = True) -> Any:
        """Return the value of a name that was not set, None where it is no data, or a table where
        these are not asked for.
        """
        simple = simplify_name(name)
        is_part = not has_tables and simple == "data"  # beside the targets of a data set
        if re.fullmatch(INPUTS, simple) or is_part:
            return self._inputs.copy().view(Dense)
        if re.fullmatch(TARGETS, simple):
            return self._targets.copy().view(Dense)
        is_table = has_tables and re.fullmatch(TABLES, simple)
        return self.make_table() if is_table else None

    def make_table(self) -> Table:
        """Return inputs and labels as one table (N, D + 1)."""
        table = self._table.copy().view(Table)
        table.label = self._label
        return table

    def write_digits(self, name: str) -> bytes | None:
        """Return the bytes of a file of MNIST's images or labels, None for another name."""
        if not re.search("idx|ubyte|mnist|images|labels", name.lower()):
            return None
        labels = np.arange(len(self._table)) % 10
        if "label" in name.lower():
            return struct.pack(">II", 2049, len(labels)) + labels.astype(np.uint8).tobytes()
        images = np.minimum(40 * np.abs(draw_samples(labels, 28 * 28, 10)[0]), 255)
        head = struct.pack(">IIII", 2051, len(labels), 28, 28)
        return head + images.astype(np.uint8).tobytes()

    def write(self) -> str:
        """Return the table as the text of a file, without a header."""
        lines = (self._separator.join(f"{n:g}" for n in row) for row in self._table)
        return "".join(f"{line}\n" for line in lines)


def guess_sizes_of_text(text: str) -> tuple[int, int]:
    """Return how many inputs and classes the text of a script is likely to expect."""
    return MNIST if re.search(r"\b784\b", text) else USUAL


def guess_rows(tree: ast.Module) -> int:
    """Return how many rows of a table leave some behind each number at which a script cuts one."""
    cuts = (n for n in ast.walk(tree) if isinstance(n, ast.Slice))
    ends = (e.value for cut in cuts for e in (cut.lower, cut.upper) if isinstance(e, ast.Constant))
    return MANY + max((n for n in ends if type(n) is int and MANY < n < MOST_ROWS), default=0)


def guess_batch(tree: ast.Module) -> int:
    """Return the largest number that has the name of a batch's size, 0 where there is none."""
    given = [(name, value) for n in list_nodes(tree, ast.AST) for _, name, value in list_given(n)]
    for table in list_nodes(tree, ast.Dict):
        pairs = zip(table.keys, table.values, strict=True)
        given += [(str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant)]
    numbers = ((name, value.value) for name, value in given if isinstance(value, ast.Constant))
    named = (n for name, n in numbers if re.fullmatch(OPTIONS["batch"], simplify_name(name)))
    return max((n for n in named if type(n) is int and n < MANY), default=0)


def guess_separator(text: str) -> str:
    """Return what a script expects between the numbers of a line."""
    if re.search(r"split\(\s*['\"],|delimiter|csv", text):
        return ","
    return "\t" if re.search(r"split\(\s*r?['\"]\\t", text) else " "


def count_samples(tree: ast.Module, errors: list[Exception], given: set[int]) -> int:
    """Return how many samples a script needs that an index outside of those given stopped: the
    largest number that it names, or as many times more as a part of them is too few; 0 where that
    is not the reason.
    """
    text = " ".join(str(e) for e in errors if isinstance(e, IndexError | ValueError))
    if short := re.search(r"from shape \((\d+),\) into shape \((\d+),\)", text):
        few, many = map(int, short.groups())
        needed = 2 * max(given) * -(-many // few) if few else 0  # they may lie uneven
        return needed if max(given) < needed < MOST else 0
    found = re.search(r"index (\d+) is out of bounds for axis \d with size (\d+)", text)
    if not found or int(found[2]) not in given:
        return 0
    numbers = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
    return max(int(found[1]), *(n for n in numbers if type(n) is int and n < MOST)) + 1


def correct_sizes(D: int, C: int, message: str) -> tuple[int, int] | None:
    """Return the sizes that NumPy's error on two shapes, or on a label, asks for, None where it
    names neither.
    """
    if label := re.search(r"index (\d+) is out of bounds for axis \d with size (\d+)", message):
        index, size = map(int, label.groups())
        return (D, size) if 1 < size <= index < C else None
    for own, other in _list_unequal(message):
        if other in (own, N):
            continue
        if own == D:
            return other, C
        if own == C:
            return D, other
    return None


def _list_unequal(message: str) -> list[tuple[int, int]]:
    """Return pairs of sizes that an error says should be equal."""
    found = re.search(r"(\d+) \(dim \d\) != (\d+)", message)
    found = found or re.search(r"size (\d+) is different from (\d+)", message)
    if found:
        a, b = map(int, found.groups())
        return [(a, b), (b, a)]
    shapes = [tuple(map(int, re.findall(r"\d+", t))) for t in re.findall(r"\([\d, ]+\)", message)]
    if len(shapes) != 2:
        return []
    pairs = list(zip(reversed(shapes[0]), reversed(shapes[1]), strict=False))
    return pairs + [(b, a) for a, b in pairs]
