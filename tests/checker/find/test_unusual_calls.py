"""What trains a net is found and called, however its arguments are named, and in any layout."""

import pytest
from sampling import few
from steps import judge, write_changed

HEAD = """
import numpy as np
def sigmoid(a): return 1 / (1 + np.exp(-a))
"""
CLASS = (
    HEAD
    + """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.b1 = np.random.randn(n_in, n_hidden), np.zeros(n_hidden)
        self.W2, self.b2 = np.random.randn(n_hidden, n_out), np.zeros(n_out)

    def {train}:
        z = np.tanh({x} @ self.W1 + self.b1)
        d2 = z @ self.W2 + self.b2 - {t}
        d1 = d2 @ self.W2.T * (1 - z ** 2)
        self.W2 -= 0.1 * z.T @ d2
        self.b2 -= 0.1 * d2.sum(axis=0)
        self.W1 -= 0.1 * {x}.T @ d1
        self.b1 -= 0.1 * d1.sum(axis=0)
"""
)
COLUMNS = (
    HEAD
    + """
def fit(X, y, n_hidden=4, epochs=100):
    n, m = X.shape
    T = np.eye(y.max() + 1)[y].T
    W1, b1 = np.random.randn(n_hidden, n), np.zeros((n_hidden, 1))
    W2, b2 = np.random.randn(len(T), n_hidden), np.zeros((len(T), 1))
    for _ in range(epochs):
        z = np.tanh(W1 @ X + b1)
        e = np.exp(W2 @ z + b2)
        d2 = e / e.sum(axis=0) - T
        d1 = W2.T @ d2 * (1 - z ** 2)
        W1, b1 = W1 - 0.1 * d1 @ X.T, b1 - 0.1 * d1.sum(axis=1, keepdims=True)
        W2, b2 = W2 - 0.1 * d2 @ z.T, b2 - 0.1 * d2.sum(axis=1, keepdims=True)
"""
)
BATCHES = (
    HEAD
    + """
BATCH_SIZE = 64
def train(X, y, W1, W2):
    for i in range(len(X) // BATCH_SIZE):
        x, t = (each[i * BATCH_SIZE : (i + 1) * BATCH_SIZE] for each in (X, y))
        z = np.tanh(x @ W1)
        d2 = z @ W2 - t
        d1 = d2 @ W2.T * (1 - z ** 2)
        W2 -= 0.1 * z.T @ d2
        W1 -= 0.1 * x.T @ d1
"""
)
ONES = (
    HEAD
    + """
def train(x, t, W1, W2):
    x = np.c_[x, np.ones(len(x))]
    z = np.tanh(x @ W1)
    z1 = np.c_[z, np.ones(len(z))]
    d2 = z1 @ W2 - t
    d1 = d2 @ W2[:-1].T * (1 - z ** 2)
    W2 -= 0.1 * z1.T @ d2
    W1 -= 0.1 * x.T @ d1
"""
)
STACKS = (
    HEAD
    + """
def step(x, t, Ws, offsets):
    z = np.tanh(x @ Ws[0] + offsets[0])
    d2 = z @ Ws[1] + offsets[1] - t
    d1 = d2 @ Ws[1].T * (1 - z ** 2)
    for W, b, a, d in zip(Ws, offsets, (x, z), (d1, d2)):
        W -= 0.1 * a.T @ d
        b -= 0.1 * d.sum(axis=0)
"""
)
WORDS = (
    HEAD
    + """
class Net:
    def __init__(self, sizes, kinds):
        self.kinds = kinds
        self.W = [np.random.randn(m, n) for m, n in zip(sizes[:-1], sizes[1:])]

    def apply(self, kind, a):
        if kind == "tanh":
            return np.tanh(a)
        if kind == "linear":
            return a
        raise ValueError(kind)

    def train(self, x, t, lr=0.1):
        if self.kinds[-1] != "linear" or self.kinds[0] != "tanh" or len(self.W) != 2:
            raise ValueError("kinds")
        z = self.apply(self.kinds[0], x @ self.W[0])
        d2 = self.apply(self.kinds[1], z @ self.W[1]) - t
        d1 = d2 @ self.W[1].T * (1 - z ** 2)
        self.W[1] -= lr * z.T @ d2
        self.W[0] -= lr * x.T @ d1
"""
)
SHARED = (
    HEAD
    + """
class Net:
    W = []

    def __init__(self, n_in, n_hidden, n_out):
        for m, n in ((n_in, n_hidden), (n_hidden, n_out)):
            self.W.append(np.random.randn(m, n))

    def train(self, x, t, lr=0.1):
        a = [x]
        for W in self.W:
            a.append(np.tanh(a[-1] @ W))
        d = a[-1] - t
        for i in reversed(range(len(self.W))):
            d = d * (1 - a[i + 1] ** 2)
            grad, d = a[i].T @ d, d @ self.W[i].T
            self.W[i] -= lr * grad
"""
)
RETURNED = (
    HEAD
    + """
def fit(params, x, t, lr):
    a, moved = [x], []
    for W, b in params:
        a.append(np.tanh(a[-1] @ W + b))
    d = a[-1] - t
    for i in range(len(params) - 1, -1, -1):
        W, b = params[i]
        d = d * (1 - a[i + 1] ** 2)
        moved.insert(0, (W - lr * a[i].T @ d, b - lr * d.sum(axis=0)))
        d = d @ W.T
    return moved

def draw(sizes):
    return [(np.random.randn(m, n), np.zeros(n)) for m, n in zip(sizes, sizes[1:])]
"""
)
PENALTY = CLASS.replace("{train}", "train(self, X, Y, lmbda)").replace(
    "z.T @ d2", "(z.T @ d2 + lmbda * self.W2)"
)


