"""A step that follows no loss, where its net computes one or most of its weights follow one."""

import pytest
from steps import find_messages, judge, write_changed

from trainer.checker.find.programs import Script
from trainer.checker.judge.deciding import decide
from trainer.checker.judge.decision import Fault

SCRIPT = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(6, 3), np.random.randn(6, 2)
W1, b1, W2, b2 = np.random.randn(3, 4), np.zeros((1, 4)), np.random.randn(4, 2), np.zeros((1, 2))
for i in range(500):
    z = np.tanh(X @ W1 + b1)
    y = z @ W2 + b2
    loss = ((y - t) ** 2).mean()
    dy = y - t
    dz = dy @ W2.T * (1 - z ** 2)
    dW2, db2 = z.T @ dy, dy.sum(axis=0, keepdims=True)
    W2 -= 0.1 * dW2
    b2 = b2 - 0.1 * db2
    W1 -= 0.1 * X.T @ dz
    b1 -= 0.1 * dz.sum(axis=0)
"""
SAMPLES = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(6, 3), np.random.rand(6, 2)
W, b = [np.random.randn(3, 4), np.random.randn(4, 2)], [np.random.randn(4), np.random.randn(2)]
for i in range(500):
    dW, db = [0 * w for w in W], [0 * each for each in b]
    for x, y in zip(X, t):
        z = np.tanh(x @ W[0] + b[0])
        out = z @ W[1] + b[1]
        delta = out - y
        before = delta @ W[1].T * (1 - z * z)
        dW = [dW[0] + np.outer(x, before), dW[1] + np.outer(z, delta)]
        db = [db[0] + before, db[1] + delta]
    for k in (0, 1):
        W[k] = W[k] - 0.01 * dW[k]
        b[k] = b[k] - 0.01 * db[k]
"""
PAIR = """
import numpy as np
np.random.seed(0)
Z, X = np.random.randn(6, 3), np.random.randn(6, 4)
G, D, c = np.random.randn(3, 4), np.random.randn(4, 2), np.random.randn(2, 1)
ones, zeros = np.ones((6, 1)), np.zeros((6, 1))
data = np.vstack([ones, zeros])
def see(x):
    h = np.tanh(x @ D)
    return h, 1 / (1 + np.exp(-h @ c))
for i in range(100):
    fake = Z @ G
    x = np.vstack([X, fake])
    h, p = see(x)
    wrong = p - data
    dD, dc = x.T @ (wrong @ c.T * (1 - h * h)), h.T @ wrong
    h, p = see(fake)
    G -= 0.1 * Z.T @ (((p - ones) @ c.T * (1 - h * h)) @ D.T)
    D -= 0.1 * dD
    c -= 0.1 * dc
"""
CHOICE = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 1))
def loss(w):
    return float(np.mean((np.tanh(X @ w[:6].reshape(3, 2)) @ w[6:].reshape(2, 1) - t) ** 2))
herd = rng.normal(size=(20, 8))
for i in range(100):
    found = np.array([loss(w) for w in herd])
    best = herd[np.argsort(found)[:5]]
    herd = np.vstack([best, best[rng.integers(5, size=15)] + 0.1 * rng.normal(size=(15, 8))])
"""
NUMBERS = """
w1, w2, w3, b1, b2 = 0.3, -0.4, 0.7, 0.1, -0.2
import math
for epoch in range(100):
    for x, y, t in [(1.0, 0.5, 0.2), (-0.4, 0.9, 0.8)]:
        h = math.tanh(w1 * x + w2 * y + b1)
        out = w3 * h + b2
        error = out - t
        inner = error * w3 * (1 - h * h)
        w3 -= 0.1 * error * h
        b2 -= 0.1 * error
        w1 -= 0.1 * inner * x
        w2 -= 0.1 * inner * y
        b1 -= 0.1 * inner
