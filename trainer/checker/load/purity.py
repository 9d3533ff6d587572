"""Decides which expressions only compute, so that they may run before a file is checked."""

import ast
import re
import sys
from dataclasses import dataclass, field

from trainer.checker.load.bindings import get_bound_names, walk_scope

# What the value of a constant may call: nothing slow, no file, no window, no network, and no
# function that calls another one that it is given.
CALLS = re.compile(
    r"(np|numpy)(\.(random|linalg|fft|ma))?\.(?!(load|save|from|set_|show_|apply_|gen)\w*$"
    r"|(memmap|piecewise|test|info|source|lookfor|seterrcall|DataSource|array2string)$)\w+$"
    r"|(math|os\.path)\.\w+$|os\.(getcwd|getenv|environ\.get)$"
    r"|(collections\.)?(namedtuple|OrderedDict|defaultdict|Counter|deque)$"
    r"|(functools\.)?(partial|lru_cache|cache|wraps)$|re\.(compile|escape)$"
    r"|(itertools\.)?(product|chain|repeat|count|cycle|combinations|permutations)$"
    r"|operator\.(attrgetter|itemgetter)$|torch\.(device|cuda\.is_available)$"
    r"|(dataclasses\.)?field$|(enum\.)?auto$|(logging\.)?getLogger$|(pathlib\.)?Path$"
    r"|(float|int|str|bool|list|dict|tuple|set|range|len|max|min|abs|sum|zip|round|sorted"
    r"|enumerate|frozenset|object|type|staticmethod|classmethod|property"
    r"|dirname|abspath|join)$|(typing\.)?(TypeVar|TypeVarTuple|ParamSpec|NewType)$"
)
# Methods that may be called on what such a call returns.
METHODS = re.compile(
    r"(re|un)?(shape|size|ravel|flatten|transpose|astype|copy|dot|sum|mean|std|var|max|min|argmax"
    r"|argmin|argsort|cumsum|round|clip|repeat|squeeze|item|tolist|rand|randn|randint|normal"
    r"|uniform|random|standard_normal|permutation|choice|split|strip|lower|upper|format|join"
    r"|replace|items|keys|values|get|startswith|endswith|resolve|absolute|joinpath)$"
)
DECORATORS = re.compile(
    r"(abc\.)?abstractmethod$|staticmethod$|classmethod$|property$|\w+\.(setter|getter|deleter)$"
    r"|(dataclasses\.)?dataclass$|(typing\.)?(override|overload|final|no_type_check)$"
    r"|(functools\.)?(wraps|lru_cache|cache|cached_property|total_ordering|singledispatch)$"
    r"|(contextlib\.)?contextmanager$|(np|numpy)\.vectorize$"
)
PLAIN_METHODS = {"__init__", "__call__"}  # no operator and no built-in function calls them
ROOTS = {"np": "numpy", "numpy": "numpy", "math": "math", "os": "os", "collections": "collections",
         "functools": "functools", "itertools": "itertools", "operator": "operator", "re": "re",
         "torch": "torch"}  # fmt: skip
DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.If)


def only_defines(tree: ast.Module, usual: tuple[type[ast.stmt], ...] = DEFINING) -> bool:
    """Return whether a file only imports and defines, and sets names to what nothing is called for,
    but for the statements that are usual: what it does as a script is.
    """
    return all(
        isinstance(each, usual) or not any(isinstance(n, ast.Call) for n in ast.walk(each))
        for each in tree.body
    )


