"""Functions and layers in other forms than the course's or the book's are judged all the same."""

import pytest
from planted import EXAMPLES, change_example
from reports import report_on

# The course's functions without caches, with one-hot rows, and with gradients in another order.
PLAIN = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b

def affine_backward(dout, x, w, b):
    dx, dw, db = dout @ w.T, x.T @ dout, dout.sum(axis=0)
    return dw, db, dx

def relu_forward(x):
    return np.maximum(0, x)

def relu_backward(dout, x):
    return dout * (x > 0)

def softmax_loss(x, y):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.sum(y * np.log(p)) / len(x), (p - y) / len(x)
"""


def check(folder, source):
    path = folder / "net.py"
    path.write_text(source)
    return report_on(path)


def test_functions_without_caches_are_right(tmp_path):
    report = check(tmp_path, PLAIN)
    assert report.status == 0, report.as_text()
    right = {f.quantity for f in report.findings if f.verdict == "ok"}
    assert {"affine_backward dw", "softmax_loss dx"} <= right


def test_a_net_of_functions_alone_is_not_said_to_draw_its_weights(tmp_path):
    assert "initial weights" not in check(tmp_path, PLAIN).as_text()


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("x.T @ dout, dout.sum(axis=0)", "x.T @ dout, dout.mean(axis=0)", "affine_backward db"),
        ("dout * (x > 0)", "dout * (dout > 0)", "relu_backward"),
        ("(p - y) / len(x)", "p - y", "softmax_loss dx"),
        ("dout * (x > 0)", "dout * np.maximum(0, x) / x", "relu_backward"),
    ],
)
def test_a_mistake_in_them_is_found(tmp_path, old, new, wrong):
    assert old in PLAIN
    report = check(tmp_path, PLAIN.replace(old, new))
    assert {f.quantity for f in report.wrong_findings} == {wrong}


def test_a_softmax_of_columns_that_returns_its_input_too_is_a_note(tmp_path):
    source = (
        "import numpy as np\n\ndef softmax(Z):\n"
        "    return np.exp(Z) / np.sum(np.exp(Z), axis=0), Z\n"
    )
    report = check(tmp_path, source)
    assert "normalises each column" in report.as_text()
    assert not report.wrong_findings


NAMES = {"*class Affine": "class AffineLayer", "*class Relu": "class ReLULayer",
         "*class SoftmaxWithLoss": "class Softmax_With_Loss"}  # fmt: skip


def test_layers_under_variants_of_their_names_are_checked(tmp_path):
    report = check(tmp_path, change_example("layers", NAMES))
    assert report.status == 0, report.as_text()
    right = {f.quantity for f in report.findings if f.verdict == "ok"}
    assert {"AffineLayer dw", "ReLULayer dx", "Softmax_With_Loss dx"} <= right


def test_a_layer_may_keep_its_gradient_as_dw(tmp_path):
    source = (EXAMPLES / "layers.py").read_text()
    assert check(tmp_path, source.replace("dW", "dw")).status == 0


SQUARES = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward_propogation(X, W1, b1, W2, b2):
    Z1 = W1 @ X + b1
    A1 = sigmoid(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    return Z1, A1, Z2, A2

def mean_squared_error(A2, Y):
    return np.sum((A2 - Y) ** 2) / (2 * Y.shape[1])

def backward_pass(X, Y, Z1, A1, Z2, A2, W1, W2):
    m = Y.shape[1]
    dZ2 = (A2 - Y) * A2 * (1 - A2)
    dZ1 = W2.T @ dZ2 * A1 * (1 - A1)
    return (dZ1 @ X.T / m, np.sum(dZ1, axis=1, keepdims=True) / m,
            dZ2 @ A1.T / m, np.sum(dZ2, axis=1, keepdims=True) / m)
"""


def test_the_squared_error_of_functions_is_their_loss(tmp_path):
    report = check(tmp_path, SQUARES)
    assert report.status == 0, report.as_text()
    assert "loss" in {f.quantity for f in report.findings if f.verdict == "ok"}
    assert "KeyError" not in report.as_text()
    assert check(tmp_path, SQUARES.replace("(A2 - Y) * A2 * (1 - A2)", "A2 - Y")).status == 1


def test_the_squared_error_beside_another_loss_is_a_measure(tmp_path):
    source = (EXAMPLES / "columns.py").read_text()
    report = check(tmp_path, f"{source}\n\ndef mse(A2, Y):\n    return np.mean((A2 - Y) ** 2)\n")
    assert report.status == 0, report.as_text()


FRAME = """    # YOUR CODE STARTS HERE

    # YOUR CODE ENDS HERE
"""


def test_code_outside_of_the_marks_of_a_template_is_no_template(tmp_path):
    source = (EXAMPLES / "columns.py").read_text()
    head = "def update_parameters(parameters, grads, learning_rate=1.2):\n"
    assert head in source
    report = check(tmp_path, source.replace(head, head + FRAME))
    assert report.status == 0, report.as_text()


def test_sizes_are_not_accused_where_no_function_runs(tmp_path):
    source = (EXAMPLES / "columns.py").read_text().replace("import numpy as np\n", "")
    report = check(tmp_path, source)
    assert not any(f.quantity.startswith("layer_sizes") for f in report.wrong_findings)