"""


@pytest.fixture(name="decide")
def decide_file(tmp_path):
    def decide_on(text, old="", new=""):
        return judge(write_changed(tmp_path, text, old, new)).decision

    return decide_on


@pytest.mark.parametrize("text", [SCRIPT, SAMPLES, NUMBERS])
def test_right_steps_are_right(decide, text):
    assert decide(text).is_right is True


def test_every_weight_may_be_wrong_where_the_step_follows_another_loss(decide):
    decision = decide(SCRIPT, "dy = y - t", "dy = (y - t) ** 3 * (1 + y ** 2)")
    assert (decision.is_right, set(decision.wrong)) == (False, {"W1", "b1", "W2", "b2"})


def test_a_single_number_that_agrees_with_every_loss_shows_no_factor(decide, tmp_path):
    one = SCRIPT.replace("randn(6, 2)", "randn(6, 1)").replace("(4, 2)", "(4, 1)")
    one = one.replace("np.zeros((1, 2))", "np.zeros((1, 1))")
    decision = decide(one, "dy = y - t", "dy = (y - t) ** 3 * (1 + y ** 2)")
    assert (decision.is_right, "b2" in decision.wrong) == (False, True)
    assert all("does not follow" in m for m in find_messages(tmp_path / "net.py") if m)


TOTAL = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(12, 3), np.random.randn(12)
W1, b1, W2 = np.random.randn(5, 3), np.zeros(5), np.random.randn(5)
for i in range(500):
    dW1, db1, dW2, total = 0 * W1, 0 * b1, 0 * W2, 0.0
    for x, target in zip(X, t):
        h = np.tanh(W1 @ x + b1)
        error = W2 @ h - target
        total += 0.5 * error ** 2
        dW2 += error * h
        delta = error * W2 * (1 - h ** 2)
        dW1 += np.outer(delta, x)
        db1 += delta
    W1 -= 0.1 * dW1 / 12
    b1 -= 0.1 * db1 / 12
    W2 -= 0.1 * dW2 / 12
"""


def test_a_sum_over_samples_that_keeps_the_last_one_follows_a_part_of_the_loss(decide):
    assert decide(TOTAL).is_right is True
    decision = decide(TOTAL, "dW1 += np.outer", "dW1 = np.outer")
    assert (decision.is_right, decision.wrong) == (False, ["W1"])


DEEP = """
import math, random
random.seed(1)
W = [[random.uniform(-1, 1) for _ in range(4)] for _ in range(3)]
U = [[random.uniform(-1, 1) for _ in range(4)] for _ in range(4)]
V = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(4)]
B, C, D = [0.0] * 4, [0.0] * 4, [0.0] * 2
def layer(x, w, b):
    return [1 / (1 + math.exp(-b[j] - sum(x[i] * w[i][j] for i in range(len(x)))))
            for j in range(len(b))]
def update(w, b, x, d):
    for j in range(len(d)):
        for i in range(len(x)):
            w[i][j] -= 0.3 * d[j] * x[i]
        b[j] -= 0.3 * d[j]
for epoch in range(500):
    squares = 0.0
    for x, t in [([1, 0, 2], [1, 0]), ([0, 1, 1], [0, 1]), ([2, 1, 0], [1, 1])]:
        h = layer(x, W, B)
        g = layer(h, U, C)
        o = layer(g, V, D)
        for k in range(2):
            squares += (o[k] - t[k]) ** 2
        d = [o[k] - t[k] for k in range(2)]
        e = [sum(d[k] * V[j][k] for k in range(2)) * g[j] * (1 - g[j]) for j in range(4)]
        f = [sum(e[j] * U[i][j] for j in range(4)) * h[i] * (1 - h[i]) for i in range(4)]
        update(V, D, g, d)
        update(U, C, h, e)
        update(W, B, x, f)
"""


def test_a_step_may_follow_another_loss_than_the_one_that_is_shown(decide):
    assert decide(DEEP).is_right is True
    decision = decide(DEEP, "e[j] * U[i][j]", "e[j] * U[j][i]")
    assert (decision.is_right, decision.wrong) == (False, ["B", "W"])


