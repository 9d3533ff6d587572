"""Nets of single numbers, as first examples of backpropagation have them."""

from steps import judge, write_changed

from trainer.checker.judge.decision import Fault

TWO_OUTPUTS = """
import math
i1, i2, t1, t2 = 0.05, 0.10, 0.01, 0.99
w1, w2, w3, w4, w5, w6 = 0.15, 0.20, 0.40, 0.45, 0.50, 0.55
b1, b2, eta = 0.35, 0.60, 0.5
for n in range(1000):
    h = math.tanh(w1 * i1 + w2 * i2 + b1)
    o1 = math.tanh(w3 * h + b2)
    o2 = math.tanh(w4 * h + b2)
    e = abs(t1 - o1) + abs(t2 - o2)
    d1, d2 = (t1 - o1) * (1 - o1 ** 2), (t2 - o2) * (1 - o2 ** 2)
    dh = (d1 * w3 + d2 * w4) * (1 - h ** 2)
    w3 += eta * d1 * h
    w4 += eta * d2 * h
    b2 += eta * (d1 + d2)
    w1 += eta * dh * i1
    w2 += eta * dh * i2
    b1 += eta * dh
"""
WHOLE = """
import random
random.seed(0)
w, v, b = random.random(), random.random(), 0.1
for epoch in range(100):
    for a, c, y in [(0, 1, 1), (1, 0, 1), (1, 1, 0)]:
        out = a * w + c * v + b
        d = out - y
        w -= 0.1 * d * a
        v -= 0.1 * d * c
        b -= 0.1 * d
"""
GENERATOR = """
import numpy as np
def draw(rng):
    while True:
        for _ in range(2):
            x = rng.normal(size=(5, 3))
            yield x, x @ np.ones((3, 2))
rng = np.random.default_rng(0)
W, b, batches = rng.normal(size=(3, 2)), np.zeros(2), draw(rng)
for step in range(50):
    x, t = next(batches)
    d = x @ W + b - t
    W -= 0.1 * x.T @ d / len(x)
    b -= 0.1 * d.mean(axis=0)
"""

SUMMED = """
import math, random
random.seed(1)
people = [(random.random(), random.random(), i % 2) for i in range(20)]
w1, w2, bias = 0.0, 0.0, 0.0
def predict(a, b):
    return 1 / (1 + math.exp(-(w1 * a + w2 * b + bias)))
for epoch in range(50):
    loss = 0
    for a, b, passed in people:
        p = predict(a, b)
        loss += -math.log(p if passed else 1 - p)
        error = passed - p
        w1 = w1 + 0.1 * error * a
        w2 = w2 + 0.1 * error * b
        bias = bias + 0.1 * error
"""

NAMED = """
import math, random
random.seed(2)
w = [[random.gauss(0, 1) for _ in range(2)] for _ in range(4)]
v, c = [random.gauss(0, 1) for _ in range(4)], 0.0
exemples = [([random.random(), random.random()], i / 30) for i in range(30)]
for epoque in range(30):
    for x, cible in exemples:
        h = [math.tanh(sum(w[j][i] * x[i] for i in range(2))) for j in range(4)]
        e = sum(v[j] * h[j] for j in range(4)) + c - cible
        d = [e * v[j] * (1 - h[j] ** 2) for j in range(4)]
        for j in range(4):
            v[j] -= 0.1 * e * h[j]
            for i in range(2):
                w[j][i] -= 0.1 * d[j] * x[i]
        c -= 0.1 * e
"""

LOSS = """
import numpy as np
class Output:
    def measure(self, y, epsilon=1e-50):
        found = np.copy(self.p)
        for i in range(0, len(self.p)):
            found[i] = -np.log(found[i] + epsilon) * y[i]
        return np.sum(found) / y.shape[0]

    def eval(self, input_data, label_data):
        e = np.exp(input_data - np.max(input_data))
        self.p = e / np.array([np.sum(e, axis=1)]).T
        self.y = label_data
        return self.measure(label_data)

    def backward(self):
        return np.subtract(self.p, self.y)
"""


def test_the_place_of_a_sample_is_no_input_of_a_net(tmp_path):
    found = judge(write_changed(tmp_path, LOSS, "1e-50", "1e-50"))
    assert found is None or found.decision.is_right is None


def test_a_number_of_any_name_is_the_target_of_one_sample(tmp_path):
    right = judge(write_changed(tmp_path, NAMED, "cible", "cible")).decision
    assert (right.is_right, right.model.targets) == (True, ["cible"])
    wrong = judge(write_changed(tmp_path, NAMED, "(1 - h[j] ** 2)", "(1 - h[j])")).decision
    assert (wrong.is_right, wrong.wrong) == (False, ["w"])


