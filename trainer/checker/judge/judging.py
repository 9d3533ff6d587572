"""Judges the steps of a file one after the other, until one is right or wrong."""

from collections import Counter
from collections.abc import Collection, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import dropwhile, islice, takewhile
from typing import Any

from trainer.checker.find.programs import CALLS, OF_USER, OWN, PASSED
from trainer.checker.find.trace import DERIVED, Form, Trace
from trainer.checker.judge.budget import OF_OPTIONS, Budget, Programs, Step
from trainer.checker.judge.consistency import list_inconsistent
from trainer.checker.judge.decision import (
    OF_ONE_VALUE,
    OF_OUTPUTS,
    OF_RULES,
    OF_SLOPE,
    Decision,
    Fault,
)
from trainer.checker.judge.influence import Model, Run, build_model
from trainer.checker.judge.losses import GROWING
from trainer.checker.judge.misreading import count_outputs, misreads
from trainer.checker.judge.moving import move
from trainer.checker.judge.named_losses import compare_shown, decide_step
from trainer.checker.judge.wholeness import sees_all

MORE = 5  # calls that are judged after one was right
LATER = 60  # programs that run after one was right or wrong: another layout may be meant
ENOUGH = 4  # programs in which a step is wrong, after which none is run
OPEN = 3  # rounds of a loop about which nothing was decided, after which none is asked
NO_TRAINING = Fault.IDLE, Fault.IGNORES  # of a loop that may be meant to do something else
Key = tuple[int, str]  # what a step is in all programs: the line of a loop, or a function's name


@dataclass
class Judged:
    """A step and what was decided about it; others are loops about which nothing was.

    is_later tells that it is the round of a loop after one that is right.
    """

    step: Step
    decision: Decision
    others: list[Step] = field(default_factory=list)
    is_later: bool = False


def has_line(judged: Judged) -> bool:
    """Return whether a line of a wrong step can be sought."""
    decision = judged.decision
    is_of_value = decision.fault in OF_ONE_VALUE and decision.event is not None
    is_known = is_of_value or decision.fault in (Fault.ACCUMULATES, Fault.IGNORES, *OF_RULES)
    return (is_known or decision.fault not in OF_OUTPUTS) and not judged.step.is_still


def judge_programs(
    programs: Iterable[Sequence[Step]], budget: Budget | None = None
) -> Judged | None:
    """Return the first step that is right or wrong, else one that is open, None for none.

    The first program has the file's own data. Those of others may have a form that the file does
    not expect: a wrong step is right if it is right with some of them. Where a right step is a
    call, more of them are judged, since another may be wrong. What is wrong with a loop or an
    object of another file may be no mistake of this one.
    """
    found: dict[Key, Judged] = {}
    budget, more, later = budget or Budget(), 0, 0
    loops: set[int] = set()
    asked, own, wrong = Asked(), set[Key](), Counter[Key]()
    for number, steps in enumerate(programs):
        loops |= {step.line for step in steps if step.line}
        own |= {_get_key(step) for step in steps} if number < CALLS else set()
        asked.known = {key for key, each in found.items() if each.decision.is_right is False}
        judged = _choose(steps, budget, asked)
        if judged and (judged := _weigh(judged, number, found, own)) is None:
            continue
        if judged:
            key = _get_key(judged.step)
            found[key] = _choose_better(found.get(key, judged), judged)
            is_right = found[key].decision.is_right
            is_whole = not _list_larger(found[key], found.values())
            if is_right is not None and (
                number == 0 or (is_right and judged.step.line and is_whole)
            ):
                return found[key]
        settled = {each.decision.is_right for each in found.values()} - {None}
        more += judged is not None and True in settled
        later += bool(settled) and bool(steps)
        if judged and judged.decision.is_right is False:
            wrong[_get_key(judged.step)] += 1
        is_sure = settled == {False} and max(wrong.values(), default=0) >= ENOUGH
        if more > MORE or later > LATER or is_sure or budget.is_spent:
            break
    return _choose_shown(list(found.values()), bool(loops))


def _choose_shown(found: Sequence[Judged], has_loops: bool) -> Judged | None:
    """Return the judged step that says most, None where none was judged."""
    sure = [each for each in found if each.decision.is_right is not None]
    if not sure:
        return next(iter(found), None)
    # What a method gives may lack the penalty that another adds.
    is_any_right = any(each.decision.is_right for each in sure)
    given = [each for each in sure if is_any_right and _lacks_given(each.decision)]
    best = min([each for each in sure if each not in given], key=_rank_shown)
    left = [each for each in found if each.decision.is_right is None]
    if best.decision.is_right and (larger := _list_larger(best, left)):
        return larger[0]  # what is right may be a part of it
    best.others = [each.step for each in left if each.step.line]
    if best.decision.model.base.gave == DERIVED and has_loops:
        best.decision = replace(best.decision, is_right=None)  # a loss, and steps that are unknown
    return best


