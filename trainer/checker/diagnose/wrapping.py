"""Changes that put something around a part of an expression: a sign, a factor, a call, a term."""

import ast
from collections.abc import Iterator

from trainer.checker.diagnose.edits import BIAS, Edit, Words, write_operand

# What people leave out beside a part of an expression, and how unlikely it is.
TERMS = {
    "{inner} + {atom}": 0.0, "{inner} - {atom}": 0.0, "{inner} * {atom}": 0.1,
    "{inner} / {atom}": 0.0, "{inner} / {atom}.shape[0]": 0.1, "{inner} / {atom}.shape[1]": 0.4,
    "{inner} / len({atom})": 0.2, "{inner} * len({atom})": 0.3, "{inner} * {atom}.shape[0]": 0.2,
    "{inner} @ {atom}": 0.1, "{inner} @ {atom}.T": 0.2, "{inner} * ({atom} > 0)": 0.3,
    "{inner} * (1 - {atom}) * {atom}": 0.4, "{inner} * (1 - {atom} ** 2)": 0.5,
    "{inner} - np.eye({inner}.shape[1])[{atom}]": 0.6,
}  # fmt: skip
# Calls that people leave out, and how unlikely it is.
CALLS = {
    "np.sum({inner})": 0.0, "np.sum({inner}, axis=0)": 0.0, "np.argmax({inner}, axis=1)": 0.0,
    "np.sum({inner}, axis=1, keepdims=True)": 0.1, "np.mean({inner})": 0.1, "np.exp({inner})": 0.2,
    "np.log({inner})": 0.25, "len({inner})": 0.2, "{part}.copy()": 0.2, "range({inner})": 0.2,
    "np.zeros_like({inner})": 0.3, "np.maximum(0, {inner})": 0.3, "np.tanh({inner})": 0.3,
    "1 / (1 + np.exp(-({inner})))": 0.3, "np.abs({inner})": 0.4, "np.sqrt({inner})": 0.5,
}  # fmt: skip


def wrap_node(node: ast.expr, root: ast.expr, words: Words, most: float) -> Iterator[Edit]:
    """Yield edits that put something around a part: a sign, a factor, a call, another term."""
    inner, cost = write_operand(node), 0.0 if node is root else 0.5
    if isinstance(node, ast.Constant | ast.Tuple | ast.Compare):
        return
    yield Edit(node, f"-{inner}", 1.5 + cost)
    yield Edit(node, f"{inner}.T", 1.5 + cost)
    yield Edit(node, f"(1 - {inner})", 2.6 + cost)
    yield Edit(node, f"({inner} > 0)", 2.2)
    yield Edit(node, f"(1 - {inner} ** 2)", 2.2)
    if _is_product(node):
        for bias in (atom for atom in words.atoms if BIAS.search(atom)):
            yield Edit(node, f"{inner} + {bias}", 2.0)
    for call, extra in CALLS.items():
        yield Edit(node, call.format(inner=ast.unparse(node), part=inner), 2.0 + cost + extra)
    if isinstance(node, ast.Attribute):
        yield Edit(node, f"{inner}.values()", 1.8)
    passes_on = isinstance(node, ast.Name | ast.Subscript | ast.Call)  # the factor is elsewhere
    for factor in ("2", "0.5"):
        yield Edit(node, f"{factor} * {inner}", 1.6 + cost + 0.3 * passes_on)
    for function in words.functions:
        yield Edit(node, f"{function}({ast.unparse(node)})", 1.9 + cost)
    for function in words.pairs if node is root else ():
        yield from (
            Edit(node, f"{function}({ast.unparse(node)}, {atom})", 2.2) for atom in words.atoms
        )
    for template, extra in TERMS.items():
        atoms = words.divisors if template.endswith("/ {atom}") else words.atoms
        for atom in atoms if 2.3 + cost + extra <= most else ():
            text = template.format(inner=inner, atom=atom)
            yield Edit(node, text, 2.3 + cost + extra)
    for atom in words.atoms if 2.5 + cost <= most else ():
        for function in words.functions:
            yield Edit(node, f"{inner} * {function}({atom})", 2.5 + cost)


def _is_product(node: ast.expr) -> bool:
    """Return whether an expression is a product of matrices."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_call and node.func.attr in ("dot", "matmul", "mm")  # type: ignore[attr-defined]
