"""How many points each part of a net is worth, and how many a report earns."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import CODE, CORE, STEP, Report
from trainer.common.errors import InputError
from trainer.common.language import join_words
from trainer.common.language import translate as _

DEFAULT = Path(__file__).with_name("points.toml")
GRADIENTS = tuple(f"gradient {key}" for key in PARAMS)
PARTS = ("predict", "loss", *GRADIENTS, "accuracy", "numerical_gradient", "train")
OPTIONAL = ("accuracy", "numerical_gradient", "train")
ALSO = {"train": ("training step",), **dict.fromkeys(GRADIENTS, ("gradient",))}  # of a part
EARNED = ("ok", "credit", "optional")


@dataclass(frozen=True)
class Scheme:
    """The points of the parts; optional parts may be missing."""

    points: dict[str, float]
    optional: tuple[str, ...]
    numerical_replaces_gradient: bool

    @property
    def total(self) -> float:
        """The points of a net that is right in everything."""
        return sum(self.points.values())

    def describe(self) -> str:
        """Return the points in one line."""
        shown = ", ".join(f"{part} {points:g}" for part, points in self.points.items())
        message = _("{parts}: {total} points")
        if self.optional:
            message = _("{parts}: {total} points; {optional} may be missing")
        return message.format(
            parts=shown, total=f"{self.total:g}", optional=join_words(self.optional)
        )


@dataclass(frozen=True)
class Part:
    """What a part earned, its verdict and why.

    The verdict is "ok", "credit", "optional" for what the net lacks and may lack, "wrong",
    "missing" or "unchecked".
    """

    name: str
    points: float
    most: float
    verdict: str
    why: str = ""


def read_scheme(path: Path | None) -> Scheme:
    """Return the scheme of a TOML file, by default the one that comes with this package."""
    path = path or DEFAULT
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        text = _("cannot be read: {reason}", reason=error.strerror)
        raise InputError(f"--points {path}: {text}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        text = _("not valid TOML: {reason}", reason=error)
        raise InputError(f"--points {path}: {text}") from None
    points, rules = data.get("points"), data.get("rules", {})
    if not isinstance(points, dict) or not points or not isinstance(rules, dict):
        text = _("needs a table [points], such as predict = 25")
        raise InputError(f"--points {path}: {text}")
    for part, value in points.items():
        _check_part(path, part, value)
    optional, replaces = rules.get("optional", []), rules.get("numerical_replaces_gradient", True)
    if not isinstance(optional, list) or not set(map(str, optional)) <= set(OPTIONAL):
        text = _("optional must be a list of {names}", names=", ".join(OPTIONAL))
        raise InputError(f"--points {path}: {text}")
    if not isinstance(replaces, bool):
        text = _("numerical_replaces_gradient must be true or false")
        raise InputError(f"--points {path}: {text}")
    order = [*(part for part in PARTS if part in points), *(p for p in points if p not in PARTS)]
    kept = {part: float(points[part]) for part in order}
    return Scheme(kept, tuple(map(str, optional)), replaces)


def _check_part(path: Path, part: str, value: Any) -> None:
    if part not in PARTS and part not in list_functions():
        text = _(
            "no part {part}: use {parts}, or a function that is checked by itself: {functions}",
            part=repr(part),
            parts=", ".join(PARTS),
            functions=", ".join(list_functions()),
        )
        raise InputError(f"--points {path}: {text}")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1e6:
        text = _("{part} must be a number from 0 to 1,000,000", part=part)
        raise InputError(f"--points {path}: {text}")


def list_functions() -> list[str]:
    """Return the names of the functions and layers that are checked by themselves."""
    from trainer.checker.measure.book_functions import CHECKS
    from trainer.checker.parts.expected import STRICT

    return [*STRICT, *(name for name in CHECKS if name != "numerical_gradient")]


def count_points(scheme: Scheme, report: Report) -> list[Part]:
    """Return what each part of the scheme earns.

    In a file of functions that make no right net, each function is worth the same, unless the
    scheme has points for functions.
    """
    if report.name.startswith(CODE) and set(scheme.points) <= set(PARTS):
        quantities = {finding.quantity.split()[0]: None for finding in report.findings}
        functions = [name for name in quantities if name in list_functions()]
        if functions and "construction" not in quantities:
            each = dict.fromkeys(functions, scheme.total / len(functions))
            scheme = replace(scheme, points=each)
    return [_count_part(scheme, report, part) for part in scheme.points]


def _count_part(scheme: Scheme, report: Report, name: str) -> Part:
    """Return the points of one part, with the reason."""
    most = scheme.points[name]
    verdict, why = _judge_part(report, name)
    is_replaced = scheme.numerical_replaces_gradient and name in GRADIENTS
    was_built = any((f.quantity, f.verdict) == ("construction", "ok") for f in report.findings)
    has_numerical = was_built and _judge_part(report, "numerical_gradient")[0] == "ok"
    if verdict == "missing" and is_replaced and has_numerical:
        verdict, why = "credit", _("the numerical gradient is right")
    # Functions and torch modules have no method accuracy.
    is_optional = name in scheme.optional or (name, report.name[: len(CODE)]) == ("accuracy", CODE)
    if verdict == "missing" and is_optional and was_built:
        verdict, why = "optional", _("not required")
    is_stepped = any((f.quantity, f.verdict) == (STEP, "ok") for f in report.findings)
    if verdict in ("missing", "unchecked") and is_stepped and not was_built and report.status == 0:
        verdict, why = "credit", _("its step of training is right as a whole")
    return Part(name, most if verdict in EARNED else 0.0, most, verdict, why)


def _judge_part(report: Report, name: str) -> tuple[str, str]:
    """Return the verdict on a part, and why."""
    names = {name, *ALSO.get(name, ())}
    is_function = name not in PARTS  # such as affine_backward, with dx, dw and db
    found = [
        finding
        for finding in report.findings
        if (finding.quantity.split()[0] if is_function else finding.quantity) in names
    ]
    wrong = [f for f in found if f.verdict in ("differs", "raises")]
    costly = [f for f in wrong if not f.credit]
    if costly:
        return "wrong", costly[0].message
    if wrong:
        return "credit", wrong[0].credit
    unchecked = [f for f in found if not f.checked]
    if any(f.verdict == "ok" for f in found) and not (is_function and unchecked):
        return "ok", ""
    if unchecked:
        return "unchecked", unchecked[0].message
    return _explain_absence(report, found)


def _explain_absence(report: Report, found: list[Finding]) -> tuple[str, str]:
    missing = [f.message for f in found if f.verdict == "missing"]
    if missing:
        return "missing", missing[0]
    if report.stopped or report.cut:
        return "unchecked", report.stopped or report.cut
    early = [f for f in report.wrong_findings if f.quantity in ("construction", "loading")]
    if early:
        return "wrong", early[0].message
    blocked = [f for f in report.findings if not f.checked and f.quantity in CORE]
    if blocked:
        return "unchecked", blocked[0].message
    return "missing", _("the file has no such method or function")
