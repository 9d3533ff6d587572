"""What a line of somebody's code can use: its variables and functions, and their values."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from trainer.checker.diagnose.edits import Words
from trainer.checker.load.recording import Record, copy_arrays

TORCH = ("torch", "torch.nn.functional")
ACTIVATIONS = ("relu", "sigmoid", "tanh")
LONGEST = 20  # characters of a key that is tried in place of another
MOST_ATOMS = 40  # variables that are tried in place of others


def list_callables(function: ast.FunctionDef, record: Record) -> list[str]:
    """Return what a function may call with one argument: functions and methods, but for itself,
    which would never return.
    """
    methods = vars(type(record.scope.get("self"))) if "self" in record.scope else {}
    own = list_functions(methods, 2) if methods else []
    found = [*list_functions(record.globals), *(f"self.{name}" for name in own)]
    return [name for name in found if name not in (function.name, f"self.{function.name}")]


def find_style(text: str) -> str:
    """Return how a text multiplies matrices: "np.dot", ".dot" or "@"."""
    styles = {"np.dot": r"np\.dot\(", ".dot": r"\.dot\(", "@": r" @ "}
    return max(styles, key=lambda name: len(re.findall(styles[name], text)))


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
    own = list(list_own(record.scope.get("self")))
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


def list_own(net: object) -> Iterator[str]:
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
