"""Runs one round of a training loop, or one call, on copies of everything that it reads."""

import ast
import copy
import sys
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from trainer.checker.find.bundling import Bundle, bundle, fits, read, set_numbers
from trainer.checker.find.copying import copy_together, list_views
from trainer.checker.find.leaves import (
    Leaf,
    Namespace,
    find_leaf,
    list_leaves,
    list_places,
)
from trainer.checker.find.randomness import RandomState, get_random_state, run_quietly
from trainer.checker.find.straight import is_wrapped
from trainer.checker.find.trace import (
    EVENT,
    GAVE,
    NAMES,
    RESULT,
    STRAIGHT,
    TWICE,
    Form,
    TooLongError,
    Trace,
    digest,
    digest_events,
    has_numbers,
    keep,
)
from trainer.checker.find.tracing import Place, Tracer, list_used
from trainer.checker.findings.placing import describe_line
from trainer.checker.load.one_number import take_one_number

MOST_ROUNDS = 20_000  # of all loops inside one step
UNASKED = -1, "", None  # an event whose value nobody asks for
RETURNED = "__result__"  # the name of what a call returned
MOST_LEAF = 500_000  # elements of a leaf


class EnoughError(BaseException):
    """Raised to leave a step when the values that were asked for are known."""


@dataclass
class Step:
    """The body of a loop and the namespace that it found when its first round began.

    names are the local names of a function, or None at the top level of a module. hidden are the
    other global and local names, which the code does not use: no run copies them.
    """

    tracer: Tracer
    body: list[ast.stmt]
    line: int
    module: Namespace
    shared: Namespace
    names: Namespace | None
    owner: str = ""
    declared: tuple[str, ...] = ()
    name: str = ""  # of the function that is called, or STRAIGHT, where this is no loop of the file
    option: str = ""  # the activation that was chosen for it, where that is not the usual one
    path: Path | None = None  # the file of its loop
    file: str = ""  # the name of another file than the checked one that has what it is judged with
    checked: Path | None = None  # the checked file, where the loop is in another one that uses it
    place: tuple[int, int] = (0, 0)  # the number of the program, and of the step in it
    given: dict[str, Any] = field(default_factory=dict)  # values of leaves in each run
    is_still: bool = False  # whether it leaves its first matrices of weights at 0
    is_after: bool = False  # whether it is what follows the loop of a step, in the loop around that
    random: RandomState | None = None  # of the numbers that it draws, None for those of a new run
    hidden: tuple[Namespace, Namespace] = field(default_factory=lambda: ({}, {}))
    _catch: int = -1  # the event at which names are asked for
    _caught: tuple[Namespace, Namespace] | None = None  # local and global names there
    _compiled: dict[int, Callable[..., None]] = field(default_factory=dict)  # by the rounds
    _views: list[Any] | None = None  # arrays that show parts of one that the step changes
    _large: list[Any] | None = None  # arrays that no run copies: a step that changes one is refused
    _keys: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _watched: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _holders: dict[str, list[tuple[int, tuple[Any, ...]]]] = field(default_factory=dict)

    def run(self, edits: Mapping[str, Any] | None = None, form: Form = "full") -> Trace:
        """Run the step once, from the captured namespace with these values in their leaves.

        A path of EVENT and a number replaces the value of that event, NAMES shows names that are
        subtracted, and TWICE takes the step again where it ended. A "full" trace has all. One of
        "changes" has no events and nothing of what was before, and what was left only where the
        last full run changed it. One of "digests" has numbers in place of arrays, and a tuple has
        the values of these events: the step is left after the last of them. The names of the
        module are afterwards as they were.
        """
        with _keep_names(self.module):
            return self._run(edits, form)

    def _run(self, edits: Mapping[str, Any] | None, form: Form) -> Trace:
        shared, names = self._restore()
        edits = self.given | dict(edits or {})
        self.tracer.shows_names = bool(edits.pop(NAMES, False))
        rounds = 1 + bool(edits.pop(TWICE, False))
        changes = {int(path[1:]): edits.pop(path) for path in list(edits) if path[0] == EVENT}
        self._keys = self._keys or _list_keys(self._see(shared), names)
        if set(edits) - set(self._keys):
            return Trace(error="no such leaf")
        if not all(fits(self._keys[path], values) for path, values in edits.items()):
            return Trace(error="objects have one number each")
        places: list[dict[int, list[Any]]] = []
        for path, values in edits.items():
            self._set_leaf(path, np.array(values), (shared, names or {}), places)
        trace, keys = Trace(), {} if isinstance(form, tuple) else self._watched
        held: Namespace = {}
        if form == "full":
            held = _merge(self._see(shared), names)
            leaves = bundle(list_leaves(held))
            large = {p: digest(v.as_array()) for p, v in leaves.items() if v.size > MOST_LEAF}
            trace.before = {p: leaf.as_array() for p, leaf in leaves.items() if p not in large}
            keys = {path: leaf.keys for path, leaf in leaves.items()}
        try:
            own = None if names is None else self.hidden[1] | names
            after = self._execute(own, trace, changes, form, rounds)
        except (Exception, TooLongError, SystemExit) as error:
            trace.error = f"{type(error).__name__}: {error}"
            return trace
        trace.gave = _name_result(after.get(RETURNED))
        known = self.module if names is None else {**self.module, **after}
        found = {path: read(known, each) for path, each in keys.items()
                 if not _is_of_new_list(path, held, known)}  # fmt: skip
        trace.after = {path: array for path, array in found.items() if array is not None}
        if form == "full":
            start = self.get_names()
            trace.dropped = [p for p, leaf in leaves.items() if _is_dropped(p, leaf, known, start)]
            if any(digest(trace.after.pop(path, 0)) != before for path, before in large.items()):
                return Trace(error="an array changes that is too large to be judged")
            self._watched = {path: keys[path] for path in trace.list_changed()}
            if self._views is None:
                self._views = list_views(list_leaves(self.get_names()), self._watched)
                if self._views:
                    return self._run({**edits, NAMES: self.tracer.shows_names}, form)
        trace.events += [(-1, path, trace.after[path]) for path in self._watched
                         if path in trace.after]  # fmt: skip
        if form == "changes":
            trace.events = []
        if isinstance(form, tuple):
            trace.events = [trace.events[i] for i in form if i < len(trace.events)]
        return digest_events(trace) if form == "digests" else trace

    def make_following(self, body: list[ast.stmt]) -> "Step":
        """Return the step of other statements that find the same names."""
        return Step(
            self.tracer, body, self.line, self.module, self.shared, self.names, self.owner,
            self.declared, path=self.path, given=self.given, is_after=True, random=self.random,
            hidden=self.hidden,
        )  # fmt: skip

    def forget(self) -> None:
        """Forget where arrays were in the captured names, of which some were changed."""
        self._keys, self._watched, self._holders = {}, {}, {}
        self._views = self._large = None

    def get_names(self) -> Namespace:
        """Return the names that the step sees, as they were captured."""
        return _merge(self.shared, self.names)

    def catch(self, event: int, run: Callable[[], object]) -> tuple[Namespace, Namespace] | None:
        """Return copies of the local names that the code sees at an event of a run, and its global
        names.
        """
        self._caught, self._catch = None, event
        try:
            run()
        finally:
            self._catch = -1
        return self._caught

    def describe(self, site: int) -> tuple[int, str]:
        """Return the line of a value, and its name, the function that returns it, or its text."""
        found = self.tracer.sites[site]
        is_returned = not (found.is_argument or found.is_update)
        return found.line, found.name or (is_returned and found.function) or found.text

    def is_inside(self, site: int) -> bool:
        """Return whether a value is computed in the checked file, if its loop is in another one."""
        return self.checked in (None, self.tracer.sites[site].path)

    def find_path(self, site: int | None = None) -> Path | None:
        """Return the file of a value, or of the loop, None where a call of ours is the step."""
        return self.path if site is None else self.tracer.sites[site].path

    def locate(self, site: int | None = None) -> str:
        """Return the words for the line of a value, or of the loop."""
        return describe_line(self.line if site is None else self.describe(site)[0])

    def _restore(self) -> tuple[Namespace, Namespace | None]:
        """Set the module's names back, and return them and a copy of the local ones."""
        if self._large is None:
            leaves = list_leaves(self.get_names()).values()
            self._large = [leaf.value for leaf in leaves if leaf.size > MOST_LEAF]
        shared, names = copy_together(self.shared, self.names, self._large, self._views or ())
        for name in set(self.module) - set(shared):
            del self.module[name]
        self.module.update(self.hidden[0] | shared)
        return self.module, names

    def _see(self, shared: Namespace) -> Namespace:
        """Return the global names without the hidden ones."""
        return {name: shared[name] for name in self.shared}

    def _set_leaf(
        self, path: str, values: Any, parts: tuple[Namespace, Namespace],
        places: list[dict[int, list[Any]]],
    ) -> None:  # fmt: skip
        """Write values into a leaf of the global or the local names; where shape or type differ,
        all that hold its array get them.

        These are at the same places in each copy of the namespace. places are those of all values
        in this one, once they were needed.
        """
        keys, (shared, names) = self._keys[path], parts
        if isinstance(keys, Bundle):
            set_numbers(_merge(shared, names), keys, values)
            return
        leaf = find_leaf(names if keys[0] in names else shared, keys)
        kind = values.shape, values.dtype
        if not isinstance(leaf.value, np.ndarray) or kind == (leaf.value.shape, leaf.value.dtype):
            leaf.set(values)
            return
        if path not in self._holders:
            places += [] if places else map(list_places, (self._see(shared), names))
            self._holders[path] = [
                (i, each) for i, part in enumerate(places) for each in part.get(id(leaf.value), ())
            ]
        found = [find_leaf(parts[i], place) for i, place in self._holders[path]]
        for each in found or [leaf]:
            each.set(values)

    def _execute(
        self, names: Namespace | None, trace: Trace, changes: dict[int, Any], form: Form,
        times: int,
    ) -> Namespace:  # fmt: skip
        """Run the step with values in the places of its own; fill the trace, and return the names
        after.

        form says what is kept: all, digests, or some events, after the last of which the run ends.
        """
        after: Namespace = {}
        rounds = 0
        wanted = form if isinstance(form, tuple) else ()
        kept = None if form in ("full", "digests") else set(wanted)
        asked = {*wanted, *changes, self._catch}
        last = max(asked)

        def count(_loop: int, _frame: FrameType) -> None:
            nonlocal rounds
            rounds += 1
            if rounds > MOST_ROUNDS:
                raise TooLongError("too many rounds")

        def see(site: int, value: Any) -> Any:
            """Keep a value of the code, or give it another one; end the run after the last that is
            asked.
            """
            if kept is not None and len(trace.events) > last:
                if wanted:
                    raise EnoughError
                return value
            if type(value) is float and kept is not None and len(trace.events) not in asked:
                trace.events.append(UNASKED)
                return value
            if not has_numbers(value.__class__):
                return value
            if len(trace.events) == self._catch:
                frame = sys._getframe(2)  # of the code, which calls the tracer
                is_top = frame.f_locals is frame.f_globals
                own = None if is_top else frame.f_locals
                shared, own = copy_together(frame.f_globals, own)
                self._caught = shared if own is None else own, shared
            return keep(trace, site, value, changes, self.tracer.sites[site], kept)

        self.tracer.see = see
        self.tracer.enter = count
        self.tracer.leave = None
        try:
            with run_quietly(self.random), suppress(EnoughError):
                self._get_function(times)(after, names)
        finally:
            self.tracer.see = self.tracer.enter = None
        return after

    def _get_function(self, rounds: int) -> Callable[..., None]:
        if rounds not in self._compiled:
            self._compiled[rounds] = self._compile(rounds)
        return self._compiled[rounds]

    def _compile(self, rounds: int) -> Callable[[Namespace, Namespace | None], None]:
        """Return the step as a function of a table for the names after it, and the names before it:
        a loop of so many rounds at its line, in a class of the same name as its own.
        """
        once = ast.parse(f"for __once__ in range({rounds}): pass").body[0]
        assert isinstance(once, ast.For)
        _place([once], self.line)
        once.body = copy.deepcopy(self.body)
        if self.names is None:
            code = _compile([once])
            return lambda after, names: exec(code, self.module)
        function = ast.parse("def __step__(__after__): pass").body[0]
        assert isinstance(function, ast.FunctionDef)
        every = self.hidden[1] | self.names
        valid = [n for n in every if n.isidentifier() and n not in self.declared]
        function.args.args += [ast.arg(name) for name in valid]
        guarded = ast.parse("try: pass\nfinally: __after__.update(locals())").body[0]
        assert isinstance(guarded, ast.Try)
        _place([function, guarded], self.line)
        guarded.body = [once]
        function.body = [guarded]
        if self.declared:
            function.body.insert(0, ast.Global(list(self.declared)))
        owner = ast.parse(f"class {self.owner or 'Nobody'}: pass").body[0]
        assert isinstance(owner, ast.ClassDef)
        _place([owner], self.line)
        owner.body = [function]  # a private name such as self.__w is another one outside of it
        made: Namespace = {}
        exec(_compile([owner]), self.module, made)
        inner = vars(made[owner.name])["__step__"]

        def run(after: Namespace, names: Namespace | None) -> None:
            given = inner(after, **{k: (names or {})[k] for k in valid})
            if isinstance(given, Generator):
                deque(given, maxlen=0)  # to its end, where the loop yields

        return run


