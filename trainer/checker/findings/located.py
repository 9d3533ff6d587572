"""Show a diagnosis as text: the wrong line, what is expected there, and a fix."""

from typing import Any

from rich.cells import cell_len

from trainer.checker.findings.placing import describe_cell
from trainer.common.language import join_words, translate_plural
from trainer.common.language import translate as _

HEADS = ("---", "+++")  # the lines of a diff that name the file
CELL = "+++ cell "  # in a diff of a notebook, before the number of the cell


def describe_diagnosis(found: dict[str, Any], has_fix: bool) -> list[str]:
    """Return the wrong line with a mark under the part, what is expected, and a fix if asked."""
    code, cell = found["code"], found.get("cell")
    head = describe_cell(cell, found["line"]) if cell else f"{found['file']}:{found['line']}"
    before = f"{head}  {code[: found['column']].lstrip()}"
    part = code[found["column"] : found["end_column"]]
    lines = [f"{head}  {code.strip()}"]
    if part != code.strip():
        lines.append(" " * cell_len(before) + "^" * max(1, cell_len(part)))
    if not (found["expected"] or found["left"]) and found["diff"] and not has_fix:
        lines.append(_describe_place(found["diff"]))
    lines += [found["expected"]] if found["expected"] else []
    if found["diff"] and has_fix:
        lines += [_("tried fix:"), *format_diff(found["diff"]), describe_checks(found)]
    return lines


def describe_checks(found: dict[str, Any]) -> str:
    """Return how many checks pass with a fix, or what is still wrong with it."""
    count, left = found["checks"], found["left"]
    if left:
        message = translate_plural(
            "with this change only {names} is still wrong",
            "with this change only {names} are still wrong",
            len(left),
        )
        return message.format(names=join_words(left))
    if count == 1:
        return _("with this change the check passes")
    return _("with this change all {count} checks pass").format(count=count)


def _describe_place(diff: str) -> str:
    """Return what makes all checks pass, where the diff itself is not shown."""
    changed = [line for line in diff.splitlines() if line[:3] not in HEADS]
    if sum(line.startswith("@@") for line in changed) > 1:
        return _("changes of this line and of others make all checks pass")
    if any(line.startswith("-") for line in changed):
        return _("a change of this line makes all checks pass")
    return _("an addition before or after this line makes all checks pass")


def format_diff(diff: str) -> list[str]:
    """Return the changed lines of a unified diff, each old one with its number, and before what is
    only added the number of the line that it follows.
    """
    lines: list[str] = []
    number = 0
    for line in diff.splitlines():
        if line.startswith("@@"):
            start, _comma, count = line.split()[1].lstrip("-").partition(",")
            number = int(start)
            lines += [_("after line {number}:").format(number=number)] if count == "0" else []
        elif line.startswith(CELL):
            lines.append(_("cell {cell}").format(cell=line.removeprefix(CELL)))
        elif line[:3] not in HEADS:
            text = line[0] + line[1:].expandtabs(4)
            lines.append(f"{number if line[0] == '-' else '':>6} {text}")
            number += line[0] == "-"
    return lines