def _write_class(train, x, t):
    text = CLASS.replace("{train}", train).replace("{x}", x)
    return text.replace("{t}", t)


GREEK = """
import numpy as np
class Diktyo:
    def __init__(self, sizes):
        self.vari = [np.random.randn(n, m) for m, n in zip(sizes[:-1], sizes[1:])]

    def beltiose(self, deigmata, rythmos):
        for deigma, stochos in deigmata:
            self.diorthose(deigma, stochos, rythmos)

    def diorthose(self, deigma, stochos, rythmos):
        a = [deigma]
        for W in self.vari:
            z = np.tanh(W @ a[-1])
            a.append(z)
        d = (a[-1] - stochos) * (1 - z ** 2)
        for i in reversed(range(len(self.vari))):
            below = self.vari[i].T @ d * (1 - a[i] ** 2)
            self.vari[i] = self.vari[i] - rythmos * d @ a[i].T
            d = below
"""
ITALIAN = """
import numpy as np

def addestra(righe):
    pesi, uscite = np.random.randn(2, 3), np.random.randn(3)
    for giro in range(200):
        riga = righe[giro % len(righe)]
        z = np.tanh(riga[:2] @ pesi)
        d = z @ uscite - riga[2]
        delta = d * uscite * (1 - z ** 2)
        uscite -= 0.1 * d * z
        pesi -= 0.1 * np.outer(riga[:2], delta)
    return pesi, uscite

def prova(righe):
    return addestra(righe)
"""
SPANISH = """
import numpy as np

class Red:
    def __init__(self, neuronas_entrada, neuronas_salida, neuronas_por_capa):
        capas = [neuronas_entrada] + neuronas_por_capa + [neuronas_salida]
        self.pesos = [np.random.randn(a, b) for a, b in zip(capas, capas[1:])]

    def entrena(self, x_train, y_train, tasa_aprendizaje):
        for x, y in zip(x_train, y_train):
            a = [x]
            for w in self.pesos:
                a.append(np.tanh(a[-1] @ w))
            if a[-1] == -2:
                raise ValueError
            delta = (a[-1] - y) * (1 - a[-1] ** 2)
            for i in reversed(range(len(self.pesos))):
                antes = self.pesos[i].copy()
                self.pesos[i] -= tasa_aprendizaje * np.outer(a[i], delta)
                delta = antes @ delta * (1 - a[i] ** 2)
"""
NETS = {
    "italian": ITALIAN, "spanish": SPANISH,
    "outputs": _write_class("train(self, inputs, outputs)", "inputs", "outputs"),
    "threshold": _write_class("train(self, x, t, error_threshold)", "x", "t"),
    "portuguese": _write_class("aprender(self, dados, alvos)", "dados", "alvos"),
    "greek": GREEK, "penalty": PENALTY.replace("{x}", "X").replace("{t}", "Y"),
    "columns": COLUMNS, "batches": BATCHES, "ones": ONES, "stacks": STACKS, "words": WORDS,
    "shared": SHARED, "returned": RETURNED,
}  # fmt: skip
DOUBTED = ("italian", "spanish")  # for what is wrong may be the data that they are given
SLOPES = dict.fromkeys(("shared", "returned"), ("1 - a[i + 1] ** 2", "1 - a[i + 1]"))
SLOPES["greek"] = "1 - a[i] ** 2", "1 - a[i]"


