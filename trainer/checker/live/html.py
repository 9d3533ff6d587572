"""Shows a report as HTML that is readable on a light and on a dark background.

Colours are backgrounds of little opacity, and the text keeps the page's own colour. Each style is
inline, since notebooks remove style sheets from outputs.
"""

from html import escape as escape_html

from trainer.auditing.mistakes import MISTAKES
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.descriptions import join_quantities
from trainer.checker.findings.located import describe_checks, format_diff
from trainer.checker.findings.placing import describe_cell, describe_place
from trainer.checker.findings.report import Report
from trainer.common.language import N_
from trainer.common.language import translate as _
from trainer.common.text import escape

GREEN, RED, AMBER = "rgba(40,167,69,.22)", "rgba(220,53,69,.24)", "rgba(255,193,7,.20)"
GREY = "rgba(128,128,128,.16)"
WORDS = {"ok": (N_("✓ right"), GREEN), "differs": (N_("✗ wrong"), RED),
         "raises": (N_("✗ raises"), RED), "note": (N_("note"), AMBER),
         "missing": (N_("– missing"), GREY), "unchecked": (N_("– unchecked"), GREY)}  # fmt: skip
TITLES = {0: GREEN, 1: RED, 2: GREY}
CELL = "padding:3px 9px;text-align:left;vertical-align:top"
CODE = "margin:6px 0;padding:6px 9px;white-space:pre-wrap;overflow-wrap:anywhere"
MONO = "font-family:ui-monospace,Menlo,Consolas,monospace"


def show(text: object) -> str:
    """Return a text from outside as HTML on one line."""
    return escape_html(escape(str(text)))


def render(report: Report) -> str:
    """Return a report as a heading, a table of its findings, the wrong line and the fix."""
    head = f"background:{TITLES[report.status]};padding:5px 9px;font-weight:600"
    parts = [f'<div style="{head}">{show(report.summarise())}</div>', _render_table(report)]
    if report.hints > 1 and report.diagnosis:
        parts += _render_line(report)
        if report.hints > 2 and report.diagnosis["diff"]:
            parts += _render_fix(report)
    if report.learning:
        parts.append(f'<pre style="{CODE};{MONO}">{"<br>".join(map(show, report.learning))}</pre>')
    causes = dict.fromkeys(f.cause for f in report.wrong_findings if f.cause in MISTAKES)
    if report.hints > 1 and causes:
        commands = " ".join(f"--explain {cause}" for cause in causes)
        more = _("more: {command}").format(command=f"two-layer-net check {commands}")
        parts.append(f'<div style="{CELL}">{show(more)}</div>')
    return f'<div style="max-width:64em;margin-bottom:12px">{"".join(parts)}</div>'


def _render_table(report: Report) -> str:
    """Return a row for what is wrong by each cause, for each note, and for all that is right."""
    groups: dict[object, list[Finding]] = {}
    for finding in report.wrong_findings:
        groups.setdefault(finding.cause or id(finding), []).append(finding)
    rest = [f for f in report.findings if f.verdict in ("missing", "note")]
    rows = [_render_row(group, report.hints) for group in [*groups.values(), *([f] for f in rest)]]
    wrong = {f.quantity for f in report.wrong_findings}
    right = [f for f in report.findings if f.verdict == "ok" and f.quantity not in wrong]
    if right:
        names = f'<td colspan="2" style="{CELL}">{show(join_quantities(right))}</td>'
        rows.append(f'<tr style="background:transparent">{_render_word("ok")}{names}</tr>')
    style = "border-collapse:collapse;margin:6px 0"
    return f'<table style="{style}"><tbody>{"".join(rows)}</tbody></table>'


def _render_word(verdict: str) -> str:
    word, colour = WORDS[verdict]
    return f'<td style="{CELL};white-space:nowrap;background:{colour}">{_(word)}</td>'


def _render_row(group: list[Finding], hints: int) -> str:
    """Return the row of findings that have one cause; the message is that of the first."""
    first = group[0]
    is_hidden = hints == 1 and first.verdict in ("differs", "raises")
    cause = f" <code>{show(first.cause)}</code>" if first.cause else ""
    message = "" if is_hidden else show(first.message) + cause
    names = join_quantities(group)
    return (
        f'<tr style="background:transparent">'
        f"{_render_word(first.verdict if first.checked else 'unchecked')}"
        f'<td style="{CELL}">{show(names)}</td><td style="{CELL}">{message}</td></tr>'
    )


def _render_line(report: Report) -> list[str]:
    """Return the wrong line with its wrong part marked, and what is expected there."""
    found = report.diagnosis or {}
    cell, line_number = found.get("cell"), found["line"]
    place = describe_cell(cell, line_number) if cell else describe_place(found["file"], line_number)
    code, start, end = found["code"], found["column"], found["end_column"]
    marked = f'<span style="background:{RED};font-weight:600">{show(code[start:end])}</span>'
    line = show(code[:start].lstrip()) + marked + show(code[end:])
    expected = f'<div style="{CELL}">{show(found["expected"])}</div>' if found["expected"] else ""
    return [
        f'<div style="{CELL}">{show(place)}</div>',
        f'<pre style="{CODE};{MONO};background:{GREY};color:inherit">{line}</pre>', expected,
    ]  # fmt: skip


def _render_fix(report: Report) -> list[str]:
    found = report.diagnosis or {}
    lines = []
    for line in format_diff(found["diff"]):
        colour = {"-": RED, "+": GREEN}.get(line[7:8], "transparent")
        lines.append(f'<span style="display:block;background:{colour}">{show(line)}</span>')
    passed = describe_checks(found)
    return [
        f'<pre style="{CODE};{MONO};background:transparent;color:inherit">{"".join(lines)}</pre>',
        f'<div style="{CELL}">{show(passed)}</div>',
    ]
