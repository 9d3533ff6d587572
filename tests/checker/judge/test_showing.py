"""What a file calls a loss must be one of its outputs, also where no step uses it."""

import pytest
from steps import find_messages, judge, write_changed

from trainer.checker.judge.decision import Fault
from trainer.checker.process import check_in_child

NET = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=(60, 3)), rng.normal(size=(60, 1))
W1, b1, W2, b2 = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 1)), np.zeros(1)
def predict(x):
    z = np.tanh(x @ W1 + b1)
    return z, z @ W2 + b2
def measure_loss(x, t):
    return np.mean((predict(x)[1] - t) ** 2)
for epoch in range(100):
    for rows in np.array_split(rng.permutation(60), 6):
        z, y = predict(X[rows])
        dy = (y - t[rows]) / len(rows)
        dz = dy @ W2.T * (1 - z ** 2)
        W1 -= 0.1 * X[rows].T @ dz
        b1 -= 0.1 * dz.sum(axis=0)
        W2 -= 0.1 * z.T @ dy
        b2 -= 0.1 * dy.sum(axis=0)
    print(epoch, measure_loss(X, t))
"""
SCORES = """
import numpy as np
rng = np.random.default_rng(0)
X, labels = rng.normal(size=(9, 2)), np.arange(9) % 3
T = np.eye(3)[labels]
W, b = rng.normal(size=(2, 3)), np.zeros(3)
for epoch in range(100):
    scores = X @ W + b
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.sum(T * np.log(p)) / len(T)
    d = (p - T) / len(T)
    W -= 0.1 * X.T @ d
    b -= 0.1 * d.sum(axis=0)
"""
# One function gives the outputs of both layers, and the loss is that of all samples.
SHARED = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=(5, 2)), rng.random(5)
w1, w2, w3, b1, b2, b3 = rng.normal(size=6)
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def predict(x):
    return sigmoid(b3 + w3 * sigmoid(w1 * x[0] + w2 * x[1] + b1))
for epoch in range(100):
    for x, y in zip(X, t):
        h = sigmoid(w1 * x[0] + w2 * x[1] + b1)
        o = sigmoid(w3 * h + b3)
        d = (o - y) * o * (1 - o)
        dh = d * w3 * h * (1 - h)
        w3 -= 0.1 * d * h
        b3 -= 0.1 * d
        w1 -= 0.1 * dh * x[0]
        w2 -= 0.1 * dh * x[1]
        b1 -= 0.1 * dh
    loss = ((t - np.array([predict(x) for x in X])) ** 2).mean()
"""
# Of the drawn words one is right: the labels are none of the data.
ENTROPY = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=(60, 3)), rng.integers(0, 2, size=(60, 1))
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
def predict(x):
    z = np.tanh(x @ W1)
    return z, 1 / (1 + np.exp(-z @ W2))
for epoch in range(100):
    for rows in np.array_split(rng.permutation(60), 6):
        z, y = predict(X[rows])
        dy = (y - t[rows]) * y * (1 - y)
        dz = dy @ W2.T * (1 - z ** 2)
        W1 -= 0.1 * X[rows].T @ dz
        W2 -= 0.1 * z.T @ dy
    z, y = predict(X)
    loss = -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))
"""
WORDS = """
import numpy as np
rng = np.random.default_rng(0)
V, U = rng.normal(size=(9, 4)), rng.normal(size=(9, 4))
for center, context in [(1, 2), (3, 4), (5, 6)] * 50:
    drawn = np.array([context, 0, 7, 8])
    v, u = V[center].copy(), U[drawn]
    p = 1 / (1 + np.exp(-u @ v))
    loss = -np.log(p[0]) - np.log(1 - p[1:]).sum()
    d = p - np.array([1, 0, 0, 0])
    V[center] -= 0.1 * d @ u
    U[drawn] -= 0.1 * np.outer(d, v)
