"""Names the gradients that a net returns or keeps, in the book's orientation."""

import re
from collections.abc import Iterable
from typing import Any

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS, simplify_name
from trainer.checker.adapt.parameter_names import identify_parameter
from trainer.checker.adapt.weights import WeightPlaces, fits_shape, get_shapes
from trainer.checker.load.attributes import read_attributes

KEPT = ("grads", "gradients", "grad")  # the attributes in which nets keep all of them
SINGLE = r"(d|grad)[wb][12]"  # those in which they keep one


def find_kept(net: object) -> Any:
    """Return the gradients that a net keeps, in one attribute or in four, None if it keeps none."""
    for name in KEPT:
        if isinstance(kept := getattr(net, name, None), dict | list | tuple):
            return kept
    own = read_attributes(net)
    single = {n: value for n, value in own.items() if re.fullmatch(SINGLE, simplify_name(n))}
    return single if len(single) == len(PARAMS) else None


def find_beside(weights: WeightPlaces) -> dict[str, Any] | None:
    """Return the gradients kept beside the weights, as dW beside W in each layer; None if one is
    missing.
    """
    found = {key: _find_gradient(*place) for key, place in weights.places.items()}
    is_whole = len(found) == len(PARAMS) and all(grad is not None for grad in found.values())
    return found if is_whole else None


def _find_gradient(holder: Any, key: Any) -> Any:
    """Return the gradient that is kept beside a weight, in its shape; None if there is none."""
    items = holder if isinstance(holder, dict) else read_attributes(holder)
    name = re.escape(simplify_name(str(key)))
    form = rf"(d|g|grad(ient)?|delta|nabla){name}|{name}grad(ient)?"
    shape = getattr(items.get(key), "shape", ())
    fits = (v for n, v in items.items() if re.fullmatch(form, simplify_name(str(n))))
    return next((v for v in fits if getattr(v, "shape", None) == shape), None)


def list_held(net: object, depth: int = 2) -> dict[tuple[int, Any], int]:
    """Return the identities of what a net and the objects in it hold, by holder and name."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(net, dict):
        items = net.items()
    elif isinstance(net, list | tuple):
        items = enumerate(net)
    elif not isinstance(net, type):
        items = read_attributes(net).items()
    found: dict[tuple[int, Any], int] = {}
    for name, value in list(items):
        found[id(net), name] = id(value)
        found |= list_held(value, depth - 1) if depth else {}
    return found


def name_gradients(
    grads: object, weights: WeightPlaces, sizes: tuple[int, int, int]
) -> dict[str, Any] | None:
    """Return gradients by W1 … b2, in the book's orientation, from a dict or a list of them.

    sizes are D, H, C. None for anything else.
    """
    if isinstance(grads, dict):
        named = {identify_parameter(_strip_prefix(k)): v for k, v in grads.items()}
        found = {k: v for k, v in named.items() if k in PARAMS}
        found = found or _match_shapes(list(grads.values()), weights, sizes)
    elif isinstance(grads, list | tuple):
        parts = [part if isinstance(part, list | tuple) else [part] for part in grads]
        found = _match_shapes([grad for part in parts for grad in part], weights, sizes)
    else:
        return None
    turned = weights.transposed
    return {k: v.T if k in turned and hasattr(v, "T") else v for k, v in found.items()}


def _match_shapes(
    arrays: list[Any], weights: WeightPlaces, sizes: tuple[int, int, int]
) -> dict[str, Any]:
    """Return arrays by the parameter of their shape: that of the net's own, or like the book's.

    With one output a column of b1 has the shape of W2, so that each array is taken once.
    """
    left = [array for array in arrays if hasattr(array, "shape")]
    own = attempt(weights.get_shapes).value or {}
    found: dict[str, Any] = {}
    for is_exact in (True, False):
        for key, shape in get_shapes(*sizes).items():
            fits = [a for a in left if fits_shape(a, shape)]
            fits = [a for a in fits if not is_exact or tuple(a.shape) == own.get(key)]
            if key not in found and fits:
                found[key] = fits[-1]
                left = [a for a in left if a is not fits[-1]]
    return found


def _strip_prefix(key: object) -> str:
    """Return W1 for dW1, grad_W1 and the like, in lower case."""
    text = simplify_name(str(key))
    for start in ("gradient", "grads", "grad", "d"):
        text = text.removeprefix(start)
    return text
