"""A layer alone: backward must be the vector-Jacobian product of forward."""

import pytest
from planted import EXAMPLES
from sampling import few
from steps import LAYERS, judge_each_layer, write_changed

PLAIN, OBJECTS, KEEPING, ATTRIBUTES = (
    LAYERS / f"{name}.py" for name in ("plain", "objects", "keeping", "attributes")
)
BOOK = EXAMPLES / "layers.py"
MISTAKES = [
    (PLAIN, "affine_backward", "dx = dout.dot(w.T)", "dx = dout.dot(w.T * 2)"),
    (PLAIN, "affine_backward", "db = dout.sum(axis=0)", "db = dout.max(axis=0)"),
    (PLAIN, "leaky_backward", "np.where(cache > 0, dout", "np.where(cache < 0, dout"),
    (PLAIN, "layernorm_backward", "- normal * (dn", "+ normal * (dn"),
    (PLAIN, "layernorm_backward", "dn = dout * gamma", "dn = dout"),
    (PLAIN, "layernorm_backward", "(dout * normal).sum", "dout.sum"),
    (PLAIN, "conv_backward", "rows, columns] += np", "rows, columns] = np"),
    (PLAIN, "conv_backward", "dw += np", "dw = np"),
    (PLAIN, "svm_loss", "-= dx.sum(axis=1)", "-= 1"),
    (OBJECTS, "Dense.backward", "self.x.T @ grad_output", "self.x.T @ grad_output**2"),
    (BOOK, "Affine.backward", "np.sum(dout, axis=0)", "np.sum(dout, axis=0) ** 2"),
    (KEEPING, "Dense.backward", "dZ @ self.W.T", "dZ @ self.W.T * 2"),
    (KEEPING, "Trained.backward", "delta @ self.weights.T", "delta @ abs(self.weights.T)"),
    (BOOK, "Affine.backward", "self.W) + self.b", "self.W)"),
    (BOOK, "SoftmaxWithLoss.backward", "(self.y - self.t) /", "self.y /"),
    (BOOK, "SoftmaxWithLoss.backward", "self.y = softmax(x)", "self.y = softmax(softmax(x))"),
    (OBJECTS, "Tanh.backward", "(1 - self.out**2)", "(1 - self.out)"),
    (OBJECTS, "Softmax.backward", "(dout - inner)", "dout"),
    (OBJECTS, "MaxPool.backward", "mask * dout", "(1 - mask) * dout"),
    (ATTRIBUTES, "Linear.backward", "dvalues @ self.weights.T", "dvalues @ np.abs(self.weights.T)"),
    (ATTRIBUTES, "Softmax.backward", "- np.outer(y, y)) @", ") @"),
    (
        ATTRIBUTES,
        "AbsoluteLoss.backward",
        "(predicted_values - wanted)",
        "(wanted - predicted_values)",
    ),
]


@pytest.mark.parametrize("path", [PLAIN, OBJECTS, KEEPING, ATTRIBUTES, BOOK])
def test_right_layers_of_any_kind_are_right(path):
    found = judge_each_layer(path)
    assert all(judged and judged.decision.is_right for judged in found.values())


@pytest.mark.parametrize(("path", "name", "old", "new"), few(MISTAKES, 5))
def test_a_wrong_gradient_of_a_layer_is_wrong_and_no_other(path, name, old, new, tmp_path):
    text = path.read_text()
    assert text.count(old) == 1
    changed = tmp_path / path.name
    changed.write_text(text.replace(old, new))
    found = judge_each_layer(changed)
    wrong = [each for each, judged in found.items() if not judged.decision.is_right]
    assert wrong == [name]
    assert found[name].decision.is_right is False


@pytest.mark.parametrize(
    ("name", "old", "new", "is_right"),
    few(
        [
            ("affine_backward", "db = dout.sum(axis=0)", "db = np.zeros(b.shape)", None),
            ("affine_backward", "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", False),
            ("affine_backward", ".dot(w) + b", ".dot(w)", False),
            ("leaky_backward", "np.where(cache > 0, dout, slope * dout)", "dout", False),
        ],
        1,
    ),
)
def test_what_one_gradient_lacks_is_no_mean_and_no_loss(name, old, new, is_right, tmp_path):
    changed = tmp_path / "plain.py"
    changed.write_text(PLAIN.read_text().replace(old, new))
    assert judge_each_layer(changed)[name].decision.is_right is is_right


@pytest.mark.parametrize(
    ("old", "new"),
    [("(self.y - self.t) /", "(self.t - self.y) /"), (" / len(self.t)", ""), ("axis=-1", "axis=0")],
)
def test_a_loss_that_may_be_meant_so_is_not_wrong(old, new, tmp_path):
    path = write_changed(tmp_path, BOOK.read_text(), old, new)
    assert judge_each_layer(path)["SoftmaxWithLoss.backward"].decision.is_right is not False