def _weigh(
    judged: Judged, number: int, found: Mapping[Key, Judged], own: Collection[Key]
) -> Judged | None:
    """Return what the step of a program says, as an open one where data or code of others may be
    the reason, None where it says nothing.
    """
    is_wrong = judged.decision.is_right is False
    if number and judged.decision.fault in (Fault.GROWN, Fault.INFINITE):
        return None  # data of ours may lie in another direction
    if number and is_wrong and _has_one_target(judged.decision.model):
        return None  # or have its labels in another column
    if judged.step.file and number >= OWN and is_wrong and not _is_inside(judged):
        judged = _leave_open(judged)
    if number < CALLS:
        return judged
    if misreads(judged.decision) or _is_known_to_move(judged, own):
        return None
    is_doubted = judged.decision.is_right and _is_own_open(found, own)
    return _leave_open(judged) if is_doubted else _leave_unusual(judged)


def _is_inside(judged: Judged) -> bool:
    """Return whether some weights alone are wrong, of which the checked file computes all that
    depends on any: another one that takes the step only gives data.
    """
    decision, model = judged.decision, judged.decision.model
    if decision.fault or not set(decision.wrong) < set(model.weights):
        return False
    sites = {model.base.events[i][0] for i in model.weighted} - {-1}
    return all(map(judged.step.is_inside, sites))


def _has_one_target(model: Model) -> bool:
    """Return whether all targets of a step are one number."""
    values = [model.get_value(path) for path in model.targets]
    return bool(values) and all(v.size > 1 and (v == v.flat[0]).all() for v in values)


@dataclass
class Asked:
    """Which steps were asked before: those known to be wrong with other inputs are only asked
    whether they are right, and loops that were often open are asked no more, nor what trains
    nothing, where it computes arrays of the same shapes again.
    """

    known: set[Key] = field(default_factory=set)
    open: Counter[Key] = field(default_factory=Counter)
    useless: set[tuple[Key, Hashable]] = field(default_factory=set)


def _is_known_to_move(judged: Judged, own: Container[Key]) -> bool:
    """Return whether a step that does not train with data of ours is one that the file takes with
    its own: these may be in a form that it does not expect.
    """
    return judged.decision.fault in NO_TRAINING and _get_key(judged.step) in own


def _is_own_open(found: Mapping[Key, Judged], own: Iterable[Key]) -> bool:
    """Return whether a step that the file takes with its own data is open: data of ours may hide
    what is wrong with these.
    """
    return any(key in found and found[key].decision.is_right is None for key in own)


def _get_key(step: Step) -> Key:
    return step.line, step.name


def _leave_unusual(judged: Judged) -> Judged:
    """Return a call as an open one where it goes down an unusual loss of data of ours: with few
    outputs and many layouts a wrong one may have its signs by chance.
    """
    fit = judged.decision.fit
    is_unusual = judged.decision.is_right and fit and fit.loss == GROWING
    return _leave_open(judged) if is_unusual else judged


def _leave_open(judged: Judged) -> Judged:
    """Return a step about which nothing is decided."""
    return replace(judged, decision=replace(judged.decision, is_right=None))


def _lacks_given(decision: Decision) -> bool:
    """Return whether gradients that a call gives lack the penalty of the loss."""
    return decision.fault is Fault.LACKS_PENALTY and decision.model.base.gives_gradients


def _list_larger(judged: Judged, others: Iterable[Judged]) -> list[Judged]:
    """Return the steps, none of them wrong, that move more weights than another; a loss alone moves
    none.
    """
    model = judged.decision.model
    number = 0 if model.base.gave == DERIVED else len(model.weights)
    left = (each for each in others if each.decision.is_right is not False)
    return [each for each in left if len(each.decision.model.weights) > number]


def judge_options(programs: Programs, judged: Judged | None) -> Judged | None:
    """Return a wrong step of a right net that has another activation, else what was judged.

    Where the file trains the net itself, by its own programs, a right call of what it defines is
    sought first: that one is repeated with the other activations. With these no usual loss may fit
    the outputs, so that a step is wrong only if it follows no loss at all.
    """
    usual, budget = judged, Budget(OF_OPTIONS)
    if judged and judged.decision.is_right and judged.step.place[0] < CALLS:
        usual = judge_programs(programs.list_calls(), budget)
    if not usual or not usual.decision.is_right:
        return judged
    varied = programs.vary(usual.step.place[0])
    others = (_choose(steps, budget) for steps in varied)
    return next((each for each in others if each and _follows_nothing(each.decision)), judged)


