"""Shows the values that code assigns, returns and passes on, and where its loops begin a round."""

import ast
import copy
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from trainer.checker.find.straight import wrap_if
from trainer.checker.load.bindings import list_variables

# What the changed code calls.
SEE, SEE_NAME, ROUND, LEAVE = "__see__", "__see_name__", "__round__", "__leave__"
Loop = ast.For | ast.While
SHOWN = ast.BinOp | ast.Call  # what functions are given
COMPUTED = ast.BinOp | ast.Call | ast.Subscript  # what has no name
INNER = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
SEEING = {"globals", "locals", "vars", "eval", "exec", "dir"}  # which may use any name


@dataclass(frozen=True)
class Place:
    """A loop and its file, the class around it, whose private names it may use, and its global
    names.
    """

    path: Path
    loop: Loop
    owner: str
    declared: tuple[str, ...]


@dataclass(frozen=True)
class Site:
    """A place in the source whose value is seen; name is what it is assigned to, or "".

    text is the expression, and function the name of the function around it. is_update tells that
    the statement changes a value, which is seen afterwards, is_operand that another value is
    subtracted from it, or it from that, and is_name that it is one that has a name. is_part tells
    that it is taken out of a list or an array, as a sample and its label are.
    """

    path: Path
    line: int
    name: str
    text: str
    function: str = ""
    is_argument: bool = False
    is_update: bool = False
    is_operand: bool = False
    is_name: bool = False
    is_part: bool = False


@dataclass
class Tracer:
    """Changes syntax trees so that they call see with each value, and enter at each round.

    The code continues with what see returns.
    It takes the place of a Recorder in a Loader. sites and loops are numbered in their order.
    """

    sites: list[Site] = field(default_factory=list)
    loops: list[Place] = field(default_factory=list)
    starts: dict[Path, tuple[int, int]] = field(default_factory=dict)  # first numbers of a file
    see: Callable[[int, Any], Any] | None = None
    enter: Callable[[int, FrameType], bool | None] | None = None  # True ends the loop
    leave: Callable[[int], None] | None = None
    # The names that functions and classes use, None where code may use any.
    used: frozenset[str] | None = frozenset()
    straight: Path | None = None  # the script whose one step is put into a loop
    shows_names: bool = False  # whether it shows the names that are subtracted from others

    @property
    def names(self) -> dict[str, Any]:
        """The builtins that instrumented code calls."""
        return {
            SEE: self._see, SEE_NAME: self._see_name, ROUND: self._enter, LEAVE: self._leave,
        }  # fmt: skip

    def instrument(self, path: Path, tree: ast.Module) -> ast.Module:
        """Return a copy of the tree that calls the tracer."""
        self.starts[path] = len(self.sites), len(self.loops)
        inner = list_used(node for node in ast.walk(tree) if isinstance(node, INNER))
        is_known = self.used is not None and list_used([tree]).isdisjoint(SEEING)
        self.used = (self.used or frozenset()) | inner if is_known else None
        whole = wrap_if(path == self.straight, tree)
        changed = _Instrumenter(self, path, list_variables(tree)).visit(copy.deepcopy(whole))
        return ast.fix_missing_locations(changed)

    def _see(self, site: int, value: Any) -> Any:
        return self.see(site, value) if self.see else value

    def _see_name(self, site: int, value: Any) -> Any:
        return self._see(site, value) if self.shows_names else value

    def _enter(self, loop: int) -> bool:
        return bool(self.enter and self.enter(loop, sys._getframe(1)))

    def _leave(self, loop: int) -> None:
        if self.leave:
            self.leave(loop)


