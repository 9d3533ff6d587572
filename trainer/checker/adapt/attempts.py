"""Call the checked code, and catch what it raises and what it writes to."""

import ast
import dis
import inspect
import linecache
import re
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

import numpy as np

from trainer.book import functions
from trainer.book.functions import Array
from trainer.checker.adapt.misfits import describe_misfit
from trainer.checker.adapt.sizes import C, D, H, N
from trainer.checker.findings.comparing import (
    ABSENT,
    UNKNOWN_FORM,
    Finding,
    report_unchecked,
    show_safely,
)
from trainer.checker.findings.placing import describe_place
from trainer.checker.load.attributes import list_stored
from trainer.checker.load.running import lacks_name
from trainer.checker.load.standins import MissingNameError, StandIn
from trainer.common.language import translate as _

GUESSED = (int, float, str, bool)  # types of arguments whose values are guessed
# Of the file, and no fault of our call, though none of its lines ran.
REPORTED = ImportError, NameError, NotImplementedError, SyntaxError, SystemExit
GIVEN, SMALL = {N, D, H, C}, 3  # sizes of the arrays that we give; a bias may add one
# What is not the checked code: the checker, and what it uses in place of missing modules. A worker
# has both compiled, in another folder than the one that their tracebacks name.
HERE = Path(describe_misfit.__code__.co_filename).resolve().parents[1]
STANDINS = Path(functions.sigmoid.__code__.co_filename).resolve()


@dataclass
class Outcome:
    """What a call returned, or the exception it raised; value is None after an exception."""

    value: Any = None
    error: BaseException | None = None
    wrote: list[str] = field(default_factory=list)  # names of the arguments that it changed


def attempt(function: Callable[..., Any], *arrays: Array) -> Outcome:
    """Call a function on copies of the arrays, x first and t second, and catch what it raises."""
    copies = [array.copy() for array in arrays]
    outcome = Outcome()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            outcome.value = function(*copies)
    except (Exception, SystemExit) as error:
        outcome.error = error
    arguments = zip(("x", "t"), copies, arrays, strict=False)
    outcome.wrote = [name for name, copy, array in arguments if not np.array_equal(copy, array)]
    return outcome


@dataclass(frozen=True)
class Raised:
    """What a report says of an exception.

    kind is "absent" where a missing module is the reason, "signature" or "value" where the call or
    its result was not understood, "late" where it took too long, and "own" where the checked code
    is to blame. file and line are those of the checked code.
    """

    kind: str
    text: str
    at: str = ""
    cause: str | None = None
    file: str | None = None
    line: int | None = None


class RemoteError(Exception):
    """An exception of another process, of which only this much is known.

    The class of one is a subclass of this one and of the exception's nearest class in builtins.
    """

    raised: Raised


def report_exception(quantity: str, error: BaseException) -> Finding:
    """Return the finding on an exception, with the file and line of the checked code."""
    raised = error.raised if isinstance(error, RemoteError) else describe_raised(error)
    match raised.kind:
        case "absent":
            reason = _("needs {name}{place}")
            return report_unchecked(
                quantity, reason.format(name=raised.text, place=raised.at), ABSENT
            )
        case "signature":
            reason = _("unsupported signature: {error}; give additional arguments a default value")
            return report_unchecked(quantity, reason.format(error=raised.text), UNKNOWN_FORM)
        case "late":
            return report_unchecked(quantity, raised.text)
        case "value":
            reason = _("unsupported call or return value: {error}")
            topic = "" if raised.at else UNKNOWN_FORM  # raised by what called it
            return report_unchecked(quantity, reason.format(error=raised.text + raised.at), topic)
    message = f"{raised.text}{raised.at}"
    return Finding(quantity, "raises", message, raised.cause, True, raised.file, raised.line)


