"""Where shapes do not fit, the arrays are named that a line combines."""

import linecache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.checker.adapt.misfits import describe_misfit

FILE = "/somebody/net.py"
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=2).map(tuple)


def raise_misfit(line, **arrays):
    text = f"def run({', '.join(arrays)}):\n    return {line}\n"
    linecache.cache[FILE] = len(text), None, text.splitlines(keepends=True), FILE
    names = {"np": np, "dot": np.dot}
    exec(compile(text, FILE, "exec"), names)
    try:
        names["run"](**arrays)
    except ValueError as error:
        return describe_misfit(error, FILE)
    return None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dout @ W2", "dout (5, 3) · W2 (4, 3): 3 and 4 differ; W2.T is (3, 4)"),
        ("np.dot(dout, W2)", "dout (5, 3) · W2 (4, 3): 3 and 4 differ; W2.T is (3, 4)"),
        ("dot(dout, W2)", "dout (5, 3) · W2 (4, 3): 3 and 4 differ; W2.T is (3, 4)"),
        ("1 - dout.dot(W2)", "dout (5, 3) · W2 (4, 3): 3 and 4 differ; W2.T is (3, 4)"),
        ("W2.T @ dout", "W2.T (3, 4) · dout (5, 3): 4 and 5 differ"),
        ("dout * W2", "dout (5, 3) * W2 (4, 3): 5 and 4 differ"),
        ("np.add(dout, W2)", ""),  # the operands of other calls are not compared
        ("np.array([[1], [2, 3]]) @ W2", ""),
    ],
)
def test_the_two_shapes_and_what_would_fit_are_shown(line, said):
    assert raise_misfit(line, dout=np.ones((5, 3)), W2=np.ones((4, 3))) == said


@given(SHAPES, SHAPES, st.sampled_from(["@", "+", "*", "-"]))
def test_it_is_said_of_all_shapes_that_numpy_refuses(one, other, sign):
    said = raise_misfit(f"a {sign} b", a=np.ones(one), b=np.ones(other))
    assert said is None or str(one) in said
    assert said is None or str(other) in said
