"""Reads a Python file as people write it, and selects the statements that are safe to run."""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Collection
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from trainer.common.errors import InputError

ENCODINGS = ("utf-8", "cp932", "cp949", "gbk", "latin-1")  # The last accepts any bytes.
PYTHON_2_NAMES = {"xrange", "unicode", "raw_input", "basestring", "unichr", "reduce"}
PYTHON_2_METHODS = {"iteritems", "itervalues", "iterkeys", "has_key"}
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)  # A line of Python may begin so too.
# What the value of a constant may call: nothing slow, no file, no window, no network.
PURE = re.compile(
    r"(np|numpy|math|os\.path|collections|functools|itertools|operator|re|torch\.device)\b"
    r"|(float|int|str|bool|list|dict|tuple|set|range|len|max|min|abs|sum|zip|round|sorted"
    r"|enumerate|frozenset|object|type|namedtuple|OrderedDict|defaultdict|partial|Path"
    r"|logging\.getLogger|getLogger|TypeVar|NewType|dirname|abspath|join)$"
)
Block = TypeVar("Block", ast.Try, ast.If, ast.ExceptHandler)
IMPURE = re.compile(r"\.(load\w*|save\w*|genfromtxt|fromfile|memmap)$")


@dataclass
class Source:
    """A parsed file: its tree, how it had to be read, and the top-level names left unset."""

    path: Path
    tree: ast.Module
    text: str = ""  # what was parsed: not the file's own text if is_translated
    is_translated: bool = False
    skipped: dict[str, int] = field(default_factory=dict)  # name → line

    def skip_names_in(self, tree: ast.AST, but: Collection[int] = ()) -> None:
        """Add the names that a tree sets, except in the nodes with those ids."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and type(node.ctx) is ast.Store and id(node) not in but:
                self.skipped.setdefault(node.id, node.lineno)


def read_source(path: Path, text: str | None = None) -> Source:
    """Parse a file, or this text in its place, translating Python 2; raises InputError."""
    text = _decode(path) if text is None else text
    try:
        return _parse(path, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        what = error.msg if isinstance(error, SyntaxError) else error
        raise InputError(f"{path}{line}: not valid Python: {what}") from None


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if b"\0" in data:
        raise InputError(f"{path}: not a text file; give a Python file")
    try:
        named = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        named = "utf-8"
    for encoding in (named, *ENCODINGS):
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            break
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _parse(path: Path, text: str) -> Source:
    bare = MAGIC.sub(r"\1pass", text)
    # Python 2 takes a tab for 8 columns.
    attempts = dict.fromkeys((text, bare, text.expandtabs(8), bare.expandtabs(8)))
    for attempt in attempts:
        try:
            tree = _parse_tree(attempt)
        except SyntaxError:
            continue
        if _is_python_2(tree):
            return _parse_python_2(path, attempt)
        return Source(path, tree, attempt)
    for attempt in attempts:
        with suppress(SyntaxError, ValueError):
            return _parse_python_2(path, attempt)
    return Source(path, _parse_tree(bare), bare)  # Raises the SyntaxError to report.


def _parse_python_2(path: Path, text: str) -> Source:
    translated = _translate(text)
    return Source(path, _parse_tree(translated), translated, is_translated=True)


def _parse_tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Such as those on an old escape: they are not checked.
        return ast.parse(text)


def _translate(text: str) -> str:
    """Return Python 2 as Python 3, by fissix, 2to3's successor; raises ValueError."""
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError
    from fissix.refactor import RefactoringTool, get_fixers_from_package

    names = get_fixers_from_package("fissix.fixes")
    unneeded = ("import", "idioms", "ws_comma", "set_literal", "asserts")  # import: no relative
    fixers = [name for name in names if name.rpartition("fix_")[2] not in unneeded]
    try:
        return str(RefactoringTool(fixers).refactor_string(text.rstrip() + "\n", "file"))
    except (ParseError, TokenError, IndentationError) as error:
        raise ValueError(error) from None


def _is_python_2(tree: ast.Module) -> bool:
    """Return whether a file that parses as Python 3 uses what only Python 2 has."""
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
    # A star import may bind any name, but no module offers xrange.
    names = {"xrange"} - bound if "*" in bound else PYTHON_2_NAMES - bound
    return any(
        (isinstance(node, ast.Attribute) and node.attr in PYTHON_2_METHODS)
        or (isinstance(node, ast.Name) and node.id in names)
        for node in ast.walk(tree)
    )


def select_definitions(source: Source) -> list[ast.stmt]:
    """Return the top-level statements that define, import or set a constant.

    Adds the names that the other statements set to source.skipped.
    """
    selected = _select(source.tree.body)
    ids = {id(node) for statement in selected for node in ast.walk(statement)}
    source.skip_names_in(source.tree, but=ids)
    return selected


def _select(body: list[ast.stmt]) -> list[ast.stmt]:
    return [kept for statement in body if (kept := _reduce(statement)) is not None]


def _reduce(node: ast.stmt) -> ast.stmt | None:
    """Return the statement, the part of it that may run, or None."""
    match node:
        case (ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Global()
              | ast.Import() | ast.ImportFrom()):  # fmt: skip
            return node
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return node if node.value is None or is_constant(node.value) else None
        case ast.Expr(value=ast.Call(func=ast.Attribute() as func)):
            return node if ast.unparse(func).startswith("sys.path.") else None
        case ast.Try():
            kept = _replace_body(node, _select(node.body) or _select_bare_names(node.body))
            kept.handlers = [_replace_body(h, _select(h.body)) for h in node.handlers]
            kept.orelse, kept.finalbody = _select(node.orelse), _select(node.finalbody)
            return kept
        case ast.If() if "__name__" not in ast.unparse(node.test) and is_constant(node.test):
            kept_if = _replace_body(node, _select(node.body))
            kept_if.orelse = _select(node.orelse)
            return kept_if
    return None


def _select_bare_names(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the bare names, as in: try: xrange; except NameError: xrange = range."""
    return [s for s in body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Name)]


def _replace_body(node: Block, body: list[ast.stmt]) -> Block:
    """Return a copy of the statement with that body, or with pass if it is empty."""
    changed = copy(node)
    changed.body = body or [ast.copy_location(ast.Pass(), node)]
    return changed


def is_constant(value: ast.expr) -> bool:
    """Return whether an expression only computes; the body of a lambda may do anything."""
    waiting: list[ast.AST] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if not PURE.match(name) or IMPURE.search(name):
                return False
        waiting += ast.iter_child_nodes(node)
    return True
