"""What a shape sees of the checked file, and what it makes of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.load.definitions import takes_tensors
from trainer.checker.shapes.draws import Draw
from trainer.common.language import N_

UNWRITTEN = N_("is not written yet")
WROTE = "wrote"  # the label under which a run tells which of its arguments the function changed
OTHER = "other"  # the label of the results with another kind of targets
AGAIN = "again"  # the label of the results of a second call of the same layer
FAILED = "failed"  # the label of an exception that counts only where OWN is right
OWN = "own"  # the label of what the file's own functions give, with which a result is compared


def call_with_each(call: Callable[[Array], dict[str, Any]], *targets: Array) -> dict[str, Any]:
    """Return the results with the first of several kinds of targets that does not raise, and under
    OTHER those with the next; raise what the first raised if all raise.
    """
    outcomes = [attempt(lambda t=t: call(t)) for t in targets]
    made = [dict(outcome.value) for outcome in outcomes if not outcome.error]
    if not made and outcomes[0].error:
        raise outcomes[0].error
    return made[0] | ({OTHER: made[1]} if len(made) > 1 else {})


@dataclass(frozen=True)
class Found:
    """The names of a file, and the class that was chosen.

    unfinished gives for each name that cannot run the template that it needs, or itself. text is
    the source of the file. kind is None where no class looks like a two-layer net.
    """

    names: Mapping[str, object]
    unfinished: Mapping[str, str]
    kind: type | None = None
    text: str = ""
    defined: frozenset[str] = field(default_factory=frozenset)

    def get_functions(self, *names: str) -> dict[str, FunctionType]:
        """Return the functions of these names that the file has for arrays, finished or not."""
        found = {name: self.names.get(name) for name in names}
        functions = {k: v for k, v in found.items() if isinstance(v, FunctionType)}
        return {k: v for k, v in functions.items() if not takes_tensors(v)}

    def get_classes(self, *names: str) -> dict[str, type]:
        """Return the classes of these names that the file has, finished or not."""
        found = {name: self.names.get(name) for name in names}
        return {k: v for k, v in found.items() if isinstance(v, type)}


@dataclass(frozen=True)
class Part:
    """A function or layer that is checked by itself; it holds no expected value.

    run returns its results by name, "" where there is only one. needs are the names that the run
    calls, the function's own first. is_own says whether the file itself defines it.
    """

    name: str
    needs: tuple[str, ...]
    run: Callable[[Draw], dict[str, Any]]
    is_own: bool = True


@dataclass(frozen=True)
class Shape:
    """A way in which people write the net.

    build returns a class with the book's methods, None where the file has no such net.
    list_parts returns the functions or layers that are checked by themselves.
    """

    name: str
    build: Callable[[Found], type | None]
    list_parts: Callable[[Found], Iterable[Part]] = lambda _found: ()
