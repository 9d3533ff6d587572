"""Changes of a call: another function, other arguments, another axis."""

import ast
from collections.abc import Iterator

from trainer.checker.diagnose.edits import RATES, Edit, change_node

TWINS = {
    "sum": ("mean",), "mean": ("sum",), "max": ("sum", "min"), "min": ("max",),
    "argmax": ("argmin", "max"), "argmin": ("argmax",), "exp": ("log",), "log": ("exp",),
    "maximum": ("minimum",), "minimum": ("maximum",), "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",), "multiply": ("dot",), "dot": ("multiply",),
}  # fmt: skip


def edit_call(node: ast.Call, atoms: list[str], functions: list[str]) -> Iterator[Edit]:
    """Yield edits of a call, with these variables and functions of one argument."""
    name = ast.unparse(node.func)
    if name in ("np.argmax", "numpy.argmax") and node.args:
        yield Edit(node, f"({ast.unparse(node.args[0])} > 0.5)", 1.3)
    if name in ("np.maximum", "numpy.maximum"):  # ReLU in place of its derivative
        for argument in node.args:
            if not isinstance(argument, ast.Constant):
                yield Edit(node, f"({ast.unparse(argument)} > 0)", 1.4)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
        yield Edit(node, ast.unparse(node.args[-1]), 1.3)
    if isinstance(node.func, ast.Name) and len(node.args) > 1:
        given = [ast.unparse(argument) for argument in node.args]
        for atom in atoms:
            if atom.isidentifier() and atom not in given:
                yield Edit(
                    node,
                    f"{name}({', '.join([*map(ast.unparse, node.args), atom])})",
                    RATES.get(atom, 2.25),
                )
    if len(node.args) > 1 and name.startswith(("self.", *functions)):
        for i in range(len(node.args)):
            yield change_node(node, 1.5, args=node.args[:i] + node.args[i + 1 :])
    if node.args and not isinstance(node.args[0], ast.Starred):
        is_activation = name.split(".")[-1] in ("softmax", "sigmoid", "tanh", "relu", "exp", "log")
        yield Edit(node, ast.unparse(node.args[0]), 1.35 if is_activation else 2.0)
    if len(node.args) == 2 and not any(isinstance(a, ast.Starred) for a in node.args):
        yield change_node(node, 1.4, args=node.args[::-1])
        for i in range(2):
            args: list[ast.expr] = list(node.args)
            args[i] = ast.Attribute(args[i], "T", ast.Load())
            yield change_node(node, 2.1, args=args)
    for function in functions:
        if function != name and len(node.args) == 1:
            yield change_node(node, 1.7, func=ast.parse(function, mode="eval").body)
    if isinstance(node.func, ast.Attribute):
        if node.func.attr == "mean" and node.args:
            total = f"np.sum({', '.join(map(ast.unparse, node.args))})"
            for atom in atoms:
                yield Edit(node, f"0.5 * {total} / len({atom})", 2.2)
        for twin in TWINS.get(node.func.attr, ()):
            func = ast.Attribute(node.func.value, twin, ast.Load())
            yield change_node(node, 1.4, func=func)
    yield from edit_axis(node)
    if any(each.arg == "dtype" for each in node.keywords):
        yield change_node(node, 1.3, keywords=[k for k in node.keywords if k.arg != "dtype"])


def edit_axis(node: ast.Call) -> Iterator[Edit]:
    """Yield other axes, and keepdims added or removed."""
    reduces = isinstance(node.func, ast.Attribute) and node.func.attr in (
        "sum", "mean", "max", "min", "argmax", "argmin", "amax", "amin",
    )  # fmt: skip
    if not reduces:
        return
    others = [k for k in node.keywords if k.arg not in ("axis", "keepdims")]
    has_axis = any(k.arg == "axis" for k in node.keywords)
    positional = node.args[:1] if ast.unparse(node.func).startswith(("np.", "numpy.")) else []
    for axis in ("0", "1", None):
        for keep in (True, False):
            made = [f"axis={axis}"] * (axis is not None) + ["keepdims=True"] * keep
            texts = [*map(ast.unparse, positional), *made, *map(ast.unparse, others)]
            text = f"{ast.unparse(node.func)}({', '.join(texts)})"
            if text != ast.unparse(node):
                kept = any(k.arg == "keepdims" for k in node.keywords) == keep
                added = 0.1 if keep and has_axis and axis is not None else 0.5
                yield Edit(node, text, (1.2 if axis is not None else 1.6) + added * (not kept))
