"""Write docs/mistakes, a page for each mistake: `python tests/docs/mistakes.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from trainer.auditing.mistake_pages import FILES, explain_mistake
from trainer.auditing.mistakes import MISTAKES

FOLDER = ROOT / "docs" / "mistakes"


def make_pages() -> dict[str, str]:
    """Return the content of each page by its name: the index, and a page for each mistake."""
    lines = [f"- [{slug}]({slug}.md): {mistake.summary}" for slug, mistake in MISTAKES.items()]
    head = (
        "# Mistakes that people make\n\nMade from trainer/auditing/mistakes.py. How often each was "
        f"seen was counted in {FILES} files of public\nrepositories: nets and layers after the "
        "book, CS231n and deeplearning.ai, taken from lists of\npaths, in November 2026.\n\n"
    )
    pages = {f"{slug}.md": explain_mistake(slug) for slug in MISTAKES}
    return pages | {"README.md": head + "\n".join(lines) + "\n"}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, page in make_pages().items():
        (FOLDER / name).write_text(page, encoding="utf-8")
