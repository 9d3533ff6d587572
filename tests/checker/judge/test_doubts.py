"""What a step shows by chance, or cannot show, accuses no right net."""

import pytest
from steps import find_messages, judge, write_changed

DATA = """
import numpy as np
np.random.seed(1)
X = np.random.randn(6, 3)
T = np.random.randint(0, 2, (6, 1))
W1, W2 = np.random.randn(3, 4), np.random.randn(4, 1)
def sigmoid(a): return 1 / (1 + np.exp(-a))
def train(x, t):
    global W1, W2
    z = sigmoid(x @ W1)
    y = sigmoid(z @ W2)
    d2 = (y - t) * y * (1 - y)
    d1 = d2 @ W2.T * z * (1 - z)
    W2 = W2 - 0.5 * z.T @ d2
    W1 = W1 - 0.5 * x.T @ d1
"""
EPOCHS = """
for epoch in range(100):
    [train(X[i:i + 1], T[i:i + 1]) for i in range(6)]
"""
ONE_SAMPLE = """
for i in range(1000):
    k = np.random.randint(len(X))
    train(X[k:k + 1], T[k:k + 1])
"""
NUMBERS = """
import math, random
random.seed(0)
w1, b1, w2 = ([random.uniform(-1, 1) for _ in range(5)] for _ in range(3))
samples = [(i / 7, math.sin(i / 7)) for i in range(9)]
for epoch in range(50):
    for x, t in samples:
        z = [math.tanh(w1[j] * x + b1[j]) for j in range(5)]
        error = sum(w2[j] * z[j] for j in range(5)) - t
        for j in range(5):
            da = error * w2[j] * (1 - z[j] ** 2)
            w2[j] -= 0.02 * error * z[j]
            w1[j] -= 0.02 * da * x
            b1[j] -= 0.02 * da
"""
NODES = """
import math, random
random.seed(3)
class Edge:
    def __init__(self): self.weight = random.uniform(-1, 1)
hidden = [[Edge() for _ in range(3)] for _ in range(2)]
last = [Edge() for _ in range(3)]
def sigmoid(a): return 1 / (1 + math.exp(-a))
data = [([0, 0], 0.0), ([1, 0], 1.0), ([0, 1], 1.0), ([1, 1], 0.0)]
for epoch in range(1000):
    for x, t in data:
        z = [sigmoid(sum(e.weight * v for e, v in zip(unit, [*x, 1]))) for unit in hidden]
        y = sigmoid(sum(e.weight * v for e, v in zip(last, [*z, 1])))
        delta = (y - t) * y * (1 - y)
        for k, unit in enumerate(hidden):
            d = delta * last[k].weight * z[k] * (1 - z[k])
            for e, v in zip(unit, [*x, 1]):
                e.weight -= d * v
        for e, v in zip(last, [*z, 1]):
            e.weight -= delta * v
"""
ADDED = """
import numpy as np
class Network:
    def __init__(self):
        self.W1, self.W2 = np.random.randn(3, 4), np.random.randn(4, 2)
    def sigmoid(self, a): return 1 / (1 + np.exp(-a))
    def forward(self, X):
        self.hidden = self.sigmoid(X.dot(self.W1))
        return self.sigmoid(self.hidden.dot(self.W2))
    def backward(self, X, y, output):
        delta = (y - output) * output * (1 - output)
        hidden = delta.dot(self.W2.T) * self.hidden * (1 - self.hidden)
        W1_delta, W2_delta = X.T.dot(hidden), self.hidden.T.dot(delta)
        return W1_delta, W2_delta
"""


@pytest.fixture
def judge_text(tmp_path):
    def judge_a_net(text, old="", new=""):
        path = write_changed(tmp_path, text, old, new)
        return judge(path).decision.is_right, find_messages(path)

    return judge_a_net


def test_an_epoch_that_is_taken_for_a_step_accuses_nobody(judge_text):
    assert judge_text(DATA + EPOCHS)[0] is not False


def test_gradients_that_may_be_meant_to_be_added_accuse_nobody(judge_text):
    assert judge_text(ADDED)[0] is None


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (DATA + ONE_SAMPLE, "W2.T * z * (1 - z)", "W2.T * z"),
        (NUMBERS, "(1 - z[j] ** 2)", "(1 - z[j])"),
        (NODES, "last[k].weight * z[k] * (1 - z[k])", "last[k].weight"),
    ],
)
def test_samples_of_zeros_one_by_one_or_as_numbers_show_enough(judge_text, text, old, new):
    assert judge_text(text)[0] is True
    assert judge_text(text, old, new)[0] is False


def test_the_slope_of_the_last_activation_must_be_that_of_its_input(judge_text):
    net = DATA + ONE_SAMPLE.replace("k:k + 1", "0:6")
    right, wrong = "(y - t) * y * (1 - y)", "(y - t) * sigmoid(y) * (1 - sigmoid(y))"
    assert judge_text(net)[0] is True
    is_right, messages = judge_text(net, right, wrong)
    assert is_right is False
    assert "takes another derivative than that of the last activation" in messages[0]


