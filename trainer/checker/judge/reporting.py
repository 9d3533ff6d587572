"""Reports what one step of training shows about a net: what it minimises, or what is wrong."""

import re
from collections.abc import Callable, Iterator, Mapping

from trainer.checker.adapt.names import PARAMS
from trainer.checker.find.programs import OWN
from trainer.checker.find.trace import DERIVED, STRAIGHT
from trainer.checker.findings.comparing import LACKING, OWN_PENALTY, Finding, report_unchecked
from trainer.checker.findings.report import CODE, STEP, Report
from trainer.checker.judge.budget import Step
from trainer.checker.judge.causes import find_cause, find_ratio, find_weight_causes
from trainer.checker.judge.decision import OF_SHOWN_LOSS, Decision, Fault
from trainer.checker.judge.judging import Judged, has_line
from trainer.checker.judge.layers import gives_loss, is_loss, is_opposite
from trainer.checker.judge.properties import is_affine
from trainer.checker.judge.wording import FAULTS, LOSSES
from trainer.common.language import N_, join_changes, join_words, translate_plural
from trainer.common.language import translate as _

# Causes that a step down its own loss refutes: samples as columns, other sizes, and, where no loss
# is right, other factors.
SHAPE = "weight-shape"
UNSURE = (None, "softmax-axis", "mse-mean", SHAPE)
LAYERS = N_("layers")
OF_FORM = ("predict", "loss", "gradient")  # what differs where a net has another form
OF_NET = ("construction", *OF_FORM)
FACTORS = ("batch-mean-missing", "batch-mean-twice", "loss-sum")


def may_be_settled(report: Report) -> bool:
    """Return whether a step may show what a report leaves open, or doubts without a sure cause."""
    wrong, right = report.wrong_findings, _list_right(report)
    is_known = "loss" in right or _is_understood(report)
    unsure = UNSURE if is_known else UNSURE + FACTORS
    is_whole = is_known or not _is_half_explained(report)
    left = [f for f in wrong if is_whole or not _is_gradient(f)]
    is_doubted = bool(wrong) and all(_is_doubt(finding, unsure) for finding in left)
    return report.status == 2 or is_doubted


def has_parts_alone(report: Report) -> bool:
    """Return whether functions and layers of a file are right, and no net was checked."""
    right = _list_right(report)
    is_net = any(name in OF_NET or name.startswith("gradient ") for name in right)
    return report.status == 0 and report.name.startswith(CODE) and bool(right) and not is_net


def lacks_loss(report: Report) -> bool:
    """Return whether a net that is right so far has no method for its loss: a step may show it."""
    return any((f.quantity, f.verdict) == ("loss", "missing") for f in report.findings)


def shows_loss(judged: Judged) -> bool:
    """Return whether a step goes down a loss, or not down what its file calls one."""
    return judged.decision.is_right is True or judged.decision.fault in OF_SHOWN_LOSS


def _list_right(report: Report) -> list[str]:
    return [f.quantity for f in report.findings if f.verdict == "ok"]


def _is_understood(report: Report) -> bool:
    """Return whether a gradient is right: then the form of the net is known, and what differs for
    no known reason is right only if the step goes down the net's own loss.
    """
    return any(_is_gradient(f) for f in report.findings if f.verdict == "ok")


def _is_half_explained(report: Report) -> bool:
    """Return whether no gradient is right, and known mistakes explain some and not all: they may
    not have been computed by the call.
    """
    gradients = [f for f in report.wrong_findings if _is_gradient(f)]
    return not _is_understood(report) and any(map(_is_unexplained, gradients))


def _is_gradient(finding: Finding) -> bool:
    return finding.quantity.startswith("gradient ")


def leave_doubted(report: Report) -> None:
    """Leave open what a step might have refuted, where the time for that was too short."""
    if not may_be_settled(report) or _is_understood(report):
        return
    message = _("a step of its training, which decides about it, did not come back in time")
    _leave(report, report.wrong_findings, lambda _finding: message)


def _leave(report: Report, wrong: list[Finding], explain: Callable[[Finding], str]) -> None:
    """Leave open what is wrong in a report, and explain why."""
    report.findings = [report_unchecked(f.quantity, explain(f)) if f in wrong else f
                       for f in report.findings]  # fmt: skip


