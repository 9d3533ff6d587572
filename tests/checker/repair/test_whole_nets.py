"""Gradients that are wrong for no known reason are fixed by a step of training."""

import pytest

from trainer.checker.process import check_in_child

NET = """
import numpy as np

def init_params():
    W1, b1 = np.random.rand(8, 5) - 0.5, np.random.rand(8, 1) - 0.5
    W2, b2 = np.random.rand(3, 8) - 0.5, np.random.rand(3, 1) - 0.5
    return W1, b1, W2, b2

def relu(Z):
    return np.maximum(Z, 0)

def softmax(Z):
    return np.exp(Z) / sum(np.exp(Z))

def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = relu(Z1)
    Z2 = W2.dot(A1) + b2
    return Z1, A1, Z2, softmax(Z2)

def one_hot(Y):
    rows = np.zeros((Y.size, Y.max() + 1))
    rows[np.arange(Y.size), Y] = 1
    return rows.T

def backward_prop(Z1, A1, Z2, A2, W2, X, Y):
    m = Y.size
    dZ2 = A2 - one_hot(Y)
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2)
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1)
    return dW1, db1, dW2, db2

def update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha):
    return W1 - alpha * dW1, b1 - alpha * db1, W2 - alpha * dW2, b2 - alpha * db2

def gradient_descent(X, Y, alpha, iterations):
    W1, b1, W2, b2 = init_params()
    for i in range(iterations):
        Z1, A1, Z2, A2 = forward_prop(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = backward_prop(Z1, A1, Z2, A2, W2, X, Y)
        W1, b1, W2, b2 = update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha)
    return W1, b1, W2, b2
"""


@pytest.mark.slow
def test_sums_without_an_axis_become_columns(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET)
    report, _ = check_in_child(path)
    assert report.status == 1
    assert report.diagnosis
    diff = report.diagnosis["diff"]
    assert "+    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)" in diff
    assert "+    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)" in diff
