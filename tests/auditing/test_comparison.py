import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from trainer.auditing.comparison import Schedule, compare
from trainer.auditing.mistakes import MISTAKES
from trainer.auditing.plant import plant
from trainer.data.batches import Batches
from trainer.nets.initial import draw_params
from trainer.nets.numpy_net import TwoLayerNet
from trainer.nets.torch_net import TorchTwoLayerNet

# Where each mistake shows first: the quantity, and the step where it is not 0.
SHOWS = {
    "bias-missing-forward": "a1", "bias-missing-output": "a2", "activation-missing": "z1",
    "float32-inside": "z1", "sigmoid-before-softmax": "y", "softmax-axis": "y",
    "softmax-whole-batch": "y", "softmax-overflow": "y", "double-softmax": "y",
    "loss-sum": "loss", "loss-log-epsilon": "loss", "loss-arguments-swapped": "loss",
    "mse-mean": "loss", "batch-mean-missing": "da2", "batch-mean-twice": "da2",
    "target-not-subtracted": "da2", "gradient-sign": "da2", "output-grad-extra": "da2",
    "dw2-from-a1": "dW2", "bias-grad-mean": "db2", "bias-grad-missing": "db2",
    "w2-updated-before-backward": "dz1", "sigmoid-grad-of-output": "da1",
    "activation-grad-missing": "da1", "hidden-grad-is-activation": "da1",
    "relu-grad-of-gradient": "da1", "relu-grad-at-zero": "da1", "stale-gradient": "dW2",
    "bias-not-updated": "b1", "bias-updated-twice": "b1", "update-sign": "W1",
    "bias-stored-twice": "b1", "one-hot-only": "t", "labels-only": "t",
    "accuracy-count": "accuracy", "accuracy-axis": "accuracy", "accuracy-of-itself": "accuracy",
    "inputs-mutated": "x", "numerical-one-sided": "numerical_gradient",
    "numerical-step": "numerical_gradient", "numerical-not-restored": "numerical_gradient",
}  # fmt: skip
LATER = {"stale-gradient": 1}
UNEXPLAINED = {"stale-gradient"}  # one step alone cannot show why


def compare_sides(digits, sides, iterations=3, record=lambda *_: None, size=40, **options):
    """Both sides, by class, on the middle rows of real digits, with 20 hidden neurons."""
    options = {"dtype": "float32", "activation": "sigmoid", "loss": "cross-entropy"} | options
    nets = {side: cls(168, 20, 10, **options) for side, cls in sides.items()}
    x = digits.x_train[:, 308:476].astype(options["dtype"])
    batch = Batches(x, digits.t_train, size, seed=0)
    params = draw_params(168, 20, 10, dtype=options["dtype"])
    return compare(nets, batch, params, Schedule(iterations, 0.1, 10), record)


@pytest.mark.parametrize("slug", MISTAKES)
def test_a_planted_mistake_is_located_on_its_side_and_explained(digits, slug):
    sides = {"numpy": plant(slug), "torch": TorchTwoLayerNet}
    found = compare_sides(digits, sides, **MISTAKES[slug].needs)
    assert found.first is not None
    assert (found.first.step, found.first.side) == (LATER.get(slug, 0), "numpy")
    assert found.first.verdict.quantity == SHOWS[slug]
    assert found.cause == (None if slug in UNEXPLAINED else slug)
    assert not [v for v in found.worst.get("torch", {}).values() if v.is_wrong]


class NotAveraged(TorchTwoLayerNet):
    def _compute_loss(self, a2, t):
        return (
            F.cross_entropy(a2, t, reduction="sum") if t.ndim == 1 else super()._compute_loss(a2, t)
        )


class NoBias(TorchTwoLayerNet):
    def _forward(self, x):
        a1 = F.linear(x, self.layer1.weight, 0 * self.layer1.bias)
        z1 = torch.sigmoid(a1)
        return a1, z1, self.layer2(z1)


class DetachedSigmoid(TorchTwoLayerNet):
    def _forward(self, x):
        a1 = self.layer1(x)
        z1 = torch.sigmoid(a1).detach() + (a1 - a1.detach())  # its derivative is taken as 1
        return a1, z1, self.layer2(z1)


class Ascends(TorchTwoLayerNet):
    def _descend(self, grads, lr):
        super()._descend(grads, -lr)


TORCH = [
    (NotAveraged, "loss", "loss-sum"),
    (NoBias, "a1", "bias-missing-forward"),
    (DetachedSigmoid, "da1", "activation-grad-missing"),
    (Ascends, "W1", "update-sign"),
]


@pytest.mark.parametrize(("cls", "quantity", "cause"), TORCH)
def test_a_mistake_in_torchs_net_is_torchs(digits, cls, quantity, cause):
    found = compare_sides(digits, {"numpy": TwoLayerNet, "torch": cls})
    assert (found.first.side, found.first.verdict.quantity) == ("torch", quantity)
    assert found.cause == cause
    assert not [v for v in found.worst["numpy"].values() if v.is_wrong]


def test_right_nets_agree_and_their_drift_is_rounding(digits):
    steps = []
    found = compare_sides(
        digits,
        {"numpy": TwoLayerNet, "torch": TorchTwoLayerNet},
        iterations=30,
        record=lambda i, verdicts, drift: steps.append((i, bool(verdicts))),
    )
    assert found.first is None
    assert max(found.drift.values()) < 1e-5
    assert [i for i, _ in steps] == list(range(30))
    assert [i for i, audited in steps if audited] == [0, 1, 2, 10, 20, 29]


def test_drift_is_noted_at_the_step_it_first_passes_a_power_of_ten(digits):
    found = compare_sides(digits, {"numpy": TwoLayerNet, "torch": TwoLayerNet}, iterations=1)
    assert set(found.drift.values()) == {0}
    one, other = {"W1": np.array([1.0])}, {"W1": np.array([1.0 + 3e-6])}
    found.add_drift(4, [one, other])
    found.add_drift(5, [one, {"W1": np.array([1.002])}])
    found.add_drift(6, [one, other])
    assert found.passed["W1"] == {-6: 4, -3: 5}
