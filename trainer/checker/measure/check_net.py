"""Check one net: every quantity in the order of the book."""

from collections.abc import Callable, Iterator

from trainer.checker.adapt.attempts import Outcome, attempt, report_exception
from trainer.checker.adapt.names import PARAMS, is_guessed, list_arguments
from trainer.checker.adapt.subject import Subject
from trainer.checker.findings.comparing import (
    CLOSE,
    COLUMNS,
    Finding,
    as_array,
    compute_error,
    report_unchecked,
)
from trainer.checker.measure import cases
from trainer.checker.measure.accuracy import check_accuracy
from trainer.checker.measure.choosing import choose_form, find_mistakes, is_right
from trainer.checker.measure.constructing import (
    build_subject,
    check_construction,
    report_failed_construction,
)
from trainer.checker.measure.credit import credit_parts
from trainer.checker.measure.edges import check_edges
from trainer.checker.measure.initial import check_initial
from trainer.checker.measure.judging import Causes, Judge
from trainer.checker.measure.loss_mistakes import name_loss_mistake
from trainer.checker.measure.numerical import check_numerical
from trainer.checker.measure.one_column import ONE_COLUMN, is_right_with_one_column
from trainer.checker.measure.penalty import accept_decay, check_penalty
from trainer.checker.measure.targets import blame_mixed_targets, check_other_targets
from trainer.checker.measure.training import accept_sums, check_training
from trainer.checker.measure.trial import Outcomes, Trial, collect_values
from trainer.checker.measure.updating import check_cost, check_update
from trainer.common.language import translate as _


def check_net(kind: type, seed: int, progress: Callable[[str], None]) -> Iterator[Finding]:
    """Yield every finding on a class; construction comes first, and alone where it fails."""
    progress("construction")
    outcome = attempt(lambda: build_subject(kind))
    if outcome.error:
        yield report_failed_construction(kind, outcome.error)
        return
    subject: Subject = outcome.value
    construction = check_construction(kind, subject)
    yield construction
    if construction.verdict == "ok":
        case = cases.make_case(seed, (subject.D, subject.H, subject.C))
        yield from _check_quantities(Trial(kind, subject, case, progress))


def prepare_trial(kind: type, seed: int) -> tuple[Trial, Judge] | None:
    """Return the net in its form with its targets, and the judge of its results; None if it has
    no form.
    """
    subject = build_subject(kind)
    if check_construction(kind, subject).verdict != "ok":
        return None
    trial = Trial(kind, subject, cases.make_case(seed, (subject.D, subject.H, subject.C)))
    runs = {target: trial.call_methods(t) for target, t in trial.targets.items()}
    if _find_obstacle(trial, runs):
        return None
    trial.form, trial.target = choose_form(trial, runs)
    return trial, _make_judge(trial, runs[trial.target])


def _make_judge(trial: Trial, outcomes: Outcomes) -> Judge:
    return Judge(trial.case, collect_values(outcomes), trial.expected, trial.form.head)


def _check_quantities(trial: Trial) -> Iterator[Finding]:
    runs = {target: trial.call_methods(t) for target, t in trial.targets.items()}
    if obstacle := _find_obstacle(trial, runs):
        yield obstacle
        return
    trial.form, trial.target = choose_form(trial, runs)
    outcomes = runs[trial.target]
    judge = _make_judge(trial, outcomes)
    got = judge.theirs
    if not (judge.is_loss_exact() and all(is_right(quantity, judge) for quantity in got)):
        judge.others = trial.call_elsewhere()
    mistakes = find_mistakes(trial, got, judge)
    findings: list[Finding] = []
    for quantity in ("predict", "loss", "gradient"):
        findings += _judge_outcome(quantity, outcomes.get(quantity), trial, judge, mistakes)
    if any(f.verdict in ("differs", "raises") for f in findings) and is_right_with_one_column(
        trial
    ):
        yield report_unchecked("predict", _(ONE_COLUMN))
        return
    name_loss_mistake(findings, trial)
    accept_sums(findings, trial)
    accept_decay(findings, trial, judge)
    credit_parts(findings, judge)
    for finding in findings:
        blame_mixed_targets(finding, trial, runs)
        yield finding
    if trial.subject.is_derived:
        message = _("returns no gradients: what its update subtracts from the weights was compared")
        yield Finding("gradient", "note", message)
    if trial.subject.columns:
        message = _("takes samples as columns (D, N): the book's are rows")
        yield Finding("predict", "note", message, topic=COLUMNS)
    yield from check_other_targets(trial, runs)
    yield from check_accuracy(trial)
    yield from check_numerical(trial, judge)
    edges = list(check_edges(trial, judge, outcomes))
    yield from edges
    yield from check_penalty(trial)
    if all(f.quantity != "inputs" for f in edges):  # a step on other inputs shows nothing more
        yield from check_training(trial)
    if all(f.verdict not in ("differs", "raises") for f in findings if f.quantity != "loss"):
        yield from check_update(trial)
        yield from check_cost(trial)
    if trial.subject.has("gradient") or trial.subject.has("numerical"):
        yield from check_initial(trial.kind)
    yield from judge.notes


