import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sampling import few

from trainer.auditing.audit import ORDER, audit, find_first_wrong
from trainer.auditing.bounds import Bounds
from trainer.book.functions import sigmoid, softmax, softmax_cross_entropy
from trainer.data.batches import Batches
from trainer.nets.numpy_net import TwoLayerNet
from trainer.nets.torch_net import TorchTwoLayerNet

ACTIVATIONS, LOSSES = ["sigmoid", "relu"], ["cross-entropy", "squared-error"]
DTYPES = ["float32", "float64"]
NETS = [TwoLayerNet, TorchTwoLayerNet]


def record_trace(net, digits, i=0, seed=0, lr=0.1, size=100):
    x, t = Batches(digits.x_train, digits.t_train, size, seed)(i)
    return net.trace(net.native(x.astype(net.params["W1"].dtype)), net.native(t), lr)


@pytest.fixture(scope="module")
def trained(digits):
    """Return weights after 2,000 steps at a high rate: large activations, saturated units."""
    net = TwoLayerNet(784, 50, 10)
    batch = Batches(digits.x_train.astype(np.float32), digits.t_train, 100, seed=0)
    for i in range(2_000):
        net.step(*batch(i), 1.0)
    return net.params


@pytest.mark.parametrize("net_class", NETS)
@pytest.mark.parametrize(
    ("activation", "loss", "dtype"), few(itertools.product(ACTIVATIONS, LOSSES, DTYPES), 2)
)
def test_no_false_alarm_on_fresh_or_trained_weights(
    net_class, activation, loss, dtype, digits, trained
):
    for weights in ("fresh", "trained"):
        net = net_class(784, 50, 10, activation=activation, loss=loss, dtype=dtype)
        if weights == "trained":
            net.set_params({key: value.astype(dtype) for key, value in trained.items()})
        for i in range(3):
            verdicts = audit(record_trace(net, digits, i), activation, loss)
            assert tuple(verdicts) == ORDER
            assert find_first_wrong(verdicts) is None, find_first_wrong(verdicts)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ORDER)