def test_a_cache_may_be_a_dictionary_or_a_function(tmp_path):
    source = PLAIN.replace(
        "return np.maximum(0, x)\n", "return np.maximum(0, x), {'mask': x > 0}\n"
    ).replace("relu_backward(dout, x):\n    return dout * (x > 0)",
              "relu_backward(dout, cache):\n    return dout * cache['mask']")  # fmt: skip
    report = check(tmp_path, source)
    assert report.status == 0, report.as_text()
    source = source.replace("{'mask': x > 0}", "lambda d: d * (x > 0)")
    report = check(tmp_path, source.replace("dout * cache['mask']", "cache(dout)"))
    assert report.status == 0, report.as_text()


MARGINS = """
import numpy as np

def svm_loss(x, y):
    N = len(x)
    margins = np.maximum(0, x - x[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0
    dx = 2 * margins / N
    dx[np.arange(N), y] -= dx.sum(axis=1)
    return (margins ** 2).sum() / N, dx
"""


def test_a_squared_hinge_loss_is_right_if_its_gradient_is(tmp_path):
    report = check(tmp_path, MARGINS)
    assert report.status == 0, report.as_text()
    assert "mean of the squared margins" in report.as_text()
    report = check(tmp_path, MARGINS.replace("2 * margins", "margins"))
    assert report.status == 1


TENSORS = """
import torch
import torch.nn as nn

class TwoLayerNet(nn.Module):
    def __init__(self, D, H, C):
        super().__init__()
        self.w1, self.w2 = nn.Parameter(torch.randn(D, H)), nn.Parameter(torch.randn(H, C))
        self.b1, self.b2 = nn.Parameter(torch.zeros(1, H)), nn.Parameter(torch.zeros(1, C))

    def forward(self, X):
        h = torch.addmm(self.b1, X, self.w1)
        return torch.addmm(self.b2, torch.max(h, torch.zeros_like(h)), self.w2)

def softmax_loss(scores, y):
    return -torch.softmax(scores, dim=1)[range(len(y)), y].log().sum() / len(y)
"""


def test_functions_of_tensors_are_not_called_with_arrays(tmp_path):
    report = check(tmp_path, TENSORS)
    assert report.status == 0, report.as_text()


OWN_GRADIENT = """
import torch

def softmax(z):
    e = torch.exp(z - z.max(dim=-1, keepdim=True).values)
    return e / e.sum(dim=-1, keepdim=True)

class TwoLayerNet(torch.nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        sizes = {"W1": (input_size, hidden_size), "b1": (hidden_size,),
                 "W2": (hidden_size, output_size), "b2": (output_size,)}
        self.params = torch.nn.ParameterDict(
            {k: torch.nn.Parameter(torch.randn(*shape)) for k, shape in sizes.items()})

    def predict(self, x):
        p = self.params
        return softmax(torch.sigmoid(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"])

    def loss(self, x, t):
        return -(t * torch.log(self.predict(x))).sum(dim=1).mean()

    def gradient(self, x, t):
        names, values = zip(*self.params.items())
        return dict(zip(names, torch.autograd.grad(self.loss(x, t), values)))
"""


def test_a_torch_module_with_the_books_methods_is_judged(tmp_path):
    report = check(tmp_path, OWN_GRADIENT)
    assert report.status == 0, report.as_text()
    assert check(tmp_path, OWN_GRADIENT.replace("e.sum(dim=-1", "e.sum(dim=0")).status == 1


def test_a_misspelt_method_of_a_layer_is_named(tmp_path):
    source = (
        (EXAMPLES / "layers.py")
        .read_text()
        .replace("def forward(self, x):", "def forwar(self, x):", 1)
    )
    report = check(tmp_path, source)
    assert [(f.quantity, f.cause) for f in report.wrong_findings] == [("Relu", "misspelt-name")]
    assert "it has no method forward: forwar is misspelt" in report.as_text()


def test_the_gradients_of_a_layer_may_be_a_dictionary(tmp_path):
    source = (EXAMPLES / "layers.py").read_text()
    changed = source.replace("self.dW, self.db = 0, 0", "self.grads = {}")
    changed = changed.replace("self.dW = ", "self.grads['W'] = ")
    changed = changed.replace("self.db = ", "self.grads['b'] = ")
    assert changed.count("self.grads[") == 2
    report = check(tmp_path, changed)
    assert report.status == 0, report.as_text()


NODES = """
class MulLayer:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.y, dout * self.x

class AddLayer:
    def forward(self, x, y):
        return x + y

    def backward(self, dout):
        return dout * 1, dout * 1
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("dout * self.y, dout * self.x", "dout * self.x, dout * self.y",
         {"MulLayer dx", "MulLayer dy"}),
        ("return x + y", "out = x + y\n        return ourt", {"AddLayer"}),
        ("dout * 1, dout * 1", "dout * 1, 0 * dout", {"AddLayer dy"}),
    ],
)  # fmt: skip
def test_the_first_layers_of_chapter_5_are_judged(tmp_path, old, new, wrong):
    report = check(tmp_path, NODES)
    assert report.status == 0, report.as_text()
    report = check(tmp_path, NODES.replace(old, new))
    assert {f.quantity for f in report.wrong_findings} == wrong
