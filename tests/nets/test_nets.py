"""Properties that each net has by itself."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.nets.build import resolve_device
from trainer.nets.initial import draw_params
from trainer.nets.numpy_net import TwoLayerNet
from trainer.nets.torch_net import TorchTwoLayerNet, pick_device

NETS = pytest.mark.parametrize("net_class", [TwoLayerNet, TorchTwoLayerNet])


@pytest.fixture
def batch(digits):
    return digits.x_train[:30], digits.t_train[:30]


@NETS
def test_a_new_net_has_the_drawn_weights(net_class):
    params = net_class(7, 5, 3, 0.5, seed=4, dtype="float64").params
    for key, value in draw_params(7, 5, 3, 0.5, seed=4, dtype="float64").items():
        np.testing.assert_array_equal(params[key], value)


@NETS
def test_set_params_copies_its_argument(net_class):
    net, params = net_class(7, 5, 3), draw_params(7, 5, 3, 0.5, seed=9)
    net.set_params(params)
    kept = copy.deepcopy(params)
    params["W1"][:] = 0
    np.testing.assert_array_equal(net.params["W1"], kept["W1"])


@NETS
def test_no_method_writes_to_its_arguments_and_only_updates_write_to_params(net_class, batch):
    x, t = (a.copy() for a in batch)
    net = net_class(784, 5, 10, dtype="float64")
    before = copy.deepcopy(net.params)
    native = net.native(x), net.native(t)
    net.predict(native[0])
    net.loss(*native)
    net.accuracy(*native)
    grads = net.gradient(*native)
    for key, value in before.items():
        np.testing.assert_array_equal(net.params[key], value)
    net.update(grads, 0.5)
    for key, value in before.items():
        np.testing.assert_allclose(net.params[key], value - 0.5 * grads[key], rtol=1e-14)
    net.step(*native, 0.1)
    np.testing.assert_array_equal(x, batch[0])
    np.testing.assert_array_equal(t, batch[1])


@NETS
def test_a_step_equals_an_update_by_the_gradient(net_class, batch):
    one, other = net_class(784, 5, 10, dtype="float64"), net_class(784, 5, 10, dtype="float64")
    native = one.native(batch[0]), one.native(batch[1])
    one.step(*native, 0.3)
    other.update(other.gradient(*native), 0.3)
    for key in one.params:
        np.testing.assert_array_equal(one.params[key], other.params[key])


@NETS
def test_a_trace_takes_the_step_that_it_shows(net_class, batch):
    one, other = net_class(784, 5, 10, dtype="float64"), net_class(784, 5, 10, dtype="float64")
    native = one.native(batch[0]), one.native(batch[1])
    trace = one.trace(*native, 0.3)
    other.step(*native, 0.3)
    for key in one.params:
        np.testing.assert_array_equal(one.params[key], other.params[key])
        np.testing.assert_array_equal(trace[key], other.params[key])


@NETS
@pytest.mark.parametrize("targets", ["labels", "one-hot"])
def test_accuracy_is_the_fraction_of_hits_over_all_rows(net_class, digits, targets, monkeypatch):
    monkeypatch.setattr(f"{net_class.__module__}.CHUNK", 300)  # the last chunk of 1,000 is short
    net = net_class(784, 20, 10, 0.5, dtype="float64")
    x, t = net.native(digits.x_test), digits.t_test
    hits = np.asarray(net.predict(x)).argmax(axis=1) == t
    t = t if targets == "labels" else np.eye(10)[t]
    assert net.accuracy(x, net.native(t)) == hits.mean()
    assert 0 < hits.mean() < 1


@NETS
def test_learning_lowers_the_loss(net_class, batch):
    net = net_class(784, 20, 10, dtype="float64")
    native = net.native(batch[0]), net.native(batch[1])
    before = net.loss(*native)
    for _ in range(200):
        net.step(*native, 0.5)
    assert net.loss(*native) < before / 2


def test_auto_is_the_cpu_or_cuda():
    assert pick_device("auto").type in ("cpu", "cuda")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:9"])
def test_cuda_on_a_machine_without_it_raises_a_clear_error(monkeypatch, name):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match=f"--device {name}: torch sees no CUDA.*--device cpu"):
        pick_device(name)


@pytest.mark.parametrize(("count", "seen"), [(1, "only cuda:0"), (8, "cuda:0 to cuda:7")])
def test_a_cuda_device_of_too_large_a_number_raises_a_clear_error(monkeypatch, count, seen):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    assert pick_device(f"cuda:{count - 1}") == torch.device("cuda", count - 1)
    with pytest.raises(InputError, match=f"--device cuda:9: torch sees {seen} here"):
        pick_device("cuda:9")


def test_an_apple_gpu_is_taken_where_it_is_present_and_has_no_float64(monkeypatch):
    settings = Settings(backend="torch", device="mps")
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    with pytest.raises(InputError, match="--device mps: torch sees no Apple GPU"):
        resolve_device(settings)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    resolved = resolve_device(settings)
    assert (resolved.device, resolved.evaluation) == ("mps", "full")
    for change in ({"dtype": "float64"}, {"gradient": "numerical"}):
        with pytest.raises(InputError, match="--device mps: has no float64"):
            resolve_device(replace(settings, **change))


@NETS
@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
def test_labels_may_be_integers_of_any_width(net_class, batch, loss):
    net, (x, t) = net_class(784, 20, 10, loss=loss, dtype="float64"), batch
    wide, narrow = (net.loss(net.native(x), net.native(t.astype(k))) for k in ("int64", "int32"))
    assert wide == narrow


@NETS
def test_relu_passes_no_gradient_where_its_input_is_exactly_zero(net_class):
    net = net_class(784, 5, 10, 0.5, activation="relu", dtype="float64")
    x, t = net.native(np.zeros((3, 784))), net.native(np.array([0, 1, 2]))  # a1 = b1 = 0
    assert not net.gradient(x, t)["b1"].any()
    assert net.gradient(x, t)["b2"].any()


@NETS
def test_relu_passes_no_gradient_for_a_negative_input_even_if_dz1_overflows(net_class):
    net = net_class(784, 5, 10, activation="relu", loss="squared-error")
    params = {key: np.zeros_like(value) for key, value in net.params.items()}
    params |= {"b1": params["b1"] - 1, "W2": params["W2"] + 3e38, "b2": params["b2"] + 1e3}
    net.set_params({key: value.astype(np.float32) for key, value in params.items()})
    x, t = net.native(np.ones((3, 784), np.float32)), net.native(np.array([0, 1, 2]))
    with np.errstate(over="ignore"):  # dz1 = inf, a1 = −1
        assert not net.gradient(x, t)["W1"].any()
