"""The shapes of class that exist, seen as one: sizes in, weights, predict, loss, gradient.

Names vary, so arguments are told by name first and by place after, and weights by name first
and by shape after: N, D, H and C all differ.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from trainer.functions import Array

PARAMS = ("W1", "b1", "W2", "b2")

# The role of an argument, by its name in lower case without underscores.
SIZES = {
    "D": r"d|in|i|input.*|inp.*|imput.*|in(put)?(size|dim|s|num)|n?features?|nx|numin.*|din|nin.*",
    "H": r"h|hid.*|hiden.*|.*hidden.*|mid.*|nh|numhid.*|neurons?|nhid.*",
    "C": r"c|o|out.*|.*class.*|k|ny|numout.*|dout|nout.*|ouput.*|noutput.*",
}
OPTIONS = {
    "reg": r"reg.*|lambda.*|lamda.*|lam|l2.*|.*decay.*lambda|weightdecay.*|.*penalty.*|.*lambda|r",
    "std": r".*std.*|.*scale.*|sigma|.*init.*|weght.*",
    "lr": r"lr|.*learn.*rate|learning|eta|alpha|stepsize",
    "weights": r"weights?|params?|w",
    "batch": r".*batch(size|num)?|bs",
    "epochs": r".*epochs?|.*iter(ation)?s?(num)?|.*steps?|times|max(epoch|iter).*",
    "dtype": r"dtype",
    "device": r"device",
    "dropout": r".*drop.*",
    "seed": r".*seed.*|rng",
    "dout": r"dout|dy|delta",
}
INPUTS = r"x.*|input.*|data|im(age|g)s?|batchx|features?|samples?|trainx|trainingdata"
TARGETS = (
    r"t|t(rue|rain|batch|arget).*|label.*|teach.*|ans(wer)?.*|batch[ty]|y(true|batch|train|s)"
    r"|.*target.*|correct.*|gt|d"
)
OUTPUTS = r"y(pred|hat|out|h|p)|pred.*|out(put)?s?|scores?|probs?|a2|z2|logits?"

METHODS = {
    "predict": r"predict(ion)?s?|inference|feedforward|forward(pass|prop.*)?|fp|infer|call",
    "loss": r"loss|(get|calc|compute|cal|calculate)?loss.*|cost.*|computecost|.*loss|error",
    "gradient": r"gradient|grads?|gradients?|(compute|calc|get|cal)?(grad|gradients?)|backprop.*|"
                r".*backprop(agation)?(grad.*)?|backward.*|gradientbp|bpgradient|analytic.*",
    "numerical": r"numer.*grad.*|num.*grad.*|gradient(num.*)",
    "accuracy": r"(get|calc|compute|cal)?acc(uracy)?|accura.*|.*accuracy",
    "train": r"train|fit|trainstep|learn|update(params|weights)?|step|sgd",
}  # fmt: skip


def plain(name: str) -> str:
    """A name in lower case without underscores."""
    return name.replace("_", "").lower()


def _role(name: str, table: Mapping[str, str]) -> str | None:
    return next((role for role, form in table.items() if re.fullmatch(form, plain(name))), None)


def arguments(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a bound method or a class, without *args and **kwargs."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


# --- which class


def looks_like_net(kind: type) -> int:
    """How much a class looks like a two-layer net: 0 not at all."""
    name, methods = plain(kind.__name__), {n for n in dir(kind) if not n.startswith("__")}
    known = sum(any(re.fullmatch(form, plain(m)) for m in methods) for form in METHODS.values())
    sizes = {_role(p.name, SIZES) for p in arguments(kind)} - {None}
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


# --- construction


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
    roles = {p.name: _role(p.name, SIZES) for p in wanted}
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
    role = _role(parameter.name, OPTIONS)
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


# --- weights


@dataclass
class Weights:
    """Where a net keeps W1, b1, W2, b2: (container, key) each; problems says what is amiss."""

    places: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    turned: set[str] = field(default_factory=set)  # kept as (out, in)
    problems: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)

    def get(self) -> dict[str, Array]:
        """Copies in the book's shapes, as float64."""
        return {key: self._plain(key, _at(*place)) for key, place in self.places.items()}

    def _plain(self, key: str, array: Any) -> Array:
        array = np.array(array, dtype=np.float64)
        array = array.T if key in self.turned else array
        return array.reshape(-1) if key[0] == "b" else array

    def set(self, values: dict[str, Array]) -> None:
        """Write values over them in place, since layers may hold the same arrays."""
        for key, (container, index) in self.places.items():
            value = values[key].T if key in self.turned else values[key]
            array = _at(container, index)
            value = value.reshape(tuple(array.shape))
            array[...] = __import__("torch").from_numpy(value.copy()) if _is_torch(array) else value


def _is_torch(array: Any) -> bool:
    return type(array).__module__.startswith("torch")


def _at(container: Any, key: Any) -> Any:
    return container[key] if isinstance(container, dict | list) else getattr(container, key)


