"""A page for each mistake of the catalogue: what it is, why, the wrong line, the right line."""

from trainer.auditing.mistakes import MISTAKES, Mistake
from trainer.auditing.reasons import WHY
from trainer.common.errors import InputError


def explain_mistake(slug: str) -> str:
    """Return the page of a mistake in Markdown; raises InputError for an unknown id."""
    if slug not in MISTAKES:
        raise InputError(f"--explain {slug}: no such mistake; compare --list-mistakes lists them")
    mistake = MISTAKES[slug]
    parts = [f"# {slug}", f"{_sentence(mistake.summary)}", WHY[slug], f"**Fix:** {mistake.hint}."]
    parts += [_show_changes(mistake)]
    if mistake.needs:
        needs = ", ".join(f"{name} {value}" for name, value in mistake.needs.items())
        parts.append(f"It shows only with: {needs}.")
    parts.append(f"To see what it does: `two-layer-net compare --plant {slug}`")
    return "\n\n".join(parts) + "\n"


def _show_changes(mistake: Mistake) -> str:
    """Return the wrong and the right lines, in the notation of trainer/nets/numpy_net.py."""
    changes = [*mistake.net.items(), *mistake.functions.items(), *mistake.gradient.items()]
    lines = ["```diff"]
    for right, wrong in changes:
        lines += [f"- {line.strip()}" for line in wrong.splitlines() if line.strip()]
        lines += [f"+ {line.strip()}" for line in right.splitlines() if line.strip()]
    return "\n".join([*lines, "```"])


def _sentence(text: str) -> str:
    """Return the text with a full stop; identifiers such as db1 at its start stay as they are."""
    start = text[0].upper() if text.split()[0].isalpha() else text[0]
    return f"{start}{text[1:]}."