@contextmanager
def _keep_names(module: Namespace) -> Iterator[None]:
    """Set the names of a module back afterwards to the values that they have now."""
    kept = dict(module)
    try:
        yield
    finally:
        module.clear()
        module.update(kept)


def _is_of_new_list(path: str, start: Namespace, names: Namespace) -> bool:
    """Return whether a path leads to an attribute of an object in a list, and its name stands for
    another list now: what a layer is given and returns is none of its weights.
    """
    name = path[: path.find("[")]
    old = start.get(name) if "." in path else None
    return isinstance(old, list | tuple) and names.get(name) is not old


def _is_dropped(name: str, old: Leaf, names: Namespace, start: Namespace) -> bool:
    """Return whether a name that stood for a part of something else, as the variable of a loop over
    weights does, stands for an array of its own after a step, and that part stays.
    """
    is_set = name.isidentifier() and name in names and names[name] is not old.value
    if not (is_set and isinstance(old.value, np.ndarray)):
        return False
    is_part = len(list_places(start).get(id(start.get(name)), ())) > 1
    places = list_places(names) if is_part else {}
    return len(places.get(id(names[name]), ())) == 1 and id(old.value) in places


def _name_result(value: Any) -> str:
    """Return what a call gave: a word of ours, RESULT for anything of its own, "" for nothing."""
    own = next((word for word in GAVE if value is word), RESULT)
    return own if value is not None else ""