"""
SQUARES = "np.mean((predict(x)[1] - t) ** 2)"


@pytest.mark.parametrize(
    "loss",
    [
        SQUARES, "0.5 * np.sum((t - predict(x)[1]) ** 2)", "np.sqrt(" + SQUARES + ")",
        "np.abs(predict(x)[1] - t).mean()",
        "np.sqrt(np.mean((50 * predict(x)[1] + 7 - (50 * t + 7)) ** 2))",  # in other units
    ],
)  # fmt: skip
def test_a_usual_loss_behind_the_loop_is_right(loss, tmp_path):
    path = write_changed(tmp_path, NET, SQUARES, loss)
    assert judge(path).decision.is_right is True


@pytest.mark.parametrize(
    "loss",
    [
        "np.mean((predict(x)[1] - t.ravel()) ** 2)",  # each output with each target
        "np.mean(predict(x)[1] ** 2 - t ** 2)",
        "np.mean((predict(x)[1] + t) ** 2)",
    ],
)
def test_another_function_of_the_outputs_behind_the_loop_is_wrong(loss, tmp_path):
    path = write_changed(tmp_path, NET, SQUARES, loss)
    decision = judge(path).decision
    assert (decision.is_right, decision.fault) == (False, Fault.WRONG_LOSS)
    assert "what it calls a loss (line 10)" in find_messages(path)[0]


def test_a_penalty_that_is_shown_must_be_gone_down(tmp_path):
    text = NET.replace("for epoch", "decay = 1e-6\nfor epoch", 1)
    penalty = SQUARES + " + decay * np.sum(W1 ** 2)"
    decision = judge(write_changed(tmp_path, text, SQUARES, penalty)).decision
    assert (decision.fault, decision.wrong) == (Fault.LACKS_PENALTY, ["W1"])
    for name in ("decay", "rate"):  # the same number may have two names
        right = text.replace("decay =", "rate = decay =")
        right = right.replace("0.1 * X[rows].T @ dz", f"0.1 * (X[rows].T @ dz + {name} * W1)")
        assert judge(write_changed(tmp_path, right, SQUARES, penalty)).decision.is_right is True


def test_a_logarithm_of_scores_of_any_sign_is_no_loss(tmp_path):
    right = write_changed(tmp_path, SCORES, "np.log(p)", "np.log(p + 1e-12)")
    assert judge(right).decision.is_right is True
    wrong = write_changed(tmp_path, SCORES, "np.log(p)", "np.log(scores)")
    assert judge(wrong).decision.fault is Fault.WRONG_LOSS


def test_values_that_feed_others_of_their_function_are_no_outputs(tmp_path):
    right = write_changed(tmp_path, SHARED, "", "")
    assert judge(right).decision.is_right is True
    wrong = write_changed(tmp_path, SHARED, "loss = ((t - ", "loss = ((t + ")
    assert judge(wrong).decision.fault is Fault.WRONG_LOSS


def test_a_loss_that_has_its_targets_inside_is_its_own(tmp_path):
    right = judge(write_changed(tmp_path, WORDS, "", ""))
    assert (right.decision.is_right, right.decision.fit.is_own) == (True, True)
    assert not judge(write_changed(tmp_path, WORDS, "d @ u", "d @ u[::-1]")).decision.is_right


def test_another_usual_loss_than_that_of_the_step_behind_its_loop_is_wrong(tmp_path):
    (message,) = find_messages(write_changed(tmp_path, ENTROPY, "", ""))
    assert message.endswith(
        "goes down the squared error of its outputs, while it computes the binary cross-entropy of "
        "its outputs"
    )
    right = write_changed(tmp_path, ENTROPY, " * y * (1 - y)", "")
    assert judge(right).decision.is_right is True


def test_the_loss_of_the_step_beside_another_is_right(tmp_path):
    path = write_changed(
        tmp_path, ENTROPY, "    loss =", "    mse = np.mean((y - t) ** 2)\n    loss ="
    )
    assert judge(path).decision.is_right is True


YIELDING = """
import numpy as np