def test_an_error_without_the_slope_of_the_outputs_is_wrong_for_the_hidden_layer(judge_text):
    is_right, messages = judge_text(DATA + ONE_SAMPLE, "d1 = d2 @ W2.T", "d1 = (y - t) @ W2.T")
    assert is_right is False
    assert len(messages) == 1
    assert "of any loss of the outputs by it" in messages[0]


STACK = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(1, 3)), np.array([[1.0, 0.0]])
W1, W, W2 = rng.normal(size=(3, 4)), rng.normal(size=(2, 4, 4)), rng.normal(size=(4, 2))
for epoch in range(100):
    z = [np.tanh(X @ W1)]
    for k in range(2):
        z.append(np.tanh(z[-1] @ W[k]))
    y = z[-1] @ W2
    d = y - T
    e = d @ W2.T * (1 - z[-1] ** 2)
    W2 -= 0.1 * z[-1].T @ d
    for k in (1, 0):
        below = e @ W[k].T * (1 - z[k] ** 2)
        W[k] -= 0.1 * z[k].T @ e
        e = below
    W1 -= 0.1 * X.T @ e
"""


def test_an_array_that_is_updated_part_by_part_is_moved_by_one_step(judge_text):
    assert judge_text(STACK)[0] is True
    assert judge_text(STACK, "W[k].T * (1 - z[k] ** 2)", "W[k].T")[0] is False


ROWS = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
W1, b1, W2, b2 = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 2)), np.zeros(2)
for epoch in range(100):
    z = np.tanh(X @ W1 + b1)
    d2 = z @ W2 + b2 - T
    d1 = d2 @ W2.T * (1 - z ** 2)
    W1 -= 0.1 * X.T @ d1
    W2 -= 0.1 * z.T @ d2
    for row in d1:
        b1 -= 0.1 * row
    for row in d2:
        b2 -= 0.1 * row
"""


def test_a_bias_that_takes_the_rows_one_after_the_other_takes_one_step(judge_text):
    assert judge_text(ROWS)[0] is True
    assert judge_text(ROWS, "z.T @ d2", "np.exp(z).T @ d2")[0] is False


METHOD = """
import numpy as np
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.W2 = np.random.randn(n_in, n_hidden), np.random.randn(n_hidden, n_out)
    def forward(self, x):
        self.z = np.tanh(x @ self.W1)
        return self.z @ self.W2
    def loss_backward(self, x, t):
        d = self.forward(x) - t
        self.dW2 = self.z.T @ d / len(x)
        self.dW1 = x.T @ (d @ self.W2.T * (1 - self.z ** 2)) / len(x)
        return 0.5 * np.sum(d ** 2) / len(x)
"""


def test_a_method_that_gives_the_loss_and_its_gradients_is_called_once(judge_text):
    assert judge_text(METHOD)[0] is True


FLAT = """
import numpy as np
rng = np.random.default_rng(0)
X, T, w = rng.normal(size=(7, 4)), rng.normal(size=(7, 4)), rng.normal(size=48)
def compute(w):
    W = w.reshape(3, 4, 4)
    z = [X, np.tanh(X @ W[0])]
    z.append(np.tanh(z[1] @ W[1]))
    delta, gradient = z[2] @ W[2] - T, [None] * 3
    for i in (2, 1, 0):
        gradient[i] = z[i].T @ delta / len(X)
        delta = delta @ W[i].T * (1 - z[i] ** 2)
    return np.concatenate([g.ravel() for g in gradient])
steps = 0
while steps < 100:
    gradient = compute(w)
    if steps > 0:
        w = w - 0.1 * gradient
    steps += 1
"""


def test_a_loop_that_goes_back_through_the_layers_is_no_step(judge_text):
    assert judge_text(FLAT)[0] is True


@pytest.mark.slow
def test_weights_in_slots_are_found(judge_text):
    text = METHOD.replace("class Net:\n", "class Net:\n    __slots__ = 'W1 W2 z dW1 dW2'.split()\n")
    assert judge_text(text)[0] is True
    assert judge_text(text, "(1 - self.z ** 2)", "(1 - self.z)")[0] is False


FORWARD = """
import math, random
random.seed(0)
layers = [[[random.random() for _ in range(3)] for _ in range(3)] for _ in range(2)]
inputs = [0.1, 0.5, 0.3]
for rows in layers:
    outputs = []
    for row in rows:
        outputs.append(math.tanh(sum(w * x for w, x in zip(row, inputs))))
    inputs = outputs
"""


def test_values_that_go_through_layers_are_no_weights(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(FORWARD)
    assert judge(path) is None
