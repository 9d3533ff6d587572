"""What people call things: the arguments, methods and parameters of a two-layer net.

Arguments are told by name first and by place after. A new way to say it is a few letters here.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

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


def role_of(name: str, table: Mapping[str, str]) -> str | None:
    """The first role whose form the name has."""
    return next((role for role, form in table.items() if re.fullmatch(form, plain(name))), None)


def arguments(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a bound method or a class, without *args and **kwargs."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def method(net: Any, quantity: str) -> Callable[..., Any] | None:
    """The method that gives a quantity, the plainest name first."""
    names = [n for n in dir(net) if not n.startswith("__") and callable(getattr(net, n, None))]
    names = [n for n in names if re.fullmatch(METHODS[quantity], plain(n))]
    names = [n for n in names if not re.match("plot|show|draw|save|print|log|update_?loss", n)]
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
    option = role_of(name, OPTIONS)
    if option and name != "w":
        return option
    return "t" if re.fullmatch(TARGETS, name) else None


def call_roles(function: Callable[..., Any]) -> set[str | None]:
    """The roles of a method's arguments."""
    names = tuple(plain(p.name) for p in arguments(function))
    return {_call_role(name, names) for name in names}
