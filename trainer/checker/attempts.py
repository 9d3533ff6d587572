"""Calls into somebody's code: what came back, or what it raised and where, and what it wrote to."""

import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.comparing import Finding
from trainer.checker.standins import MissingNameError

HERE = Path(__file__).resolve().parent


@dataclass
class Outcome:
    """A value, or the exception in its place; wrote names the arguments that were changed."""

    value: Any = None
    error: BaseException | None = None
    wrote: list[str] = field(default_factory=list)


def attempt(function: Callable[..., Any], *arrays: Array) -> Outcome:
    """Call it on copies of the arrays."""
    copies = [array.copy() for array in arrays]
    outcome = Outcome()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            outcome.value = function(*copies)
    except (Exception, SystemExit) as error:
        outcome.error = error
    outcome.wrote = [
        name
        for name, copy, array in zip(("x", "t"), copies, arrays, strict=False)
        if not np.array_equal(copy, array)
    ]
    return outcome


def raised(quantity: str, error: BaseException) -> Finding:
    """The exception with the file and line of the checked code, and its cause if it is plain."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if HERE not in Path(f.filename).parents and f.filename[0] != "<"]
    own = [
        f for f in theirs if "site-packages" not in f.filename and "/lib/python" not in f.filename
    ]
    at = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    text = f"{type(error).__name__}: {error}".strip().rstrip(":").splitlines()[0]
    if isinstance(error, MissingNameError):
        return Finding(quantity, "missing", f"needs {error}{at}", checked=False)
    if not theirs and isinstance(error, TypeError | KeyError | AttributeError | ValueError):
        message = f"could not be called in a way that is known here: {text}"
        return Finding(quantity, "missing", message, checked=False)
    if isinstance(error, SystemExit):
        text = f"it ends the program, sys.exit({error.code!r})"
    return Finding(quantity, "raises", f"{text}{at}", _cause(error))


def _cause(error: BaseException) -> str | None:
    if isinstance(error, NotImplementedError):
        return "unfinished"
    if isinstance(error, NameError | AttributeError):
        return "misspelt-name"
    if (
        isinstance(error, KeyError)
        and error.args
        and re.fullmatch(r"[A-Za-z]+_?\d", str(error.args[0]))
    ):
        return "misspelt-name"
    return None
