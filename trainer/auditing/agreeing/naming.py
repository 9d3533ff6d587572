"""Name the setting or operation by which a side loses precision."""

import warnings
from typing import Any

import numpy as np

from trainer.auditing.agreeing.side import Side
from trainer.auditing.agreeing.values import ROUNDOFF, get_torch


def name_reason(side: Side) -> str:
    """Return what makes a side less precise, such as "exp overflows", or "" if it is not seen.

    Runs the side once more.
    """
    watch, found = _make_watch(), []
    with warnings.catch_warnings(record=True) as caught, np.errstate(over="warn"):
        side.warnings = "always"
        side.run(watch)
    side.warnings = "ignore"
    found += [str(each.message) for each in caught if "overflow" in str(each.message)]
    if watch is not None:
        narrow = sorted(d for d in watch.dtypes if ROUNDOFF.get(d, 0) > side.u)
        found += [f"{dtype} inside" for dtype in narrow]
        found += [f"{watch.overflow} overflows"] * bool(watch.overflow)
        found += _list_settings() if side.has_tensors else []
    return ", ".join(dict.fromkeys(found))


def _make_watch() -> Any:
    if get_torch() is None:
        return None
    from trainer.auditing.agreeing.widening import Watch  # not above: imports torch

    return Watch(sees_overflow=True)


def _list_settings() -> list[str]:
    torch = get_torch()
    found = []
    if torch.get_float32_matmul_precision() != "highest":
        found.append(f"float32_matmul_precision is {torch.get_float32_matmul_precision()}")
    if torch.cuda.is_available() and torch.backends.cudnn.allow_tf32:
        found.append("cudnn.allow_tf32 is set")
    kinds = [kind for kind in ("cpu", "cuda") if torch.is_autocast_enabled(kind)]
    return found + [f"autocast of {kind}" for kind in kinds]
