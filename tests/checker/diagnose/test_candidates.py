"""Changes that follow from how a function is written: unused variables, signs, siblings."""

import ast
from pathlib import Path

import pytest

from trainer.checker.diagnose.siblings import list_signs
from trainer.checker.diagnose.unused import list_copies, list_unused

PATH = Path("net.py")
BACKWARD = """\
def backward(dZ, cache):
    A, W, b = cache
    m, n = A.shape
    scale = 1 / len(A)
    for i in range(3):
        _ = i
    dW = -A.T @ dZ
    db = -dZ.sum(axis=0)
    return dW, db
"""
UPDATE = """\
def update(params, grads, lr):
    W, b = "W1", "b1"
    params[W] = params[W] + lr * grads[W]
    return params
"""
STEPS = """\
def step(self, x, d2, lr):
    dW2, dW1 = self.h.T @ d2, x.T @ d2
    self.W2 -= lr * dW2
"""


def parse(text):
    """Return the only function of a text."""
    return ast.parse(text).body[0]


def test_only_what_a_function_computes_itself_counts_as_unused():
    assert list_unused(parse(BACKWARD)) == {"scale": 4}


def test_the_sign_of_all_gradients_is_changed_together():
    texts = [c.text for c in list_signs(PATH, BACKWARD, parse(BACKWARD))]
    assert BACKWARD.replace("-A.T", "A.T").replace("-dZ", "dZ") in texts


def test_steps_up_the_gradient_become_steps_down_only_where_there_are_several():
    two = UPDATE.replace("    return", "    params[b] = params[b] + lr * grads[b]\n    return")
    texts = [c.text for c in list_signs(PATH, two, parse(two))]
    assert texts == [two.replace("+", "-")]
    assert not list(list_signs(PATH, UPDATE, parse(UPDATE)))


@pytest.mark.parametrize(
    ("text", "line"),
    [(UPDATE, "params[b] = params[b] + lr * grads[b]"), (STEPS, "self.W1 -= lr * dW1")],
)
def test_an_unused_variable_gets_the_line_of_its_sibling(text, line):
    assert any(line in c.text for c in list_copies(PATH, text, parse(text)))
