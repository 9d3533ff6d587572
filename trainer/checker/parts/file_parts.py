"""Checks all functions and layers of a file that can be checked by themselves."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from trainer.checker.adapt.loaded import Loaded
from trainer.checker.findings.comparing import UNKNOWN_FORM, Finding, report_unchecked
from trainer.checker.parts.checking import check_part
from trainer.checker.parts.expected import DEEP, LAYERS, STRICT, find_rule
from trainer.checker.shapes.adapting import is_built
from trainer.checker.shapes.layers import find_layer
from trainer.checker.shapes.shape import Part
from trainer.common.language import N_
from trainer.common.language import translate as _

UNCALLED = N_("it is defined, but not in a form that can be called by itself")
ALONE = N_("agrees with the file's forward pass, but no net of it could be checked")


def check_parts(
    loaded: Loaded, seed: int, progress: Callable[[str], None]
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings on the file's own functions and layers, and on those it imports."""
    own: list[Finding] = []
    imported: list[Finding] = []
    wrong: set[str] = set()
    for part in loaded.parts:
        progress(part.name)
        findings = list(_check_unless(part, wrong, loaded, seed))
        wrong |= {f.quantity.split()[0] for f in findings if f.verdict in ("differs", "raises")}
        if part.is_own:
            own += findings
        else:
            imported += [f for f in findings if f.checked]
    return own + list(_report_lost(loaded)), imported


def _check_unless(part: Part, wrong: set[str], loaded: Loaded, seed: int) -> Iterator[Finding]:
    """Yield the findings on a part, unless a function that it builds on is wrong.

    What agrees with the file's own functions is right only if these are checked too, in a net.
    """
    rule = find_rule(part.name)
    if rule is None:
        return
    if blamed := next((name for name in rule.builds_on if name in wrong), None):
        yield report_unchecked(part.name, _("uses {name}, which is wrong").format(name=blamed))
        return
    is_alone = rule.is_relative and loaded.is_whole and loaded.kind is None
    for finding in check_part(part, loaded.unfinished, seed):
        if is_alone and finding.verdict == "ok":
            finding = replace(finding, verdict="missing", message=_(ALONE), checked=False)
        yield finding


def _report_lost(loaded: Loaded) -> Iterator[Finding]:
    """Yield a finding on each function that the file defines, and that could not be called.

    Without it, a file that hides a wrong function would be right.
    """
    if not loaded.is_whole or (loaded.kind is not None and not is_built(loaded.kind)):
        return
    if getattr(loaded.kind, "derives_gradient", False):  # the functions of a torch module
        return
    found = {find_layer(part.name) or part.name for part in loaded.parts}
    others = set() if found & LAYERS else LAYERS  # other classes have such names
    # Where there is a net, such functions may be written in another way: the net shows them.
    is_deep = "linear_forward" in loaded.defined and (loaded.kind is None or bool(found & DEEP))
    others = others if is_deep else others | DEEP
    for name in STRICT:
        if name not in others and name in loaded.defined and name not in found:
            yield report_unchecked(name, _(UNCALLED), UNKNOWN_FORM)
