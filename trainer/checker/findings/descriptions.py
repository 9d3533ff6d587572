"""What each mistake is and how to fix it, in words for the report."""

from collections.abc import Iterable

from trainer.auditing.mistakes import MISTAKES
from trainer.checker.findings.comparing import Finding
from trainer.common.language import N_
from trainer.common.language import translate as _

# Mistakes that no changed line of the hand-written net could show: slug → (what it is, hint).
OTHERS = {
    "misspelt-name": (
        N_("a name is misspelt or was never set"),
        N_("look at the line named"),
    ),
    "unfinished": (
        N_("a method is not finished: it returns nothing, or uses a None that stands for a value"),
        N_("write what is missing"),
    ),
    "weight-shape": (
        N_("a weight is created in the wrong shape"),
        N_("D inputs, H hidden neurons, C outputs: W1 has D × H elements, b1 H, W2 H × C, b2 C"),
    ),
    "targets-mixed": (
        N_("one method takes labels and another one-hot rows"),
        N_("convert the targets first in each method: labels to rows, or rows to labels"),
    ),
    "softmax-missing": (
        N_("the loss takes the logarithm of the scores a2"),
        N_("let predict return softmax(a2), or apply softmax in loss"),
    ),
    "numpy-alias": (
        N_("np.int and the like were removed from NumPy"),
        N_("write int, float, bool"),
    ),
}

# What is checked and has no method's name.
WORDS = {
    N_("construction"), N_("loading"), N_("inputs"), N_("class"), N_("net"), N_("code"),
    N_("initial weights"), N_("update"), N_("training step"),
}  # fmt: skip


def show_quantity(name: str) -> str:
    """Return the name of what is checked, in the language of the messages if it is a word."""
    return _(name) if name in WORDS else name


def join_quantities(findings: Iterable[Finding]) -> str:
    """Return the names of what the findings are on, each once."""
    return ", ".join(dict.fromkeys(show_quantity(f.quantity) for f in findings))


def describe_mistake(slug: str) -> str:
    """Return what the mistake is, with a hint for its fix in parentheses."""
    if slug in MISTAKES:
        what, hint = MISTAKES[slug].summary, MISTAKES[slug].hint
    else:
        what, hint = OTHERS[slug]
    return _("{mistake} ({hint})").format(mistake=_(what), hint=_(hint))


def append_mistake(message: str, slug: str) -> str:
    """Return what was found, with the mistake that explains it."""
    return _("{found}: {mistake}").format(found=message, mistake=describe_mistake(slug))


def blame_mistake(message: str, slug: str) -> str:
    """Return how a value differs, with the mistake that gives just this value."""
    return _("{difference}; it is what you get when {mistake}").format(
        difference=message, mistake=describe_mistake(slug)
    )
