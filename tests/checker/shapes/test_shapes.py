"""Tests that code of every shape passes when it is right and that what is wrong is named."""

import pytest
from planted import EXAMPLES, NOTED, WRONG, change_example, list_cases, name_case
from reports import collect_causes, report_on
from sampling import few

from trainer.auditing.mistakes import MISTAKES
from trainer.checker.diagnose import diagnosing
from trainer.checker.diagnose.verifying import Request
from trainer.checker.parts import relative
from trainer.checker.process import check_in_child
from trainer.common.errors import InputError

ALL = sorted(path.stem for path in EXAMPLES.glob("*.py"))
KNOWN = {*MISTAKES, "weight-shape", "misspelt-name", "unfinished", *relative.SIZES, *relative.CLASSES,
         *relative.TRAINING}  # fmt: skip


@pytest.fixture
def check(tmp_path):
    """Return a function that checks an example with changes."""

    def check_changed(example, changes, name=None):
        path = tmp_path / f"{example}.py"
        path.write_text(change_example(example, changes))
        return report_on(path, name)

    return check_changed


@pytest.mark.parametrize("example", ALL)
def test_a_right_example_is_not_accused(example):
    assert_never_accused(EXAMPLES / f"{example}.py", 2)


@pytest.mark.slow
@pytest.mark.parametrize("example", ALL)
def test_a_right_example_is_not_accused_on_a_hundred_seeds(example):
    assert_never_accused(EXAMPLES / f"{example}.py", 100)


def assert_never_accused(path, seeds):
    """Fail where a file is not right on one of so many seeds."""
    for seed in range(seeds):
        report = report_on(path, seed=seed)
        assert report.status == 0, (seed, report.as_text())


@pytest.mark.parametrize("case", few(list_cases(WRONG), 30, is_one=True), ids=name_case)
def test_what_is_wrong_is_named(case, check):
    example, slug, quantity, changes = case
    report = check(example, changes)
    assert report.status == 1, report.as_text()
    assert quantity in {f.quantity for f in report.wrong_findings}, report.as_text()
    causes = {slug} if slug in KNOWN else set()
    assert collect_causes(report, "differs", "raises") == causes, report.as_text()


@pytest.mark.parametrize("case", list_cases(NOTED), ids=name_case)
def test_what_is_only_noted_is_not_wrong(case, check):
    example, slug, quantity, changes = case
    report = check(example, changes)
    assert report.status == 0, report.as_text()
    notes = {(f.cause, f.quantity) for f in report.findings if f.verdict == "note"}
    assert (slug, quantity) in notes, report.as_text()


FC_NET = """
import numpy as np
from ..layers import *
from ..layer_utils import *

class TwoLayerNet(object):
    def __init__(self, input_dim=3*32*32, hidden_dim=100, num_classes=10,
                 weight_scale=1e-3, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)

    def loss(self, X, y=None):
        hidden, cache1 = affine_relu_forward(X, self.params["W1"], self.params["b1"])
        scores, cache2 = affine_forward(hidden, self.params["W2"], self.params["b2"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        loss += 0.5 * self.reg * sum(np.sum(self.params[k] ** 2) for k in ("W1", "W2"))
        dhidden, dW2, db2 = affine_backward(dscores, cache2)
        _, dW1, db1 = affine_relu_backward(dhidden, cache1)
        dW1 += self.reg * self.params["W1"]
        dW2 += self.reg * self.params["W2"]
        return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""
TEMPLATE = '''
import numpy as np

def affine_forward(x, w, b):
    """Compute the forward pass."""
    out = None
    # TODO: Implement the affine forward pass.
    # *****START OF YOUR CODE*****
    pass
    # *****END OF YOUR CODE*****
    cache = (x, w, b)
    return out, cache

def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = None, None, None
    pass
    return dx, dw, db

def relu_forward(x):
    out = None
    cache = x
    return out, cache

def relu_backward(dout, cache):
    ...

def softmax_loss(x, y):
    raise NotImplementedError
'''


@pytest.fixture
def package(tmp_path):
    """Return the folder of a package like CS231n's, with layers in it and fc_net in classifiers."""
    (tmp_path / "classifiers").mkdir()
    (tmp_path / "layers.py").write_text((EXAMPLES / "cs231n_layers.py").read_text())
    (tmp_path / "classifiers" / "fc_net.py").write_text(FC_NET)
    return tmp_path


def test_a_class_finds_its_layers_by_package_relative_imports(package):
    report = report_on(package / "classifiers" / "fc_net.py")
    assert report.status == 0, report.as_text()
    assert report.name == "TwoLayerNet"


