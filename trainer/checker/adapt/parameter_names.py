"""Recognises W1, b1, W2 and b2 among the many names that people give to them."""

import re
from collections.abc import Callable
from typing import Any

from trainer.checker.adapt.names import simplify_name

KIND = r"w|b|weights?|bias(?:es)?"
# The words for the first layer and for the second.
FIRST = r"ih|(?:(?:in(?:put)?(?:to)?)?hid(?:den)?(?:layer)?)"
SECOND = r"ho|(?:(?:hid(?:den)?(?:to)?)?out(?:put)?(?:layer)?)"


def identify_parameter(name: object) -> str | None:
    """Return W1, b1, W2 or b2 for the many ways to write them, otherwise None."""
    match = re.fullmatch(r"(w|weights?|b|bias(?:es)?)(?:in|h)?([012])", simplify_name(str(name)))
    return match and match[1][0].replace("w", "W") + match[2]


def choose_names(names: list[Any]) -> Callable[[Any], str | None]:
    """Return how arrays of these names are distinguished: by numbers, or else by words if these
    name both weights.
    """
    has_numbers = any(map(identify_parameter, names))
    by_word = not has_numbers and {"W1", "W2"} <= set(map(_identify_word, names))
    return _identify_word if by_word else identify_parameter


def _identify_word(name: object) -> str | None:
    """Return W1 for hidden_weights, weights_input_hidden or w_ih, b2 for bias_output, and so on."""
    word = simplify_name(str(name))
    for place, form in (("1", FIRST), ("2", SECOND)):
        if match := re.fullmatch(rf"({KIND})(?:{form})|(?:{form})({KIND})", word):
            return (match[1] or match[2])[0].replace("w", "W") + place
    return None
