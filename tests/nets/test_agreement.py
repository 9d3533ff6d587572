"""The two backends agree on real digits, within the rounding bounds of a training step."""

import itertools

import numpy as np
import pytest
import torch

from trainer.auditing.agreeing.agree import agree
from trainer.auditing.audit import audit, find_first_wrong
from trainer.data.batches import Batches
from trainer.nets.numpy_net import TwoLayerNet
from trainer.nets.torch_net import TorchTwoLayerNet

ACTIVATIONS = ["sigmoid", "relu"]
LOSSES = ["cross-entropy", "squared-error"]
DTYPES = ["float32", "float64"]
KINDS = list(itertools.product(ACTIVATIONS, LOSSES, DTYPES))


def build_twins(activation, loss, dtype, device="cpu", hidden=50, std=0.1, seed=0):
    options = {"activation": activation, "loss": loss, "dtype": dtype, "seed": seed}
    by_hand = TwoLayerNet(784, hidden, 10, std, **options)
    return by_hand, TorchTwoLayerNet(784, hidden, 10, std, device=device, **options)


def record_traces(nets, x, t, lr=0.1):
    return [net.trace(net.native(x), net.native(t), lr) for net in nets]


def draw_batch(digits, dtype, size=100, i=0):
    x, t = Batches(digits.x_train, digits.t_train, size, seed=0)(i)
    return x.astype(dtype), t


@pytest.mark.parametrize("targets", ["labels", "one-hot"])
@pytest.mark.parametrize("size", [100, 37])  # 37: a short last batch
@pytest.mark.parametrize(("activation", "loss", "dtype"), KINDS)
def test_every_quantity_of_a_step_is_within_its_bound_on_both_sides(
    digits, device, activation, loss, dtype, size, targets
):
    x, t = draw_batch(digits, dtype, size)
    t = t if targets == "labels" else np.eye(10, dtype=dtype)[t]
    for trace in record_traces(build_twins(activation, loss, dtype, device), x, t):
        wrong = find_first_wrong(audit(trace, activation, loss))
        assert wrong is None, wrong


@pytest.mark.parametrize(("activation", "loss", "dtype"), KINDS)
def test_both_sides_give_the_same_quantities_by_name_shape_and_dtype(
    digits, device, activation, loss, dtype
):
    ours, theirs = record_traces(
        build_twins(activation, loss, dtype, device), *draw_batch(digits, dtype)
    )
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name].shape == theirs[name].shape, name
        assert ours[name].dtype == theirs[name].dtype, name
        scale = np.abs(ours[name]).max()
        difference = np.abs(ours[name] - theirs[name]).max()
        assert difference <= 100 * np.finfo(dtype).eps * scale, name


def test_both_sides_take_arrays(digits):
    x, t = draw_batch(digits, "float64", 60)
    by_hand, by_torch = build_twins("sigmoid", "cross-entropy", "float32")
    assert by_torch.loss(x, t) == pytest.approx(by_hand.loss(x, t), rel=1e-5)
    assert by_torch.accuracy(x, t) == by_hand.accuracy(x, t)
    assert by_torch.gradient(x, t).keys() == by_hand.gradient(x, t).keys()
    assert by_torch.trace(x, t, 0.1).keys() == by_hand.trace(x, t, 0.1).keys()


@pytest.mark.parametrize("targets", ["labels", "one-hot"])
@pytest.mark.parametrize(("activation", "loss", "dtype"), KINDS)
def test_predict_loss_accuracy_and_gradient_agree(digits, device, activation, loss, dtype, targets):
    x, t = draw_batch(digits, dtype, 60)
    t = t if targets == "labels" else np.eye(10, dtype=int)[t]
    by_hand, by_torch = build_twins(activation, loss, dtype, device)
    for name, inputs in {"predict": (x,), "loss": (x, t), "gradient": (x, t)}.items():
        ours, theirs = getattr(by_hand, name), getattr(by_torch, name)
        result = agree(ours, theirs, *inputs, devices=(None, device))
        assert result, result
    assert by_hand.accuracy(x, t) == by_torch.accuracy(by_torch.native(x), by_torch.native(t))