def _list_keys(shared: Namespace, names: Namespace | None) -> dict[str, tuple[Any, ...]]:
    leaves = bundle(list_leaves(_merge(shared, names)))
    return {path: leaf.keys for path, leaf in leaves.items()}


def _merge(shared: Namespace, names: Namespace | None) -> Namespace:
    """Return the names that a function sees: its own hide those of the module."""
    own = names or {}
    return {k: v for k, v in shared.items() if k not in own} | own


def _place(nodes: list[ast.stmt], line: int) -> None:
    """Give nodes that were made for a step the line of its loop."""
    for node in (each for top in nodes for each in ast.walk(top)):
        node.lineno = node.end_lineno = line  # type: ignore[attr-defined]
        node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]


def _compile(body: list[ast.stmt]) -> Any:
    tree = ast.fix_missing_locations(ast.Module([take_one_number(each) for each in body], []))
    return compile(tree, "<step>", "exec")


def capture(tracer: Tracer, place: Place, frame: FrameType, after: Iterable[ast.stmt] = ()) -> Step:
    """Return the step that is a round of a loop, which begins in this frame; after is what follows
    the loop in those around it.
    """
    module, names = frame.f_globals, frame.f_locals
    is_top = names is module
    own = None if tracer.used is None else list_used([place.loop, *after])
    shared, hidden = _divide(module, tracer.used, own)
    local, kept = _divide({} if is_top else names, own)
    leaves = list_leaves(_merge(shared, local))
    views = list_views(leaves, leaves)
    shared, copied = copy_together(shared, None if is_top else local, views=views)
    name = STRAIGHT if is_wrapped(place.loop) else ""
    return Step(
        tracer, place.loop.body, place.loop.lineno, module, shared, copied,
        place.owner, place.declared, name, path=place.path, random=get_random_state(),
        hidden=(hidden, kept),
    )  # fmt: skip


def _divide(names: Namespace, *used: Collection[str] | None) -> tuple[Namespace, Namespace]:
    """Return the names that pieces of code use, all where one may use any, and the others."""
    known = {name for each in used for name in each or ()}
    hides = None not in used
    hidden = {k: v for k, v in names.items() if hides and k not in known and k[:2] != "__"}
    return {k: v for k, v in names.items() if k not in hidden}, hidden


def capture_call(
    tracer: Tracer, module: Namespace, name: str, function: Callable[..., Any], names: Namespace
) -> Step:
    """Return the step that is a call of a function with the values of these names."""
    arguments = ", ".join(f"{each}={each}" for each in names)
    body = ast.parse(f"{RETURNED} = __run__({arguments})").body
    shared, hidden = _divide(module, tracer.used)
    leaves = list_leaves(_merge(shared, names))
    given = names | {"__run__": function}
    shared, own = copy_together(shared, given, views=list_views(leaves, leaves))
    return Step(tracer, body, 0, module, shared, own, name=name, hidden=(hidden, {}))