def find_weights(net: Any, D: int, H: int, C: int) -> Weights:
    """The net's weights, by the names of its params, otherwise by shape."""
    found = list(_arrays(net, "", 0, set()))
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
    weights = Weights()
    for key, shape in shapes.items():
        fits = [a for a in found if _fits(a[3], shape) and _key(a[2]) in (None, key)]
        named = [a for a in found if _key(a[2]) == key and "param" in plain(a[0])]
        named = [a for a in named or found if _key(a[2]) == key]
        right = [a for a in named if _fits(a[3], shape)] or fits
        if right:
            _, container, index, array = right[0]
        elif named:
            _, container, index, array = named[0]
            got = tuple(array.shape)
            weights.problems[key] = f"{index} has shape {got}, where {shape} is needed"
        else:
            weights.absent.add(key)
            continue
        weights.places[key] = (container, index)
        if len(shape) == 2 and tuple(array.shape) == shape[::-1]:
            weights.turned.add(key)
    return weights


def _key(name: Any) -> str | None:
    """W1, b1, W2 or b2 for the many ways to write them."""
    match = re.fullmatch(r"(w|weights?|b|bias(?:es)?)(?:in|h)?([012])", plain(str(name)))
    return match and match[1][0].replace("w", "W") + match[2]


def _fits(array: Any, shape: tuple[int, ...]) -> bool:
    got = tuple(array.shape)
    if len(shape) == 1:
        return got in (shape, (1, *shape), (*shape, 1))
    return got in (shape, shape[::-1])


def _arrays(
    holder: Any, path: str, depth: int, seen: set[int]
) -> Iterator[tuple[str, Any, Any, Any]]:
    """(path, container, key, array) of what a net holds, its params first."""
    if depth > 3 or id(holder) in seen:
        return
    seen.add(id(holder))
    if isinstance(holder, dict):
        items: list[tuple[Any, Any]] = list(holder.items())
    elif isinstance(holder, list | tuple):
        items = list(enumerate(holder))
    elif hasattr(holder, "__dict__") and not isinstance(holder, type | ModuleType):
        items = list(vars(holder).items())
    else:
        return
    for key, value in sorted(items, key=lambda item: (_made(item[0]), not _is_params(item[0]))):
        if isinstance(value, np.ndarray) or _is_torch(value):
            if getattr(value, "ndim", 0) and "grad" not in path and not _made(key):
                yield path, holder, key, value
        else:
            yield from _arrays(value, f"{path}.{key}", depth + 1, seen)


def _made(key: Any) -> bool:
    """Whether an attribute's name says that it is no weight: a gradient, a momentum, a cache."""
    return bool(re.search("grad|^d[wb]|veloc|moment|cache", plain(str(key))))


def _is_params(key: Any) -> bool:
    return "param" in plain(str(key))


def fixed_sizes(net: Any, weights: Weights) -> tuple[int, int, int] | None:
    """D, H, C of a net whose sizes are set in its own code; None where they are given."""
    if len(weights.places) == len(PARAMS) and not weights.problems:
        return None
    if any(p.default is p.empty for p in arguments(type(net))):
        return None
    named = {_key(a[2]): a[3].shape for a in _arrays(net, "", 0, set())}
    if not set(PARAMS) <= set(named):
        return None
    (D, H), (H2, C) = named["W1"][-2:], named["W2"][-2:]
    return (D, H, C) if H == H2 and named["b1"][-1] == H and named["b2"][-1] == C else None


# --- calls


def method(net: Any, quantity: str) -> Callable[..., Any] | None:
    """The method that gives a quantity, the plainest name first."""
    names = [n for n in dir(net) if not n.startswith("__") and callable(getattr(net, n, None))]
    names = [n for n in names if re.fullmatch(METHODS[quantity], plain(n))]
    names = [n for n in names if not inspect.isclass(getattr(net, n))]
    order = METHODS[quantity].split("|")[0].split("(")[0]
    names.sort(key=lambda n: (plain(n) != order, "num" in plain(n), len(n)))
    return getattr(net, names[0]) if names else None


def call(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    """Call it with x, t, y (its own outputs), reg, lr … by the names of its arguments.

    values: by role; "y" is a function. The first unknown required argument is x, the second t.
    """
    wanted = arguments(function)
    names = tuple(plain(p.name) for p in wanted)
    roles = [_call_role(name, names) for name in names]
    rest = [r for r in ("x", "t") if r not in roles and r in values]
    given: dict[str, Any] = {}
    for parameter, role in zip(wanted, roles, strict=True):
        if role is None and parameter.default is parameter.empty and rest:
            role = rest.pop(0)
        if role == "y" and "y" in values:
            given[parameter.name] = values["y"]()
        elif role in values:
            given[parameter.name] = values[role]
    positional = [p.name for p in wanted if p.kind is p.POSITIONAL_ONLY]
    return function(*[given.pop(n) for n in positional if n in given], **given)


@cache
def _call_role(name: str, names: tuple[str, ...]) -> str | None:
    """The role of an argument among those of its method, all by plain name."""
    if re.fullmatch(r"(x|y|t)?(val|test|valid).*|.*(val|test)", name):
        return "x val" if name[0] in "xi" else "t val"
    if re.fullmatch(OUTPUTS, name):
        return "y"
    if re.fullmatch(INPUTS, name):
        return "x"
    if name == "y":  # the targets, unless there are others or no inputs
        has_x = any(re.fullmatch(INPUTS, n) for n in names)
        return "t" if has_x and not any(re.fullmatch(TARGETS, n) for n in names) else "y"
    option = _role(name, OPTIONS)
    if option and name != "w":
        return option
    return "t" if re.fullmatch(TARGETS, name) else None


def call_roles(function: Callable[..., Any]) -> set[str | None]:
    """The roles of a method's arguments."""
    names = tuple(plain(p.name) for p in arguments(function))
    return {_call_role(name, names) for name in names}
