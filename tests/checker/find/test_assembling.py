"""What code calls of an argument shows which object is meant, and how a net gets its layers."""

import pytest
from sampling import few
from steps import judge

PARTS = """
import numpy as np

class Voll:
    def __init__(self, ein, aus):
        self.gewicht, self.versatz = np.random.randn(ein, aus), np.zeros(aus)

    def vor(self, eingabe):
        self.eingabe = eingabe
        return eingabe @ self.gewicht + self.versatz

    def zurueck(self, gradient, rate):
        vorher = self.gewicht.copy()
        self.gewicht -= rate * self.eingabe.T @ gradient
        self.versatz -= rate * gradient.sum(axis=0)
        return gradient @ vorher.T

class Tanh:
    def vor(self, eingabe):
        self.aus = np.tanh(eingabe)
        return self.aus

    def zurueck(self, gradient, rate):
        return gradient * (1 - self.aus ** 2)

class Netz:
    def __init__(self):
        self.schichten = []

    def hinzufuegen(self, schicht):
        self.schichten.append(schicht)

    def train(self, x, t, rate):
        y = x
        for schicht in self.schichten:
            y = schicht.vor(y)
        d = (y - t) / len(t)
        for schicht in reversed(self.schichten):
            d = schicht.zurueck(d, rate)
"""
SIZES = """
import numpy as np

class Loss:
    def squares(y, t):
        return 0.5 * np.sum((y - t) ** 2)

    def squares_derivative(y, t):
        return y - t

class Net:
    def __init__(self):
        self.weights, self.inputs, self.slope = [], -1, None

    def add_input_layer(self, nodes):
        self.inputs = nodes

    def add_hidden_layer(self, nodes):
        before = self.weights[-1].shape[1] if self.weights else self.inputs
        self.weights.append(np.random.randn(before, nodes))

    def set_loss(self, kind):
        self.slope = getattr(Loss, kind + "_derivative")

    def train(self, x, t, rate):
        a = [x]
        for W in self.weights:
            a.append(np.tanh(a[-1] @ W))
        d = self.slope(a[-1], t)
        for i in range(len(self.weights) - 1, -1, -1):
            d = d * (1 - a[i + 1] ** 2)
            before = self.weights[i].copy()
            self.weights[i] -= rate * a[i].T @ d
            d = d @ before.T
"""
STARTED = """
import numpy as np

class Net:
    def __init__(self, input_size):
        self.sizes, self.weights = [input_size], {}

    def add_layer(self, neurons):
        before = self.sizes[-1]
        self.sizes.append(neurons)
        self.weights[len(self.weights)] = np.random.randn(before, neurons)

    def train(self, x, t, lr):
        a = [x]
        for W in self.weights.values():
            a.append(np.tanh(a[-1] @ W))
        d = a[-1] - t
        for i in reversed(range(len(self.weights))):
            d = d * (1 - a[i + 1] ** 2)
            before = self.weights[i].copy()
            self.weights[i] -= lr * a[i].T @ d
            d = d @ before.T
"""
MADE = """
import math, random

def crear(tamanos, semilla=0):
    azar = random.Random(semilla)
    return [[{"pesos": [azar.uniform(-1, 1) for _ in range(a)], "sesgo": 0.1} for _ in range(b)]
            for a, b in zip(tamanos, tamanos[1:])]

def entrenar(red, datos, epocas, tasa=0.5):
    for _ in range(epocas):
        for x, t in datos:
            entradas = [x]
            for capa in red:
                for n in capa:
                    n["y"] = math.tanh(n["sesgo"] + sum(
                        p * e for p, e in zip(n["pesos"], entradas[-1])))
                entradas.append([n["y"] for n in capa])
            errores = [y - o for y, o in zip(entradas[-1], t)]
            for capa, antes in zip(red[::-1], entradas[-2::-1]):
                for n, error in zip(capa, errores):
                    n["delta"] = error * (1 - n["y"] ** 2)
                errores = [sum(n["pesos"][i] * n["delta"] for n in capa) for i in range(len(antes))]
                for n in capa:
                    n["pesos"] = [p - tasa * n["delta"] * e for p, e in zip(n["pesos"], antes)]
                    n["sesgo"] -= tasa * n["delta"]
"""
TABLE = """
import numpy as np

class Net:
    def __init__(self, conf):
        self.conf = conf
        dims = [conf["n_inputs"]] + list(conf["hidden"]) + [conf["n_outputs"]]
        self.W = [np.random.randn(a, b) for a, b in zip(dims, dims[1:])]

    def learn(self, x, onehot):
        a = [x]
        for W in self.W:
            a.append(np.tanh(a[-1] @ W))
        d = a[-1] - onehot
        for i in reversed(range(len(self.W))):
            d = d * (1 - a[i + 1] ** 2)
            back = d @ self.W[i].T
            self.W[i] = self.W[i] - self.conf["learning_rate"] * a[i].T @ d
            d = back
"""
ONE = """
import numpy as np

class Net:
    def __init__(self, sizes):
        self.W = [np.random.randn(a, b) for a, b in zip(sizes, sizes[1:])]

    def train(self, X, y, rate):
        for x, t in zip(X, y):
            a = [x]
            for W in self.W:
                a.append(np.tanh(a[-1] @ W))
            if a[-1] == 7:
                return
            d = a[-1] - t
            for i in reversed(range(len(self.W))):
                d = d * (1 - a[i + 1] ** 2)
                back = self.W[i] @ d
                self.W[i] = self.W[i] - rate * np.outer(a[i], d)
                d = back
"""
ROWS = TABLE.replace(
    "a = [x]", "n, one, _ = x.shape\n        assert one == 1\n        a = [x]"
).replace("a[i].T @ d", "a[i].reshape(n, -1).T @ d.reshape(n, -1)")

