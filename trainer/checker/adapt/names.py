"""The names that people give to the arguments, methods and parameters of a two-layer net.

An argument is recognised by its name, or else by its position. To support another name, add it to
a pattern here. Patterns match names in lower case without underscores.
"""

import dis
import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from itertools import pairwise
from types import CodeType, FunctionType, MethodType
from typing import Any

PARAMS = ("W1", "b1", "W2", "b2")

# The roles of arguments of the constructor.
SIZES = {
    "D": r"d|in|i|input.*|inp.*|imput.*|in(put)?(size|dim|s|num)|n?features?|nx|numin.*|din|nin.*",
    "H": r"h|hid.*|hiden.*|.*hidden.*|mid.*|nh|numhid.*|neurons?|nhid.*",
    "C": r"c|o|out.*|.*class.*|k|ny|numout.*|dout|nout.*|ouput.*|noutput.*",
}
OPTIONS = {
    "reg": r"reg.*|la?mb?da.*|lam|l[12].*|weightdecay.*|.*penalty.*|.*la?mb?da|r",
    "std": r".*std.*|.*scale.*|sigma|.*init.*|weght.*",
    "lr": r"lr|.*learn.*rate|learning|eta|alpha|stepsize",
    "weights": r"weights?|params?|w",
    "batch": r".*batch(size|num)?|bs",
    "epochs": r".*epochs?|.*iter(ation)?s?(num)?|.*steps?|times|max(epoch|iter).*",
    "dtype": r"dtype",
    "device": r"device",
    "dropout": r".*drop.*",
    "rng": r"rng|(random)?generator",
    "seed": r".*seed.*",
    "dout": r"dout|dy|delta",
}
INPUTS = (
    r"x.*|batchx|(train(ing)?)?(set|data)?"
    r"(x|input.*|data|im(age|g)s?|features?|samples?|examples?|set)"
)
TARGETS = (
    r"t|t(rue|rain|batch|arget).*|label.*|teach.*|ans(wer)?.*|batch[ty]|y(true|batch|train|s)"
    r"|.*target.*|correct.*|gt|d|[yt]?onehot.*|[yt](enc(oded)?|oh|labels?|vec)"
)
# Switches of training, which are off in a check.
FLAG = r"(is)?train(ing)?(flg|flag|mode)?"
VALIDATION = "x val", "t val"  # the roles of samples and targets that a net is not trained with
OUTPUTS = r"y(pred|hat|out|h|p)|p|al|pred.*|out(put)?s?|scores?|probs?|a2|z2|logits?"

# What only the forward pass of the same net could give.
CACHE = r".*caches?"
INTERNAL = r"grad.*|(d|up)(scores?|logits?|out(put)?|z\d?|a\d|y\w+)|upstream.*"

METHODS = {
    "predict": r"predict(ion)?s?|predictprob.*|inference|feedforward|forward(pass|prop.*)?|fp|infer"
               r"|call",
    "loss": r"loss|(get|calc|compute|cal|calculate)?loss.*|cost.*|computecost|.*loss|error|"
            r"(categorical)?crossentropy(error)?",
    "gradient": r"gradient|grads?|gradients?|(compute|calc|get|cal)?(grad|gradients?)|backprop.*|"
                r".*backprop(agation)?(grad.*)?|backward.*|gradientbp|bpgradient|analytic.*|"
                r"(cost|loss)(function)?prime|bp",
    "numerical": r"numer.*grad.*|num.*grad.*|gradient(num.*)",
    "accuracy": r"(get|calc|compute|cal)?acc(uracy)?|accura.*|.*accuracy",
    "train": r"train(step|batch|model)?|fit|learn|update(params|weights)?|step|sgd|buildmodel",
}  # fmt: skip


def simplify_name(name: str) -> str:
    """Return a name in lower case without underscores."""
    return name.replace("_", "").lower()


def find_role(name: str, patterns: Mapping[str, str]) -> str | None:
    """Return the first role whose pattern matches the name, None if none does."""
    simple = simplify_name(name)
    return next((role for role, form in patterns.items() if re.fullmatch(form, simple)), None)