def test_a_quantity_nudged_by_a_few_bounds_is_the_find_first_wrong_one_at_its_element(
    digits, name, dtype
):
    net = TwoLayerNet(784, 50, 10, 0.5, dtype=dtype)
    trace = record_trace(net, digits)
    expected, bound = Bounds(trace, "sigmoid", "cross-entropy").compute(name)
    index = tuple(n // 2 for n in trace[name].shape)
    trace[name] = trace[name].copy()
    trace[name][index] = expected[index] + 4 * bound[index] + 2 * np.spacing(trace[name][index])
    wrong = find_first_wrong(audit(trace, "sigmoid", "cross-entropy"))
    assert (wrong.quantity, wrong.index) == (name, index)


# About half of the smallest of the largest ratios that three steps of either net reach.
REACHED = {
    "a1": 1e-3, "z1": 0.15, "a2": 0.01, "y": 0.05, "da2": 0.05, "dW2": 5e-3, "db2": 1e-3,
    "dz1": 0.12, "da1": 0.4, "dW1": 0.015, "db1": 2e-3, "W1": 0.9, "b1": 0.1, "W2": 0.6, "b2": 0.08,
}  # fmt: skip


@pytest.mark.parametrize("net_class", NETS)
def test_errors_of_correct_steps_come_near_their_bounds(net_class, digits):
    seen = [
        audit(record_trace(net_class(784, 50, 10), digits, i), "sigmoid", "cross-entropy")
        for i in range(3)
    ]
    largest = {name: max(verdicts[name].ratio for verdicts in seen) for name in REACHED}
    assert {name: ratio for name, ratio in largest.items() if ratio < REACHED[name]} == {}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_wrong_where_the_exact_value_is_finite(digits, value):
    trace = record_trace(TwoLayerNet(784, 50, 10), digits)
    trace["dz1"][3, 4] = value
    wrong = find_first_wrong(audit(trace, "sigmoid", "cross-entropy"))
    assert (wrong.quantity, wrong.ratio, wrong.index) == ("dz1", np.inf, (3, 4))


def test_an_operation_is_not_blamed_for_a_nan_in_its_input(digits):
    trace = record_trace(TwoLayerNet(784, 50, 10), digits)
    trace["da1"][3, 4] = np.nan
    verdicts = audit(trace, "sigmoid", "cross-entropy")
    assert [v.quantity for v in verdicts.values() if v.is_wrong] == ["da1"]


def test_a_wrong_shape_is_wrong(digits):
    trace = record_trace(TwoLayerNet(784, 50, 10), digits)
    trace["dW2"] = trace["dW2"].T
    assert "shape" in find_first_wrong(audit(trace, "sigmoid", "cross-entropy")).reason


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tiny_gradient_that_is_all_wrong_is_found(digits, dtype):
    trace = record_trace(TwoLayerNet(784, 50, 10, 1e-12, dtype=dtype), digits)
    assert np.abs(trace["da1"]).max() < 1e-13
    trace["da1"] = -trace["da1"]
    assert find_first_wrong(audit(trace, "sigmoid", "cross-entropy")).quantity == "da1"


@given(
    st.integers(0, 2**32),
    st.sampled_from([1e-3, 1.0, 30.0, 1e3]),
    st.sampled_from(["float32", "float64"]),
)
def test_softmax_sigmoid_and_loss_stay_within_their_bounds(seed, scale, dtype):
    rng = np.random.default_rng(seed)
    a = (scale * rng.standard_normal((6, 10))).astype(dtype)
    t = rng.integers(10, size=6)
    trace = {"W1 before": a, "a1": a, "a2": a, "t": t}
    computed = {"z1": sigmoid(a), "y": softmax(a), "loss": softmax_cross_entropy(a, t)}
    for name, value in computed.items():
        expected, bound = Bounds(trace, "sigmoid", "cross-entropy").compute(name)
        assert (np.abs(value - expected) <= bound).all(), name


@given(st.integers(0, 2**32), st.sampled_from(["float32", "float64"]))
def test_products_stay_within_their_bounds_under_cancellation(seed, dtype):
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal((4, 50)) * 10.0 ** rng.integers(-8, 8, 50)).astype(dtype)
    x[:, 1] = -x[:, 0]
    w = rng.standard_normal((50, 3)).astype(dtype)
    w[1] = w[0]
    b = rng.standard_normal(3).astype(dtype)
    trace = {"W1 before": w, "b1 before": b, "x": x}
    expected, bound = Bounds(trace, "sigmoid", "cross-entropy").compute("a1")
    assert (np.abs(x @ w + b - expected) <= bound).all()


@pytest.mark.slow
def test_no_false_alarm_over_a_hundred_seeds_and_no_bound_is_1000_times_an_error(
    digits, trained, capsys
):
    """Audit 3 steps of each seed, fresh and trained; print the largest ratio of each quantity."""
    largest = dict.fromkeys(ORDER, 0.0)
    kinds = itertools.product(range(100), NETS, ACTIVATIONS, LOSSES, DTYPES, ("fresh", "trained"))
    for seed, net_class, activation, loss, dtype, weights in kinds:
        options = {"activation": activation, "loss": loss, "dtype": dtype, "seed": seed}
        net = net_class(784, 50, 10, **options)
        if weights == "trained":
            net.set_params({key: value.astype(dtype) for key, value in trained.items()})
        for i in range(3):
            verdicts = audit(record_trace(net, digits, i, seed), activation, loss)
            assert find_first_wrong(verdicts) is None, (options, find_first_wrong(verdicts))
            largest = {name: max(largest[name], verdicts[name].ratio) for name in ORDER}
    with capsys.disabled():
        print("", *(f"{name:5} {ratio:.4f}" for name, ratio in largest.items()), sep="\n")
    assert min(largest.values()) > 1e-3
