"""Surveys a wrong step of training for the search for a fix: its lines, and what they can use."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.locating import Location
from trainer.checker.diagnose.patching import Function, Texts, holds, list_outermost
from trainer.checker.diagnose.quantities import Quantity
from trainer.checker.diagnose.scope import list_functions
from trainer.checker.diagnose.survey import Survey
from trainer.checker.diagnose.trail import Trail
from trainer.checker.find import tracing
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.programs import OPTION, TRAINING, Script, run_program
from trainer.checker.find.steps import Step
from trainer.checker.find.straight import wrap_if
from trainer.checker.find.trace import EVENT
from trainer.checker.judge.decision import OF_OUTPUTS, Decision, Fault
from trainer.checker.judge.influence import Model, Run, find_dependents
from trainer.checker.judge.judging import has_line, judge_programs
from trainer.checker.judge.layering import list_layers
from trainer.checker.judge.layers import decide_layer, doubt
from trainer.checker.judge.moving import leave
from trainer.checker.judge.named_losses import decide_step
from trainer.checker.load.recording import Record, Site
from trainer.checker.repair.adding import list_added
from trainer.checker.repair.changing import ChangingStep
from trainer.checker.repair.differing import find_differing
from trainer.checker.repair.locating import Locator, Place
from trainer.checker.repair.wanted import Wanted, find_wanted, lacks_part

LONG = 200  # values of a step that is looked at as quickly as others
RUNS = 5000  # of a step for one loss
WHOLE = "__main__"  # the name of the loop outside of functions
FAR = 1.0  # how far a bias is from 0, of its largest element
MOST_LOSSES = 2  # for which lines are sought


@dataclass(frozen=True)
class StepRequest:
    """The file of a step, which program of it takes the step, and which of its steps that is."""

    path: Path
    program: int
    number: int

    @property
    def is_layer(self) -> bool:
        """Whether the step is that of a layer alone."""
        return self.program > 0 and self.program % OPTION >= TRAINING

    def decide(self, step: Step, run: Run) -> Decision | None:
        """Return the decision on the step, which runs so."""
        if not self.is_layer:
            return decide_step(step, run)
        decision = decide_layer(run)
        return decision and doubt(decision)

    def find_right(self, steps: list[Step], has_rule: bool = False) -> Decision | None:
        """Return the decision on the first step about which anything can be said, if it is right,
        and uses its gradients by a known rule where it has to.
        """
        decisions = (self.decide(step, step.run) for step in steps)
        found = next((each for each in decisions if each and each.is_right is not None), None)
        return found if found and found.is_right and (found.rule or not has_rule) else None


def find_steps(request: StepRequest, texts: Texts | None) -> tuple[Script, list[Step]]:
    """Return the script of a request in changed texts, and the steps of its program: the script may
    be another file, which uses that of the request.
    """
    script = Script(request.path, texts)
    steps = script.follow()  # which loads what the other programs call
    program = script.get_program(request.program) if request.program else None
    steps = program() if program else steps
    return script.find_user(request.program) or script, steps


def decide_request(request: StepRequest) -> tuple[Script, Step, Decision] | None:
    """Return the script of a request, its step and the decision on that, None where it has none."""
    script, steps = find_steps(request, None)
    step = steps[request.number] if request.number < len(steps) else None
    decision = request.decide(step, step.run) if step else None
    return (script, step, decision) if step and decision else None


def find_wrong_step(path: Path) -> StepRequest | None:
    """Return the step of a file's training that is wrong in a line, None where none is."""
    script = Script(path)
    judged = judge_programs(map(run_program, count(), script.list_programs()))
    is_wrong = judged and judged.decision.is_right is False and has_line(judged)
    return StepRequest(path, *judged.step.place) if judged and is_wrong else None


@dataclass
class StepScreen:
    """Looks at changed texts of files with one run of the step."""

    step: ChangingStep
    wanted: Wanted
    wrong: frozenset[str]
    decision: Decision

    @property
    def fault(self) -> Fault | None:
        """What is wrong with the step as a whole, if anything is."""
        return self.decision.fault

    @property
    def unused(self) -> list[str]:
        """The biases that nothing uses, where the fault is that."""
        return self.decision.wrong if self.fault is Fault.UNUSED else []

    def find_left(self, path: Path, text: str) -> frozenset[str] | None:
        """Return the weights that still go another way, None where these are not fewer; of a bias
        that nothing used, that it is used.
        """
        if self.fault is Fault.UNUSED:
            return frozenset() if self._uses_any(path, text) else None
        with suppress(Exception), self.step.change(path, text):
            trace = self.wanted.model.run({}, "full")
            left = self.wanted.list_left(trace)
            return left if left is not None and left < self.wrong else None
        return None

    def _uses_any(self, path: Path, text: str) -> bool:
        """Return whether a step computes other values with another value of a bias that it did not
        use.
        """
        run, before = self.wanted.model.run, self.wanted.model.base.before
        with suppress(Exception), self.step.change(path, text):
            changed = Model(run, run({}, "full"))
            moved = ({bias: leave(before[bias], FAR)} for bias in self.unused)
            return any(find_dependents(changed, edit) for edit in moved)
        return False

    def list_added(self, survey: Survey) -> Iterator[Candidate]:
        """Yield the texts in which what the step leaves is updated, where it leaves anything."""
        is_left = self.fault is Fault.LEFT
        yield from list_added(survey, self.step.step, self.wanted) if is_left else ()