def leave_raised(report: Report) -> None:
    """Leave open what a call of ours raises, of a file that runs: it may be called otherwise."""
    raised = filter(_is_doubted_call, report.wrong_findings)
    _leave(report, [f for f in raised if f.cause != "misspelt-name"], lambda f: f.message)


def leave_unknown(report: Report) -> None:
    """Leave a net open of which outputs and gradients, and the loss of these, seem wrong, for no
    known reason, and neither a loss nor a gradient is right: its form may not be known here.
    """
    wrong = report.wrong_findings
    of_form = [f for f in wrong if f.quantity.split()[0] in OF_FORM and _is_doubt(f, (None,))]
    is_unknown = all(f in of_form or _is_doubted_call(f) for f in wrong)
    is_unknown &= {f.quantity for f in of_form} not in ({"loss"}, set())
    is_judged = bool(report.step) or "loss" in _list_right(report) or _is_understood(report)
    is_judged |= any(f.quantity == STEP for f in wrong)
    if wrong and is_unknown and not is_judged:
        message = _(
            "its outputs are of no form that is known here, and nothing else shows its form"
        )
        _leave(report, wrong, lambda f: f.message if f.verdict == "raises" else message)


def _is_doubted_call(finding: Finding) -> bool:
    """Return whether a call of ours raised what may be no mistake of the file."""
    return finding.verdict == "raises" and _is_doubt(finding, ())


def _is_doubt(finding: Finding, unsure: tuple[str | None, ...]) -> bool:
    """Return whether a step down its own loss shows that a finding is none.

    What raises is doubted where a name may be set elsewhere, and where what was given may not be
    what the code expects. With a small penalty a step does not show that of a gradient.
    """
    if finding.topic == OWN_PENALTY:
        return False
    if finding.verdict == "raises":
        is_call = re.search("(Value|Index|Type)Error", finding.message) is not None
        is_unsure = is_call and finding.cause in (None, "targets-mixed")
        return finding.cause == "misspelt-name" or is_unsure
    is_part = finding.cause == "unfinished" and finding.quantity.startswith("gradient")
    is_sure = finding.quantity == "construction" and finding.cause is None  # all nets share weights
    return (finding.cause in unsure and not is_sure) or is_part


def settle(report: Report, judged: Judged) -> None:
    """Put what a step shows into a report that left the net open.

    A loss that differs for no known reason or by a factor, beside a gradient that was not
    understood, says less than a wrong step, and so do numbers that are not those of a known form
    where none is, and what a call of ours raises.
    """
    is_right = judged.decision.is_right
    wrong = report.wrong_findings
    if any(f.cause == SHAPE for f in wrong) and len(judged.decision.model.weights) <= len(PARAMS):
        return  # of a net with two layers a shape is wrong though its step is right
    fit = judged.decision.fit
    for finding in report.findings:  # an array may be lacking only where nothing else trains
        finding.topic = "" if finding.topic == LACKING else finding.topic
    if is_right and _is_of_columns(judged, wrong):
        _leave(report, wrong, lambda f: f.message)
        wrong = report.wrong_findings
    if report.status == 1 and _is_understood(report) and not (is_right and fit and fit.is_own):
        _name_both_losses(wrong, judged)
        return
    known = {f.quantity for f in report.findings if f.verdict == "ok"} & {"predict", "loss"}
    is_factor = all(f.quantity == "loss" and f.cause in (None, *FACTORS) for f in wrong)
    is_unknown = not known and (_is_half_explained(report) or all(map(_is_unexplained, wrong)))
    is_ours = all(map(_is_doubted_call, wrong))
    if is_right is False and (is_factor or is_unknown or is_ours):
        report.findings = [f for f in report.findings if f not in wrong]
    if is_right is None or (report.wrong_findings and not is_right):
        return
    report.findings = _drop_construction(report.findings)
    if is_right:
        raised = (f for f in report.wrong_findings if f.verdict == "raises")
        failed = [f for f in raised if f.quantity != "construction"]  # the step has a net
        report.findings = [f for f in report.findings if f.verdict in ("ok", "note")]
        report.findings += [report_unchecked(f.quantity, f.message) for f in failed]
    report.findings += describe(judged)
    point_to(report, judged)
    _end_doubt(report)