def describe_raised(error: BaseException) -> Raised:
    """Return what there is to say of an exception that was caught in this process."""
    lines = [(f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    lines = [(f, n) for f, n in lines if not _is_ours(f) and not _is_generated(f)]
    own = [(f, n) for f, n in lines if "site-packages" not in f and "/lib/python" not in f]
    at = f" ({describe_place(Path(own[-1][0]).name, own[-1][1])})" if own else ""
    text = f"{type(error).__name__}: {show_safely(error)}".strip().rstrip(":").splitlines()[0]
    if needed := _find_needed(error):
        return Raised("absent", needed, at)
    if not lines and isinstance(error, TypeError):
        return Raised("signature", text)
    if not lines and not isinstance(error, REPORTED):
        return Raised("value", text)  # none of its lines ran
    is_of_sizes = isinstance(error, ValueError) and _names_other_sizes(text)
    is_of_value = isinstance(error, AttributeError) and (
        type(error.obj) in GUESSED or _is_set_elsewhere(error)
    )
    if is_of_sizes or is_of_value or _is_refused(error) or _unpacks_argument(error):
        return Raised("value", text, at)
    if isinstance(error, SystemExit):
        call = f"sys.exit({show_safely(error.code, repr)})"
        text = _("ends the program with {call}").format(call=call)
    is_end = isinstance(error, SystemExit | NotImplementedError)
    if is_end and own and _is_in_condition(*own[-1]):  # it may refuse what it was given
        return Raised("value", text, at)
    place: Any = (own[-1][0], own[-1][1]) if own else (None, None)
    misfit = describe_misfit(error, Path(own[-1][0])) if own else ""
    text = f"{type(error).__name__}: {misfit}" if misfit else text
    return Raised("own", text, at, _name_cause(error), *place)


def _find_needed(error: BaseException) -> str:
    """Return what an error shows to be absent, or there in another version, "" for nothing."""
    if isinstance(error, MissingNameError):
        return show_safely(error)
    if f"{StandIn.__name__} object" in show_safely(error):
        return _("a value that is not computed during the check")
    paths = [Path(f.filename).parts for f in traceback.extract_tb(error.__traceback__)]
    if any(pair == ("torch", "cuda") for parts in paths for pair in pairwise(parts)):
        return "CUDA"
    if isinstance(error, ImportError) and lacks_name(error):
        return f"{error.name}: {show_safely(error).partition(' (')[0]}"
    return ""


def _is_refused(error: BaseException) -> bool:
    """Return whether a constructor raises an error by itself, perhaps for what it was given."""
    frames = traceback.extract_tb(error.__traceback__)
    is_raised = bool(frames) and (frames[-1].line or "").startswith(("raise ", "assert "))
    names = {frame.name for frame in frames}
    is_built = "__init__" in names and "<module>" not in names
    return is_raised and is_built and not isinstance(error, NotImplementedError)


def _is_in_condition(filename: str, line: int | None) -> bool:
    """Return whether a line of code is one that runs under a condition alone."""
    with suppress(SyntaxError, ValueError):
        tree = ast.parse("".join(linecache.getlines(filename)))
        conditions = (each for each in ast.walk(tree) if isinstance(each, ast.If))
        return any(n.lineno < (line or 0) <= (n.end_lineno or 0) for n in conditions)
    return False


def _unpacks_argument(error: BaseException) -> bool:
    """Return whether code takes apart what it was given, as where it expects a pair."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if "unpack" not in show_safely(error) or not frames:
        return False
    frame, number = frames[-1]
    code = frame.f_code
    line = linecache.getline(code.co_filename, number)
    taken = re.search(r"(?:=|\bin)\s*(\w+)\s*:?\s*(?:#.*)?$", line)
    return taken is not None and taken[1] in code.co_varnames[: _count_arguments(code)]


def _names_other_sizes(text: str) -> bool:
    """Return whether an error on shapes names a size that we did not give.

    The code then takes arrays of fixed sizes, or one sample: the call is to blame, not the code.
    """
    shapes = re.findall(r"\(\d[\d, ]*\)|size \d+|from \d+", text)
    sizes = {int(n) for n in re.findall(r"\d+", " ".join(shapes))}
    return any(n > SMALL and not {n, n - 1} & GIVEN for n in sizes)


def _is_set_elsewhere(error: AttributeError) -> bool:
    """Return whether a method of the object's class sets the attribute that it does not have.

    Then that method was not called, or failed; it is another one than that which raised, or a line
    of that one was passed over, under a condition.
    """
    raising = {frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)}
    methods = [m for _, m in inspect.getmembers(type(error.obj), inspect.isfunction)]
    others = list_stored(m for m in methods if m.__code__ not in raising)
    return error.name in others | _list_passed(error.__traceback__)


def _list_passed(trace: TracebackType | None) -> set[str]:
    """Return the attributes that are set before the places at which a traceback left its code."""
    lines = dis.get_instructions(trace.tb_frame.f_code) if trace else ()
    passed = (line for line in lines if trace and line.offset < trace.tb_lasti)
    own = {line.argval for line in passed if line.opname == "STORE_ATTR"}
    return own | _list_passed(trace.tb_next) if trace else set()


def _is_ours(filename: str) -> bool:
    return HERE in Path(filename).parents or Path(filename) == STANDINS


def _is_generated(filename: str) -> bool:
    """Return whether code was compiled, or has no file and was not typed in a session either."""
    typed = ("<ipython-input", "<stdin", "<python-input")
    is_typed = filename.startswith(typed)
    return filename.endswith(".pyx") or (filename.startswith("<") and not is_typed)


def _name_cause(error: BaseException) -> str | None:
    match error:
        case NotImplementedError():
            return "unfinished"
        case AttributeError(obj=None) | TypeError() if "NoneType" in show_safely(error):
            return "unfinished" if _has_none_local(error) else None
        case NameError() | AttributeError():
            return "misspelt-name"
        case KeyError(args=[key, *_]) if re.fullmatch(r"[A-Za-z]+_?\d", show_safely(key)):
            return "misspelt-name"
    return None


def _has_none_local(error: BaseException) -> bool:
    """Return whether a function on the way to the error set one of its variables to None.

    An argument that is None may be one that the checker did not give, and does not count.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [f for f in frames if HERE not in Path(f.f_code.co_filename).parents]
    return any(
        value is None and name in frame.f_code.co_varnames[_count_arguments(frame.f_code) :]
        for frame in own
        for name, value in frame.f_locals.items()
    )


def _count_arguments(code: CodeType) -> int:
    stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + stars