def survey_step(request: StepRequest, texts: Texts | None) -> Survey | None:
    """Return where a wrong step may be wrong, None where it is not wrong, or not known why."""
    script, steps = find_steps(request, texts)
    source = script.sources.get(request.path)
    if source is None or source.is_translated or request.number >= len(steps):
        return None
    step = steps[request.number]
    changing = ChangingStep(step, script.sources)
    decision = request.decide(step, changing.run)
    if decision is None or decision.is_right is not False or decision.fault in OF_OUTPUTS:
        return None
    wanted = find_wanted(decision, step.tracer.sites)
    if wanted is None:
        return None
    if request.is_layer and all(rate in (None, 1) for rate in _round_rates(decision)):
        wanted.rate = 1.0
    texts = {path: each.text for path, each in script.sources.items()}
    functions = list_functions_of(texts, step)
    places = (v for place in _list_places(decision, wanted) for v in place.list_versions())
    made = (_make_location(step, wanted, place, functions) for place in places)
    locations = [each for each in made if each]
    wrong = wanted.list_left(wanted.model.base) or wanted.paths
    if decision.fault is Fault.UNUSED:
        wrong = list_all(decision)
    screen = StepScreen(changing, wanted, wrong, decision)
    trail = Trail([each.site for each in locations], [each.record for each in locations])
    return Survey(
        texts=texts, wrong=wrong, locations=locations, called=_list_called(wanted, functions),
        functions=list_functions(step.module), screen=screen, trail=trail, names=list(step.module),
        line=step.line, cost=1 + len(decision.model.base.events) // LONG,
    )  # fmt: skip


def list_all(decision: Decision) -> frozenset[str]:
    """Return the weights of which nothing is known while a bias is not used, and that bias."""
    return frozenset([*decision.model.weights, *decision.wrong])


def _round_rates(decision: Decision) -> list[float | None]:
    """Return the factors of the gradients that are derivatives, rounded."""
    rates = decision.fit.rates if decision.fit else {}
    found = [rate for weight, rate in rates.items() if weight not in decision.wrong]
    return [rate and round(rate, 4) for rate in found]


def _list_called(
    wanted: Wanted, functions: list[tuple[Path, Function]]
) -> list[tuple[Path, Function]]:
    """Return the functions of which a step runs a line, and its loop after them."""
    sites = [wanted.sites[number] for number, *_ in wanted.model.base.events if number >= 0]
    lines = {(site.path, site.line) for site in sites}
    called = [(p, f) for p, f in functions if any(p == q and holds(f, n) for q, n in lines)]
    return sorted(called, key=lambda each: each[1].name == WHOLE)


def list_functions_of(texts: Texts, step: Step) -> list[tuple[Path, Function]]:
    """Return the functions of files in which a step runs, and the loops outside of them."""
    trees = ((p, wrap_if(p == step.tracer.straight, ast.parse(t))) for p, t in texts.items())
    return [(path, f) for path, tree in trees for f in _list_functions(tree)]


def find_owner(functions: list[tuple[Path, Function]], site: tracing.Site) -> Function | None:
    """Return the function that has the line of a site, None where none has."""
    return next((f for path, f in functions if path == site.path and holds(f, site.line)), None)


def _list_functions(tree: ast.Module) -> Iterator[Function]:
    """Yield the functions of a file, and its loops outside of them as functions too."""
    yield from list_outermost(tree)
    for node in _list_loops(tree):
        function = ast.parse(f"def {WHOLE}(): pass").body[0]
        assert isinstance(function, ast.FunctionDef)
        ast.copy_location(function, node)
        function.body = [node]
        yield function


def _list_loops(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the outermost loops outside of functions and classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.For | ast.While):
            yield child
        elif not isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield from _list_loops(child)


def _list_places(decision: Decision, wanted: Wanted) -> list[Place]:
    """Return the lines that may be the first mistake."""
    if decision.fault is Fault.PENALTY_SIGN:
        return []
    if decision.fault is Fault.LACKS_PENALTY and not lacks_part(decision):
        return []
    if decision.fault is Fault.UNUSED:
        return list(_list_sums(wanted, decision.wrong))
    return _find_places(wanted)