def test_a_loss_whose_gradient_goes_up_is_open_without_another_loss(tmp_path):
    """Whoever uses it may add what it gives."""
    text = (
        ATTRIBUTES.read_text().split("class SquaredLoss")[0]
        + """
class AbsoluteLoss:
    def forward(self, predicted, wanted):
        return np.mean(np.abs(wanted - predicted), axis=-1)

    def backward(self, predicted_values, wanted):
        self.dinputs = np.sign(wanted - predicted_values) / predicted_values.size
"""
    )
    path = tmp_path / "layers.py"
    path.write_text(text)
    assert judge_each_layer(path)["AbsoluteLoss.backward"].decision.is_right is None


CALLED = """
import numpy as np

def tanh(z): return np.tanh(z)
def relu(z): return np.maximum(0, z)
def relu_slope(z): return (z > 0) * 1.0
def tanh_slope(z): return 1 - np.tanh(z) ** 2

class Dense:
    def __init__(self, n_in, n_out, activation, slope=None):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros((1, n_out))
        self.activation, self.slope = activation, slope

    def forward(self, row):
        self.row, self.z = row, row @ self.W + self.b
        return self.activation(self.z)

    def backward(self, dout, rate):
        delta = dout * self.slope(self.z) if self.slope is not None else dout
        back = delta @ self.W.T
        self.W -= rate * self.row.T @ delta
        self.b -= rate * delta
        return back
"""


def test_a_layer_of_one_row_is_given_a_function_and_its_derivative(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(CALLED)
    assert judge_each_layer(path)["Dense.backward"].decision.is_right is True
    path.write_text(CALLED.replace("self.b -= rate * delta", "self.b -= rate * delta * self.z"))
    assert judge_each_layer(path)["Dense.backward"].decision.is_right is False


def test_a_layer_that_takes_a_derivative_is_left_alone_where_the_file_has_none(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text("".join(line for line in CALLED.splitlines(True) if "_slope(z)" not in line))
    assert judge_each_layer(path)["Dense.backward"] is None


BESIDE = """
import numpy as np

class Squares:
    def forward(self, y, y_):
        self.y, self.y_ = y, y_
        return y_, 0.5 * np.square(y - y_).sum(axis=0).mean()

    def backward(self, upstream):
        dy_ = upstream * (self.y_ - self.y) / self.y_.shape[1]
        return dy_
"""


def test_a_loss_beside_outputs_is_what_backward_goes_down(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(BESIDE)
    assert judge_each_layer(path)["Squares.backward"].decision.is_right is True
    path.write_text(BESIDE.replace("(self.y_ - self.y)", "(self.y_ - self.y) ** 2"))
    assert not judge_each_layer(path)["Squares.backward"].decision.is_right


DEAD = """
import numpy as np

def initialize_parameters(layers_sizes):
    parameters = {}
    for i in range(1, len(layers_sizes)):
        shape = layers_sizes[i], layers_sizes[i - 1]
        parameters["W" + str(i)] = np.random.randn(*shape) * np.sqrt(2 / shape[1])
        parameters["b" + str(i)] = np.zeros((shape[0], 1))
    return parameters

def net_forward(X, parameters):
    A, cache = X, {}
    L = len(parameters) // 2
    for i in range(1, L):
        cache[i] = A, parameters["W" + str(i)]
        A = np.maximum(0, parameters["W" + str(i)] @ A + parameters["b" + str(i)])
    cache[L] = A, parameters["W" + str(L)]
    return parameters["W" + str(L)] @ A + parameters["b" + str(L)], cache

def net_backward(dAL, cache):
    grads, dZ = {}, dAL
    for i in reversed(cache):
        A, W = cache[i]
        grads["dW" + str(i)], grads["db" + str(i)] = dZ @ A.T, dZ.sum(axis=1, keepdims=True)
        dZ = W.T @ dZ * (A > 0)
    return grads
"""


def test_a_bias_of_0_behind_dead_units_is_moved_from_the_kink(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(DEAD)
    (judged,) = judge_each_layer(path).values()
    assert judged.decision.is_right is True


SIZED = """
import numpy as np

class Dense:
    def __init__(self, input_neurons, output_neurons):
        self.W = np.random.randn(input_neurons, output_neurons)

    def feed_forward(self, row):
        self.row = row
        return row @ self.W

    def back_propagate(self, gradient, rate):
        back = gradient @ self.W.T
        self.W -= rate * self.row.T @ gradient
        return back
"""


def test_a_layer_is_given_the_numbers_of_its_neurons(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(SIZED)
    assert judge_each_layer(path)["Dense.back_propagate"].decision.is_right is True