# A class between the layers that takes images, and layers that need none between them.
IMAGES = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)

    def forward(self, x):
        self.x, self.y = x, np.tanh(x @ self.W + self.b)
        return self.y

    def backward(self, d):
        d = d * (1 - self.y ** 2)
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T

class Pool:
    def forward(self, x):
        n, height, width = x.shape
        return x.reshape(n, height // 2, 2, width // 2, 2).max(axis=(2, 4))

    def backward(self, d):
        return d

class Net:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        self.layers.append(layer)

    def train(self, x, t, lr):
        for layer in self.layers:
            x = layer.forward(x)
        d = (x - t) / len(t)
        for layer in reversed(self.layers):
            d = layer.backward(d)
        for layer in self.layers:
            if hasattr(layer, "W"):
                layer.W -= lr * layer.dW
                layer.b -= lr * layer.db
"""


@pytest.mark.parametrize(
    ("text", "old", "new"),
    few(
        [
            (PARTS, "1 - self.aus ** 2", "1 - self.aus"),
            (SIZES, "1 - a[i + 1] ** 2", "1 - a[i + 1]"),
            (MADE, '1 - n["y"] ** 2', '1 - n["y"]'),
            (TABLE, "1 - a[i + 1] ** 2", "1 - a[i + 1]"),
            (ONE, "1 - a[i + 1] ** 2", "1 - a[i + 1]"),
            (ROWS, "1 - a[i + 1] ** 2", "1 - a[i + 1]"),
            (IMAGES, "1 - self.y ** 2", "1 - self.y"),
            (STARTED, "1 - a[i + 1] ** 2", "1 - a[i + 1]"),
        ],
        2,
    ),
    ids=[
        "objects",
        "sizes and words",
        "made by a function",
        "a table",
        "one output",
        "rows",
        "layers through which samples go",
        "layers behind a number of inputs",
    ],
)
def test_a_net_without_a_script_is_built_from_how_its_code_uses_what_it_is_given(
    tmp_path, text, old, new
):
    path = tmp_path / "net.py"
    path.write_text(text)
    assert judge(path).decision.is_right is True
    assert old in text
    path.write_text(text.replace(old, new))
    assert judge(path).decision.is_right is False


def test_classes_beside_the_file_are_used_too(tmp_path):
    layers, net = PARTS.split("class Netz")
    (tmp_path / "layers.py").write_text(layers)
    path = tmp_path / "net.py"
    path.write_text("from layers import Voll, Tanh\n\nclass Netz" + net)
    assert judge(path).decision.is_right is True