def _is_of_columns(judged: Judged, wrong: list[Finding]) -> bool:
    """Return whether a loss alone is wrong, by the number of outputs, and the file's own net has
    one: the mean over all of them is that over the samples.
    """
    is_factor = all(f.quantity == "loss" and f.cause in (None, *FACTORS) for f in wrong)
    model, is_own = judged.decision.model, judged.step.place[0] < OWN
    shapes = [model.base.events[events[0]][2].shape for events in model.outputs[-1:]]
    return bool(wrong) and is_factor and is_own and any(len(s) == 2 and 1 in s for s in shapes)


def _end_doubt(report: Report) -> None:
    """Note that a report is no longer open, and that it is on the code of a file if on no class."""
    report.stopped, report.name = "", report.name or f"{CODE}{report.file}"


def _name_both_losses(wrong: list[Finding], judged: Judged) -> None:
    """Say of a loss that is wrong for no known reason which one it is, and of which one the
    gradients are: either may be meant.
    """
    fit = judged.decision.fit
    is_alone = len(wrong) == 1 and (wrong[0].quantity, wrong[0].cause) == ("loss", None)
    if not (is_alone and fit and fit.shown and judged.decision.is_right):
        return
    message = _("is {shown}, while the gradients are those of {loss}: change the one or the other")
    shown = _(LOSSES.get(fit.shown, fit.shown))
    wrong[0].message = message.format(shown=shown, loss=name_loss(judged))
    wrong[0].is_explained = True


def point_to(report: Report, judged: Judged) -> None:
    """Note in a report which step is wrong, and whether a line of it can be sought."""
    report.step = judged.step.place if judged.decision.is_right is False else None
    report.has_line = has_line(judged)
    _place_steps(report)


def report_failure(report: Report, failed: str, line: int) -> None:
    """Report what the file's own program raises: that is wrong where its arrays do not fit, which
    is at a line. How else the net may be built says nothing then.
    """
    report.findings = _drop_construction(report.findings)
    if not line:
        report.stopped = failed
        return
    report.findings.append(Finding(STEP, "raises", failed, line=line))
    _place_steps(report)
    _end_doubt(report)


def report_fault(report: Report, line: int, fault: str) -> None:
    """Report what the code raises by a mistake of its own, whatever it is given."""
    report.findings.append(Finding(STEP, "raises", fault, "misspelt-name", line=line))
    _end_doubt(report)
    _place_steps(report)


def report_truncated(report: Report, line: int, name: str) -> None:
    """Report that the file's own loop changes nothing, since an array keeps no decimals."""
    message = _(
        "its own loop changes nothing: {name} is an array of whole numbers, and what is stored in "
        "it loses its decimals; make it of floats"
    )
    report.findings = [f for f in report.findings if f.quantity != STEP]
    report.findings.append(Finding(STEP, "differs", message.format(name=name), line=line))
    _end_doubt(report)
    _place_steps(report)


def _drop_construction(findings: list[Finding]) -> list[Finding]:
    """Return findings without that on a net which could not be built."""
    return [f for f in findings if f.quantity != "construction" or f.checked]


def _place_steps(report: Report) -> None:
    """Give what is found in a step its file; lines of a notebook's text are no lines of it."""
    for finding in report.findings:
        if finding.quantity == STEP and finding.line:
            finding.file = report.file
            finding.line = None if report.file.endswith(".ipynb") else finding.line


def _is_unexplained(finding: Finding) -> bool:
    return finding.verdict == "differs" and finding.cause is None


def settle_layers(report: Report, found: Mapping[str, Judged | None], is_whole: bool) -> None:
    """Put what the layers of a file show into a report that left the file open.

    is_whole: the file has nothing else that may train a net.
    """
    settled = {name: each for name, each in found.items() if each and _is_settled(each)}
    if not settled or report.wrong_findings:
        return
    if is_whole:
        report.findings = [f for f in report.findings if f.verdict in ("ok", "note")]
        report.stopped, report.name = "", f"{CODE}{report.file}"
    report.findings += [f for name, each in settled.items() for f in _describe_layer(name, each)]
    report.findings += _list_notes(found, list(settled))
    wrong = [each for each in settled.values() if not each.decision.is_right]
    report.step = wrong[0].step.place if wrong else None
    report.beside = [f"gradient {weight}" for each in wrong[1:] for weight in each.decision.wrong]