def _find_obstacle(trial: Trial, runs: dict[str, Outcomes]) -> Finding | None:
    """Return the finding on why the numbers cannot be compared, None if they can."""
    if trial.is_random():
        reason = _(
            "returns different outputs for the same input: remove what is random, check again"
        )
        return report_unchecked("predict", reason)
    outcomes = [outcome for run in runs.values() for outcome in run.values()]
    outputs = [as_array(run["predict"].value) for run in runs.values() if "predict" in run]
    if trial.subject.C == 1 and any(y is not None and (y == 1).all() for y in outputs):
        reason = _("one output column of softmax is always 1: use sigmoid for two classes")
        return report_unchecked("predict", reason)
    fails = all(isinstance(outcome.error, ValueError | IndexError) for outcome in outcomes)
    if {"W1", "W2"} <= trial.subject.weights.transposed and fails:
        reason = _("takes samples neither as rows (N, D) nor as columns (D, N)")
        return report_unchecked("predict", reason, topic=COLUMNS)
    return None


def _judge_outcome(
    quantity: str, outcome: Outcome | None, trial: Trial, judge: Judge, mistakes: Causes
) -> list[Finding]:
    """Return the findings on predict, loss or gradient: one, or one for each parameter."""
    if outcome is None:
        return _report_missing(quantity, trial)
    if outcome.error:
        return [_report_error(quantity, outcome.error, trial)]
    if quantity == "predict":
        return [judge.judge_predict(mistakes)]
    if quantity == "loss":
        return [_accept_guess(judge.judge_loss(mistakes), trial)]
    if outcome.value is None and outcome.wrote:
        reason = _("updates the weights itself and returns no gradients: return them to check them")
        return [report_unchecked("gradient", reason)]
    if outcome.value is None:
        return [Finding("gradient", "differs", _("returns no gradients"), "unfinished")]
    given = [key for key in PARAMS if key in outcome.value]
    wrong = [k for k in given if compute_error(outcome.value[k], judge.get_expected(k)) > CLOSE]
    has_loss = trial.subject.has("loss")
    return judge.judge_gradient(mistakes, trial.differentiate_loss(wrong) if has_loss else {})


def _accept_guess(finding: Finding, trial: Trial) -> Finding:
    """Return the finding on a loss; a wrong one proves nothing where an argument was guessed."""
    method = trial.subject.methods["loss"]
    if finding.verdict != "differs" or method is None or not is_guessed(method):
        return finding
    return _report_signature("loss", method)


def _report_signature(quantity: str, method: Callable[..., object]) -> Finding:
    reason = _("unsupported signature: {signature}").format(signature=_show_signature(method))
    return report_unchecked(quantity, reason)


def _report_missing(quantity: str, trial: Trial) -> list[Finding]:
    """Return the finding on a method that is missing: none if a numerical gradient replaces it."""
    internal = trial.subject.internal
    if quantity == "gradient" and internal is not None:
        return [_report_signature(quantity, internal)]
    if quantity == "gradient" and trial.subject.has("numerical"):
        return []
    message = _("the net has no method {method}").format(method=quantity)
    return [Finding(quantity, "missing", message)]


def _report_error(quantity: str, error: BaseException, trial: Trial) -> Finding:
    """Return the finding on a method that raises: a call that was guessed proves nothing."""
    finding = report_exception(quantity, error)
    method = trial.subject.methods[quantity]
    is_own = isinstance(error, NameError | NotImplementedError | MemoryError | RecursionError)
    if finding.verdict != "raises" or is_own or method is None or not is_guessed(method):
        return finding
    message = _("unsupported signature: {signature}: {message}").format(
        signature=_show_signature(method), message=finding.message
    )
    return report_unchecked(quantity, message)


def _show_signature(method: Callable[..., object]) -> str:
    names = ", ".join(p.name for p in list_arguments(method))
    name = getattr(method, "__name__", _("the method"))
    return f"{name}({names})"
