"""Amends the findings on a net and on functions where a shape shows what they mean."""

from collections.abc import Iterable, Iterator, Mapping

from trainer.checker.findings.comparing import COLUMNS, Finding
from trainer.checker.parts.checking import report_unfinished, report_unsupported
from trainer.checker.shapes.adapting import is_built
from trainer.common.language import translate as _


def drop_derived(findings: Iterable[Finding], kind: type | None) -> Iterator[Finding]:
    """Yield the findings on a class; for one that a shape built, not that it has no accuracy.

    A gradient by autograd is wrong only because the outputs or the loss are: that is said once.
    """
    is_derived = getattr(kind, "derives_gradient", False)
    is_wrong = False
    for finding in findings:
        name = finding.quantity.split()[0]
        is_wrong |= name in ("predict", "loss") and finding.verdict in ("differs", "raises")
        is_absent = (finding.quantity, finding.verdict) == ("accuracy", "missing")
        if is_absent and kind is not None and is_built(kind):
            continue
        if not (is_derived and is_wrong and name == "gradient"):
            yield finding


def name_unfinished(
    findings: Iterable[Finding], unfinished: Mapping[str, str], kind: type | None
) -> Iterator[Finding]:
    """Yield the findings; what is wrong with a class that is not written yet is unfinished.

    An exception proves nothing where it was guessed how functions are called.
    """
    is_guessed = getattr(kind, "has_guessed_calls", False)
    is_template = kind is not None and unfinished.get(kind.__name__) == kind.__name__
    for finding in findings:
        if is_template and finding.verdict in ("differs", "raises"):
            finding = report_unfinished(finding.quantity)
        elif is_guessed and finding.verdict == "raises" and "NameError" not in finding.message:
            finding = report_unsupported(finding)
        yield finding


def accept_columns(
    functions: Iterable[Finding], kind: type | None, findings: list[Finding]
) -> Iterator[Finding]:
    """Yield the findings on functions; a softmax of each column is no mistake where samples are
    columns, or where no net shows how samples are taken.
    """
    is_open = kind is None or getattr(kind, "takes_columns", False)
    is_open |= any(f.topic == COLUMNS for f in findings)
    is_open |= all(f.quantity != "predict" for f in findings)
    for finding in functions:
        if is_open and (finding.quantity, finding.cause) == ("softmax", "softmax-axis"):
            message = _("normalises each column: right where samples are columns")
            finding = Finding("softmax", "note", message)
        yield finding


def accept_writing(functions: Iterable[Finding], findings: list[Finding]) -> Iterator[Finding]:
    """Yield the findings on functions; one that gives right values and changes its argument, as
    x[x < 0] = 0 does, is no mistake where nothing is wrong with the net that uses it.
    """
    is_wrong = any(f.verdict in ("differs", "raises") for f in findings)
    for finding in functions:
        if not is_wrong and (finding.verdict, finding.cause) == ("differs", "inputs-mutated"):
            yield Finding(finding.quantity, "ok")
            finding = Finding(finding.quantity, "note", finding.message, finding.cause)
        yield finding


def accept_sums(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings on the net of a file that divides the losses of all batches by the number
    of samples: there a loss that is a sum is no mistake.
    """
    for finding in findings:
        if (finding.quantity, finding.cause) == ("loss", "loss-sum"):
            yield Finding("loss", "ok")
            message = _("is the sum over a batch, which the file divides by the number of samples")
            finding = Finding("loss", "note", message)
        yield finding
