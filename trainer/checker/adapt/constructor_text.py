"""Reads the text of a constructor."""

import inspect

from trainer.checker.adapt.subject import ForeignClass


def sets_bias_twice(kind: type | ForeignClass) -> bool:
    """Return whether the constructor's text stores b1 or b2 twice, instead of one of each."""
    if isinstance(kind, ForeignClass):
        return kind.stores_bias_twice
    try:
        source = inspect.getsource(kind.__init__).replace('"', "'")  # type: ignore[misc]
    except (OSError, TypeError):
        return False
    return any(source.count(f"['{bias}'] =") > 1 for bias in ("b1", "b2"))
