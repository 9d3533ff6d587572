"""Where the torch net leaves its device, held on any machine by a simulated device."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import simulated
import torch
from PIL import Image
from sampling import few
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    FakeTensorDeviceMismatchError,
    FakeTensorMode,
)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.tensorboard import SummaryWriter

from trainer.auditing.probes import inspect_step
from trainer.common.settings import Settings
from trainer.data.batches import BLOCK, Batches
from trainer.nets import torch_net
from trainer.nets.torch_net import TorchTwoLayerNet
from trainer.predict.guess import guess_images
from trainer.predict.score import score_checkpoint
from trainer.training import checkpoint
from trainer.training.compare_run import compare_run
from trainer.training.run import resume, run
from trainer.training.threads import Threads

KINDS = pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
SETTINGS = Settings(
    backend="torch", device="cuda", dataset="mnist-5k", iterations=6, eval_every=2,
    checkpoint_every=3, hidden_size=5,
)  # fmt: skip
EVALUATIONS, SAVES, PAGES = 4, 3, 3  # of a run of 6: at 0, 2, 4, 6; at 0, 3, 6; at 0, 4, 6
PARAMS = 4


class SimulatedNet(TorchTwoLayerNet):
    """The torch net on the simulated device, where it was asked for on CUDA."""

    def __init__(self, *sizes, device="cpu", **options):
        device = simulated.DEVICE if str(device).startswith("cuda") else device
        super().__init__(*sizes, device=device, **options)


@pytest.fixture
def simulation(monkeypatch):
    """The simulated device in place of CUDA."""
    monkeypatch.setattr(torch_net, "TorchTwoLayerNet", SimulatedNet)
    monkeypatch.setattr(torch_net, "pick_device", torch.device)
    simulated.CROSSINGS.clear()
    with simulated.Simulation() as mode:
        yield mode


def build_net(digits, device, loss="cross-entropy", dtype="float32"):
    """Return a net, its images and labels on the device, and the batches drawn from them."""
    net = TorchTwoLayerNet(784, 5, 10, 0.1, loss=loss, device=device, dtype=dtype)
    x, t = net.native(digits.x_train.astype(dtype)), net.native(digits.t_train)
    return net, x, t, Batches(x, t, 20, 0, net.native)


# --- the methods of the net


def test_the_simulated_device_meets_no_tensor_of_the_cpu(simulation):
    x = torch.ones(2, 3).to(simulated.DEVICE)
    mixed = [
        lambda: x + torch.ones(2, 3),
        lambda: x + torch.tensor(1.0),  # accepted on CUDA
        lambda: x[torch.tensor([0])],  # accepted on CUDA, but copied first
        lambda: torch._foreach_add_([x], [torch.ones(2, 3)]),
    ]
    for compute in mixed:
        with pytest.raises(simulated.MixedDevicesError):
            compute()
    with pytest.raises((TypeError, RuntimeError)):
        x.numpy()
    assert (x + 1).cpu().tolist() == [[2.0] * 3] * 2


@KINDS
@pytest.mark.parametrize("dtype", few(["float32", "float64"], 1))
def test_steps_copy_nothing_but_the_rows_of_a_hundred_batches(digits, simulation, loss, dtype):
    net, *_, batch = build_net(digits, simulated.DEVICE, loss, dtype)
    twin, *_, twin_batch = build_net(digits, "cpu", loss, dtype)
    simulation.take_crossings()
    for i in range(BLOCK + 5):
        net.step(*batch(i), 0.1)
    assert simulation.take_crossings() == {"to device: batches.__call__": 2}
    for i in range(BLOCK + 5):
        twin.step(*twin_batch(i), 0.1)
    for key, w in twin.params.items():
        np.testing.assert_array_equal(net.params[key], w)


@KINDS
def test_each_method_leaves_the_device_only_where_it_must(digits, simulation, loss):
    net, x, t, batch = build_net(digits, simulated.DEVICE, loss)
    assert simulation.take_crossings() == {
        "to device: set_params": PARAMS, "to device: a test": 2,
    }  # fmt: skip
    grads = net.gradient(*batch(0))
    simulation.take_crossings()
    counted = {
        "predict": (lambda: net.predict(x), {}),
        "classes": (lambda: net.classes(x), {}),
        "params": (lambda: net.params, {"from device: params": PARAMS}),
        "update": (lambda: net.update(grads, 0.1), {"to device: update": PARAMS}),
        "loss": (lambda: net.loss(*batch(0)), {"wait: loss": 1}),
        "accuracy": (lambda: net.accuracy(x, t), {"wait: accuracy": 1}),
        "activations": (lambda: net.activations(x), {"from device: activations": 4}),
        "gradient": (lambda: net.gradient(*batch(0)), {"from device: gradient": PARAMS}),
        "trace": (
            lambda: net.trace(*batch(0), 0.1),
            {"from device: trace": 14, "from device: params": 2 * PARAMS},
        ),
    }
    for name, (call, expected) in counted.items():
        call()
        assert simulation.take_crossings() == expected, name


def test_a_numerical_gradient_copies_the_weights_and_reads_a_loss_for_each_difference(simulation):
    net = TorchTwoLayerNet(6, 5, 3, 1.0, device=simulated.DEVICE)
    x, t = net.native(np.ones((4, 6), np.float32)), net.native(np.array([0, 2, 1, 2]))
    simulation.take_crossings()
    grads = net.numerical_gradient(x, t)
    losses = 2 * sum(grad.size for grad in grads.values())
    assert simulation.take_crossings() == {
        "from device: params": PARAMS,
        "to device: set_params in gradient.numerical_gradient": PARAMS * losses,
        "wait: loss in gradient.numerical_gradient": losses,
    }


def test_an_evaluation_waits_once_for_each_set_on_one_thread(digits, simulation):
    net, x, t, _ = build_net(digits, simulated.DEVICE)
    simulation.take_crossings()
    Threads().compute_accuracy(net, x, t)
    assert simulation.take_crossings() == {"wait: accuracy in threads.compute_accuracy": 1}


@KINDS
def test_the_audit_and_all_probes_accept_a_net_on_the_device(digits, simulation, loss):
    net, *_ = build_net(digits, simulated.DEVICE, loss)
    x, t = digits.x_train[:20].astype(np.float32), digits.t_train[:20]
    assert not [each for each in inspect_step(net, x, t, 0.1).values() if each.is_wrong]


@KINDS
def test_torchs_own_fake_tensors_accept_the_step_and_refuse_a_wait(loss):
    with FakeTensorMode():
        net = TorchTwoLayerNet(784, 5, 10, loss=loss, device="meta")
        x, t = net.native(np.zeros((20, 784), np.float32)), net.native(np.zeros(20, np.int64))
        net.step(*Batches(x, t, 20, 0, net.native)(0), 0.1)
        net.predict(x)
        net.classes(x)
        with pytest.raises(DataDependentOutputException):
            net.loss(x, t)
        with pytest.raises(FakeTensorDeviceMismatchError):
            net.step(x.cpu(), t, 0.1)


# --- a run


def test_a_whole_run_leaves_the_device_at_points_checkpoints_and_pictures(
    tmp_path, data_dir, simulation, monkeypatch
):
    graphs = []

    def add_graph(_, module, x):  # torch.jit cannot trace the simulated tensors
        graphs.append({x.device, *(w.device for w in module.parameters())})

    monkeypatch.setattr(SummaryWriter, "add_graph", add_graph)
    result = run(SETTINGS, data_dir, tmp_path, "run", quiet=True, pictures=3)
    assert simulation.take_crossings() == {
        "to device: set_params in build.build_net": PARAMS,
        "to device: run._train": 4,  # the images and labels of both sets
        "to device: batches.__call__": 1,
        "wait: loss in loop._measure": EVALUATIONS,
        "wait: accuracy in threads.compute_accuracy": 2 * EVALUATIONS,
        "from device: params in recorder._save": PARAMS * SAVES,
        "from device: params in album.write_page": PARAMS * PAGES,
        "from device: gradient in album.write_page": PARAMS * PAGES,
        "from device: activations in album.write_page": 4 * PAGES,
        "from device: activations in album._compute_outputs": 4 * PAGES,
        "from device: activations in album.write_end": 4,
    }
    assert result.settings.evaluation == "full"
    assert graphs == [{simulated.DEVICE}]


def test_a_resumed_run_ends_with_the_weights_of_a_run_on_the_cpu(tmp_path, data_dir, simulation):
    run(replace(SETTINGS, iterations=3), data_dir, tmp_path, "resumed", quiet=True)
    simulation.take_crossings()
    resume(tmp_path / "resumed", {"iterations": 6}, data_dir, quiet=True)
    found = simulation.take_crossings()
    assert found["to device: set_params in job.make_net"] == PARAMS
    run(replace(SETTINGS, device="cpu"), data_dir, tmp_path, "cpu", quiet=True)
    ours, theirs = (checkpoint.load(tmp_path / name).params for name in ("resumed", "cpu"))
    for key, w in theirs.items():
        np.testing.assert_array_equal(ours[key], w)
    about = json.loads((tmp_path / "resumed" / "settings.json").read_text())
    assert about["settings"]["device"] == "cuda"


def test_compare_finds_both_nets_right_and_copies_what_it_audits(tmp_path, data_dir, simulation):
    settings = replace(SETTINGS, dtype="float64")
    found = compare_run(settings, data_dir, tmp_path, audit_every=100).comparison
    assert found.first is None, found.first
    assert max(found.drift.values()) < 1e-13
    crossings = simulation.take_crossings()
    assert crossings["from device: trace in probes.audit_step"] > 0
    steps = 6 - 3 - 1  # neither the first three nor the last, which are audited
    assert crossings["to device: comparison._train_step"] == 2 * steps


def test_a_net_on_the_device_scores_and_guesses_as_on_the_cpu(tmp_path, data_dir, simulation):
    run(replace(SETTINGS, device="cpu"), data_dir, tmp_path, "run", quiet=True)
    trained = checkpoint.load(tmp_path / "run")
    image = tmp_path / "digit.png"
    Image.fromarray(np.pad(np.full((16, 4), 255, np.uint8), ((6, 6), (12, 12)))).save(image)
    simulation.take_crossings()
    on_device = score_checkpoint(trained, data_dir, "torch", "cuda")
    assert simulation.take_crossings() == {
        "to device: set_params in build.build_net": PARAMS,
        "to device: set_params in checkpoint.restore_net": PARAMS,
        "to device: score.score_net": 2,
        "from device: score.score_net": 1,
        "wait: accuracy in score.score_net": 1,
        "wait: loss in score.score_net": 1,
    }
    assert on_device.accuracy == score_checkpoint(trained, data_dir, "torch", "cpu").accuracy
    guesses = [guess_images(trained, [Path(image)], "torch", d) for d in ("cuda", "cpu")]
    assert guesses[0] == guesses[1]


# --- the same numbers on the CPU, where no copy is needed


class Waits(TorchDispatchMode):
    """Counts what would make the CPU wait for a device, and the copies to one."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Compute, and count the operation if it reads a number or copies."""
        if func in (simulated.READ_NUMBER, simulated.COPY, simulated.COPY_INTO):
            self.found[func._schema.name.removeprefix("aten::")] += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("loss", "casts"), [("cross-entropy", 0), ("squared-error", 1)])
def test_on_the_cpu_a_step_reads_no_number_and_copies_nothing(digits, loss, casts):
    net, x, t, batch = build_net(digits, "cpu", loss)
    batch(0)
    with Waits() as waits:
        for i in range(5):
            net.step(*batch(i), 0.1)
    # F.one_hot checks its labels on the CPU, which it does not on CUDA.
    checks = {"_local_scalar_dense": 2 * 5 * casts}
    assert waits.found == Counter({"_to_copy": 5 * casts} | checks)
    with Waits() as waits:
        net.loss(*batch(0))
        net.accuracy(x, t)
    assert waits.found["_local_scalar_dense"] == 2 + 2 * casts
