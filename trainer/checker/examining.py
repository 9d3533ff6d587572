"""The examination of one net: every quantity in the order of the book, a finding each."""

import inspect
from collections.abc import Callable, Iterator

from trainer.checker import cases
from trainer.checker.accuracy import check_accuracy
from trainer.checker.attempts import attempt, raised
from trainer.checker.bench import Bench, Run, silent, values
from trainer.checker.choosing import choose, explain, is_right
from trainer.checker.comparing import CLOSE, Finding, error
from trainer.checker.descriptions import describe_mistake
from trainer.checker.edges import check_edges
from trainer.checker.judging import Causes, Judge
from trainer.checker.names import PARAMS
from trainer.checker.numerical import check_numerical
from trainer.checker.penalty import check_penalty
from trainer.checker.subject import Subject
from trainer.checker.training import check_training
from trainer.checker.weights import find_fixed_sizes


def examine(
    kind: type, seed: int = 0, progress: Callable[[str], None] = silent
) -> Iterator[Finding]:
    """Every finding, the construction first; a net that cannot be built has no others."""
    progress("construction")
    outcome = attempt(lambda: _build(kind))
    if outcome.error:
        yield raised("construction", outcome.error)
        return
    subject: Subject = outcome.value
    yield _construction(kind, subject)
    weights = subject.weights
    if not weights.problems and not weights.extra and len(weights.places) == len(PARAMS):
        case = cases.make_case(seed, (subject.D, subject.H, subject.C))
        yield from _examine(Bench(kind, subject, case, progress))


def _build(kind: type) -> Subject:
    subject = Subject(kind, cases.D, cases.H, cases.C)
    fixed = find_fixed_sizes(subject.net, subject.weights)
    return Subject(kind, *fixed) if fixed else subject


def _construction(kind: type, subject: Subject) -> Finding:
    weights, name = subject.weights, "construction"
    if weights.extra:
        message = f"has {', '.join(sorted(weights.extra))}: more than the two layers checked here"
        return Finding(name, "missing", message, checked=False)
    problems, biases = list(weights.problems.values()), {"b1", "b2"} & weights.absent
    cause = "weight-shape"
    if len(biases) == 1 and not weights.absent & {"W1", "W2"}:
        twice = "b1" in weights.problems or _set_twice(kind)
        cause = "bias-stored-twice" if twice else "bias-missing-forward"
        problems.append(f"there is no {biases.pop()}")
    if problems:
        return Finding(name, "differs", f"{'; '.join(problems)}: {describe_mistake(cause)}", cause)
    if weights.absent == {"b1", "b2"}:
        message = "has no biases, which this check needs: W1, b1, W2, b2"
        return Finding(name, "missing", message, checked=False)
    if weights.absent:
        message = f"no array that could be {', '.join(sorted(weights.absent))} was found in the net"
        return Finding(name, "missing", message, checked=False)
    return Finding(name, "ok")


def _set_twice(kind: type) -> bool:
    try:
        source = inspect.getsource(kind.__init__).replace('"', "'")  # type: ignore[misc]
    except (OSError, TypeError):
        return False
    return any(source.count(f"['{bias}'] =") > 1 for bias in ("b1", "b2"))


def _examine(bench: Bench) -> Iterator[Finding]:
    runs = {target: bench.run(t) for target, t in bench.targets.items()}
    if bench.restless():
        message = "gives another output for the same input each time: it cannot be compared"
        yield Finding("predict", "missing", message, checked=False)
        return
    if {"W1", "W2"} <= bench.subject.weights.transposed and _takes_columns(runs):
        message = "it seems to take samples as columns (D, N), which is not known here"
        yield Finding("predict", "missing", message, checked=False)
        return
    bench.form, bench.target = choose(bench, runs)
    theirs = values(runs[bench.target])
    judge = Judge(bench.case, theirs, bench.right(), bench.form.head)
    found = explain(bench, theirs, judge)
    for finding in _verdicts(bench, runs[bench.target], judge, found):
        yield _mixed(finding, bench, runs)
    yield from _other_targets(bench, runs)
    yield from check_accuracy(bench)
    yield from check_numerical(bench, judge)
    yield from check_edges(bench, judge, runs[bench.target])
    yield from check_penalty(bench)
    yield from check_training(bench)
    yield from judge.notes


def _takes_columns(runs: dict[str, Run]) -> bool:
    """Whether nothing at all takes samples as rows."""
    outcomes = [outcome for run in runs.values() for outcome in run.values()]
    return all(isinstance(o.error, ValueError | IndexError) for o in outcomes)


def _verdicts(bench: Bench, run: Run, judge: Judge, found: Causes) -> Iterator[Finding]:
    for quantity in ("predict", "loss", "gradient"):
        outcome = run.get(quantity)
        if outcome is None:
            yield Finding(quantity, "missing", "the net has no such method")
        elif outcome.error:
            yield raised(quantity, outcome.error)
        elif quantity == "predict":
            yield judge.judge_predict(found)
        elif quantity == "loss":
            yield judge.judge_loss(found)
        elif outcome.value is None and outcome.wrote:
            message = "updates the weights itself and gives no gradients: not compared"
            yield Finding("gradient", "missing", message, checked=False)
        elif outcome.value is None:
            yield Finding("gradient", "differs", "gives no gradients", "unfinished")
        else:
            yield from judge.judge_gradient(found, bench.own_derivative(outcome.value, judge))


def _mixed(finding: Finding, bench: Bench, runs: dict[str, Run]) -> Finding:
    """What is wrong with these targets and right with the others has that for its cause."""
    key = finding.quantity.split()[-1]
    if finding.verdict not in ("differs", "raises") or key == "predict":
        return finding
    judge = Judge(bench.case, values(runs[bench.other]), bench.right(), bench.form.head)
    keys = list(PARAMS) if key == "gradient" else [key]
    errors = {type(run["gradient"].error) for run in runs.values() if "gradient" in run}
    if all(k in judge.theirs and is_right(k, judge) for k in keys):
        how = "it is right"
    elif key == "gradient" and errors == {IndexError, ValueError} and "loss" in judge.theirs:
        how = "it raises too, as loss does not"
    elif key == "gradient" and errors == {IndexError, ValueError}:
        how = "it raises too"
    else:
        return finding
    finding.cause = "targets-mixed"
    finding.message += f"; with {bench.other} {how}: {describe_mistake('targets-mixed')}"
    return finding


def _other_targets(bench: Bench, runs: dict[str, Run]) -> Iterator[Finding]:
    """The other form of targets, where it raises or gives other numbers: a note."""
    cause = "labels-only" if bench.target == "labels" else "one-hot-only"
    mine, theirs = values(runs[bench.target]), values(runs[bench.other])
    for quantity in ("loss", "gradient"):
        outcome, right = runs[bench.other].get(quantity), runs[bench.target].get(quantity)
        if outcome is None or right is None or right.error:
            continue
        keys = [quantity] if quantity == "loss" else [k for k in PARAMS if k in mine]
        if outcome.error or any(error(theirs.get(k), mine[k]) > CLOSE for k in keys):
            how = (
                f"raises {type(outcome.error).__name__}" if outcome.error else "gives other numbers"
            )
            message = f"takes {bench.target} only: with {bench.other} it {how}"
            yield Finding(quantity, "note", message, cause)
            return
