"""What a line of somebody's code can use: its variables and functions, and their values."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trainer.checker.diagnose.edits import Words
from trainer.checker.load.recording import Record, copy_arrays

TORCH = ("torch", "torch.nn.functional")
ACTIVATIONS = ("relu", "sigmoid", "tanh")
LONGEST = 20  # characters of a key that is tried in place of another
OUTPUTS = ("predict", "forward")  # methods that give an output from x
MOST_ATOMS = 40  # variables that are tried in place of others


@dataclass(frozen=True)
class Scope:
    """What can be written at a line: values are those of the variables, by their texts.

    functions take one array and pairs two. style is how the file multiplies matrices: "np.dot",
    ".dot" or "@".
    """

    record: Record
    values: dict[str, Any]
    functions: list[str]
    pairs: list[str]
    style: str

    def evaluate(self, text: str) -> Any:
        """Return the value of an expression there, None where it raises."""
        return evaluate(ast.parse(text, mode="eval"), self.record)


def make_scope(function: ast.FunctionDef, record: Record, source: str) -> Scope:
    """Return what can be written in a function, which stands in that source, at a record."""
    known = list(_list_own(record.scope.get("self")))
    outputs = [name for name in OUTPUTS if name != function.name]
    calls = [f"self.{name}({a.arg})" for name in outputs for a in function.args.args[1:2]]
    values = evaluate_all([*record.scope, *list_variables(function), *known, *calls], record)
    styles = {"np.dot": r"np\.dot\(", ".dot": r"\.dot\(", "@": r" @ "}
    style = max(styles, key=lambda name: len(re.findall(styles[name], source)))
    # A function that calls itself twice would never return.
    own = {function.name, f"self.{function.name}"}
    one, two = ([f for f in _list_callables(record, n) if f not in own] for n in (1, 2))
    return Scope(record, values, one, two, style)


def _list_callables(record: Record, count: int) -> list[str]:
    """Return the functions of the module and the methods of self that take so many arguments."""
    methods = vars(type(record.scope.get("self"))) if "self" in record.scope else {}
    own = list_functions(methods, count + 1) if methods else []
    return [*list_functions(record.globals, count), *(f"self.{name}" for name in own)]


def list_variables(function: ast.AST) -> Iterator[str]:
    """Yield the variables that a function reads or sets, as one writes them, some repeatedly."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            text = ast.unparse(node)
            if len(text) < 40 and text not in ("np", "self") and not text.startswith("np."):
                yield text


def make_words(
    function: ast.FunctionDef, record: Record | None, functions: list[str],
    attributes: Sequence[str] = (),
) -> Words:  # fmt: skip
    """Return what an edit in a function may use: its arrays and numbers, where a record shows
    which variables are, those that are set later, and all its variables without one.
    """
    # A function that calls itself may double its argument each time, until the memory is full.
    functions = [name for name in functions if name != function.name]
    arguments = [argument.arg for argument in function.args.args if argument.arg != "self"]
    atoms = list(dict.fromkeys([*arguments, *list_variables(function)]))
    values = (n.value for n in ast.walk(function) if isinstance(n, ast.Constant))
    keys = list(dict.fromkeys(v for v in values if isinstance(v, str) and len(v) < LONGEST))
    atoms += [f"self.{name}" for name in attributes if re.fullmatch(r"b\d?|bias\d?", name)]
    if record is None:
        return Words(atoms[:MOST_ATOMS], atoms[:MOST_ATOMS], functions, list(attributes), keys)
    own = list(_list_own(record.scope.get("self")))
    known = evaluate_all([*atoms, *record.scope, *own], record)
    divisors = [text for text, value in known.items() if np.ndim(value) < 2 or 1 in value.shape]
    biases = [atom for atom in atoms if atom.startswith("self.") and atom not in known]
    later = [
        atom
        for atom in atoms
        if atom.isidentifier() and atom not in record.scope and atom not in record.globals
    ]
    holders = [name for name, value in record.scope.items() if isinstance(value, dict)]
    usable = [*known, *biases, *later, *holders][:MOST_ATOMS]
    return Words(usable, divisors[:MOST_ATOMS], functions, list(attributes), keys)