def list_arguments(function: Callable[..., object]) -> list[inspect.Parameter]:
    """Return the arguments of a bound method or a class, without *args and **kwargs."""
    if isinstance(function, MethodType) and isinstance(function.__func__, FunctionType):
        return [*_read_arguments(function.__func__, True)]
    if isinstance(function, FunctionType):
        return [*_read_arguments(function, False)]
    return _list_arguments(function)


@lru_cache(maxsize=256)
def _read_arguments(function: FunctionType, is_bound: bool) -> list[inspect.Parameter]:
    """Return the arguments of a function, or of its methods; it is read once."""
    return _list_arguments(MethodType(function, object()) if is_bound else function)


def _list_arguments(function: Callable[..., object]) -> list[inspect.Parameter]:
    found = list_parameters(function)
    return [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def list_parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    """Return the arguments with *args and **kwargs, [] for what Python cannot inspect."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def list_required(function: Callable[..., object]) -> list[str]:
    """Return the names of the arguments of a function that have no default."""
    return [p.name for p in list_arguments(function) if p.default is p.empty]


def find_method(net: object, quantity: str) -> Callable[..., Any] | None:
    """Return the method of a net that gives a quantity; of several, the one named most plainly.

    One that keeps its outputs in the net does not give them.
    """
    methods = list_methods(net, quantity)
    if quantity == "predict":
        methods = [method for method in methods if not keeps_outputs(method)]
    return next((m for m in methods if not is_internal(m)), methods[0] if methods else None)


def list_methods(net: object, quantity: str) -> list[Callable[..., Any]]:
    """Return the methods of a net whose names are those for a quantity, the plainest first."""
    form = METHODS[quantity]
    names = [n for n in dir(net) if not n.startswith("__") and re.fullmatch(form, simplify_name(n))]
    names = [n for n in names if not re.match("plot|show|draw|save|print|log|update_?loss", n)]
    names = [n for n in names if callable(m := getattr(net, n, None)) and not inspect.isclass(m)]
    plainest = form.split("|")[0].split("(")[0]
    names.sort(key=lambda n: (simplify_name(n) != plainest, "num" in simplify_name(n), len(n)))
    return [getattr(net, name) for name in names]


def keeps_outputs(method: Callable[..., Any]) -> bool:
    """Return whether a method returns nothing, and sets attributes instead."""
    if not isinstance(method, FunctionType | MethodType):
        return False
    code = [each for each in dis.get_instructions(method) if each.opname != "RESUME"]
    kept = any(each.opname == "STORE_ATTR" for each in code)
    is_nothing = (each.argval is None for each in code if each.opname == "RETURN_CONST")
    is_none = (a.opname == "LOAD_CONST" and a.argval is None
               for a, b in pairwise(code) if b.opname == "RETURN_VALUE")  # fmt: skip
    return kept and all(is_nothing) and all(is_none)


def takes_outputs(method: Callable[..., Any]) -> bool:
    """Return whether a method is given what has the name of inputs and reads nothing of its net: it
    cannot compute the outputs itself, so these are meant.
    """
    code = getattr(method, "__code__", None)  # none of a decorator's object
    is_method = isinstance(method, MethodType) and code is not None
    return is_method and _reads_arguments_alone(code) and "x" in find_call_roles(method)


@cache
def _reads_arguments_alone(code: CodeType) -> bool:
    """Return whether code of a method reads an argument, else it may be unfinished, and no net."""
    if code.co_freevars or code.co_cellvars:
        return False
    loads = (n.argval for n in dis.get_instructions(code) if n.opname.startswith("LOAD"))
    read = {name for each in loads for name in (each if isinstance(each, tuple) else (each,))}
    arguments = code.co_varnames[: code.co_argcount]
    return read.isdisjoint(arguments[:1]) and not read.isdisjoint(arguments[1:])


def is_internal(method: Callable[..., Any], form: str = f"{CACHE}|{INTERNAL}") -> bool:
    """Return whether a method requires an argument that only its own net could give.

    Such is backward(grad_scores, cache); backward(dout) alone can be called, with dout = 1. What
    the forward pass keeps in a cache may be known: INTERNAL alone is of the other arguments.
    """
    required = [simplify_name(p.name) for p in list_arguments(method) if p.default is p.empty]
    return any(re.fullmatch(form, name) and name != "dout" for name in required)


def call_by_role(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """Call a function with values chosen by the names of its arguments; return its result.

    values: x, t, reg, lr … by role; y, the net's own outputs, and kept, what its forward pass
    returns beside them, are functions without arguments. The first required argument of an unknown
    name is given x, the second t, and others what was kept.
    """
    arguments = list_arguments(function)
    names = tuple(simplify_name(p.name) for p in arguments)
    roles = [_find_call_role(name, names) for name in names]
    unused = [role for role in ("x", "t") if role not in roles and role in values]
    given: dict[str, Any] = {}
    kept: list[Any] | None = None
    for parameter, role in zip(arguments, roles, strict=True):
        is_unknown = role is None and parameter.default is parameter.empty
        is_cache = bool(re.fullmatch(CACHE, simplify_name(parameter.name)))
        if is_unknown and unused and not is_cache:
            is_target = simplify_name(parameter.name)[0] in "yt" and "t" in unused
            role = unused.pop(unused.index("t") if is_target else 0)
        elif is_unknown and "kept" in values:
            kept = values["kept"]() if kept is None else kept
            given |= {parameter.name: kept.pop(0)} if kept else {}
        is_taken = role in ("x", "t") and role in roles[: arguments.index(parameter)]
        if (is_taken or role in VALIDATION) and parameter.default is not parameter.empty:
            continue  # a name that is like that of the data before it, or data that are not needed
        if role == "flag" and parameter.default in (True, False, parameter.empty):
            given[parameter.name] = False
        elif role and role in values:
            given[parameter.name] = values["y"]() if role == "y" else values[role]
    positional = [p.name for p in arguments if p.kind is p.POSITIONAL_ONLY]
    return function(*[given.pop(n) for n in positional if n in given], **given)


@cache
def _find_call_role(name: str, names: tuple[str, ...]) -> str | None:
    """Return the role of one argument of a method, given the simplified names of all of them."""
    if re.fullmatch(r"(x|y|t)?(val(?!ue)|test).*|.*(val|test)", name):
        return "x val" if name[0] in "xi" else "t val"
    if re.fullmatch(FLAG, name):
        return "flag"
    if re.fullmatch(OUTPUTS, name):
        return "t" if name.startswith("out") and _is_pair(name, names) else "y"
    if re.fullmatch(INPUTS, name):
        return "x"
    if name == "y":  # the targets, unless another argument is
        others = (n for n in names if not re.fullmatch(FLAG, n))
        return "y" if any(re.fullmatch(TARGETS, n) for n in others) else "t"
    option = find_role(name, OPTIONS)
    if option and name != "w":
        return option
    return "t" if re.fullmatch(TARGETS, name) else None


def _is_pair(outputs: str, names: tuple[str, ...]) -> bool:
    """Return whether outputs can only be targets: beside inputs, and without other targets."""
    others = [name for name in names if name != outputs]
    has_targets = any(re.fullmatch(f"{TARGETS}|y", name) for name in others)
    return not has_targets and any(re.fullmatch(INPUTS, name) for name in others)


def is_guessed(function: Callable[..., object]) -> bool:
    """Return whether an argument that a method requires has an unknown name."""
    required = [p for p in list_arguments(function) if p.default is p.empty]
    return any(find_argument_role(function, p.name) is None for p in required)


def find_argument_role(function: Callable[..., object], name: str) -> str | None:
    """Return the role of one argument of a method, None for an unknown name."""
    names = tuple(simplify_name(p.name) for p in list_arguments(function))
    return _find_call_role(simplify_name(name), names)


def find_call_roles(function: Callable[..., object]) -> set[str | None]:
    """Return the roles of a method's arguments, None among them for an unknown name."""
    names = tuple(simplify_name(p.name) for p in list_arguments(function))
    return {_find_call_role(name, names) for name in names}