def test_the_sum_of_the_losses_of_an_epoch_is_no_weight(tmp_path):
    decision = judge(write_changed(tmp_path, SUMMED, "loss = 0\n", "loss = 0\n")).decision
    assert decision.is_right is True
    assert set(decision.model.weights) == {"w1", "w2", "bias"}
    wrong = write_changed(tmp_path, SUMMED, "bias + 0.1", "bias - 0.1")
    assert judge(wrong).decision.wrong == ["bias"]


def test_outputs_that_are_computed_one_by_one_are_those_of_one_net(tmp_path):
    path = write_changed(tmp_path, TWO_OUTPUTS, "eta * dh * i1", "eta * i1 * dh")
    decision = judge(path).decision
    assert decision.is_right is True
    assert decision.model.targets == ["t1", "t2"]
    wrong = judge(write_changed(tmp_path, TWO_OUTPUTS, "w4 += eta", "w4 -= eta")).decision
    assert (wrong.is_right, wrong.wrong) == (False, ["w4"])


def test_samples_may_be_whole_numbers(tmp_path):
    path = write_changed(tmp_path, WHOLE, "0.1 * d * a", "0.1 * a * d")
    assert judge(path).decision.model.targets == ["y"]
    assert judge(path).decision.is_right is True
    wrong = judge(write_changed(tmp_path, WHOLE, "0.1 * d * a", "0.1 * d * w")).decision
    assert (wrong.is_right, wrong.wrong) == (False, ["w"])


def test_a_generator_gives_each_run_of_a_step_the_same_samples(tmp_path):
    path = write_changed(tmp_path, GENERATOR, "x.T @ d / len(x)", "x.T @ d / 5")
    assert judge(path).decision.is_right is True
    path = write_changed(tmp_path, GENERATOR, "d.mean(axis=0)", "d.mean()")
    assert judge(path).decision.wrong == ["b"]


DRAWN = """
import math, random
random.seed(3)
w = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
b, v, b_out = [0.1, 0.2, 0.3], [random.uniform(-1, 1) for _ in range(3)], random.uniform(-1, 1)
def sigmoid(a):
    return 1 / (1 + math.exp(-a))
def forward(x):
    h = [sigmoid(b[j] + sum(w[j][i] * x[i] for i in range(2))) for j in range(3)]
    return h, sigmoid(b_out + sum(v[j] * h[j] for j in range(3)))
for epoch in range(100):
    for x, t in [([0.2, 0.9], 1), ([0.7, 0.4], 0), ([0.5, 0.6], 1)]:
        h, o = forward(x)
        d = (o - t) * o * (1 - o)
        e = [d * v[j] * h[j] * (1 - h[j]) for j in range(3)]
        for j in range(3):
            v[j] -= 0.5 * d * h[j]
            b[j] -= 0.5 * e[j]
            for i in range(2):
                w[j][i] -= 0.5 * e[j] * x[i]
        b_out -= 0.5 * d
"""


def test_a_bias_that_is_one_drawn_number_must_move(tmp_path):
    assert judge(write_changed(tmp_path, DRAWN, "b_out -=", "b_out -=")).decision.is_right is True
    decision = judge(write_changed(tmp_path, DRAWN, "        b_out -= 0.5 * d\n", "")).decision
    assert (decision.fault, decision.wrong) == (Fault.LEFT, ["b_out"])


def test_a_number_that_somebody_wrote_down_may_stay(tmp_path):
    fixed = DRAWN.replace("        b_out -= 0.5 * d\n", "")
    drawn, written = "range(3)], random.uniform(-1, 1)", "range(3)], 0.25"
    assert judge(write_changed(tmp_path, fixed, drawn, written)).decision.is_right is True


ROWS = """
import numpy as np
data = [[3, 1.5, 1], [2, 1, 0], [4, 1.5, 1], [3, 1, 0], [3.5, .5, 1], [2, .5, 0]]
rng = np.random.RandomState(0)
w1, w2, b = rng.randn(), rng.randn(), rng.randn()
costs = []
for i in range(1000):
    point = data[rng.randint(len(data))]
    z = point[0] * w1 + point[1] * w2 + b
    pred = 1 / (1 + np.exp(-z))
    target = point[2]
    if i % 100 == 0:
        c = 0
        for p in data:
            c += (1 / (1 + np.exp(-(w1 * p[0] + w2 * p[1] + b))) - p[2]) ** 2
        costs.append(c)
    d = 2 * (pred - target) * pred * (1 - pred)
    w1 = w1 - 0.1 * d * point[0]
    w2 = w2 - 0.1 * d * point[1]
    b = b - 0.1 * d
"""


def test_a_whole_number_in_the_list_of_a_sample_may_be_its_label(tmp_path):
    path = write_changed(tmp_path, ROWS, "", "")
    assert judge(path).decision.is_right is True
    path = write_changed(tmp_path, ROWS, "point[1] * w2 + b", "point[1] * w2 * b")
    assert judge(path).decision.is_right is not True
