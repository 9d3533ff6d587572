import re

import numpy as np
import pytest

from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.loop import Loop


class Halves:
    """An evaluation that takes no time."""

    def accuracies(self):
        return 0.5, 0.25


def train(net, digits, **options):
    """Train the net for a short run on real digits; return its points."""
    settings = Settings(**{"iterations": 25, "eval_every": 10, **options})
    batch = Batches(digits.x_train, digits.t_train, 20, seed=0)
    return Loop(net, batch, settings, Halves()).run()


def make_net():
    return TwoLayerNet(784, 5, 10, dtype="float64")


def test_there_is_a_point_every_eval_every_iterations_and_at_the_end(digits):
    assert [point.iteration for point in train(make_net(), digits)] == [0, 10, 20, 25]


def test_the_loss_is_that_of_the_weights_before_the_update(digits):
    net = make_net()
    first = net.loss(*Batches(digits.x_train, digits.t_train, 20, seed=0)(0))
    assert train(net, digits)[0].loss == first


def test_the_weights_equal_those_of_the_same_steps_by_hand(digits):
    net, by_hand = make_net(), make_net()
    train(net, digits, lr=0.3)
    batch = Batches(digits.x_train, digits.t_train, 20, seed=0)
    for i in range(25):
        by_hand.update(by_hand.gradient(*batch(i)), 0.3)
    for key in net.params:
        np.testing.assert_array_equal(net.params[key], by_hand.params[key])


def test_the_numerical_gradient_trains_to_the_same_weights(digits):
    digits = type(digits)("", digits.x_train[:, 300:310], digits.t_train, None, None, ())
    nets = [TwoLayerNet(10, 3, 10, dtype="float64") for _ in range(2)]
    train(nets[0], digits, iterations=2)
    train(nets[1], digits, iterations=2, gradient="numerical")
    for key in nets[0].params:
        np.testing.assert_allclose(nets[0].params[key], nets[1].params[key], atol=1e-9)


@pytest.mark.parametrize("lr", [1e5, 1e38])
def test_a_loss_that_is_not_finite_stops_with_iteration_rate_and_hint(digits, lr):
    net = TwoLayerNet(784, 5, 10, activation="relu", loss="squared-error")
    with pytest.raises(
        InputError, match=rf"at iteration \d+ with --lr {re.escape(str(lr))}: .*; try"
    ):
        train(net, digits, lr=lr, eval_every=1, iterations=100)