def _list_sums(wanted: Wanted, biases: list[str]) -> Iterator[Place]:
    """Yield the first sums of a layer to which each bias that nothing uses can be added, where it
    is not 0.
    """
    model = wanted.model
    layers = list_layers(model, wanted.fits[0])
    forward = [layer for layer in layers if layer.sums not in model.after_targets]
    for path in biases:
        bias = leave(model.base.before[path], FAR)
        for layer in forward:
            site, _, value = model.base.events[layer.sums]
            with suppress(ValueError):
                if (expected := value + bias).shape == value.shape:
                    there = wanted.sites[site], layer.sums
                    yield Place(*there, value, expected, "", {path: bias})
                    break


def _find_places(wanted: Wanted) -> list[Place]:
    """Return the lines of the first mistake that values show, for the loss with fewest mistakes, of
    all if these make the step right.
    """
    found: list[list[list[Place]]] = []
    for fit in wanted.fits[:MOST_LOSSES]:
        found.append(Locator(wanted, fit, Count(RUNS)).find_lines())
        if len(found[-1]) == 1 and _settles(found[-1]):
            break
    best = min(filter(None, found), key=lambda e: (not _settles(e), len(e)), default=None)
    return best[0] if best else []


def _settles(mistakes: list[list[Place]]) -> bool:
    """Return whether a step is right with the right values of all mistakes."""
    return mistakes[-1][0].settles


def find_first_wrong(survey: Survey, wanted: Wanted) -> tuple[Path, ast.expr] | None:
    """Return the file and the expression whose value is the first to differ from the right ones."""
    event = find_differing(wanted, Count(RUNS))
    if event is None:
        return None
    site = wanted.sites[wanted.model.base.events[event][0]]
    owner = find_owner(survey.called, site)
    value = find_value(owner, site)
    return (site.path, value) if value else None


def _make_location(
    step: Step, wanted: Wanted, place: Place, functions: list[tuple[Path, Function]]
) -> Location | None:
    """Return a line with the names that its code sees, None for what is no expression.

    Of a statement that changes an array these are those before its first event, so that it can be
    run again; where no event shows that, what it adds is taken back.
    """
    site = place.site
    owner = find_owner(functions, site)
    value = None if site.is_argument else find_value(owner, site)
    event = _find_first(wanted, place) if site.is_update else place.event
    leaves = {path: value for path, value in place.edits.items() if path[0] != EVENT}
    caught = step.catch(event, lambda: wanted.model.run(leaves, "full"))
    if owner is None or value is None or caught is None:
        return None
    if event == place.event and site.is_update:
        _take_back(wanted, place, *caught)
    record = Record(0, place.found, *caught)  # its number is not used
    there = Site(site.path, owner, value, site.name, site.is_update)
    before = record if site.is_update else None
    quantity = Quantity(place.formula, place.formula, place.expected, place.is_exact)
    is_sure = place.settles and place.is_sure
    is_hidden = not place.is_exact  # a value that is known but for a factor says nothing
    return Location(
        there, record, quantity, is_hidden, is_sure, before, place.begins, place.is_derivative
    )


def _take_back(wanted: Wanted, place: Place, scope: Namespace, names: Namespace) -> None:
    """Set the name that a statement changes to the value that it had before: without what it adds,
    or what an earlier one gave it.
    """
    events = wanted.model.base.events
    old: Any = None
    match ast.parse(place.site.text).body:
        case [ast.AugAssign(op=ast.Add() | ast.Sub() as op, value=value)]:
            with suppress(Exception):  # of somebody's code: any can come
                added = eval(ast.unparse(value), names, dict(scope))
                old = place.found - added if isinstance(op, ast.Add) else place.found + added
    if old is None:
        earlier = (e for e in reversed(events[: place.event]) if e[0] >= 0)
        same = (e[2] for e in earlier if wanted.sites[e[0]].name == place.site.name)
        old = next(same, None)
    if old is not None:
        with suppress(Exception):
            exec(f"{place.site.name} = __old__", names, scope | {"__old__": old})
            scope[place.site.name] = np.array(old)


def _find_first(wanted: Wanted, place: Place) -> int:
    """Return the first event of the statement whose last event a place is."""
    events, first = wanted.model.base.events, place.event
    while first and events[first - 1][0] >= 0:
        other = wanted.sites[events[first - 1][0]]
        if (other.path, other.line) != (place.site.path, place.site.line):
            return first
        first -= 1
    return first


def find_value(function: Function | None, site: tracing.Site) -> ast.expr | None:
    """Return the expression that a site shows, or whose value a statement puts in."""
    for node in ast.walk(function) if function else ():
        if getattr(node, "lineno", 0) == site.line and isinstance(node, ast.expr | ast.stmt):
            value = getattr(node, "value", None) if isinstance(node, ast.stmt) else node
            if isinstance(value, ast.expr) and ast.unparse(node) == site.text:
                return value
    return None
