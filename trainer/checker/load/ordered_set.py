"""A set that gives its elements in the order in which they came, the same in every run.

Objects of a file's classes have their addresses as hash values, so that a set of them, such as the
nodes of a graph in an engine for derivatives, has another order each time, and rounds otherwise.
"""

from abc import ABCMeta
from collections.abc import Iterable, Iterator
from typing import Any


class _AnySet(ABCMeta):
    """The class of a class of which each set is said to be an instance, but not of those below."""

    def __instancecheck__(cls, instance: object) -> bool:
        is_below = cls.__mro__[1] is not set
        return super().__instancecheck__(instance) if is_below else isinstance(instance, set)


class OrderedSet(set[Any], metaclass=_AnySet):
    """Takes the place of set in the files that are checked."""

    _order: dict[Any, None]

    def __new__(cls, *args: Any, **named: Any) -> "OrderedSet":
        """Make an empty set, which a class below may fill without our __init__."""
        made = super().__new__(cls)
        made._order = {}
        return made

    def __init__(self, elements: Iterable[Any] = ()):
        self._order = dict.fromkeys(elements)
        super().__init__(self._order)

    def __iter__(self) -> Iterator[Any]:
        left = [each for each in self._order if each in self]
        found = set(self).difference(left) if len(left) < len(self) else ()
        return iter([*left, *found])

    def add(self, element: Any) -> None:
        """Add an element, as the last where it is a new one."""
        self._order.setdefault(element)
        super().add(element)

    def pop(self) -> Any:
        """Remove the first element, and return it."""
        for first in self:
            self.remove(first)
            return first
        return super().pop()  # which raises an error

    def copy(self) -> "OrderedSet":
        """Return a set of the same elements in the same order."""
        return OrderedSet(self)