def test_gradients_of_the_last_sample_alone_are_wrong(decide):
    decision = decide(SAMPLES, "[db[0] + before, db[1] + delta]", "[before, delta]")
    assert (decision.is_right, decision.wrong) == (False, ["b[0]", "b[1]"])


def test_a_step_that_uses_the_last_sample_alone_is_wrong(decide, tmp_path):
    last = "dW, db = [np.outer(x, before), np.outer(z, delta)], [before, delta]\n    for k"
    assert decide(SAMPLES, "    for k", f"        {last}").fault is Fault.OVERWRITES
    assert "several samples (line 11)" in find_messages(tmp_path / "net.py")[0]


def test_a_gradient_of_few_digits_is_not_accused(decide):
    assert decide(SCRIPT, "z.T @ dy", "(z.T @ dy).astype(np.float16)").is_right is not False


def test_what_was_wrong_with_other_inputs_is_asked_near_the_first_weights_alone(tmp_path):
    wrong = write_changed(tmp_path, SCRIPT, "z.T @ dy", "-z.T @ dy")
    step, asked = Script(wrong).follow()[0], []

    def run(edits, form):
        asked.append(form)
        return step.run(edits, form)

    assert not decide(run).is_right
    whole, asked = len(asked), []
    assert not decide(run, is_known=True).is_right
    assert len(asked) < 0.7 * whole


def test_an_array_may_have_a_rate_of_its_own(decide):
    assert decide(SCRIPT, "b2 - 0.1 * db2", "b2 - 0.03 * db2").is_right is not False
    twice = decide(SCRIPT, "b2 - 0.1 * db2", "b2 - 0.2 * db2")
    assert (twice.is_right, twice.wrong) == (False, ["b2"])


def test_a_choice_of_the_best_weights_is_no_step_of_training(tmp_path):
    assert judge(write_changed(tmp_path, CHOICE, "", "")) is None


def test_two_nets_with_a_loss_each_are_not_accused(decide):
    assert decide(PAIR).is_right is not False


def test_one_number_that_moves_otherwise_than_all_others_is_wrong(decide):
    decision = decide(NUMBERS, "w2 -= 0.1 * inner * y", "w2 -= 0.1 * inner * x")
    assert (decision.is_right, decision.wrong) == (False, ["w2"])


def test_a_bias_that_gets_a_row_for_each_sample_is_wrong(decide, tmp_path):
    decision = decide(SCRIPT, "dy.sum(axis=0, keepdims=True)", "dy.sum(axis=1, keepdims=True)")
    assert (decision.is_right, decision.wrong) == (False, ["b2"])
    assert "(1, 2) → (6, 2)" in find_messages(tmp_path / "net.py")[0]


TENSORS = """
import random
def combine(f, t1, t2): return [f(a, b) for a, b in zip(t1, t2)]
def dot(v, w): return sum(a * b for a, b in zip(v, w))
random.seed(0)
w, b = [[random.gauss(0, 1) for _ in range(3)] for _ in range(2)], [0.1, 0.2]
xs = [[0.0, 1.0, 0.5], [1.0, 0.3, 0.2], [0.7, 0.1, 0.9]]
ys = [[0.2, 1.0], [1.0, 0.4], [0.3, 0.8]]
for epoch in range(100):
    total = 0.0
    for x, t in zip(xs, ys):
        y = [dot(x, w[o]) + b[o] for o in range(2)]
        total += sum(combine(lambda p, a: (p - a) ** 2, y, t))
        gradient = combine(lambda p, a: 2 * (p - a), y, t)
        for o in range(2):
            w[o][:] = combine(lambda p, g: p - 0.1 * g * gradient[o], w[o], x)
        b[:] = combine(lambda p, g: p - 0.1 * g, b, gradient)
"""


def test_what_one_function_computes_for_a_loss_too_is_no_gradient_that_is_left(decide):
    assert decide(TENSORS).is_right is True