def _list_notes(found: Mapping[str, Judged | None], settled: list[str]) -> Iterator[Finding]:
    """Yield what is said of all right layers together, and of the open ones."""
    doubted = [name for name, each in found.items() if each and _is_doubted(each)]
    left = [name for name in found if name not in [*settled, *doubted]]
    right = [n for n in settled if (each := found[n]) and each.decision.is_right]
    if right:
        message = _("each is the vector-Jacobian product of its forward function: {names}")
        yield Finding(LAYERS, "note", message.format(names=join_changes(right)))
    if left:
        message = _("not checked, since nothing was found that fits: {names}")
        yield Finding(LAYERS, "note", message.format(names=join_changes(left)))
    for name in doubted:
        message = _("it gives another thing than the derivative, and may be meant to do so")
        yield report_unchecked(name, message)


def _is_settled(judged: Judged) -> bool:
    return judged.decision.is_right is not None


def _is_doubted(judged: Judged) -> bool:
    """Return whether a layer that is open, and no loss, gives no derivative."""
    decision = judged.decision
    return decision.is_right is None and bool(decision.wrong) and not is_loss(decision.model)


def _describe_layer(name: str, judged: Judged) -> Iterator[Finding]:
    if judged.decision.is_right:
        yield Finding(name, "ok")
    message = _(
        "what {name} gives is not the derivative of ½ Σ (y − t)² by it, where dout is y − t"
    )
    if gives_loss(judged.decision.model):
        message = _("what {name} gives is not the derivative of its loss by it")
    if is_opposite(judged.decision):
        message = _("what {name} gives by it has the sign of a step up its loss")
    if judged.decision.fault is Fault.UNUSED:
        message = _("{name} gives a gradient by it, but no output depends on it")
    for weight in judged.decision.wrong:
        yield Finding(f"gradient {weight}", "differs", message.format(name=name))


def describe(judged: Judged) -> Iterator[Finding]:
    """Yield the findings on a step."""
    decision = judged.decision
    words = {"step": name_step(judged.step), "loss": name_loss(judged)}
    if decision.is_right:
        is_whole = bool(decision.rule) or not (decision.fit and decision.fit.wrong)
        is_derived = decision.model.base.gave == DERIVED
        quantity = "loss" if is_derived else "gradient"
        is_step = is_whole and not is_derived
        if judged.step.is_still:
            message = _("{step} leaves the weights at 0, which they all are at first: draw them")
            yield Finding(STEP, "differs", message.format(**words))
            return
        yield Finding(STEP if is_step else quantity, "ok")
        yield Finding(STEP, "note", _describe_right(decision, words))
        if is_affine(decision.model):
            message = _("no activation is between its layers: together they act as one layer")
            yield Finding(STEP, "note", message, "activation-missing")
    elif decision.fault:
        words["names"] = join_words(decision.wrong)
        site = _find_site(judged)
        line = None if site is None else judged.step.describe(site)[0] or None
        words["place"] = "" if site is None else judged.step.locate(site)
        words["shapes"] = _name_shapes(decision)
        words["shown"] = _(LOSSES.get(decision.fit.shown if decision.fit else "", ""))
        words["factor"] = f"{decision.fit.rate:.4g}" if decision.fit else ""
        message = _(FAULTS[decision.fault]).format(**words)
        yield Finding(STEP, "differs", message, find_cause(decision), line=line)
    elif decision.is_right is False:
        for weight, cause in find_weight_causes(decision).items():
            message = _describe_weight(decision, weight, words)
            yield Finding(f"gradient {weight}", "differs", message, cause)
    if judged.is_later:
        message = _("its first round is right: later ones use what is kept of it")
        yield Finding(STEP, "note", message)
    is_open = decision.is_right is None and judged.step.line
    for step in [*judged.others, *([judged.step] if is_open else [])]:
        message = _("not checked: {step}, since no loss was found that it goes down or up")
        yield Finding(STEP, "note", message.format(step=name_step(step)))


