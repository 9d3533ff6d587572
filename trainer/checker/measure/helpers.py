"""Check the book's functions in the local modules that a file imports."""

from collections.abc import Iterable, Iterator

from trainer.checker.findings.comparing import Finding
from trainer.checker.load.definitions import Helper
from trainer.checker.measure.book_functions import Inputs, check_functions
from trainer.common.language import translate as _


def check_helpers(helpers: Iterable[Helper], inputs: Inputs) -> Iterator[Finding]:
    """Check the functions of the book in the modules that a file uses."""
    for helper in helpers:
        for finding in check_functions(helper.names, helper.defined, inputs):
            if finding.message:
                found = {"message": finding.message, "file": helper.file}
                finding.message = _("{message} (in {file})").format(**found)
            yield finding


def accept_helpers(findings: Iterable[Finding], is_net_right: bool) -> Iterator[Finding]:
    """Yield the findings on helpers, as notes where the net is right all the same."""
    for finding in findings:
        if is_net_right and finding.verdict in ("differs", "raises"):
            message = _("{message}; the net is right all the same").format(message=finding.message)
            yield Finding(finding.quantity, "note", message, finding.cause)
        else:
            yield finding