def judge_later(programs: Programs, judged: Judged | None) -> Judged | None:
    """Return the first wrong step of what a file trains after a right one, in the same run, else
    what was judged: of the later ones others has those that are open. What runs no other code than
    those before it is not judged, and what seems to train nothing is another loop.
    """
    if not judged or not judged.decision.is_right or not 0 <= judged.step.place[0] < OF_USER:
        return judged
    budget, seen = Budget(), judged.decision.model.base.list_sites()
    for steps in takewhile(bool, programs.list_later(judged.step.place[0])):
        sites = budget.run(steps[0], {}, "full").list_sites()
        later = None if sites <= seen else _choose(steps, budget)
        later = later and _weigh(later, steps[0].place[0] % PASSED, {}, ())
        seen |= sites
        if later is None or later.decision.fault in NO_TRAINING:
            continue
        if later.decision.is_right is False:
            return later
        if later.decision.is_right is None:
            judged.others.append(later.step)
    return judged


def _follows_nothing(decision: Decision) -> bool:
    """Return whether a wrong step follows no loss of the outputs at all, known or not, or one with
    the derivative of an activation at a wrong place, which may change little.
    """
    if decision.is_right is False and decision.fault in OF_SLOPE:
        return True
    found = list_inconsistent(decision.model) if decision.is_right is False else []
    return bool(found) and all(found)


def _choose(steps: Sequence[Step], budget: Budget, asked: Asked | None = None) -> Judged | None:
    """Return the first step that is right or wrong, else the first as an open one: a round may show
    too little.

    A call is not wrong where its own loop, which moves as many weights, is open: what it is given
    may be of another form. Nor is a loop in a call that moves more weights, or that raises since
    shapes do not fit, and a right one that moves a variable alone says less than that call.
    """
    first = None
    after = [step for step in steps if step.is_after]
    steps = [step for step in steps if not step.is_after]
    calls = [step for step in steps if not step.line]
    for judged in _judge_steps(steps, budget, asked or Asked()):
        is_right = judged.decision.is_right
        around = calls if judged.step.line else []
        is_part = _is_part(judged, around, budget)
        if is_right and not is_part and sees_all(judged.decision.model, around, budget):
            return _find_later(judged, steps, budget) or _look_after(judged, after, budget)
        is_doubted = is_part or (first and _casts_doubt(first, judged))
        if is_right is False and not is_doubted:
            return judged
        first = first or judged
    return first and _leave_open(first)


def _find_later(right: Judged, steps: Sequence[Step], budget: Budget) -> Judged | None:
    """Return the next round of the loop of a right step where that is wrong, None where it is not:
    a round may go on with what it kept of the one before.
    """
    rest = islice(dropwhile(lambda step: step is not right.step, steps), 1, None)
    later = (step for step in rest if step.line == right.step.line and step.line)
    kept = (step for step in islice(later, 1) if _uses_kept(step, right.decision.model, budget))
    judged = next(_judge_steps(kept, budget, Asked()), None)
    is_wrong = judged and judged.decision.is_right is False
    return replace(judged, is_later=True) if judged and is_wrong else None


def _look_after(right: Judged, after: list[Step], budget: Budget) -> Judged:
    """Return a right step, or that what follows its loop calls a loss what it does not go down."""
    fit = right.decision.fit
    if not after or fit is None or fit.is_own or fit.wrong:
        return right
    run = partial(budget.run, after[0])
    base = run({}, "full")
    if base.error:
        return right
    found = compare_shown(right.step, right.decision, Model(run, base))
    if found.is_right or found.fit is None:
        return right
    if found.fault is not Fault.OTHER_LOSS:  # events of the step, and not of what follows its loop
        found = replace(found, fit=replace(found.fit, shown_as={}))
    return replace(right, decision=replace(found, fits=[]))


def _uses_kept(step: Step, first: Model, budget: Budget) -> bool:
    """Return whether a later round moves weights otherwise with other arrays of the first round."""
    base = budget.run(step, {}, "full")
    made = {path: value for path, value in base.before.items() if path not in first.base.before}
    edits = {path: move(v) for path, v in made.items() if v.ndim and v.dtype.kind == "f"}
    after = budget.run(step, edits, "changes").after if edits else base.after
    weights = [w for w in first.weights if w in base.after and w in after]
    return any((after[w] != base.after[w]).any() for w in weights)


