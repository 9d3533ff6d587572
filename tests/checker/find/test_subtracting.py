"""A gradient belongs to the weight of its own layer, whatever other layers call theirs."""

from types import SimpleNamespace

import numpy as np
import pytest

from trainer.checker.find.applying import subtract_gradients


def make_layer(grad):
    return SimpleNamespace(b=np.zeros(2), db=np.full(2, grad))


@pytest.mark.parametrize("is_list", [True, False], ids=["in a list", "by name"])
def test_each_layer_gets_its_own_gradient(is_list):
    first, second = make_layer(1.0), make_layer(2.0)
    layers = {"layers": [first, second]} if is_list else {"fc1": first, "fc2": second}
    assert subtract_gradients(SimpleNamespace(**layers), None) == 2
    assert (first.b == -1).all()
    assert (second.b == -2).all()


def test_gradients_beside_the_weights_are_found_under_the_same_number():
    net = SimpleNamespace(w=[np.zeros(2), np.zeros(2)], dw=[np.ones(2), np.full(2, 2.0)])
    assert subtract_gradients(net, None) == 2
    assert [each[0] for each in net.w] == [-1, -2]
    net = SimpleNamespace(params={"W": np.zeros(2)}, grads={"W": np.ones(2)})
    assert subtract_gradients(net, None) == 1
    assert (net.params["W"] == -1).all()


def test_a_number_is_no_gradient_of_a_matrix():
    net = SimpleNamespace(W=np.zeros((2, 3)), b=np.zeros(3), dW=np.float64(1), db=np.float64(1))
    assert subtract_gradients(net, None) == 1
    assert (net.W.any(), net.b.all()) == (False, True)


def test_w_and_b_are_short_for_weights_and_biases():
    net = SimpleNamespace(weights=np.zeros(2), biases=np.zeros(2),
                          grad_W=np.ones(2), grad_b=np.full(2, 2.0))  # fmt: skip
    assert subtract_gradients(net, None) == 2
    assert (net.weights[0], net.biases[0]) == (-1, -2)
