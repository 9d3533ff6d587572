"""Choose the class of a module that is the net, and build it in given sizes."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from trainer.checker.adapt.names import (
    METHODS,
    OPTIONS,
    SIZES,
    find_role,
    list_arguments,
    list_parameters,
    simplify_name,
)
from trainer.checker.adapt.weights import find_weights, make_zeros
from trainer.checker.load.standins import MissingNameError


def score_class(kind: type) -> int:
    """Return how much a class looks like a two-layer net, by its names: 0 is not at all."""
    name = simplify_name(kind.__name__)
    methods = {simplify_name(n) for n in dir(kind) if not n.startswith("__")}
    known = sum(any(re.fullmatch(form, m) for m in methods) for form in METHODS.values())
    sizes = {find_role(p.name, SIZES) for p in list_arguments(kind)} - {None}
    points = min(known, 3) + 2 * (len(sizes) == 3) + 2 * bool(re.search("net|mlp|nn", name))
    points += 6 * bool(re.search("(two|2|tow)(layer|lay)", name))
    return points if known and ("net" in name or len(sizes) >= 2 or points > 4) else 0


def find_candidates(module: ModuleType, defined: set[str]) -> list[type]:
    """Return the classes of the best score above 0, from the file's own classes if it has any."""
    classes = {k: v for k, v in vars(module).items() if isinstance(v, type)}
    own = {k: v for k, v in classes.items() if k in defined} or classes
    scores = {kind: score for kind in own.values() if (score := score_class(kind))}
    best = max(scores.values(), default=0)
    return [kind for kind, score in scores.items() if score == best]


def build_instance(
    kind: Callable[..., Any], D: int, H: int, C: int, reg: float = 0.0, more: Sequence[int] = ()
) -> Any:
    """Build an instance of the class in these sizes; raise what its constructor raises.

    more are the sizes of further hidden layers of a net that takes a list of sizes.

    Of the ways to call the constructor, the first that gives weights of the right shapes is taken.
    If all raise, the error that says most is raised.
    """
    errors: list[Exception] = []
    built = []
    for positional, named in _list_calls(kind, D, H, C, reg, more):
        try:
            net = kind(*positional, **named)
        except Exception as error:
            errors.append(error)
            continue
        built.append(net)
        if not find_weights(net, D, H, C).problems:
            return net
    if not built:
        raise max(errors, key=_rank_error)
    return built[0]


def _rank_error(error: Exception) -> int:
    """Return how much an error says: one of the constructor's own code beats a wrong call of it."""
    if isinstance(error, MissingNameError):
        return 2
    return int(error.__traceback__ is not None and error.__traceback__.tb_next is not None)


def is_call_known(kind: type) -> bool:
    """Return whether the names of the constructor's arguments show how it is to be called: not
    where an argument is a list of lists, or any keyword may be one.
    """
    arguments = list_arguments(kind)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in list_parameters(kind))
    lists = (p.default for p in arguments if isinstance(p.default, list | tuple))
    required = [p for p in arguments if p.default is p.empty]
    has_lists = any(isinstance(part, list | tuple) for parts in lists for part in parts)
    is_named = all(find_role(p.name, SIZES | OPTIONS) for p in required)
    return is_named and not (takes_any or has_lists)


def _list_calls(
    kind: Callable[..., Any], D: int, H: int, C: int, reg: float, more: Sequence[int]
) -> Iterator[tuple[list[object], dict[str, object]]]:
    """Yield positional and named arguments for the constructor, the most likely first."""
    arguments = list_arguments(kind)
    roles = {p.name: find_role(p.name, SIZES) for p in arguments}
    values = {p.name: _choose_value(p, D, H, C, reg) for p in arguments if not roles[p.name]}
    options = {name: value for name, value in values.items() if value is not None}
    takes_list = any(re.search("dims|list|sizes|layers", simplify_name(p.name))
                     or isinstance(p.default, list | tuple) for p in arguments)  # fmt: skip
    for hidden in ([H, *more], H) if takes_list else (H, [H, *more]):
        sizes = {"D": D, "H": hidden, "C": C}
        named = {name: sizes[role] for name, role in roles.items() if role}
        if set(roles.values()) >= {"D", "H", "C"} and len(named) == 3:
            yield [], options | named
        later = {p.name for p in arguments[3:]}
        order = zip([*roles.values()][:3], "DHC", strict=False)
        if all(role in (None, place) for role, place in order):
            yield [D, hidden, C], {name: v for name, v in options.items() if name in later}
        yield [], options | named
    yield [[D, H, *more, C]], {}
    yield [D, H, C], {}
    yield [], {}


def _choose_value(parameter: inspect.Parameter, D: int, H: int, C: int, reg: float) -> object:
    """Return a value for an argument that is not a size, or None to leave its default."""
    role = find_role(parameter.name, OPTIONS)
    required = parameter.default is parameter.empty
    match role:
        case "reg":
            return reg
        case "dtype":
            is_torch = "torch" in repr(parameter.default) + repr(parameter.annotation)
            return __import__("torch").float64 if is_torch else np.float64
        case "device":
            return "cpu"
        case "weights" if required:
            return make_zeros(D, H, C)
    return get_usual(role) if required else None


class Draws:
    """A source of random numbers that has the methods of both that NumPy has: rng.integers of
    Generator, rng.randn of RandomState.
    """

    def __init__(self) -> None:
        self._new, self._old = np.random.default_rng(0), np.random.RandomState(0)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        has = [each for each in (self._new, self._old) if hasattr(each, name)]
        return getattr([*has, self._new][0], name)


def get_usual(role: str | None) -> Any:
    """Return a value for an argument of a role that is no size, or of none."""
    if role == "rng":
        return Draws()
    return {"batch": 1, "epochs": 1, "dropout": 0.0, "seed": 0}.get(role or "", 0.1)