def _list_own(net: object) -> Iterator[str]:
    """Yield the attributes of an object, and the items of those that are dictionaries."""
    for name, value in getattr(net, "__dict__", {}).items():
        yield f"self.{name}"
        if isinstance(value, dict):
            yield from (f'self.{name}["{key}"]' for key in value if isinstance(key, str))


def evaluate_all(texts: Iterable[str], record: Record) -> dict[str, Any]:
    """Return the values of those variables that are arrays or numbers."""
    values = {t: evaluate(ast.parse(t, mode="eval"), record) for t in dict.fromkeys(texts)}
    return {t: v for t, v in values.items() if isinstance(v, np.ndarray | np.number | float | int)}


def list_functions(names: Mapping[str, Any], count: int = 1) -> list[str]:
    """Return the functions among those names that take so many arguments, such as sigmoid.

    Those of torch are those that a net uses as an activation.
    """
    modules = {name: getattr(value, "__name__", "") for name, value in names.items()}
    torches = [name for name, module in modules.items() if module in TORCH] if count == 1 else []
    return [f"{name}.{activation}" for name in torches[:1] for activation in ACTIVATIONS] + [
        name
        for name, value in names.items()
        if getattr(getattr(value, "__code__", None), "co_argcount", 0) == count
    ]


def evaluate(tree: ast.Expression, record: Record) -> Any:
    """Return the value of an expression where the record was made, None where it raises.

    What the expression changes, such as an attribute that self.forward(x) sets, is not kept.
    """
    try:
        with np.errstate(all="ignore"):
            code, scope = compile(tree, "<candidate>", "eval"), copy_arrays(record.scope)
            return eval(code, record.globals, scope)
    except Exception:  # of somebody's code: any can come
        return None


class Line:
    """An expression or a statement at a record, of which one part at a time is replaced.

    The value of a statement is that of the variable of this name after it.
    """

    def __init__(self, root: ast.expr | ast.stmt, record: Record, name: str = ""):
        self._tree = ast.Module([root], []) if isinstance(root, ast.stmt) else ast.Expression(root)
        self._record, self._name = record, name
        self._places: dict[int, tuple[ast.AST, str, int | None]] = {}
        for parent in ast.walk(self._tree):
            for name, value in ast.iter_fields(parent):
                for index, child in enumerate(value) if isinstance(value, list) else ():
                    self._places[id(child)] = parent, name, index
                self._places[id(value)] = parent, name, None

    def evaluate(self, part: ast.AST, text: str) -> Any:
        """Return the value with that text in place of a part, None where it raises."""
        parent, name, index = self._places[id(part)]
        try:
            is_statement = isinstance(part, ast.stmt)
            new = ast.parse(text).body[0] if is_statement else ast.parse(text, mode="eval").body
            if isinstance(new, ast.Name | ast.Attribute | ast.Subscript):
                new.ctx = getattr(part, "ctx", new.ctx)
            self._put(parent, name, index, new)
            return self._run()
        except SyntaxError:
            return None
        finally:
            self._put(parent, name, index, part)

    def _run(self) -> Any:
        if isinstance(self._tree, ast.Expression):
            return evaluate(self._tree, self._record)
        scope = copy_arrays(self._record.scope)
        try:
            with np.errstate(all="ignore"):
                exec(compile(self._tree, "<candidate>", "exec"), self._record.globals, scope)
        except Exception:  # of somebody's code: any can come
            return None
        return evaluate(ast.parse(self._name, mode="eval"), replace(self._record, scope=scope))

    @staticmethod
    def _put(parent: ast.AST, name: str, index: int | None, part: ast.AST) -> None:
        if index is None:
            setattr(parent, name, part)
        else:
            getattr(parent, name)[index] = part
