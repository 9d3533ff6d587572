"""Find what is to be checked in what a reader gives: a class, an instance, functions, names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from trainer.checker.adapt.building import find_candidates
from trainer.checker.adapt.names import METHODS, find_method
from trainer.checker.live.reaching import Namespace, Reached, list_methods
from trainer.checker.live.result import SEVERAL
from trainer.checker.shapes.layers import find_layer
from trainer.common.language import N_
from trainer.common.language import translate as _

WHAT = N_("a net's class, an instance of it, a function, globals(), or the path of a file")


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


def list_jobs(target: Any) -> list[Job]:
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
