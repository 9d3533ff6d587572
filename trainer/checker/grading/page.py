"""Writes report.html: one page without scripts, with the class at a glance and each student."""

import re
from collections import Counter
from html import escape as escape_html
from pathlib import Path

from trainer.auditing.mistakes import MISTAKES
from trainer.checker.findings.descriptions import OTHERS
from trainer.checker.grading.batch import name_file
from trainer.checker.grading.marking import Record, show_why
from trainer.checker.grading.points import Scheme
from trainer.checker.grading.tables import WORDS, list_parts
from trainer.common.language import get_language
from trainer.common.language import translate as _

STYLE = Path(__file__).with_name("style.css")
MARKS = {"ok": "✓", "credit": "✓", "wrong": "✗", "missing": "–", "optional": "–", "unchecked": "?"}
CLASSES = {"ok": "right", "credit": "right", "wrong": "wrong", "missing": "soft",
           "optional": "soft", "unchecked": "unchecked"}  # fmt: skip
BINS = 10
MARK = re.compile(r" *\^+")


def make_page(records: list[Record], scheme: Scheme, title: str) -> str:
    """Return the page; every text from outside is escaped."""
    each, shown = _head(_("Each student")), "".join(map(_show_student, records))
    return _wrap(
        title,
        f'<p class="soft">{_text(scheme.describe())}</p>\n'
        f"{_show_numbers(records)}{_show_bins(records, scheme)}{_show_causes(records)}"
        f"{_show_parts(records)}{_show_list(records)}{each}{shown}",
    )


def make_handout(record: Record, scheme: Scheme) -> str:
    """Return the page to hand out to a student, with as much as the hints allow."""
    parts = [part | {"why": show_why(record, part)} for part in record["parts"]]
    shown = record | {"parts": parts, "report": record["handout"], "tried": []}
    head = f'<p class="soft">{_text(scheme.describe())}</p>\n'
    return _wrap(_("two-layer nets: results"), head + _show_student(shown))


def _wrap(title: str, body: str) -> str:
    """Return a page with a title, which needs no other file."""
    return (
        f'<!doctype html>\n<html lang="{get_language()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{_text(title)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n"
        f"</head>\n<body>\n<h1>{_text(title)}</h1>\n"
        f"{body}</body>\n</html>\n"
    )


def _head(text: str) -> str:
    return f"<h2>{_text(text)}</h2>\n"


def _text(value: object) -> str:
    return escape_html(str(value), quote=True)


def _show_numbers(records: list[Record]) -> str:
    counts = Counter(record["verdict"] for record in records)
    mean = sum(record["points"] for record in records) / max(1, len(records))
    boxes = [("", str(len(records)), _("submissions")), ("", f"{mean:.1f}", _("points on average"))]
    boxes += [(verdict, str(counts[verdict]), _(word)) for verdict, word in WORDS.items()]
    inner = "".join(f'<div class="{kind}"><b>{n}</b>{word}</div>' for kind, n, word in boxes)
    return f'<div class="numbers">{inner}</div>\n'


def _show_bars(rows: list[tuple[str, int]], kind: str = "bars") -> str:
    """Return horizontal bars; the names are HTML already."""
    most = max((count for _name, count in rows), default=0) or 1
    cells = "".join(
        f"<span>{name}</span><span>{_bar(count, most)}</span><span>{count}</span>"
        for name, count in rows
    )
    return f'<div class="{kind}">{cells}</div>\n'


def _bar(count: int, most: int) -> str:
    return f'<i style="width:{100 * count / most:.1f}%"></i>' if count else ""


def _show_bins(records: list[Record], scheme: Scheme) -> str:
    total = scheme.total or 1
    bins = Counter(min(BINS - 1, int(BINS * record["points"] / total)) for record in records)
    names = [f"{total * i / BINS:g} – {total * (i + 1) / BINS:g}" for i in range(BINS)]
    rows = [(names[i], bins[i]) for i in range(BINS - 1, -1, -1)]
    return _head(_("Points")) + _show_bars(rows)


