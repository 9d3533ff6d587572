"""What each mistake is and how to fix it, in words for the report."""

from trainer.auditing.mistakes import MISTAKES

# Mistakes that no changed line of the hand-written net could show: slug → (what it is, hint).
OTHERS = {
    "misspelt-name": ("a name is misspelt or was never set", "look at the line named"),
    "unfinished": (
        "a method is not finished: it returns nothing, or uses a None that stands for a value",
        "write what is missing",
    ),
    "weight-shape": (
        "a weight is created in the wrong shape",
        "W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)",
    ),
    "targets-mixed": (
        "one method takes labels and another one-hot rows",
        "convert the targets first in each method: labels to rows, or rows to labels",
    ),
    "softmax-missing": (
        "the loss takes the logarithm of the scores a2",
        "let predict return softmax(a2), or apply softmax in loss",
    ),
    "numpy-alias": ("np.int and the like were removed from NumPy", "write int, float, bool"),
}


def describe_mistake(slug: str) -> str:
    """Return what the mistake is, with a hint for its fix in parentheses."""
    if slug in MISTAKES:
        return f"{MISTAKES[slug].summary} ({MISTAKES[slug].hint})"
    what, hint = OTHERS[slug]
    return f"{what} ({hint})"
