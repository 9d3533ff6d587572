import numpy as np
import pytest
import torch
from sampling import few
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from trainer.auditing.comparison import Schedule, compare
from trainer.auditing.mistakes import MISTAKES
from trainer.auditing.plant import plant
from trainer.data.batches import Batches
from trainer.nets.initial import draw_params
from trainer.nets.numpy_net import TwoLayerNet
from trainer.nets.torch_net import TorchTwoLayerNet

# The quantity where each mistake shows first, and the step if it is not 0.
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
WITHOUT_CAUSE = {"stale-gradient"}  # one step alone cannot show why


def compare_sides(digits, sides, iterations=3, record=lambda *_: None, size=40, **options):
    """Compare nets of both classes, with 20 hidden neurons, on the middle rows of real digits."""
    options = {"dtype": "float32", "activation": "sigmoid", "loss": "cross-entropy"} | options
    nets = {side: cls(168, 20, 10, **options) for side, cls in sides.items()}
    x = digits.x_train[:, 308:476].astype(options["dtype"])
    batch = Batches(x, digits.t_train, size, seed=0)
    params = draw_params(168, 20, 10, dtype=options["dtype"])
    return compare(nets, batch, params, Schedule(iterations, 0.1, 10), record)


@pytest.mark.parametrize("slug", few(MISTAKES, 12))
def test_a_planted_mistake_is_located_on_its_side_and_its_cause_is_found(digits, slug):
    sides = {"numpy": plant(slug), "torch": TorchTwoLayerNet}
    result = compare_sides(digits, sides, **MISTAKES[slug].needs)
    assert result.first is not None
    assert (result.first.step, result.first.side) == (LATER.get(slug, 0), "numpy")
    assert result.first.verdict.quantity == SHOWS[slug]
    assert result.cause == (None if slug in WITHOUT_CAUSE else slug)
    assert not [v for v in result.worst.get("torch", {}).values() if v.is_wrong]


class SummedLoss(TorchTwoLayerNet):
    def _compute_loss(self, a2, t):
        if t.ndim == 1:
            return F.cross_entropy(a2, t, reduction="sum")
        return super()._compute_loss(a2, t)


class MissingBias(TorchTwoLayerNet):
    def _forward(self, x):
        a1 = F.linear(x, self.layer1.weight, 0 * self.layer1.bias)
        z1 = torch.sigmoid(a1)
        return a1, z1, self.layer2(z1)


class DetachedSigmoid(TorchTwoLayerNet):
    def _forward(self, x):
        a1 = self.layer1(x)
        z1 = torch.sigmoid(a1).detach() + (a1 - a1.detach())  # Autograd's derivative of it is 1.
        return a1, z1, self.layer2(z1)


class Ascent(TorchTwoLayerNet):
    def _descend(self, grads, lr):
        super()._descend(grads, -lr)


TORCH = [
    (SummedLoss, "loss", "loss-sum"),
    (MissingBias, "a1", "bias-missing-forward"),
    (DetachedSigmoid, "da1", "activation-grad-missing"),
    (Ascent, "W1", "update-sign"),
]


@pytest.mark.parametrize(("cls", "quantity", "cause"), TORCH)
def test_a_mistake_in_the_torch_net_is_located_on_the_torch_side(digits, cls, quantity, cause):
    result = compare_sides(digits, {"numpy": TwoLayerNet, "torch": cls})
    assert (result.first.side, result.first.verdict.quantity) == ("torch", quantity)
    assert result.cause == cause
    assert not [v for v in result.worst["numpy"].values() if v.is_wrong]


def test_correct_nets_agree_and_drift_by_rounding_only(digits):
    steps = []
    result = compare_sides(
        digits,
        {"numpy": TwoLayerNet, "torch": TorchTwoLayerNet},
        iterations=30,
        record=lambda i, verdicts, drift: steps.append((i, bool(verdicts))),
    )
    assert result.first is None
    assert max(result.drift.values()) < 1e-5
    assert [i for i, _ in steps] == list(range(30))
    assert [i for i, audited in steps if audited] == [0, 1, 2, 10, 20, 29]


def test_drift_is_recorded_at_the_step_where_it_first_passes_a_power_of_ten(digits):
    result = compare_sides(digits, {"numpy": TwoLayerNet, "torch": TwoLayerNet}, iterations=1)
    assert set(result.drift.values()) == {0}
    one, other = {"W1": np.array([1.0])}, {"W1": np.array([1.0 + 3e-6])}
    result.add_drift(4, [one, other])
    result.add_drift(5, [one, {"W1": np.array([1.002])}])
    result.add_drift(6, [one, other])
    assert result.passed["W1"] == {-6: 4, -3: 5}
