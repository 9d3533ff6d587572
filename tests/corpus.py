"""All nets of the tests by name: right ones, and those with a planted mistake."""

from mistaken import NETS, TABLE, plant_mistakes
from planted import EXAMPLES, NOTED, WRONG, change_example, list_cases


def list_right() -> dict[str, str]:
    """Return the texts of the right layouts and examples, by name."""
    layouts = {path.stem: path.read_text() for path in NETS.glob("*.py")}
    return layouts | {f"{path.stem} shape": path.read_text() for path in EXAMPLES.glob("*.py")}


def list_planted() -> dict[str, str]:
    """Return the texts with a mistake, wrong or only noted, by name."""
    found = {f"{layout} {slug}": plant_mistakes(layout, slug) for layout, slug in TABLE}
    for example, slug, quantity, changes in list_cases(WRONG) + list_cases(NOTED):
        old = next(iter(changes), "").strip()[:30]
        found[f"{example} {slug or 'unnamed'} {quantity} {old}"] = change_example(example, changes)
    return found
