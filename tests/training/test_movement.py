"""The bounds hold for matrices and orders of summation of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.training.lazy.movement import (
    Anchors,
    SplitWeights,
    bound_lead,
    bound_spectral_norm,
    compute_lead,
)

seeds = st.integers(0, 2**32 - 1)
activations = st.sampled_from(["sigmoid", "relu"])


def make_params(rng, inputs, hidden, outputs, scale=1.0, dtype=np.float32):
    shapes = {"W1": (inputs, hidden), "b1": hidden, "W2": (hidden, outputs), "b2": outputs}
    return {k: (scale * rng.standard_normal(s)).astype(dtype) for k, s in shapes.items()}


def compute_outputs(x, params, activation):
    """Return a2 in the arrays' own dtype, each sum term by term in a random order."""
    rng = np.random.default_rng(0)

    def add_terms(x, w, b):
        order = rng.permutation(len(w))
        total = np.zeros((len(x), w.shape[1]), x.dtype)
        for d in order:
            total += x[:, d, None] * w[d]
        return total + b

    a1 = add_terms(x, params["W1"], params["b1"])
    with np.errstate(over="ignore"):
        z1 = 1 / (1 + np.exp(-a1)) if activation == "sigmoid" else np.maximum(a1, 0)
    return add_terms(z1, params["W2"], params["b2"])


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 12), st.integers(1, 12), st.integers(-10, 10))
def test_the_bound_of_the_spectral_norm_holds_and_is_close(seed, rows, columns, exponent):
    a = np.random.default_rng(seed).standard_normal((rows, columns)) * 10.0**exponent
    true = np.linalg.norm(a, 2)
    bound = bound_spectral_norm(a.T @ a)
    assert true * (1 - 1e-9) <= bound <= true * min(rows, columns) ** (1 / 16) * (1 + 1e-9)


@settings(max_examples=50, deadline=None)
@given(seeds, activations, st.floats(1e-6, 10))
def test_a_lead_never_changes_by_more_than_the_bound_of_the_anchors(seed, activation, step):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((9, 3)))[0]
    x = rng.random((20, 9))
    before = make_params(rng, 9, 6, 4)
    after = {
        k: v + np.float32(step) * d
        for (k, v), d in zip(before.items(), make_params(rng, 9, 6, 4).values(), strict=True)
    }
    old, new = (SplitWeights(params, basis, activation) for params in (before, after))
    anchors = Anchors(2, old)
    anchors.store(1, old)
    size = max(old.norm, new.norm)
    full = anchors.bound_layer1_change(new, size)[1]
    p, q = anchors.bound_layer2_change(new, size)
    assert np.isinf(full[0])
    wide = (
        {k: v.astype(float) for k, v in before.items()},
        {k: v.astype(float) for k, v in after.items()},
    )
    then, now = (compute_outputs(x, params, activation) for params in wide)
    x_norm = np.sqrt((x**2).sum(axis=1) + 1)
    for y in range(4):
        allowed = (p[1, y] + full[1] * new.sensitivity[y]) * x_norm + q[1, y]
        change = np.abs((now[:, [y]] - now) - (then[:, [y]] - then)).max(axis=1)
        assert (change <= allowed).all()


@pytest.mark.parametrize(("activation", "b1"), [("sigmoid", 0), ("relu", 1)])
def test_a_movement_along_the_difference_of_two_classes_comes_near_the_bound_of_the_anchors(
    activation, b1
):
    rng = np.random.default_rng(0)
    x, W2 = rng.random((1, 9)), rng.standard_normal((6, 2)).astype(np.float32)
    zero = {"W1": np.zeros((9, 6)), "b1": np.full(6, b1), "W2": W2, "b2": np.zeros(2)}
    step = 0.01 * np.outer(np.append(x, 1), W2[:, 0] - W2[:, 1])  # where σ′ is largest, ReLU on
    before = {key: value.astype(np.float32) for key, value in zero.items()}
    after = {key: value.astype(np.float32) for key, value in zero.items()}
    after["W1"] += step[:-1].astype(np.float32)
    after["b1"] += step[-1].astype(np.float32)
    old, new = (SplitWeights(params, np.eye(9, 3), activation) for params in (before, after))
    anchors, size = Anchors(1, old), max(old.norm, new.norm)
    anchors.store(0, old)
    full = anchors.bound_layer1_change(new, size)[1]
    p, q = anchors.bound_layer2_change(new, size)
    allowed = (p[0, 0] + full[0] * new.sensitivity[0]) * np.sqrt((x**2).sum() + 1) + q[0, 0]
    then, now = (
        compute_lead(compute_outputs(x, w, activation).T.copy(), np.array([0]))
        for w in (before, after)
    )
    assert 0.95 * allowed < abs(now - then) <= allowed


@settings(max_examples=50, deadline=None)
@given(seeds, activations, st.sampled_from([np.float32, np.float64]), st.floats(0.01, 30))
def test_the_bound_of_a_lead_holds_for_every_order_of_summation(seed, activation, dtype, scale):
    rng = np.random.default_rng(seed)
    x = (rng.random((30, 40)) * (rng.random((30, 40)) < 0.5)).astype(dtype)
    params = make_params(rng, 40, 8, 5, scale, dtype)
    near = rng.integers(5, size=2)  # two classes with almost equal weights
    params["W2"][:, near[0]] = params["W2"][:, near[1]] * dtype(1 + 1e-7)
    params["b2"][near[0]] = params["b2"][near[1]]
    y, least = bound_lead(
        x, SplitWeights(params, np.eye(40, 2), activation), np.finfo(dtype).eps / 2
    )
    computed = compute_lead(compute_outputs(x, params, activation).T.copy(), y)
    assert (computed >= least).all()


def test_the_bound_of_a_lead_is_close_to_the_lead_itself():
    rng = np.random.default_rng(1)
    x, params = rng.random((30, 40)).astype(np.float32), make_params(rng, 40, 8, 5)
    y, least = bound_lead(x, SplitWeights(params, np.eye(40, 2), "sigmoid"), 2.0**-24)
    computed = compute_lead(compute_outputs(x, params, "sigmoid").T.copy(), y)
    assert np.abs(computed - least).max() < 1e-3
    assert (least > 0).mean() > 0.9


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_the_lead_is_measured_from_the_best_other_class(classes):
    a2 = np.random.default_rng(2).standard_normal((classes, 7))
    y = np.arange(7) % classes
    expected = [a2[y[i], i] - np.delete(a2[:, i], y[i]).max(initial=-np.inf) for i in range(7)]
    np.testing.assert_array_equal(compute_lead(a2.copy(), y), expected)
