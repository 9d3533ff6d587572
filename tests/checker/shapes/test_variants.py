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


def test_functions_without_caches_make_a_right_net(tmp_path):
    report = check(tmp_path, PLAIN)
    assert report.status == 0, report.as_text()
    right = {f.quantity for f in report.findings if f.verdict == "ok"}
    assert {"gradient W1", "affine_backward dw", "softmax_loss dx"} <= right


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
    assert {"AffineLayer dw", "ReLULayer dx", "Softmax_With_Loss dx", "gradient W1"} <= right


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