def describe_unrun(judged: Judged, functions: list[str]) -> Iterator[Finding]:
    """Yield which functions of the file a right step of another file says nothing about."""
    if functions:
        message = _("not checked, since {step} does not run them: {names}")
        words = {"step": name_step(judged.step), "names": join_changes(functions)}
        yield Finding(STEP, "note", message.format(**words))


def describe_unknown(names: list[str], obstacle: str) -> Iterator[Finding]:
    """Yield which functions of a file whose other parts are right no check says anything about, and
    the call that came farthest, if any failed.
    """
    if names:
        message = _("not checked, since no training was found that runs them: {names}")
        if obstacle:
            message = _("not checked, since {obstacle}: {names}")
        words = {"obstacle": obstacle, "names": join_changes(names)}
        yield Finding(STEP, "note", message.format(**words))


def _find_site(judged: Judged) -> int | None:
    """Return the place whose value is wrong by itself, None where none is."""
    decision = judged.decision
    return None if decision.event is None else decision.model.base.events[decision.event][0]


def _name_shapes(decision: Decision) -> str:
    """Return the shapes of the first wrong array before and after a step."""
    base, path = decision.model.base, next(iter(decision.wrong), "")
    shapes = [each[path].shape for each in (base.before, base.after) if path in each]
    return " → ".join(map(str, shapes))


def _describe_right(decision: Decision, words: dict[str, str]) -> str:
    """Return what a right step does: down which loss, by how many weights, with which rule."""
    number = len(decision.model.weights)
    if decision.model.base.gave == DERIVED:
        message = _("the loss of {step} is {loss}; the file computes no gradients of it")
        return message.format(**words)
    message = translate_plural(
        "{step} goes down the derivative of {loss} by {weights} weight",
        "{step} goes down the derivative of {loss} by {weights} weights",
        number,
    )
    if decision.rule:
        message = translate_plural(
            "{step} goes down the derivative of {loss} by {weights} weight, with {rule}",
            "{step} goes down the derivative of {loss} by {weights} weights, with {rule}",
            number,
        )
    elif decision.fit and decision.fit.wrong:
        message = translate_plural(
            "{step} computes the derivative of {loss} by {weights} weight; how it uses that, as "
            "with momentum or Adam, was not checked",
            "{step} computes the derivative of {loss} by {weights} weights; how it uses that, as "
            "with momentum or Adam, was not checked",
            number,
        )
    return message.format(**words, weights=number, rule=decision.rule and _(decision.rule))


def _describe_weight(decision: Decision, weight: str, words: dict[str, str]) -> str:
    """Return how a weight moves, as a multiple of what the others show where it is one."""
    ratio = find_ratio(decision, weight)
    if ratio is None:
        message = _("{step} does not follow the derivative of any loss of the outputs by it")
        return message.format(**words)
    message = _("{step} moves it {factor} times as far down the derivative of {loss} as the others")
    return message.format(**words, factor=f"{ratio:.4g}")


def name_step(step: Step) -> str:
    """Return what a step is: a round of a loop, or a call, and the activation chosen for it."""
    if step.option:
        return _("{step}, with {option},").format(step=_name_call(step), option=step.option)
    return _name_call(step)


def _name_call(step: Step) -> str:
    if step.name == STRAIGHT:
        return _("the step that begins at {place}").format(place=step.locate())
    if step.line:
        return _("a round of the loop at {place}").format(place=step.locate())
    return _("a call of {name}").format(name=step.name)


def name_loss(judged: Judged) -> str:
    """Return the loss that a step minimises: the net's own by name and line, or a usual one."""
    fit = judged.decision.fit
    if fit is None:
        return _("a loss")
    if not fit.is_own:
        return _(LOSSES[fit.loss])
    site = judged.decision.model.base.events[fit.events[0]][0]
    name, place = judged.step.describe(site)[1], judged.step.locate(site)
    return _("its own loss {name} ({place})").format(name=name, place=place)
