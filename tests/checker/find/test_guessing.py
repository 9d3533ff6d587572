"""A constructor and the methods get what their code asks for by names of its own."""

from steps import judge

NET = """
import numpy as np

class Net:
    def __init__(self, n_layers, layer_sizes, squash, start):
        if squash not in ["tanh", "logistic"]:
            raise ValueError("squash")
        scales = {"zeros": 0.0, "small": 0.3}
        self.squash = squash
        self.pairs = []
        for i in range(n_layers - 1):
            shape = layer_sizes[i], layer_sizes[i + 1]
            self.pairs.append([scales[start] * np.random.randn(*shape), np.zeros(shape[1])])
        if start == "zeros" or start == "small":
            self.start = start

    def forward(self, x):
        values = [x]
        for i, (W, b) in enumerate(self.pairs):
            z = values[-1] @ W + b
            values.append(z if i == len(self.pairs) - 1 else np.tanh(z))
        return values

    def step(self, x, t, values, rate=0.1):
        delta = (values[-1] - t) / len(x)
        for i in reversed(range(len(self.pairs))):
            W, b = self.pairs[i]
            before = W.copy()
            W -= rate * values[i].T @ delta
            b -= rate * delta.sum(axis=0)
            delta = delta @ before.T * (1 - values[i] ** 2)
"""


def test_words_counts_and_lists_of_sizes_are_found_in_the_code(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET)
    assert judge(path).decision.is_right is True


def test_a_net_that_is_built_so_may_be_wrong(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("1 - values[i] ** 2", "1 - values[i]"))
    assert judge(path).decision.is_right is False


OPTIONS = """
import numpy as np

class Net:
    def __init__(self, args):
        self.args = args
        sizes = [args.input_size] + args.hidden_layers + [args.output_size]
        self.weights = [np.random.randn(a, b) for a, b in zip(sizes, sizes[1:])]
        if args.verbose:
            print(args.name)

    def train(self, x, t):
        values = [x]
        for W in self.weights:
            values.append(np.tanh(values[-1] @ W))
        delta = values[-1] - t
        for i in reversed(range(len(self.weights))):
            delta = delta * (1 - values[i + 1] ** 2)
            before = self.weights[i].copy()
            self.weights[i] -= self.args.learning_rate * values[i].T @ delta
            delta = delta @ before.T
"""


def test_an_object_that_only_keeps_options_is_made(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(OPTIONS)
    assert judge(path).decision.is_right is True
    path.write_text(OPTIONS.replace("values[i + 1] ** 2", "values[i + 1]"))
    assert judge(path).decision.is_right is False
