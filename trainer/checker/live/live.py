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
from trainer.common.errors import InputError

WHAT = "a net's class, an instance of it, a function, globals(), or the path of a file"


def check(target: Any, *, hints: int = 3, seed: int = 0, timeout: float = 20.0) -> CheckResult:
    """Check a net's class or a function; with globals(), all that is known in a notebook.

    target is a class, an instance, whose class is checked, a function, a dictionary of names, or
    the path of a file, as FILE or FILE:CLASS. hints is 1 to say what is wrong, 2 to name the line
    too, 3 to show a fix too. seed is that of the weights and inputs. timeout is that of a file
    and of the search for a fix, in seconds. A live object is called in this process, without a
    limit, and all that it changes is set back afterwards. Raises TypeError or ValueError for what
    cannot be checked.
    """
    if hints not in (1, 2, 3):
        raise ValueError(f"hints is {hints!r}; give 1, 2 or 3")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed!r}; give a whole number from 0")
    options = Options(hints, seed, timeout)
    if isinstance(target, str | Path):
        return _check_path(str(target), options)
    return CheckResult([_check_job(job, options) for job in _list_jobs(target)])


@dataclass(frozen=True)
class Options:
    """The arguments of check."""

    hints: int
    seed: int
    timeout: float


@dataclass
class Job:
    """A class, or functions, to check in a namespace; note is for the reader."""

    space: Namespace
    kind: type | None = None
    functions: list[FunctionType] = field(default_factory=list)
    note: str = ""

    @property
    def title(self) -> str:
        """The name of what is checked."""
        shown = [self.kind] if self.kind else self.functions
        return shown[0].__name__ if len(shown) == 1 else SEVERAL


def _check_path(text: str, options: Options) -> CheckResult:
    path, name = Path(text), None
    if not path.exists() and ":" in text:
        file, _, name = text.rpartition(":")
        path = Path(file)
    if not path.is_file():
        raise ValueError(f"{text}: there is no such file")
    report, _ = check_in_child(
        path, name, hints=options.hints, seed=options.seed, timeout=options.timeout
    )
    return CheckResult([LiveReport(**vars(report))])


def _list_jobs(target: Any) -> list[Job]:
    """Return what is to be checked; raises TypeError or ValueError where it is nothing known."""
    match target:
        case dict():
            return list(_list_known(target))
        case type():
            return [_make_class_job(target)]
        case FunctionType() if target.__name__ != "<lambda>":
            return [Job(target.__globals__, functions=[target])]
        case MethodType():
            raise TypeError(f"{target.__name__} is a method; give check its class")
        case BuiltinFunctionType() | ModuleType() | FunctionType() | None:
            raise TypeError(f"check takes {WHAT}; not {_describe(target)}")
    kind = type(target)
    if kind.__module__ == "builtins" or not _looks_like_net(kind):
        raise TypeError(f"check takes {WHAT}; not {_describe(target)}")
    job = _make_class_job(kind)
    job.note = f"an instance was given: its class {kind.__name__} was checked, on other weights"
    return [job]


def _describe(target: object) -> str:
    return "None" if target is None else f"an object of type {type(target).__name__}"


def _looks_like_net(kind: type) -> bool:
    return any(find_method(kind, quantity) for quantity in METHODS) or hasattr(kind, "forward")


def _make_class_job(kind: type) -> Job:
    methods = [f for base in kind.__mro__ for f in list_methods(base)]
    if kind.__module__ == "builtins" or not _looks_like_net(kind) or not methods:
        raise ValueError(
            f"{kind.__name__} has no method such as predict, loss or gradient: it is no net"
        )
    return Job(methods[0].__globals__, kind)


def _list_known(names: Mapping[str, Any]) -> Iterator[Job]:
    """Yield the nets and the functions that a namespace itself defines."""
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"check takes {WHAT}; not a dict whose keys are no names")
    home = names.get("__name__", "__main__")
    own = {k: v for k, v in names.items() if getattr(v, "__module__", None) == home}
    module = ModuleType("names")
    vars(module).update(own)
    kinds = find_candidates(module, {k for k, v in own.items() if isinstance(v, type)})
    reached = Reached()
    for kind in kinds:
        reached.add(kind)  # with the functions that it needs, which are checked with it
    functions = [v for k, v in own.items() if isinstance(v, FunctionType) and k in CHECKS]
    functions = [f for f in functions if id(f) not in reached.objects]
    if not kinds and not functions:
        raise ValueError("no class that looks like a two-layer net, and no function of the book")
    yield from (_make_class_job(kind) for kind in kinds)
    if functions:
        yield Job(functions[0].__globals__, functions=functions)


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
        report.diagnosis = seek_fix(loader, report.findings, options.seed, options.timeout)
    report.findings = [loader.place(finding) for finding in report.findings]
    if job.note:
        report.findings.append(Finding("class", "note", job.note))
    if reached.lost:
        lost = f"the source of {', '.join(reached.lost)} was not found: no line can be named"
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
        report.stopped = f"the check itself failed: {type(error).__name__}: {show_safely(error)}"
        return
    for function in job.functions:
        if all(f.quantity.split()[0] != function.__name__ for f in report.findings):
            raise ValueError(
                f"{function.__name__} is no function that can be checked by itself; "
                f"these are: {', '.join(CHECKS)}"
            )