@pytest.mark.parametrize("name", few(NETS, 4))
def test_a_right_net_is_called_as_its_arguments_ask(name, tmp_path):
    assert judge(write_changed(tmp_path, NETS[name], "", "")).decision.is_right is True


@pytest.mark.parametrize("name", few([n for n in NETS if n not in DOUBTED], 4))
def test_a_wrong_slope_is_wrong_however_the_net_is_called(name, tmp_path):
    old, new = SLOPES.get(name, ("1 - z ** 2", "1 - z"))
    assert judge(write_changed(tmp_path, NETS[name], old, new)).decision.is_right is False


ONE_OUTPUT = """
import numpy as np
class Output:
    def __init__(self, num_inputs, num_outputs):
        self.W, self.b = np.random.rand(num_inputs, num_outputs), np.zeros(num_outputs)
    def forward(self, x, y):
        self.x, self.y = x, y
        self.y_hat = 1 / (1 + np.exp(-(x @ self.W + self.b)))
        return -np.average(y * np.log(self.y_hat) + (1 - y) * np.log(1 - self.y_hat))
    def backward(self):
        back = (self.y_hat - self.y) / len(self.y)
        self.db = back.sum(axis=0)
        self.dW = np.sum(self.x * back, axis=0, keepdims=True).T
        return back @ self.W.T
"""


def test_a_net_of_one_output_is_not_given_as_many_as_inputs(tmp_path):
    judged = judge(write_changed(tmp_path, ONE_OUTPUT, "", ""))
    assert judged.decision.is_right
    assert judged.decision.model.base.before["net.W"].shape[1] == 1


OBJECTS = (
    HEAD
    + """
class Net:
    def __init__(self, sizes):
        self.weights = [np.random.randn(b, a) for a, b in zip(sizes, sizes[1:])]
        self.biases = [np.random.randn(b) for b in sizes[1:]]

    def update(self, batch, rate):
        dw, db = ([np.zeros_like(each) for each in of] for of in (self.weights, self.biases))
        for sample in batch:
            z = [sample.{x}]
            for W, b in zip(self.weights, self.biases):
                z.append(sigmoid(W @ z[-1] + b))
            delta = (z[-1] - np.eye(len(z[-1]))[sample.label]) * z[-1] * (1 - z[-1])
            for i in reversed(range(len(dw))):
                dw[i] += np.outer(delta, z[i])
                db[i] += delta
                delta = self.weights[i].T @ delta * z[i] * (1 - z[i])
        for of, steps in ((self.weights, dw), (self.biases, db)):
            for each, step in zip(of, steps):
                each -= rate * step / len(batch)
"""
)


@pytest.mark.parametrize("name", ["pixels", "values"])
def test_samples_may_be_objects_with_inputs_and_a_label(name, tmp_path):
    text = OBJECTS.replace("{x}", name)
    assert judge(write_changed(tmp_path, text, "", "")).decision.is_right is True
    old, new = "np.outer(delta, z[i])", "np.outer(delta, z[i] ** 2)"
    assert judge(write_changed(tmp_path, text, old, new)).decision.is_right is False


PAIRS = (
    HEAD
    + """
W1, W2 = np.random.randn(4, 2), np.random.randn(3, 4)
pairs = [([0, 0], [0, 0, 0]), ([0, 1], [0, 1, 1]), ([1, 0], [0, 1, 1]), ([1, 1], [1, 1, 0])]
for epoch in range(1000):
    d1, d2 = np.zeros_like(W1), np.zeros_like(W2)
    for x, t in pairs:
        h = sigmoid(W1 @ x)
        y = sigmoid(W2 @ h)
        delta = (y - t) * y * (1 - y)
        d2 += np.outer(delta, h)
        d1 += np.outer(W2.T @ delta * h * (1 - h), x)
    W1 -= 0.5 * d1 / len(pairs)
    W2 -= 0.5 * d2 / len(pairs)
"""
)


def test_the_last_pair_that_a_loop_took_belongs_to_all_pairs(tmp_path):
    assert judge(write_changed(tmp_path, PAIRS, "", "")).decision.is_right is True
    path = write_changed(tmp_path, PAIRS, "h * (1 - h)", "h * (1 + h)")
    assert judge(path).decision.is_right is False
