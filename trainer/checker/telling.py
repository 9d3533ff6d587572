"""What a slug means, in a sentence and a hint."""

from trainer.auditing.mistakes import MISTAKES

# Mistakes that no changed line of the hand-written net could show.
OTHERS = {
    "misspelt-name": ("a name is misspelt or was never set", "look at the line named"),
    "unfinished": ("a method is not finished: it returns nothing", "return the value"),
    "weight-shape": (
        "a weight is made in the wrong shape",
        "W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)",
    ),
    "targets-mixed": (
        "one method takes labels and another one-hot rows",
        "turn labels into rows, or rows into labels, first thing in each",
    ),
    "numpy-alias": ("np.int and the like were removed from NumPy", "write int, float, bool"),
}


def told_of(slug: str) -> str:
    """What the mistake is, and its hint."""
    if slug in MISTAKES:
        return f"{MISTAKES[slug].summary} ({MISTAKES[slug].hint})"
    return f"{OTHERS[slug][0]} ({OTHERS[slug][1]})"
