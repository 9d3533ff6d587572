"""What a step changed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.checker.find.trace import Trace


@given(st.floats(1e-3, 1e3), st.floats(-1, 1).filter(lambda share: abs(share) > 1e-9))
def test_what_changes_by_rounding_alone_is_not_changed(size, share):
    old = size * np.array([0.5, -1.0])
    moved = {"W": old * (1 + share), "b": old + 1e-17 * size * np.sign(share), "c": old.copy()}
    assert Trace(before=dict.fromkeys("Wbc", old), after=moved).list_changed() == ["W"]


def test_what_was_0_and_is_little_is_changed():
    trace = Trace(before={"m": np.zeros(2)}, after={"m": np.array([0.0, 1e-30])})
    assert trace.list_changed() == ["m"]