def _is_part(judged: Judged, calls: Sequence[Step], budget: Budget) -> bool:
    """Return whether a loop that is wrong, or moves a variable alone, moves fewer weights than the
    call around it: it may go back through layers, and is then no step. Nor is it one if it is wrong
    and that call does not fit our data.
    """
    weights = judged.decision.model.weights
    is_wrong = judged.decision.is_right is False
    is_alone = len(weights) == 1 and weights[0].isidentifier()
    if not (is_wrong or is_alone):
        return False
    models = (build_model(partial(budget.run, step)) for step in calls)
    is_smaller = any(model and len(model.weights) > len(weights) for model in models)
    return is_smaller or (is_wrong and _raises(calls, budget))


def _raises(calls: Sequence[Step], budget: Budget) -> bool:
    """Return whether a call of ours raises an error about shapes."""
    own = (step for step in calls if step.place[0] >= CALLS)
    return any(budget.run(step, {}, "changes").error.startswith("ValueError") for step in own)


def _casts_doubt(first: Judged, later: Judged) -> bool:
    """Return whether a step that was judged first may be the one that trains: it is right but for
    what it leaves out, another loop, or one of as many weights as a call.
    """
    is_other = bool(first.step.line) and later.step.line not in (0, first.step.line)
    return bool(first.decision.is_right) or is_other or _is_round_of(first, later)


def _is_round_of(loop: Judged, call: Judged) -> bool:
    """Return whether a round of a loop moves as many weights as a call."""
    weights = (len(each.decision.model.weights) for each in (loop, call))
    return bool(loop.step.line) and not call.step.line and len(set(weights)) == 1


def _choose_better(old: Judged, new: Judged) -> Judged:
    """Return what says more of one step: that it is right, unless with fewer outputs of the same
    loss, which hide a wrong sum over the samples, or of fewer weights than another leaves open.
    """
    is_of_several = old.decision.fault in (Fault.SOFTMAX_AXIS, *OF_SLOPE)  # shows with these only
    is_same = is_of_several or bool(_list_losses(old) & _list_losses(new))
    if (
        is_same
        and old.decision.is_right is False
        and count_outputs(new.decision.model) < count_outputs(old.decision.model)
    ):
        return old
    fewer, more = sorted((new, old), key=lambda each: len(each.decision.model.weights))
    if fewer.decision.is_right and _list_larger(fewer, [more]):
        return more
    return max(old, new, key=_rank)


def _list_losses(judged: Judged) -> set[str]:
    """Return the usual losses that a step goes down, or most of its weights do, and the texts of
    those that it computes.
    """
    decision = judged.decision
    fits = [fit for fit in (decision.fit, *decision.fits) if fit]
    events = decision.model.base.events if fits else []
    usual = [fit for fit in fits if not fit.is_own]
    own = [fit.events[0] for fit in fits if fit.is_own]
    own += [i for fit in usual for i, names in fit.shown_as.items() if fit.loss in names]
    return {judged.step.describe(events[i][0])[1] for i in own} | {fit.loss for fit in usual}


def _rank(judged: Judged) -> int:
    """Return 0 for an open step, 1 for a wrong one, and 2 for a right one."""
    is_right = judged.decision.is_right
    return 0 if is_right is None else 1 + is_right


def _rank_shown(judged: Judged) -> tuple[int, int]:
    """Return the rank of a step, those that the file takes before one of ours with its gradients,
    where what a call is given may not fit together, and before one with its loss alone.
    """
    base = judged.decision.model.base
    return _rank(judged), 2 * (base.gave == DERIVED) + base.gives_gradients


def _judge_steps(steps: Iterable[Step], budget: Budget, asked: Asked) -> Iterator[Judged]:
    """Yield each step with its decision, but those that repeat one that says nothing."""
    for step in steps:
        key = _get_key(step)
        if step.line and asked.open[key] >= OPEN:
            continue
        base = budget.run(step, {}, "full")
        outline = key, base.outline()
        if outline in asked.useless:
            continue
        run = partial(_run_known, base, partial(budget.run, step))
        if decision := decide_step(step, run, key in asked.known):
            asked.open[key] += decision.is_right is None
            step.option = step.option or decision.option
            yield Judged(step, decision)
        else:
            asked.useless.add(outline)


def _run_known(base: Trace, run: Run, edits: Mapping[str, Any], form: Form) -> Trace:
    """Run a step, or return what is known of it without edits."""
    return base if form == "full" and not edits else run(edits, form)