@pytest.mark.parametrize(("activation", "loss"), list(itertools.product(ACTIVATIONS, LOSSES)))
def test_both_gradients_equal_both_numerical_gradients(digits, activation, loss):
    x = digits.x_train[:5, 300:320] + 0.1  # no blank row, since ReLU has no derivative at 0
    t = digits.t_train[:5]
    options = {"activation": activation, "loss": loss, "dtype": "float64"}
    nets = [net_class(20, 6, 10, 0.5, **options) for net_class in (TwoLayerNet, TorchTwoLayerNet)]
    gradients = [net.numerical_gradient(net.native(x), net.native(t)) for net in nets]
    gradients += [net.gradient(net.native(x), net.native(t)) for net in nets]
    for key in gradients[0]:
        for other in gradients[1:]:
            np.testing.assert_allclose(gradients[0][key], other[key], rtol=1e-5, atol=1e-8)


def test_a_float32_numerical_gradient_is_as_good_as_a_float64_one(digits):
    x, t = digits.x_train[:5, 300:320].astype(np.float32), digits.t_train[:5]
    for net_class in (TwoLayerNet, TorchTwoLayerNet):
        net = net_class(20, 6, 10, 0.5)
        before = {key: value.copy() for key, value in net.params.items()}
        numerical = net.numerical_gradient(net.native(x), net.native(t))
        exact = net.gradient(net.native(x), net.native(t))
        for key in exact:
            assert numerical[key].dtype == np.float32
            np.testing.assert_allclose(numerical[key], exact[key], rtol=1e-4, atol=1e-7)
            np.testing.assert_array_equal(net.params[key], before[key])


def measure_drift(digits, dtype, iterations):
    """Return the largest weight difference over the largest weight after shared iterations."""
    nets = build_twins("sigmoid", "cross-entropy", dtype, std=0.01)
    x = digits.x_train.astype(dtype)
    tapes = [Batches(net.native(x), net.native(digits.t_train), 100, 0, net.native) for net in nets]
    for i in range(iterations):
        for net, tape in zip(nets, tapes, strict=True):
            net.step(*tape(i), 0.1)
    ours, theirs = (net.params for net in nets)
    return max(np.abs(ours[k] - theirs[k]).max() / np.abs(ours[k]).max() for k in ours)


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-13), ("float32", 1e-5)])
def test_the_weights_agree_after_a_thousand_shared_steps(digits, dtype, limit):
    assert measure_drift(digits, dtype, 1_000) < limit


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-13), ("float32", 1e-5)])
def test_the_weights_agree_after_the_whole_run_of_the_book(mnist, dtype, limit):
    assert measure_drift(mnist, dtype, 10_000) < limit


def test_torch_stores_its_weights_transposed():
    # W1 is square, so that a missing transpose would raise nothing.
    by_hand, net = build_twins("sigmoid", "cross-entropy", "float64", hidden=784)
    np.testing.assert_array_equal(net.layer1.weight.detach().numpy().T, net.params["W1"])
    np.testing.assert_array_equal(by_hand.params["W1"], net.params["W1"])


def test_on_the_cpu_torch_shares_the_memory_of_the_numpy_images(digits):
    net = TorchTwoLayerNet(784, 5, 10, dtype="float64")
    assert net.native(digits.x_test).data_ptr() == digits.x_test.ctypes.data


def test_cuda_steps_without_synchronising(digits):
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device here")
    net = TorchTwoLayerNet(784, 50, 10, device="cuda")
    x, t = (net.native(a) for a in draw_batch(digits, "float32"))
    net.step(x, t, 0.1)
    torch.cuda.set_sync_debug_mode("error")
    try:
        net.step(x, t, 0.1)
    finally:
        torch.cuda.set_sync_debug_mode("default")