def test_a_wrong_layer_of_a_class_is_named(package):
    changes = {"dout * (x > 0)": "dout * (dout > 0)"}
    (package / "layers.py").write_text(change_example("cs231n_layers", changes))
    report = report_on(package / "classifiers" / "fc_net.py")
    assert collect_causes(report, "differs") == {"relu-grad-of-gradient"}
    assert "relu_backward" in {f.quantity for f in report.wrong_findings}


def test_a_template_is_unfinished_and_not_wrong(check, tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(TEMPLATE)
    report = report_on(path)
    assert report.status == 2, report.as_text()
    assert "affine_forward: is not written yet" in report.as_text()


def test_a_template_beside_finished_functions_hides_nothing(check):
    changes = {"    dx = dout * (x > 0)\n": "    dx = None\n"}
    assert check("cs231n_layers", changes).status == 2
    both = changes | {"dout.sum(axis=0)": "dout.mean(axis=0)"}
    assert check("cs231n_layers", both).status == 1


@pytest.mark.parametrize("body", ["pass", "scores = None\n        return scores"])
def test_a_template_of_a_class_is_unfinished_and_not_wrong(body, package):
    head = FC_NET[: FC_NET.index("        hidden, cache1")]
    (package / "classifiers" / "fc_net.py").write_text(f"{head}        {body}\n")
    report = report_on(package / "classifiers" / "fc_net.py")
    assert report.status == 2, report.as_text()
    assert "is not written yet" in report.as_text()


LAYERS = """
class Affine:
    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T

    def update(self, lr):
        self.W -= lr * self.dW


class Relu:
    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, dout):
        return dout * (self.x > 0)

    def update(self, lr):
        pass
"""


def test_a_method_in_which_a_layer_has_nothing_to_do_is_finished(tmp_path):
    path = tmp_path / "layers.py"
    for changes in ({}, {"return dout * (self.x > 0)": "pass"}):
        path.write_text(
            "import numpy as np\n" + LAYERS.replace(*next(iter(changes.items()), ("", "")))
        )
        assert ("is not written yet" in report_on(path).as_text()) is bool(changes)


def test_one_function_is_checked_by_its_name(check):
    wrong = {"dout * (x > 0)": "dout"}
    assert check("cs231n_layers", wrong, "affine_backward").status == 0
    assert check("cs231n_layers", wrong, "relu_backward").status == 1


def test_a_torch_module_of_three_layers_could_not_be_checked(check):
    changes = {
        "self.fc2 = nn": "self.fc3 = nn.Linear(hidden_size, hidden_size)\n        self.fc2 = nn",
        "self.fc2(h)": "self.fc2(F.relu(self.fc3(h)))",
    }
    report = check("linear", changes)
    assert report.status == 2
    assert "only nets of two layers" in report.as_text()


@pytest.mark.parametrize(
    ("example", "changes"),
    [
        # The cache is a tuple, or a dictionary.
        ("columns", {
            'cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}': "cache = (Z1, A1, Z2, A2)",
            'A1, A2 = cache["A1"], cache["A2"]': "Z1, A1, Z2, A2 = cache",
        }),
        ("cs231n_layers", {
            "cache = (x, w, b)": 'cache = {"x": x, "w": w}',
            "x, w, b = cache": 'x, w = cache["x"], cache["w"]',
        }),
        ("columns", {"-np.sum(logprobs) / m": "-np.sum(logprobs)", "*) / m": ")"}),
        ("columns", {"def compute_cost(A2, Y)": "def compute_cost(A2, Y, lambd)",
                     "cost = compute_cost(A2, Y)": "cost = compute_cost(A2, Y, 0.1)",
                     "-np.sum(logprobs) / m": "-np.sum(logprobs) / m + lambd * np.sum(A2)"}),
        ("columns", {"    assert A2.shape == (1, X.shape[1])\n": ""}),
        ("linear", {"self.fc2(h)": "self.fc2(F.dropout(h, 0.5, self.training))"}),
        ("linear", {"self.fc1(x)": "self.fc1(x.float())"}),
        ("linear", {"return self.fc2(h)": "return F.log_softmax(self.fc2(h), dim=1)"}),
    ],
)  # fmt: skip
def test_other_right_ways_to_write_it_are_not_accused(example, changes, check):
    report = check(example, changes)
    assert report.status == 0, report.as_text()


UPDATE = "        parameters = update_parameters(parameters, grads)\n"
# Right code in other words: single precision, updates in place, other shapes of the results.
REWRITTEN = [
    ("columns", {"randn(n_h, n_x) * 0.01": "randn(n_h, n_x).astype(np.float32)"}),
    ("columns", {"return A2 > 0.5": "return np.round(A2)"}),
    ("columns", {"return A2 > 0.5": "return (A2 >= 0.5).astype(int)"}),
    ("columns", {"return A2 > 0.5": "return np.array([1 if a > 0.5 else 0 for a in A2[0]])"}),
    ("columns", {"return A2 > 0.5": "return np.where(A2 > 0.5, 1.0, 0.0), A2"}),
    ("columns", {"return A2 > 0.5": "return A2"}),
    ("columns", {"return A2 > 0.5": "return A2 > 0.7"}),
    ("columns", {"return A2 > 0.5": 'return ["blue" if a > 0.5 else "red" for a in A2[0]]'}),
    ("columns", {"return X.shape[0], 4, Y.shape[0]": "return X.shape[0], Y.shape[0]",
                 "n_x, _, n_y = layer": "n_x, n_y = layer"}),
    ("columns", {"return X.shape[0], 4, Y.shape[0]": 'return {"n_x": len(X), "n_y": len(Y)}',
                 "n_x, _, n_y = layer_sizes(X, Y)": "n_x, n_y = len(X), len(Y)"}),
    ("columns", {"            print(i, cost)\n    return parameters": "            print(i, cost)\n    return parameters, cost"}),
    ("columns", {UPDATE: "        for key in parameters:\n            parameters[key] = parameters[key] - 1.2 * grads['d' + key]\n"}),
    ("columns", {UPDATE: UPDATE.replace("grads)", "grads, 1.2 * 0.9 ** i)")}),
    ("columns", {UPDATE: "        mean = {k: 0.9 * mean[k] + g for k, g in grads.items()} if i else grads\n"
                 + UPDATE.replace("grads)", "mean)")}),
    ("columns", {UPDATE: "        if i and cost > last:\n            break\n        last = cost\n" + UPDATE}),
    ("columns", {"    for i in range(num_iterations):": "    i = -1\n    while i < num_iterations - 1:\n        i += 1"}),
    ("columns", {"    n_x, _, n_y = layer_sizes(X, Y)\n": "    np.random.seed(3)\n    n_x, n_y = len(X), len(Y)\n"}),
    ("columns", {"    np.random.seed(2)\n": ""}),
    ("deep", {"    dA = -(Y / AL - (1 - Y) / (1 - AL))": "    dA = -(Y / AL - (1 - Y) / (1 - AL)) / Y.shape[1]",
              "A_prev.T) / m": "A_prev.T)", "keepdims=True) / m": "keepdims=True)"}),
    ("deep", {"np.random.randn(n_h, n_x) * 0.01": "np.random.randn(n_h, n_x).astype(np.float32)"}),
    ("deep", {"    dZ = np.array(dA)\n    dZ[cache <= 0] = 0\n    return dZ": "    return dA * (cache > 0)"}),
    ("deep", {"    dZ = np.array(dA)\n": "    dZ = dA\n"}),
    ("deep", {"np.sum(dZ, axis=1, keepdims=True) / m": "dZ.mean(axis=1).reshape(b.shape)"}),
    ("deep", {"def linear_forward(A, W, b):\n    Z = np.dot(W, A) + b": "def linear_forward(a, w, bias):\n    Z = w @ a + bias",
              "return Z, (A, W, b)": 'return Z, {"A": a, "W": w}',
              "    A_prev, W, b = cache\n": '    A_prev, W = cache["A"], cache["W"]\n'}),
    ("deep", {"    Z, linear_cache = linear": '    if activation not in ("sigmoid", "relu"):\n        raise ValueError(activation)\n    Z, linear_cache = linear'}),
    ("deep", {"cost = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m":
              "cost = -(np.dot(Y, np.log(AL).T) + np.dot(1 - Y, np.log(1 - AL).T)) / m"}),
    ("deep", {"    parameters = dict(parameters)\n": ""}),
    ("rows", {"np.random.randn(n_in, n_hidden) * 0.01": "np.random.randn(n_in, n_hidden).astype(np.float32)"}),
    ("rows", {"dZ2.sum(axis=0, keepdims=True)": "dZ2.sum(axis=0)", "dZ1.sum(axis=0, keepdims=True)": "dZ1.sum(axis=0)"}),
    ("svm", {"margins = np.maximum(0, scores - correct + 1)": "margins = (scores - correct + 1) * (scores - correct + 1 > 0)"}),
    ("svm", {"        dhidden[a1 <= 0] = 0\n": "        dhidden = np.where(a1 > 0, dhidden, 0)\n"}),
    ("svm", {"np.maximum(0, a1)": "np.tanh(a1)", "dhidden[a1 <= 0] = 0": "dhidden *= 1 - hidden ** 2"}),
]  # fmt: skip


@pytest.mark.parametrize(("example", "changes"), few(REWRITTEN, 10))
def test_right_code_in_other_words_is_not_accused(example, changes, check):
    report = check(example, changes)
    assert not report.wrong_findings, report.as_text()


@pytest.mark.parametrize("example", few(["columns", "deep"], 1))
def test_a_right_example_is_right_from_outside_too(example):
    report, _ = check_in_child(EXAMPLES / f"{example}.py")
    assert report.status == 0, report.as_text()


@pytest.mark.parametrize("example", ["columns", "deep"])
def test_a_function_that_uses_a_wrong_one_is_not_blamed(example, check):
    wrong = {"columns": {"return X.shape[0], 4": "return X.shape[1], 4"},
             "deep": {"np.dot(W, A) + b": "np.dot(W, A)"}}[example]  # fmt: skip
    named = {f.quantity.split()[0] for f in check(example, wrong).wrong_findings}
    assert named == {"columns": {"layer_sizes"}, "deep": {"linear_forward"}}[example]


def test_the_gradient_of_a_column_that_is_a_list_is_wrong(check):
    report = check("columns", {"np.sum(dZ1, axis=1, keepdims=True)": "np.sum(dZ1, axis=1)"})
    assert [f.quantity for f in report.wrong_findings] == ["gradient b1"]
    assert "b1 has (6, 1): their difference has (6, 6)" in report.wrong_findings[0].message


def test_a_net_with_the_svm_loss_of_a_package_is_right(package):
    net = package / "classifiers" / "fc_net.py"
    net.write_text(FC_NET.replace("softmax_loss", "svm_loss"))
    report = report_on(net)
    assert report.status == 0, report.as_text()


def test_functions_with_the_svm_loss_alone_are_right(check):
    report = check("cs231n_layers", {"def softmax_loss": "def other_loss"})
    assert report.status == 0, report.as_text()
    assert "svm_loss dx" in {f.quantity for f in report.findings if f.verdict == "ok"}


@pytest.mark.parametrize(
    ("example", "changes"),
    [
        ("linear", {"num_classes)\n": "num_classes, bias=False)\n"}),
        ("columns", {"def compute_cost(A2, Y)": "def compute_cost(A2, Y, options)",
                     "-np.sum(logprobs) / m": "-np.sum(logprobs) / m + options.strength"}),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_not_accused(example, changes, check):
    report = check(example, changes)
    assert report.status == 2, report.as_text()


def test_a_template_of_functions_is_unfinished(check):
    with pytest.raises(InputError, match="forward_propagation is not written yet"):
        check("columns", {"A2 = sigmoid(Z2)": "A2 = None"})


DIAGNOSED = [
    ("cs231n_layers", ("bias-grad-mean", "affine_backward db"), "db = dout.mean(axis=0)"),
    ("rows", ("batch-mean-missing", "gradient W1"), "dZ2 = y_hat - Y"),
    ("layers", ("batch-mean-missing", "SoftmaxWithLoss dx"), "return self.y - self.t"),
    ("columns", ("threshold-low", "predict classes"), "return A2 > 0"),
    ("columns", ("bias-not-updated", "train"), 'b1 = parameters["b1"]'),
    ("deep", ("activation-grad-missing", "relu_backward"), "dZ = np.array(dA)"),
    # A result that was right is kept: neither is made a sum because the other is one.
    ("cs231n_layers", ("loss-sum", "svm_loss loss"), "loss = np.sum(margins)"),
    ("cs231n_layers", ("batch-mean-missing", "softmax_loss dx"), "dx[np.arange(N), y] -= 1"),
    ("cs231n_layers", (None, "svm_loss dx"), "dx[np.arange(N), y] -= 1"),
    ("deep", ("gradient-sign", "linear_backward dW"), "dW = -np.dot(dZ, A_prev.T) / m"),
]


@pytest.mark.parametrize(("example", "case", "code"), few(DIAGNOSED, 2))
def test_the_line_and_a_fix_are_found(example, case, code, tmp_path):
    path = tmp_path / f"{example}.py"
    path.write_text(change_example(example, WRONG[example][case]))
    found = diagnosing.diagnose(Request(path, None, False, 0))
    assert found.code.strip() == code
    assert found.diff


MODULE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, n_in=784, n_hidden=50, n_out=10):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return torch.softmax(self.fc2(torch.sigmoid(self.fc1(x))), dim=1)

    def loss(self, x, t):
        return nn.functional.nll_loss({outputs}, t)
"""


@pytest.mark.parametrize(("outputs", "status"), [("torch.log(self(x))", 0), ("self(x)", 1)])
def test_the_loss_of_a_module_is_that_of_its_own_method(tmp_path, outputs, status):
    path = tmp_path / "module.py"
    path.write_text(MODULE.replace("{outputs}", outputs))
    assert report_on(path).status == status
