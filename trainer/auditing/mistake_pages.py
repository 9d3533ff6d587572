"""A page for each mistake of the catalogue: what it is, why, the wrong line, the right line."""

from difflib import get_close_matches, unified_diff
from pathlib import Path

from trainer.auditing.mistakes import MISTAKES, Mistake, change_source
from trainer.auditing.reasons import WHY
from trainer.common.errors import InputError
from trainer.common.language import translate as _

ROOT = Path(__file__).resolve().parents[1]
# In how many files of public repositories the check named a mistake, or noted it: 132 nets and
# layers after the book, CS231n and deeplearning.ai, taken from lists of paths, in November 2026.
FILES = 132
SEEN = {
    "labels-only": 33, "softmax-overflow": 19, "one-hot-only": 15,
    "relu-grad-at-zero": 10, "loss-log-epsilon": 7, "inputs-mutated": 5,
    "softmax-whole-batch": 3, "activation-missing": 2, "bias-missing-forward": 1,
    "bias-not-updated": 1, "loss-sum": 1,
}  # fmt: skip


def explain_mistake(slug: str) -> str:
    """Return the page of a mistake in Markdown; raises InputError for an unknown id."""
    if slug not in MISTAKES:
        text = _("no mistake is called {slug}: compare --list-mistakes lists them", slug=slug)
        for near in get_close_matches(slug, MISTAKES, 1):
            text = _("no mistake is called {slug}; did you mean {near}?", slug=slug, near=near)
        raise InputError(text)
    mistake = MISTAKES[slug]
    fix = _("**Fix:** {hint}.").format(hint=_(mistake.hint))
    parts = [f"# {slug}", _write_sentence(_(mistake.summary)), _(WHY[slug]), fix]
    parts += [_show_changes(mistake)]
    if mistake.needs:
        needs = ", ".join(f"{name} {value}" for name, value in mistake.needs.items())
        parts.append(_("It shows only with: {settings}.").format(settings=needs))
    if slug in SEEN:
        seen = _("Seen in {count} of {files} files of public repositories.")
        parts.append(seen.format(count=SEEN[slug], files=FILES))
    command = f"`two-layer-net compare --plant {slug}`"
    parts.append(_("To see what it does: {command}").format(command=command))
    return "\n\n".join(parts) + "\n"


def _show_changes(mistake: Mistake) -> str:
    """Return the lines of a mistake as they are wrong and right, of the modules that it changes."""
    lines = ["```diff"]
    for file, changes in (("nets/numpy_net.py", mistake.net),
                          ("book/functions.py", mistake.functions),
                          ("book/gradient.py", mistake.gradient)):  # fmt: skip
        right = (ROOT / file).read_text(encoding="utf-8") if changes else ""
        wrong = change_source(right, changes)
        pairs = unified_diff(wrong.splitlines(), right.splitlines(), n=0, lineterm="")
        lines += [f"{line[0]} {line[1:].strip()}" for line in [*pairs][2:] if line[0] in "-+"]
    return "\n".join([*(line.rstrip() for line in lines), "```"])


def _write_sentence(text: str) -> str:
    """Return the text with a full stop; identifiers such as db1 at its start stay as they are."""
    start = text[0].upper() if text.split()[0].isalpha() else text[0]
    return _("{sentence}.").format(sentence=start + text[1:])