@dataclass
class Purity:
    """Tells what of one file only computes; a name that the file itself sets is not trusted."""

    tree: ast.Module
    bound: set[str] = field(init=False)
    functions: dict[str, ast.FunctionDef] = field(init=False)
    imported: set[str] = field(init=False)
    simple: set[str] = field(default_factory=set)  # classes whose instances are constants

    def __post_init__(self) -> None:
        nodes = [node for statement in self.tree.body for node in walk_scope(statement)]
        imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        self.functions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef)}
        others = (n for n in nodes if not isinstance(n, ast.Import | ast.ImportFrom))
        self.bound = {name for node in others for name in get_bound_names(node)}
        self.bound |= {name for node in imports for name in _list_disguised(node)}
        self.imported = {name for node in imports for name in get_bound_names(node)}
        self.simple = {n.name for n in nodes if isinstance(n, ast.ClassDef) and self._is_simple(n)}

    def is_pure(self, value: ast.AST) -> bool:
        """Return whether an expression only computes; the body of a lambda may do anything."""
        waiting = [value]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Lambda):
                waiting.append(node.args)  # Its default values are computed at once.
                continue
            if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom):
                return False
            if isinstance(node, ast.Call) and not self._is_pure_call(node):
                return False
            waiting += ast.iter_child_nodes(node)
        return True

    def _is_pure_call(self, call: ast.Call) -> bool:
        """Return whether a call has no effect but its value."""
        name = get_dotted_name(call.func)
        if name is None:
            is_known = isinstance(call.func, ast.Attribute) and METHODS.match(call.func.attr)
            return bool(is_known) and _get_root(call.func) not in self.bound
        if name in self.simple:
            return len(call.args) + len(call.keywords) < 3
        if name.endswith("defaultdict"):  # It calls its argument when a key is missing.
            bodies = [arg.body for arg in call.args if isinstance(arg, ast.Lambda)]
            names = [arg.id for arg in call.args if isinstance(arg, ast.Name)]
            if not all(map(self.is_pure, bodies)) or self.bound & set(names):
                return False
        calls_back = any(keyword.arg == "key" for keyword in call.keywords)
        return bool(CALLS.match(name)) and name.split(".")[0] not in self.bound and not calls_back

    def _is_simple(self, kind: ast.ClassDef) -> bool:
        """Return whether to make an instance only computes, and no operator runs its code."""
        if kind.bases or kind.keywords or kind.decorator_list:
            return False
        for node in kind.body:
            if isinstance(node, ast.FunctionDef):
                is_special = node.name.startswith("__") and node.name not in PLAIN_METHODS
                if node.decorator_list or is_special:
                    return False
                if node.name == "__init__" and not self._is_quiet(node, 1):
                    return False
            elif not _is_plain_member(node):
                return False
        return True

    def is_pure_decorator(self, decorator: ast.expr) -> bool:
        """Return whether a decorator only changes the function; an imported one is trusted."""
        is_call = isinstance(decorator, ast.Call)
        name = get_dotted_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
        arguments = list(ast.iter_child_nodes(decorator))[1:] if is_call else []
        if name is None or not all(map(self.is_pure, arguments)):
            return False
        root = name.split(".")[0]
        if name in self.functions:
            return self._is_quiet(self.functions[name], 2 if is_call else 1)
        if DECORATORS.match(name) or (name in self.simple and not is_call):
            return True
        return root in self.imported - self.bound and root not in sys.stdlib_module_names

    def _is_quiet(self, function: ast.FunctionDef, depth: int) -> bool:
        """Return whether a call of the function only defines and returns; so for what it returns.

        depth is 2 for a function that returns the decorator.
        """
        return self._is_quiet_body(function.body, depth)

    def _is_quiet_body(self, body: list[ast.stmt], depth: int) -> bool:
        for statement in body:
            match statement:
                case ast.FunctionDef():
                    decorators = all(map(self.is_pure_decorator, statement.decorator_list))
                    if not decorators or (depth > 1 and not self._is_quiet(statement, depth - 1)):
                        return False
                case ast.Return() | ast.Assign() | ast.Expr() | ast.Nonlocal() | ast.Pass():
                    if not self.is_pure(statement):
                        return False
                case ast.If():
                    branches = (statement.body, statement.orelse)
                    is_quiet = all(self._is_quiet_body(body, depth) for body in branches)
                    if not is_quiet or not self.is_pure(statement.test):
                        return False
                case _:
                    return False
        return True


def _is_plain_member(node: ast.stmt) -> bool:
    """Return whether a statement of a class sets a constant that is no method, or nothing."""
    acts = any(isinstance(each, ast.Call | ast.Lambda | ast.Await) for each in ast.walk(node))
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    is_special = any(name.startswith("__") for name in names)
    return isinstance(node, ast.Assign | ast.Expr | ast.Pass) and not acts and not is_special


def _get_root(node: ast.expr) -> str | None:
    """Return the name with which an expression such as A(3).b.copy() begins, None for others."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def get_dotted_name(node: ast.expr) -> str | None:
    """Return the text of a name such as np.random.randn, None for any other expression."""
    part = node
    while isinstance(part, ast.Attribute):
        part = part.value
    return ast.unparse(node) if isinstance(part, ast.Name) else None


def _list_disguised(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the names by which an import hides what it takes from Python's library: np for another
    module, or a module under a name of one's own.
    """
    found = []
    for alias in node.names:
        name = alias.asname or alias.name
        source = (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        head = source.split(".")[0]
        is_other = head in sys.stdlib_module_names and head != ROOTS.get(name, head)
        renamed = alias.asname is not None and alias.asname != alias.name and name not in ROOTS
        if is_other or (renamed and head in sys.stdlib_module_names):
            found.append(name)
    return found
