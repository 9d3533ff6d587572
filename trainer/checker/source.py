"""A file as people write it → a syntax tree of which only definitions are left."""

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from trainer.common.errors import InputError

ENCODINGS = ("utf-8", "cp932", "cp949", "gbk", "latin-1")  # the last takes any bytes
PYTHON_2 = {"xrange", "unicode", "raw_input", "basestring", "unichr", "reduce"}
PYTHON_2_METHODS = {"iteritems", "itervalues", "iterkeys", "has_key"}
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)  # a notebook's; a line may begin so, too
# What a constant may call: quick, and without a file, a window or the network.
PURE = re.compile(
    r"(np|numpy|math|os\.path|collections|functools|itertools|operator|re|torch\.device)\b"
    r"|(float|int|str|bool|list|dict|tuple|set|range|len|max|min|abs|sum|zip|round|sorted"
    r"|enumerate|frozenset|object|type|namedtuple|OrderedDict|defaultdict|partial|Path"
    r"|logging\.getLogger|getLogger|TypeVar|NewType|dirname|abspath|join)$"
)
IMPURE = re.compile(r"\.(load\w*|save\w*|genfromtxt|fromfile|memmap)$")


@dataclass
class Source:
    """A parsed file: its tree, how it had to be read, and the top-level names left unset."""

    path: Path
    tree: ast.Module
    translated: bool = False
    skipped: dict[str, int] = field(default_factory=dict)  # name → line


def read(path: Path) -> Source:
    """The file at path, translated where it is Python 2; raises InputError."""
    text = _decode(path)
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
        raise InputError(f"{path}: not a text file, so not Python")
    try:
        named = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        named = "utf-8"
    for encoding in (named, *ENCODINGS):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _parse(path: Path, text: str) -> Source:
    bare = MAGIC.sub(r"\1pass", text)
    # A tab is 8 columns to Python 2.
    attempts = dict.fromkeys((text, bare, text.expandtabs(8), bare.expandtabs(8)))
    errors: dict[str, SyntaxError] = {}
    for attempt in attempts:
        try:
            tree = _tree(attempt)
        except SyntaxError as error:
            errors[attempt] = error
            continue
        if _is_python_2(tree):
            return Source(path, _tree(_translate(attempt)), translated=True)
        return Source(path, tree)
    for attempt in attempts:
        try:
            return Source(path, _tree(_translate(attempt)), translated=True)
        except (SyntaxError, ValueError):
            continue
    raise errors[bare]


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old escape or "is" is not what is checked
        return ast.parse(text)


def _translate(text: str) -> str:
    """Python 2 → 3 by 2to3's maintained continuation; raises ValueError."""
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
    """Whether what parses as Python 3 calls what only Python 2 has."""
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
    stars = "*" in bound
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in PYTHON_2_METHODS:
            return True
        if isinstance(node, ast.Name) and node.id in PYTHON_2 - bound and not stars:
            return True
        if isinstance(node, ast.Name) and node.id == "xrange" and "xrange" not in bound:
            return True
    return False


def definitions(source: Source) -> list[ast.stmt]:
    """The top-level statements that define, import or set a constant; notes the names of others."""
    kept = _kept(source.tree.body)
    names = {id(node) for statement in kept for node in ast.walk(statement)}
    for node in ast.walk(ast.Module(source.tree.body, [])):
        if isinstance(node, ast.Name) and type(node.ctx) is ast.Store and id(node) not in names:
            source.skipped.setdefault(node.id, node.lineno)
    return kept


def _kept(body: list[ast.stmt]) -> list[ast.stmt]:
    return [kept for statement in body if (kept := _filtered(statement)) is not None]


def _filtered(node: ast.stmt) -> ast.stmt | None:
    """The statement, the part of it that may run, or None."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Global():
            return node
        case ast.Import() | ast.ImportFrom():
            return node
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return node if node.value is None or is_constant(node.value) else None
        case ast.Expr(value=ast.Call(func=ast.Attribute() as func)):
            return node if ast.unparse(func).startswith("sys.path.") else None
        case ast.Try():
            handlers = [
                ast.copy_location(ast.ExceptHandler(h.type, h.name, _or_pass(_kept(h.body))), h)
                for h in node.handlers
            ]
            body = _kept(node.body) or _probe(node.body)
            kept = ast.Try(_or_pass(body), handlers, _kept(node.orelse), _kept(node.finalbody))
            return ast.fix_missing_locations(ast.copy_location(kept, node))
        case ast.If():
            if "__name__" in ast.unparse(node.test) or not is_constant(node.test):
                return None
            kept_if = ast.If(node.test, _or_pass(_kept(node.body)), _kept(node.orelse))
            return ast.fix_missing_locations(ast.copy_location(kept_if, node))
    return None


def _probe(body: list[ast.stmt]) -> list[ast.stmt]:
    """try: xrange; except NameError: xrange = range. The bare name is run."""
    return [s for s in body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Name)]


def _or_pass(body: list[ast.stmt]) -> list[ast.stmt]:
    return body or [ast.Pass()]


def is_constant(value: ast.expr) -> bool:
    """Whether an expression only computes; what a lambda would do is not done yet."""
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
