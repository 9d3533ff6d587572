"""Which class of a module is the net, and how to build it in given sizes."""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from trainer.checker.names import METHODS, OPTIONS, SIZES, arguments, plain, role_of
from trainer.checker.weights import find_weights


def looks_like_net(kind: type) -> int:
    """How much a class looks like a two-layer net: 0 not at all."""
    name, methods = plain(kind.__name__), {n for n in dir(kind) if not n.startswith("__")}
    known = sum(any(re.fullmatch(form, plain(m)) for m in methods) for form in METHODS.values())
    sizes = {role_of(p.name, SIZES) for p in arguments(kind)} - {None}
    points = min(known, 3) + 2 * (len(sizes) == 3) + 2 * bool(re.search("net|mlp|nn", name))
    points += 6 * bool(re.search("(two|2|tow)(layer|lay)", name))
    return points if known and ("net" in name or len(sizes) >= 2 or points > 4) else 0


def candidates(module: ModuleType, defined: set[str]) -> list[type]:
    """The classes that look like a two-layer net, those most like it, of FILE's own if any."""
    classes = {k: v for k, v in vars(module).items() if isinstance(v, type)}
    own = {k: v for k, v in classes.items() if k in defined} or classes
    ranked = {kind: points for kind in own.values() if (points := looks_like_net(kind))}
    best = max(ranked.values(), default=0)
    return [kind for kind, points in ranked.items() if points == best]


def build(kind: type, D: int, H: int, C: int, reg: float = 0.0) -> Any:
    """An instance of the class in these sizes; raises what its constructor raises."""
    first: Exception | None = None
    made = None
    for values in _ways(kind, D, H, C, reg):
        try:
            net = kind(*values[0], **values[1])
        except Exception as error:
            first = first or error
            continue
        made = made if made is not None else net
        if not find_weights(net, D, H, C).problems:
            return net
    if made is None:
        raise first or TypeError(f"{kind.__name__}: no way to build it is known")
    return made


def _ways(kind: type, D: int, H: int, C: int, reg: float) -> Iterator[tuple[list[Any], Any]]:
    """Arguments to try, the most likely first."""
    wanted = arguments(kind)
    roles = {p.name: role_of(p.name, SIZES) for p in wanted}
    options = {p.name: v for p in wanted if (v := _option(p, D, H, C, reg)) is not None}
    rest = {k: v for k, v in options.items() if not roles[k]}
    several = any(re.search("dims|list|sizes|layers", plain(p.name)) for p in wanted)
    for hidden in ([H], H) if several else (H, [H]):
        values = {"D": D, "H": hidden, "C": C}
        named = {name: values[role] for name, role in roles.items() if role}
        if set(roles.values()) >= {"D", "H", "C"} and len(named) == 3:
            yield [], rest | named
        extra = {p.name: v for p in wanted[3:] if (v := options.get(p.name)) is not None}
        yield [D, hidden, C], {k: v for k, v in extra.items() if k in rest}
    yield [[D, H, C]], {}
    yield [D, H, C], {}
    yield [], {}


def _option(parameter: inspect.Parameter, D: int, H: int, C: int, reg: float) -> Any:
    """A value for an argument that is no size: None leaves its default."""
    role = role_of(parameter.name, OPTIONS)
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
            shapes = {"W1": (D, H), "b1": H, "W2": (H, C), "b2": C}
            return {key: np.zeros(shape) for key, shape in shapes.items()}
    given = {"std": 0.1, "lr": 0.1, "batch": 1, "epochs": 1, "dropout": 0.0, "seed": 0}
    return given.get(role or "", 0.1) if required else None
