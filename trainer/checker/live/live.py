"""Check live objects in the process that holds them, such as a notebook's kernel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from trainer.checker.adapt.building import find_candidates
from trainer.checker.adapt.names import METHODS, find_method
from trainer.checker.check_file import check_loaded
from trainer.checker.findings.comparing import Finding, show_safely
from trainer.checker.live.loader import LiveLoader
from trainer.checker.live.preserving import Snapshot, keep_state
from trainer.checker.live.reaching import Namespace, Reached, list_methods
from trainer.checker.live.result import SEVERAL, CheckResult, LiveReport
from trainer.checker.live.seeking import seek_fix
from trainer.checker.measure.book_functions import CHECKS
from trainer.checker.process import check_in_child
from trainer.checker.shapes.layers import find_layer
from trainer.common.errors import InputError
from trainer.common.language import N_, use_language
from trainer.common.language import translate as _

WHAT = N_("a net's class, an instance of it, a function, globals(), or the path of a file")


def check(
    target: Any,
    *,
    hints: int = 3,
    seed: int = 0,
    timeout: float = 20.0,
    lang: str | None = None,
) -> CheckResult:
    """Check a net's class or a function; with globals(), all that is known in a notebook.

    target is a class, an instance, whose class is checked, a function, a dictionary of names, or
    the path of a file, as FILE or FILE:CLASS. hints is 1 to say what is wrong, 2 to name the line
    too, 3 to show a fix too. seed is that of the weights and inputs. timeout is that of a file, in
    seconds; a search for a fix may take three times as long. lang is the language of the result:
    "en", "zh", "ja", or None for that of the locale. A live object is called in this process,
    without a limit, and all that it changes is set back afterwards. Raises TypeError or ValueError
    for what cannot be checked.
    """
    if hints not in (1, 2, 3):
        raise ValueError(f"hints is {hints!r}; give 1, 2 or 3")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed!r}; give a whole number from 0")
    options = Options(hints, seed, timeout)
    with use_language(lang):
        if isinstance(target, str | Path):
            return _check_path(str(target), options)
        reports = [_check_job(job, options) for job in _list_jobs(target)]
        known = [report for report in reports if report.findings or report.stopped]
        if not known:
            raise ValueError(_("no two-layer net in a form that is known here"))
        return CheckResult(known)


@dataclass(frozen=True)
class Options:
    """The arguments of check."""

    hints: int
    seed: int
    timeout: float


@dataclass
class Job:
    """A class, or functions and layers, to check in a namespace; note is for the reader.

    may_be_unknown tells that functions which cannot be checked by themselves are no error.
    """

    space: Namespace
    kind: type | None = None
    functions: list[FunctionType | type] = field(default_factory=list)
    note: str = ""
    may_be_unknown: bool = False

    @property
    def title(self) -> str:
        """The name of what is checked."""
        shown = [self.kind] if self.kind else self.functions
        return shown[0].__name__ if len(shown) == 1 else SEVERAL


def _check_path(text: str, options: Options) -> CheckResult:
    path, name = Path(text), None
    if not path.exists() and ":" in text:
        file, name = text.rsplit(":", 1)
        path = Path(file)
    if not path.is_file():
        raise ValueError(_("{path}: there is no such file").format(path=text))
    report, _printed = check_in_child(
        path, name, hints=options.hints, seed=options.seed, timeout=options.timeout
    )
    return CheckResult([LiveReport(**vars(report))])


def _list_jobs(target: Any) -> list[Job]:
    """Return what is to be checked; raises TypeError or ValueError where it is nothing known."""
    match target:
        case dict():
            return list(_list_known(target))
        case type() if find_layer(target.__name__) and (methods := list_methods(target)):
            return [Job(methods[0].__globals__, functions=[target])]
        case type():
            return [_make_class_job(target)]
        case FunctionType() if target.__name__ != "<lambda>":
            return [Job(target.__globals__, functions=[target])]
        case MethodType():
            message = _("{name} is a method; give check its class")
            raise TypeError(message.format(name=target.__name__))
        case BuiltinFunctionType() | ModuleType() | FunctionType() | None:
            raise TypeError(_refuse(_describe(target)))
    kind = type(target)
    if kind.__module__ == "builtins" or not _looks_like_net(kind):
        raise TypeError(_refuse(_describe(target)))
    job = _make_class_job(kind)
    note = _("an instance was given: its class {name} was checked, on other weights")
    job.note = note.format(name=kind.__name__)
    return [job]


def _describe(target: object) -> str:
    message = _("an object of type {name}")
    return "None" if target is None else message.format(name=type(target).__name__)


def _refuse(given: str) -> str:
    return _("check takes {possible}; not {given}").format(possible=_(WHAT), given=given)


def _looks_like_net(kind: type) -> bool:
    return any(find_method(kind, quantity) for quantity in METHODS) or hasattr(kind, "forward")


def _make_class_job(kind: type) -> Job:
    methods = [f for base in kind.__mro__ for f in list_methods(base)]
    if kind.__module__ == "builtins" or not _looks_like_net(kind) or not methods:
        message = _("{name} has no method such as predict, loss or gradient: it is no net")
        raise ValueError(message.format(name=kind.__name__))
    return Job(methods[0].__globals__, kind)


def _list_known(names: Mapping[str, Any]) -> Iterator[Job]:
    """Yield the nets and the functions that a namespace itself defines."""
    if not all(isinstance(name, str) for name in names):
        raise TypeError(_refuse(_("a dict whose keys are no names")))
    home = names.get("__name__", "__main__")
    own = {k: v for k, v in names.items() if getattr(v, "__module__", None) == home}
    module = ModuleType("names")
    vars(module).update(own)
    kinds = find_candidates(module, {k for k, v in own.items() if isinstance(v, type)})
    reached = Reached()
    for kind in kinds:
        reached.add(kind)  # with the functions that it needs, which are checked with it
    yield from (_make_class_job(kind) for kind in kinds)
    others = [v for v in own.values() if isinstance(v, FunctionType | type)]
    others = [each for each in others if id(each) not in reached.objects]
    if others:
        yield Job(dict(names), functions=others, may_be_unknown=True)


def _check_job(job: Job, options: Options) -> LiveReport:
    """Check one job, and seek the wrong line and a fix where something is wrong."""
    reached = Reached()
    for target in [job.kind] if job.kind else job.functions:
        reached.add(target)
    loader = LiveLoader(reached, job.space, job.kind, job.functions)
    report = LiveReport(job.title, hints=options.hints, is_net=job.kind is not None)
    with keep_state(_take_snapshot(reached, job)):
        _list_findings(loader, job, report, options.seed)
    if options.hints > 1 and any(f.verdict in ("differs", "raises") for f in report.findings):
        report.diagnosis, report.search = seek_fix(
            loader, report.findings, options.seed, options.timeout
        )
    report.findings = [loader.place(finding) for finding in report.findings]
    if job.note:
        report.findings.append(Finding("class", "note", job.note))
    if reached.lost:
        lost = _("the source of {names} was not found: no line can be named")
        lost = lost.format(names=", ".join(reached.lost))
        report.findings.append(Finding("class", "note", lost))
    return report


def _take_snapshot(reached: Reached, job: Job) -> Snapshot:
    snapshot = Snapshot()
    for target in (job.kind, *job.functions, *reached.objects.values()):
        snapshot.add(target)
    for space, names in reached.names.values():
        snapshot.add_names(space, names)
    return snapshot


def _list_findings(loader: LiveLoader, job: Job, report: LiveReport, seed: int) -> None:
    """Add the findings; raises ValueError for a function that the checker does not know."""
    name = job.kind.__name__ if job.kind else None
    try:
        for item in check_loaded(loader, name, seed):
            report.findings += [item] if isinstance(item, Finding) else []
    except InputError as error:
        if job.kind:
            raise ValueError(str(error)) from None
    except Exception as error:  # a bug of the checker: it must not be held against the net
        message = _("the check itself failed: {error}")
        report.stopped = message.format(error=f"{type(error).__name__}: {show_safely(error)}")
        return
    for function in () if job.may_be_unknown else job.functions:
        if all(f.quantity.split()[0] != function.__name__ for f in report.findings):
            message = _("{name} is no function that can be checked by itself; these are: {names}")
            raise ValueError(message.format(name=function.__name__, names=", ".join(CHECKS)))