def _show_causes(records: list[Record]) -> str:
    causes = Counter(cause for record in records for cause in record["causes"])
    if not causes:
        return ""
    known = {slug: mistake.summary for slug, mistake in MISTAKES.items()}
    known |= {slug: summary for slug, (summary, _hint) in OTHERS.items()}
    rows = [
        (f'{_text(cause)}<br><span class="soft">{_text(_(known.get(cause, "")))}</span>', count)
        for cause, count in causes.most_common()
    ]
    head = _head(_("Mistakes, and how many students made them"))
    return head + _show_bars(rows, "bars long")


def _show_parts(records: list[Record]) -> str:
    wrong = Counter(p["name"] for r in records for p in r["parts"] if p["verdict"] == "wrong")
    rows = [(_text(name), wrong[name]) for name in list_parts(records)]
    return _head(_("Parts, and how often each is wrong")) + _show_bars(rows)


def _show_list(records: list[Record]) -> str:
    rows = "".join(
        f'<tr><td><a href="#{_text(name_file(r["student"]))}">{_text(r["student"])}</a></td>'
        f'<td class="n">{r["points"]:g}</td><td class="{r["verdict"]}">{_name_verdict(r)}'
        f"{' ⚠' * bool(r['tried'])}</td>"
        f'<td class="wide">{_text(", ".join(r["causes"]))}</td>'
        f'<td class="n wide">{r["seconds"]:.1f} s</td></tr>\n'
        for r in records
    )
    names = (_("student"), _("points"), _("verdict"), _("mistakes"), _("time"))
    kinds = ("", "n", "", "wide", "n wide")
    cells = (f'<th class="{k}">{_text(name)}</th>' for k, name in zip(kinds, names, strict=True))
    head = f"<tr>{''.join(cells)}</tr>\n"
    title = _head(_("Students"))
    return f"{title}<table>{head}{rows}</table>\n"


def _name_verdict(record: Record) -> str:
    return _(WORDS[record["verdict"]])


def _show_student(record: Record) -> str:
    parts = "".join(map(_show_part, record["parts"]))
    verdict = f'<span class="{record["verdict"]}">{_name_verdict(record)}</span>'
    notes = "".join(f'<p class="wrong">{_text(each)}</p>' for each in record["tried"])
    notes += "".join(f'<p class="soft">{_text(note)}</p>' for note in record["notes"])
    file = f'<p class="soft">{_text(record["file"])}</p>' if record["file"] else ""
    points = _("{points} of {most}, {verdict}").format(
        points=f"<b>{record['points']:g}</b>", most=f"{record['of']:g}", verdict=verdict
    )
    return (
        f'<section id="{_text(name_file(record["student"]))}"><header>'
        f"<h3>{_text(record['student'])}</h3><span>{points}</span>"
        f'</header>{file}{notes}<ul class="parts">{parts}</ul>{_show_report(record["report"])}'
        "</section>\n"
    )


def _show_report(report: str) -> str:
    """Return the text of a report, in which a line of code and the mark under it stay together."""
    lines = _text(report).split("\n")
    shown, i = [], 0
    while i < len(lines):
        if i + 1 < len(lines) and MARK.fullmatch(lines[i + 1]):
            shown.append(f"<code>{lines[i]}\n{lines[i + 1]}</code>")
            i += 1
        else:
            shown.append(f"{lines[i]}\n")
        i += 1
    return f"<pre>{''.join(shown)}</pre>"


def _show_part(part: dict[str, str]) -> str:
    why = f' title="{_text(part["why"])}"' if part["why"] else ""
    kinds = {"credit": _("(by itself)"), "optional": _("(not required)")}
    note = f" {kinds[part['verdict']]}" if part["verdict"] in kinds else ""
    return (
        f'<li{why}><span class="{CLASSES[part["verdict"]]}">{MARKS[part["verdict"]]}</span> '
        f"{_text(part['name'])} {part['points']:g}/{part['most']:g}{note}</li>"
    )
