"""The usual losses: their derivatives are those of the textbook, in either orientation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.checker.judge.losses import list_losses

H = 1e-6


def differentiate(loss, y):
    found = np.zeros_like(y)
    for i in np.ndindex(y.shape):
        up, down = y.copy(), y.copy()
        up[i] += H
        down[i] -= H
        found[i] = (loss(up) - loss(down)) / (2 * H)
    return found


def make_case(seed, axis):
    rng = np.random.default_rng(seed)
    a, t = rng.standard_normal((4, 3)), np.eye(3)[rng.integers(0, 3, 4)]
    return (a, t) if axis else (a.T.copy(), t.T.copy())


@given(st.integers(0, 1000), st.integers(0, 1))
def test_the_derivative_of_softmax_with_cross_entropy_is_y_minus_t(seed, axis):
    a, t = make_case(seed, axis)
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    want = e / e.sum(axis=axis, keepdims=True) - t
    losses = [loss for name, loss in list_losses(a, t) if name == "cross-entropy of softmax"]
    assert any(np.allclose(differentiate(loss, a), want, atol=1e-7) for loss in losses)


@given(st.integers(0, 1000))
def test_squares_and_the_logistic_loss_of_scores_have_their_textbook_derivatives(seed):
    a, t = make_case(seed, 1)
    losses = dict(list_losses(a, t))
    np.testing.assert_allclose(differentiate(losses["squared error"], a), a - t, atol=1e-7)
    sigmoid = 1 / (1 + np.exp(-a))
    logistic = losses["binary cross-entropy of sigmoid"]
    np.testing.assert_allclose(differentiate(logistic, a), sigmoid - t, atol=1e-7)


@pytest.mark.parametrize("turned", [False, True])
def test_labels_become_one_hot_rows_or_columns(turned):
    y, labels = np.full((4, 3), 1 / 3), np.array([0, 2, 1, 1])
    y = y.T.copy() if turned else y
    hot = np.eye(3)[labels].T if turned else np.eye(3)[labels]
    values = [loss(y) for name, loss in list_losses(y, labels) if name == "squared error"]
    assert any(np.isclose(value, 0.5 * ((y - hot) ** 2).sum()) for value in values)
