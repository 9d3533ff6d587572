"""Finds what somebody's functions may be given, by trying which values lead farthest."""

import copy
import linecache
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from types import FrameType
from typing import Any

import numpy as np

from trainer.checker.find.choices import Choices
from trainer.checker.find.discovering import FoundError
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.randomness import run_quietly
from trainer.checker.find.tracing import Tracer
from trainer.checker.load.standins import MissingNameError

MOST = 60  # calls of one way to train, with other values each
ROUNDS = 500  # of the loops of a call: one that runs so long has what it needs
FILES = r".*(file|path|folder|dir).*"  # of names of arguments that nothing is tried for
Run = Callable[[Namespace, list[str]], object]


@dataclass
class Outcome:
    """How far a call came with values for its arguments.

    asked are the arguments that its functions require, reached the number of places that it saw
    and the line at which it failed.
    """

    named: Namespace
    asked: list[str]
    reached: tuple[int, int]
    error: Exception | None


@dataclass
class Trier:
    """Tries values for arguments of what a module defines."""

    tracer: Tracer
    choices: Choices
    _left: int = MOST

    def settle(self, run: Run, named: Namespace, data: Mapping[str, Any]) -> Namespace:
        """Return the values by name with which a call comes farthest."""
        return self.find_best(run, named, data).named

    def find_best(
        self,
        run: Run,
        named: Namespace,
        data: Mapping[str, Any],
        get_ready: Callable[[Outcome], Outcome] = lambda best: best,
    ) -> Outcome:
        """Return how far a call comes with the values with which it comes farthest: named, if it
        ends with them.

        data are samples and targets. run is given values, and adds to a list the arguments asked.
        get_ready returns how far it comes after methods that fill a table that lacks a key. A net
        of two hidden layers that never ends may be one that has to have one.
        """
        best = self._search(run, named, data, get_ready)
        fewer = self.choices.list_fewer(best.asked) if best.error else {}
        other = self._search(run, named | fewer, data, get_ready) if fewer else best
        return other if other.error is None else best

    def _search(
        self, run: Run, named: Namespace, data: Mapping[str, Any],
        get_ready: Callable[[Outcome], Outcome],
    ) -> Outcome:  # fmt: skip
        best, self._left = self.try_values(run, named), MOST
        while True:
            if isinstance(best.error, KeyError):
                best = get_ready(best)
            better = self._improve(run, best, data)
            if better is None:
                return best
            best = better

    def _improve(self, run: Run, best: Outcome, data: Mapping[str, Any]) -> Outcome | None:
        """Return how a call comes farther with one more value, None where it ends or none helps."""
        if best.error is None or isinstance(best.error, MissingNameError):
            return None
        for change in self._list_changes(best, data):
            if self._left == 0:
                return None
            self._left -= 1
            other = self.try_values(run, best.named | change)
            is_through = other.error is None and other.reached[0] >= best.reached[0]
            if is_through or other.reached > best.reached:
                return other
        return None

    def try_values(self, run: Run, named: Namespace) -> Outcome:
        """Return how far a call comes with values for its arguments."""
        sites: set[int] = set()
        asked: list[str] = []
        rounds = 0

        def see(site: int, value: Any) -> Any:
            sites.add(site)
            return value

        def enter(_loop: int, _frame: FrameType) -> None:
            nonlocal rounds
            rounds += 1
            if rounds > ROUNDS:
                raise FoundError

        self.tracer.see, self.tracer.enter = see, enter
        error = None
        try:
            with run_quietly():
                run(copy.deepcopy(named), asked)
        except Exception as caught:
            error = caught
        except (FoundError, SystemExit):
            pass
        finally:
            self.tracer.see = self.tracer.enter = None
        reached = len(sites), self.find_place(error)[1] if error else 0
        return Outcome(named, list(dict.fromkeys(asked)), reached, error)

    def find_place(self, error: Exception) -> tuple[str, int]:
        """Return the file and the last line of the checked code in a traceback."""
        own = set(map(str, self.tracer.starts))
        frames = traceback.extract_tb(error.__traceback__)
        places = ((f.filename, f.lineno or 0) for f in frames[::-1] if f.filename in own)
        return next(places, ("", 0))

    def _list_changes(self, best: Outcome, data: Mapping[str, Any]) -> Iterator[Namespace]:
        """Yield values for arguments: for all that are missing, then for one after the other, those
        first of which the failing line speaks, or the one above it.
        """
        assert best.error is not None
        missing = re.findall(r"'(\w+)'", str(best.error)) if "missing" in str(best.error) else []
        if missing:
            yield {name: self.choices.choose_usual(name) for name in missing}
        if "interpreted as an integer" in str(best.error):
            yield self._give_sizes(best)
        yield from self.choices.list_weights(best.asked)
        yield from self.choices.list_pairs(best.asked)
        file, line = self.find_place(best.error)
        text = "".join(linecache.getline(file, n) for n in (line - 1, line)) + str(best.error)
        names = [name for name in best.asked if not re.fullmatch(FILES, name.lower())]
        named = [name for name in names if re.search(rf"\b{name}\b", text)]
        for group in (named, [name for name in names if name not in named]):
            every = [self._list_values(name, best, data) for name in group]
            pairs = (zip(group, values, strict=True) for values in zip_longest(*every))
            yield from ({n: v} for each in pairs for n, v in each
                        if _differ(v, best.named.get(n)))  # fmt: skip

    def _give_sizes(self, best: Outcome) -> Namespace:
        """Return another size for each argument of which nothing tells what it is."""
        unknown = [name for name in best.asked if name not in best.named]
        unknown = [name for name in unknown if type(self.choices.choose_usual(name)) is float]
        return dict(zip(unknown, self.choices.sizes, strict=False))

    def _list_values(self, name: str, best: Outcome, data: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what an argument may be, numbers that another one has last: what is a size shows
        where all sizes differ.
        """
        taken = [v for other, v in best.named.items() if other != name and type(v) is int]
        later = []
        for value in self.choices.list_values(name, data, str(best.error)):
            if type(value) is int and value in taken:
                later.append(value)
            else:
                yield value
        yield from later


def _differ(value: Any, other: Any) -> bool:
    """Return whether a value is another one; to write arrays down would take long."""
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
        return value.dtype != other.dtype or not np.array_equal(value, other)
    return type(value) is not type(other) or repr(value) != repr(other)
