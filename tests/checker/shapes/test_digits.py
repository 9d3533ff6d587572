"""Functions as many notebooks on MNIST have them: globals for sizes, and one-hot rows of ten."""

import re

from notebooks import write_cells
from reports import report_on

from trainer.checker.diagnose.verifying import Request
from trainer.checker.repair.repairing import diagnose_net

DATA = """import numpy as np
import pandas as pd
data = pd.read_csv('train.csv').to_numpy()
m, n = data.shape
X_train, Y_train = data[1000:, 1:].T / 255.0, data[1000:, 0]"""
NET = """def init_params():
    W1, b1 = np.random.rand(10, 784) - 0.5, np.random.rand(10, 1) - 0.5
    W2, b2 = np.random.rand(10, 10) - 0.5, np.random.rand(10, 1) - 0.5
    return W1, b1, W2, b2

def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2.dot(A1) + b2
    A2 = np.exp(Z2 - Z2.max(axis=0)) / sum(np.exp(Z2 - Z2.max(axis=0)))
    return Z1, A1, Z2, A2

def one_hot(Y):
    rows = np.zeros((Y.size, 10))
    rows[np.arange(Y.size), Y] = 1
    return rows.T

def backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    dZ2 = A2 - one_hot(Y)
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2

def update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha):
    W1, b1 = W1 - alpha * dW1, b1 - alpha * db1
    W2, b2 = W2 - alpha * dW2, b2 - alpha * db2
    return W1, b1, W2, b2"""
TRAIN = """def gradient_descent(X, Y, alpha, iterations):
    W1, b1, W2, b2 = init_params()
    for i in range(iterations):
        Z1, A1, Z2, A2 = forward_prop(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y)
        W1, b1, W2, b2 = update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha)
    return W1, b1, W2, b2
W1, b1, W2, b2 = gradient_descent(X_train, Y_train, 0.1, 500)"""
SIZES = "init_params(n_classes, n_features):\n"
BODY = NET[NET.index("    W1, b1 = np") : NET.index("    return W1, b1, W2, b2\n\ndef forward")]
EQUAL = """    W1, b1 = np.random.rand(n_classes, n_features) - 0.5, np.zeros((n_classes, 1))
    W2, b2 = np.random.rand(n_classes, n_classes) - 0.5, np.zeros((n_classes, 1))
"""


def check(folder, *changes):
    net = NET
    for old, new in changes:
        assert old in net, old
        net = net.replace(old, new)
    return report_on(write_cells(folder / "net.ipynb", DATA, net, TRAIN))


def test_a_global_is_taken_for_the_number_of_samples(tmp_path):
    report = check(tmp_path)
    assert report.status == 0, report.as_text()
    assert "a global variable is taken for the number of samples" in report.as_text()


def test_a_single_number_for_all_biases_is_wrong(tmp_path):
    report = check(tmp_path, ("np.sum(dZ2, axis=1, keepdims=True)", "np.sum(dZ2)"))
    assert {f.quantity for f in report.wrong_findings} == {"gradient b2"}
    assert "has shape (), expected (10,)" in report.as_text()


def test_both_biases_get_sums_of_their_own_at_once(tmp_path):
    net = NET.replace(", axis=1, keepdims=True", "")
    path = write_cells(tmp_path / "net.ipynb", DATA, net, TRAIN)
    diff = diagnose_net(Request(path, None, False, 0)).diff
    fixed = [line[1:] for line in diff.splitlines() if re.match(r"\+ ", line)]
    assert fixed == [line for line in NET.splitlines() if "keepdims" in line]


def test_functions_for_ten_classes_get_ten(tmp_path):
    sizes = "init_params(n0=784, n1=32, n2=10):\n"
    body = "    W1, b1 = np.random.rand(n1, n0) - 0.5, np.zeros((n1, 1))\n"
    body += "    W2, b2 = np.random.rand(n2, n1) - 0.5, np.zeros((n2, 1))\n"
    report = check(tmp_path, ("init_params():\n", sizes), (BODY, body))
    assert report.status == 0, report.as_text()


def test_as_many_hidden_neurons_as_classes_are_no_mistake(tmp_path):
    report = check(tmp_path, ("init_params():\n", SIZES), (BODY, EQUAL))
    assert report.status == 0, report.as_text()


def test_the_factor_of_squares_is_open_where_no_loss_shows_it(tmp_path):
    change = ("    dZ2 = A2 - one_hot(Y)\n", "    dZ2 = 2 * (A2 - Y)\n")
    outputs = "    A2 = " + NET.split("    A2 = ")[1].split("\n")[0]
    sizes = "init_params(n0, n1, n2):\n"
    body = "    W1, b1 = np.random.rand(n1, n0) - 0.5, np.zeros((n1, 1))\n"
    body += "    W2, b2 = np.random.rand(n2, n1) - 0.5, np.zeros((n2, 1))\n"
    report = check(
        tmp_path, change, (outputs, "    A2 = Z2"), ("init_params():\n", sizes), (BODY, body)
    )
    assert not report.wrong_findings, report.as_text()
    assert "2 times the mean over the batch of ½ Σ (y − t)²" in report.as_text()