class Net:
    def __init__(self, D, H, C):
        self.W1, self.b1 = np.random.randn(D, H), np.zeros((1, H))
        self.W2, self.b2 = np.random.randn(H, C), np.zeros((1, C))

    def run(self, x):
        self.z = 1 / (1 + np.exp(-x @ self.W1 - self.b1))
        self.y = 1 / (1 + np.exp(-self.z @ self.W2 - self.b2))

    def measure(self, t):
        return -np.mean(t * np.log(self.y) + (1 - t) * np.log(1 - self.y))

    def train(self, x, t, rounds):
        for i in range(rounds):
            self.run(x)
            cost = self.measure(t)
            delta = (t - self.y) * self.y * (1 - self.y)
            hidden = delta @ self.W2.T * self.z * (1 - self.z)
            self.W2 += self.z.T @ delta
            self.b2 += delta.sum(axis=0, keepdims=True)
            self.W1 += x.T @ hidden
            self.b1 += hidden.sum(axis=0, keepdims=True)
            yield i, cost
"""


def test_a_loop_that_yields_its_losses_is_run_too(tmp_path):
    assert judge(write_changed(tmp_path, YIELDING, "", "")).decision.fault is Fault.OTHER_LOSS
    right = write_changed(tmp_path, YIELDING, " * self.y * (1 - self.y)\n", "\n")
    assert judge(right).decision.is_right is True


YIELD = "            yield i, cost\n"
SPLIT = YIELDING.replace("def run", "def forward").replace("self.run", "self.forward")
for _old, _new in {
    "self.W2 - self.b2))": "self.W2 - self.b2))\n        return self.y", YIELD: "",
    "            delta =": "            self.backward(x, t)\n" + YIELD
                         + "\n    def backward(self, x, t):\n            delta =",
    "D, H, C):": "D, H, C, learning_rate):\n        self.learning_rate = learning_rate",
    "+= ": "+= self.learning_rate * ",
}.items():  # fmt: skip
    SPLIT = SPLIT.replace(_old, _new)


def test_a_net_without_a_loss_is_right_only_with_the_one_that_its_training_shows(tmp_path):
    report, _ = check_in_child(write_changed(tmp_path, SPLIT, "", ""), hints=1)
    assert (report.status, report.wrong_findings[0].quantity) == (1, "training step")


SATURATED = """
import numpy as np
def sigmoid(x): return 1 / (1 + np.exp(-x))
def mse_loss(t, y): return ((t - y) ** 2).mean()

class Net:
    def __init__(self):
        self.w, self.b = np.random.normal(size=(3, 2)), np.random.normal(size=3)

    def feedforward(self, x):
        h1 = sigmoid(self.w[0] @ x + self.b[0])
        h2 = sigmoid(self.w[1] @ x + self.b[1])
        return sigmoid(self.w[2, 0] * h1 + self.w[2, 1] * h2 + self.b[2])

    def train(self, data, targets):
        for epoch in range(1000):
            for x, t in zip(data, targets):
                h = sigmoid(self.w[:2] @ x + self.b[:2])
                y = sigmoid(self.w[2] @ h + self.b[2])
                d = -2 * (t - y) * y * (1 - y)
                dh = d * self.w[2] * h * (1 - h)
                self.w -= 0.1 * np.vstack([np.outer(dh, x), d * h])
                self.b -= 0.1 * np.append(dh, d)
            y_preds = np.apply_along_axis(self.feedforward, 1, data)
            print(mse_loss{given})

data = np.array([[-2, -1], [25, 6], [17, 4], [-15, -6]])
Net().train(data, np.array([1, 0, 0, 1]))
"""


def test_a_saturated_neuron_is_no_output(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(SATURATED.replace("{given}", "(targets, y_preds)"))
    report, _ = check_in_child(path)
    assert report.status == 0, report.as_text()
    path.write_text(SATURATED.replace("{given}", "(targets, y_preds**2)"))
    report, _ = check_in_child(path)
    assert report.status == 1, report.as_text()