class _Instrumenter(ast.NodeTransformer):
    def __init__(self, tracer: Tracer, path: Path, variables: set[str]):
        self._tracer, self._path, self._functions = tracer, path, [""]
        self._variables = variables
        self._owner = ""
        self._declared: tuple[str, ...] = ()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        before, self._owner = self._owner, node.name
        self.generic_visit(node)
        self._owner = before
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before, self._declared = self._declared, _list_declared(node)
        self._functions.append(node.name)
        given = [each for a in _list_arguments(node) for each in self._show_argument(a)]
        node.body = [*given, *self._visit_block(node.body)]
        self._functions.pop()
        self._declared = before
        return node

    def _show_argument(self, argument: ast.arg) -> list[ast.stmt]:
        """Return the statement that shows, or replaces, the value of an argument."""
        if argument.arg in ("self", "cls"):
            return []
        read = ast.copy_location(ast.Name(argument.arg, ast.Load()), argument)
        target = ast.copy_location(ast.Name(argument.arg, ast.Store()), argument)
        return [
            ast.copy_location(
                ast.Assign([target], self._wrap(read, argument.arg, is_argument=True)), argument
            )
        ]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Show what it returns."""
        node.body = self._wrap(node.body, "")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Show what is subtracted from what: outputs and targets may have no names, or be the same
        as the inputs.
        """
        if not isinstance(node.op, ast.Sub):
            return self.generic_visit(node)
        node.left, node.right = map(self._show_operand, (node.left, node.right))
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Show what is computed to be compared: the sums of a step function may have no name."""
        node.left, *node.comparators = map(self._show_computed, (node.left, *node.comparators))
        return node

    def _show_operand(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name | ast.Attribute):
            return self._wrap(node, "", is_operand=True, see=SEE_NAME)
        return self._show_computed(node)

    def _show_computed(self, node: ast.expr) -> Any:
        is_computed = isinstance(node, COMPUTED)
        return self._wrap(node, "", is_operand=True) if is_computed else self.visit(node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        shown = self._show_base(node.targets[0], node)  # whose text is that of the whole statement
        node.value = self._wrap(node.value, ast.unparse(node.targets[0]))
        return [node, *shown]

    def _show_base(self, target: ast.expr, at: ast.stmt) -> list[ast.stmt]:
        """Return the statement that shows an array of which a part was set."""
        match target:
            case ast.Subscript(value=ast.Name() | ast.Attribute() as base):
                read = ast.parse(ast.unparse(base), mode="eval").body
                seen = ast.Expr(self._wrap(read, ast.unparse(base), at, is_update=True))
                return [ast.copy_location(seen, at)]
        return []

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value:
            node.value = self._wrap(node.value, ast.unparse(node.target))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Show what a function of a library, or one that a variable names, is given where it is
        computed there.
        """
        is_shown = isinstance(node.func, ast.Attribute) or self._is_variable(node.func)
        node.args = [
            self._wrap(each, "") if is_shown and isinstance(each, SHOWN) else self.visit(each)
            for each in node.args
        ]
        node.func = self.visit(node.func)
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        return node

    def _is_variable(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Name) and function.id in self._variables

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """Show what is added, which nothing may have shown before, and the sum."""
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        after = self._wrap(read, ast.unparse(node.target), node, is_update=True)
        shown = self._show_base(node.target, node)
        if not isinstance(node.value, ast.Name | ast.Constant):
            node.value = self._wrap(node.value, "")
        seen = ast.Assign([copy.deepcopy(node.target)], after)
        return [node, ast.fix_missing_locations(ast.copy_location(seen, node)), *shown]

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value:
            node.value = self._wrap(node.value, "")
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Show what is printed, appended or passed on."""
        if isinstance(node.value, ast.Call):
            fixed = (ast.Starred, ast.Constant, ast.GeneratorExp)
            node.value.args = [
                each if isinstance(each, fixed) else self._wrap(each, "")
                for each in node.value.args
            ]
        return node

    def visit_For(self, node: ast.For) -> Any:
        return self._mark(node)

    def visit_While(self, node: ast.While) -> Any:
        return self._mark(node)

    def _mark(self, node: Loop) -> list[ast.stmt]:
        number = len(self._tracer.loops)
        self._tracer.loops.append(Place(self._path, node, self._owner, self._declared))
        node.orelse = self._visit_block(node.orelse)
        enter = ast.copy_location(ast.If(_call(ROUND, number, node), [ast.Break()], []), node)
        node.body = [ast.fix_missing_locations(enter), *self._visit_block(node.body)]
        return [node, ast.copy_location(ast.Expr(_call(LEAVE, number, node)), node)]

    def _visit_block(self, block: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in block:
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
        return found

    def _wrap(
        self, value: ast.expr, name: str, at: ast.stmt | None = None, is_argument: bool = False,
        is_update: bool = False, is_operand: bool = False, see: str = SEE,
    ) -> ast.expr:  # fmt: skip
        text, line = ast.unparse(at or value), (at or value).lineno
        is_part = isinstance(value, ast.Subscript) and at is None
        value = self._show_elements(value)
        number = len(self._tracer.sites)
        function = self._functions[-1]
        kinds = is_argument, is_update, is_operand, see == SEE_NAME, is_part
        site = Site(self._path, line, name, text, function, *kinds)
        self._tracer.sites.append(site)
        call = ast.Call(ast.Name(see, ast.Load()), [ast.Constant(number), value], [])
        return ast.copy_location(call, at or value)

    def _show_elements(self, value: ast.expr) -> ast.expr:
        """Show what is computed inside a list, a tuple or a table, as gradients are that have no
        names of their own.
        """
        match value:
            case ast.List(elts=found) | ast.Tuple(elts=found) | ast.Dict(values=found):
                found[:] = [
                    self._wrap(each, "") if isinstance(each, SHOWN) else self.visit(each)
                    for each in found
                ]
                return value
        return self.visit(value)


def list_used(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that code uses, but for attributes."""
    every = (each for node in nodes for each in ast.walk(node))
    return frozenset(each.id for each in every if isinstance(each, ast.Name))


def _list_arguments(node: ast.FunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _list_declared(node: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(n for each in ast.walk(node) if isinstance(each, ast.Global) for n in each.names)


def _call(name: str, number: int, at: ast.stmt) -> ast.expr:
    call = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(number)], [])
    return ast.fix_missing_locations(ast.copy_location(call, at))
