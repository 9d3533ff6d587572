"""What cannot be checked is not held against a net, and no reason is named that is none."""

import numpy as np
import pytest
from mistaken import NETS

from trainer.checker.measure.cases import make_case
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.reference import Form, get_reference
from trainer.checker.process import check_in_child

CHAPTER4 = (NETS / "chapter4.py").read_text()
CS231N = (NETS / "cs231n.py").read_text()
SIZES = "input_size, hidden_size, output_size"
ARGUMENTS = f"(self, {SIZES}, weight_init_std=0.01)"
PARAMS = "        self.params = {}\n"
B1, B2 = '"b1"] = np.zeros(hidden_size)', '"b2"] = np.zeros(output_size)'


def find(report, quantity):
    """Return the first finding on a quantity."""
    return next(f for f in report.findings if f.quantity == quantity)


# --- constructors and weights


def test_a_missing_module_is_named_though_other_calls_of_the_constructor_fail_too(check):
    source = "from draws import draw\nclass TwoLayerNet:\n    def __init__(self, layout):\n"
    source += "        self.params = draw(layout)\n    def predict(self, x):\n        return x\n"
    report = check(source)
    assert report.status == 2
    assert "needs draws.draw: module draws was not found" in find(report, "construction").message


def test_the_error_of_a_call_that_was_guessed_is_not_blamed_on_the_constructor(check):
    source = "class TwoLayerNet:\n    def __init__(self, config):\n        self.W1 = config.w\n"
    report = check(source + "    def predict(self, x):\n        return x\n")
    assert report.status == 2
    expected = "unsupported call or return value: AttributeError"
    assert expected in find(report, "construction").message


def test_a_constructor_that_is_given_no_table_is_not_blamed(check):
    source = "class TwoLayerNet:\n    def __init__(self, network=None, new_nn_dict=None):\n"
    source += "        if network is None:\n            self.n = new_nn_dict['input_nodes']\n"
    source += "        else:\n            self.n = network.input_nodes\n"
    source += "    def predict(self, x):\n        return x\n"
    finding = find(check(source), "construction")
    assert not finding.checked
    assert "'NoneType' object is not subscriptable" in finding.message


def test_a_constructor_that_takes_any_keyword_is_not_blamed_for_what_it_is_not_given(check):
    source = "class TwoLayerNet:\n    def __init__(self, **kwargs):\n"
    source += "        self.sizes = kwargs.pop('sizes', None)[:2]\n"
    source += "    def predict(self, x):\n        return x\n"
    assert not find(check(source), "construction").checked


def test_a_constructor_that_is_given_no_lists_of_sizes_is_not_blamed(check):
    source = "class TwoLayerNet:\n    def __init__(self, layer_nums=[[784, 50], [50, 10]]):\n"
    source += "        self.out_num = layer_nums[-1][-1]\n"
    source += "    def predict(self, x):\n        return x\n"
    assert not find(check(source), "construction").checked


def test_a_constructor_that_wants_more_inputs_than_ours_is_not_blamed(check):
    source = "import math\nclass TwoLayerNet:\n    def __init__(self, input_size, output_size):\n"
    source += "        self.scale = math.sqrt(1 / int(0.1 * input_size))\n"
    source += "    def predict(self, x):\n        return x\n"
    assert not find(check(source), "construction").checked


@pytest.mark.parametrize("drawn", ["rng.randn(", "rng.standard_normal(["])
def test_a_constructor_may_draw_by_either_source_of_random_numbers(drawn, check):
    end = "])" if "[" in drawn else ")"
    changes = [(ARGUMENTS, f"(self, {SIZES}, rng)")]
    changes += [(f"weight_init_std * np.random.randn({sizes})", f"0.1 * {drawn}{sizes}{end}")
                for sizes in ("input_size, hidden_size", "hidden_size, output_size")]  # fmt: skip
    report = check(CHAPTER4, *changes)
    assert report.status == 0, report.as_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([(B1, '"b1"] = 0')], "b1 is a number"),
        ([(B1, '"b1"] = 0'), (B2, '"b2"] = 0.0')], "b1 and b2 are numbers"),
        (
            [(f'self.params[{B1}', "pass"), (f'self.params[{B2}', "pass"),
             ("randn(input_size", "randn(input_size + 1"),
             ("randn(hidden_size", "randn(hidden_size + 1")],
            "the biases seem to be a row of W1 and W2",
        ),
        (
            [(ARGUMENTS, "(self, weight_init_std=0.01)"),
             (PARAMS, f"        {SIZES} = 20, 12, 4\n{PARAMS}"), (B1, '"b1"] = np.zeros(9)')],
            "W1 (20, 12), b1 (9,), W2 (12, 4), b2 (4,) do not fit together",
        ),
    ],
    ids=["a number", "two numbers", "rows", "unfit sizes"],
)  # fmt: skip
def test_weights_that_are_not_supported_are_no_mistake(changes, message, check):
    report = check(CHAPTER4, *changes)
    assert report.status == 2, report.as_text()
    assert message in find(report, "construction").message


@pytest.mark.parametrize(
    ("arguments", "fixed"),
    [(ARGUMENTS, "output_size = 1"),
     ("(self, input_size, hidden_size)", "output_size, weight_init_std = 1, 0.1")],
)  # fmt: skip
def test_the_softmax_of_one_output_column_is_no_mistake_but_of_no_use(arguments, fixed, check):
    report = check(CHAPTER4, (ARGUMENTS, arguments), (PARAMS, f"        {fixed}\n{PARAMS}"))
    assert report.status == 2, report.as_text()
    assert "softmax is always 1" in find(report, "predict").message


@pytest.mark.parametrize(
    ("arguments", "fixed"),
    [
        (ARGUMENTS, f"{SIZES} = 20, 12, 4"),
        ("(self, hidden_size, weight_init_std=0.01)", "input_size, output_size = 20, 4"),
        ("(self)", f"{SIZES}, weight_init_std = 90, 40, 10, 0.1"),
    ],
)
def test_sizes_that_the_constructor_ignores_are_used(arguments, fixed, check):
    report = check(CHAPTER4, (ARGUMENTS, arguments), (PARAMS, f"        {fixed}\n{PARAMS}"))
    assert report.status == 0, report.as_text()


# --- methods

LAYERS = """
import numpy as np

class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.W1, self.b1 = np.random.randn(input_size, hidden_size), np.zeros(hidden_size)
        self.W2, self.b2 = np.random.randn(hidden_size, output_size), np.zeros(output_size)

    def forward(self, X):
        h = np.maximum(0, X @ self.W1 + self.b1)
        return h @ self.W2 + self.b2, (X, h)

    def backward(self, grad_scores, cache):
        X, h = cache
        dh = grad_scores @ self.W2.T * (h > 0)
        return {"W1": X.T @ dh, "b1": dh.sum(0), "W2": h.T @ grad_scores, "b2": grad_scores.sum(0)}

    def loss(self, X, y=None, reg=0.0):
        scores, cache = self.forward(X)
        if y is None:
            return scores
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        d = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(d[np.arange(len(y)), y]).mean()
        d[np.arange(len(y)), y] -= 1
        return loss, self.backward(d / len(y), cache)
"""


def test_a_backward_of_what_forward_kept_is_not_called_with_x_and_t(check):
    report = check(LAYERS)
    assert report.status == 0, report.as_text()
    assert find(report, "gradient W1").verdict == "ok"
    report = check(LAYERS, (", self.backward(d / len(y), cache)", ""), ("y=None, reg=0.0", "y"))
    assert report.status == 2, report.as_text()
    assert "unsupported signature: backward(grad_scores, cache)" in report.as_text()


def test_an_error_in_a_method_whose_arguments_were_guessed_is_not_blamed_on_it(check):
    guessed = (
        "def gradient(self, x, t):",
        "def gradient(self, one, two):\n        t, x = one, two",
    )
    report = check(CHAPTER4, guessed)
    assert report.status == 2, report.as_text()
    assert "unsupported signature: gradient(one, two)" in report.as_text()


BATCH = "            X_batch, y_batch = X[idx], y[idx]\n"


def test_an_unfinished_train_is_not_called_a_misspelt_name(check):
    none = "            X_batch = None\n            y_batch = None\n"
    report = check(CS231N, (BATCH, none))
    assert find(report, "train").cause == "unfinished"
    unset = "self.optimizer.update(grads)\n" + BATCH
    setting = ("        self.params = {}\n", "        self.params, self.optimizer = {}, None\n")
    assert check(CS231N, setting, (BATCH, "            " + unset.replace("grads", "X"))).status == 0


def test_an_exception_whose_text_cannot_be_made_is_reported(check):
    error = "class Odd(ValueError):\n    def __str__(self):\n        raise RuntimeError\n\n\n"
    report = check(CHAPTER4, ("class TwoLayerNet", error + "class TwoLayerNet"),
                   ("        y = softmax(a2)\n        return y", "        raise Odd"))  # fmt: skip
    assert report.status == 1
    assert "Odd: (Odd without a text) (net.py, line" in find(report, "accuracy").message


def test_what_a_constructor_refuses_by_itself_is_no_mistake(check):
    refuses = "        raise ValueError('no such path')"
    report = check(CHAPTER4, ("        self.params = {}", refuses))
    assert report.status == 2
    assert not report.wrong_findings


# --- accuracy


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("np.mean(self.predict(x).argmax(axis=1) + np.ones(4) == t)", "ValueError"),
        ("np.mean(self.predict(x).sum(axis=0) == t)", "expected 0.5714"),
        ("np.sum(self.predict(x)[:, 0] > 0) / 14.0", "expected 0.5714"),
    ],
)
def test_an_error_of_accuracy_is_called_a_wrong_axis_only_if_an_argmax_takes_it(
    body, message, check
):
    old = CHAPTER4[
        CHAPTER4.index("        y = np.argmax") : CHAPTER4.index("\n    def numerical_gr")
    ]
    report = check(CHAPTER4, (old, f"        return {body}\n"))
    found = find(report, "accuracy")
    assert found.cause is None
    assert message in found.message


# --- one output column

BINARY = """
import numpy as np

class BinaryNet:
    def __init__(self, n_x, n_h, n_y=1):
        self.W1, self.b1 = np.random.randn(n_x, n_h), np.zeros(n_h)
        self.W2, self.b2 = np.random.randn(n_h, n_y), np.zeros(n_y)

    def forward(self, x):
        self.z1 = np.tanh(x @ self.W1 + self.b1)
        return 1 / (1 + np.exp(-(self.z1 @ self.W2 + self.b2)))

    def predict(self, x):
        return (self.forward(x) > 0.5).astype(int)

    def loss(self, x, t):
        y = self.forward(x)
        return -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))

    def gradient(self, x, t):
        d = (self.forward(x) - t) / len(x)
        a = d @ self.W2.T * (1 - self.z1**2)
        return {"W1": x.T @ a, "b1": a.sum(0), "W2": self.z1.T @ d, "b2": d.sum(0)}

    def accuracy(self, x, t):
        return np.mean(self.predict(x) == t)
"""
FLAT = ("return (self.forward(x) > 0.5).astype(int)", "return (self.forward(x) > 0.5).ravel()")


@pytest.mark.parametrize("changes", [[], [FLAT], [("n_y=1", "n_y")]])
def test_a_right_net_of_one_output_column_is_right(changes, check):
    report = check(BINARY, *changes)
    assert report.status == 0, report.as_text()
    assert "was checked with one output column" in report.as_text()


def test_a_wrong_net_of_one_output_column_is_wrong(check):
    assert check(BINARY, ("d @ self.W2.T * (1 - self.z1**2)", "d @ self.W2.T")).status == 1


def test_a_net_of_several_sigmoid_outputs_may_count_each_output(check):
    report = check(
        BINARY, ("return (self.forward(x) > 0.5).astype(int)", "return self.forward(x)"),
        ("-np.mean(", "-np.sum("), ("np.log(1 - y))", "np.log(1 - y)) / len(x)"),
        ("self.predict(x) == t", "(self.predict(x) > 0.5) == t"),
    )  # fmt: skip
    assert report.status == 0, report.as_text()
    assert "accuracy: compares each output with 0.5" in report.as_text()


@pytest.mark.parametrize(
    "body", ["self.predict(x).ravel() == t.argmax(axis=1)", "x[:, 0] > t[:, 0]"]
)
def test_an_accuracy_of_one_output_column_is_not_accused(body, check):
    report = check(
        BINARY, ("return (self.forward(x) > 0.5).astype(int)", "return self.forward(x)"),
        ("-np.mean(", "-np.sum("), ("np.log(1 - y))", "np.log(1 - y)) / len(x)"),
        ("self.predict(x) == t", body),
    )  # fmt: skip
    assert report.status == 0, report.as_text()
    assert "accuracy could not be checked: may be written for one output" in report.as_text()


def test_a_loss_that_is_like_one_with_an_epsilon_on_one_draw_only_is_wrong():
    cases = make_case(0), make_case(1)
    right = [get_reference(Form("sigmoid", "cross-entropy"), case) for case in cases]
    with_epsilon = [
        float(-(case.t * np.log(numbers["y"] + 1e-2)).sum() / len(case.x))
        for case, numbers in zip(cases, right, strict=True)
    ]
    for other, verdict in ((with_epsilon[1], "ok"), (with_epsilon[1] + 0.01, "differs")):
        judge = Judge(cases[0], {"loss": with_epsilon[0]}, right[0], "cross-entropy")
        assert judge.is_loss_right()
        judge.others = [(cases[1], {"loss": other}, right[1])]
        assert judge.judge_loss({}).verdict == verdict
        assert bool(judge.notes) == (verdict == "ok")


def test_a_loss_that_is_wrong_alone_is_asked_for_on_other_inputs_too(check):
    case = make_case(0)
    right = get_reference(Form("sigmoid", "cross-entropy"), case)
    with_epsilon = float(-(case.t * np.log(right["y"] + 1e-2)).sum() / len(case.x))
    shift = with_epsilon - float(right["loss"])
    report = check(CHAPTER4, ("t])) / n", f"t])) / n + {shift!r}"))
    assert find(report, "loss").verdict == "differs"


def test_a_generator_of_random_numbers_is_given_to_a_constructor(check):
    changes = [(ARGUMENTS, f"(self, {SIZES}, rng)"), ("np.random.randn(", "rng.standard_normal((")]
    source = CHAPTER4.replace(*changes[0]).replace("weight_init_std * ", "0.01 * ")
    for size in ("input_size, hidden_size", "hidden_size, output_size"):
        source = source.replace(f"np.random.randn({size})", f"rng.standard_normal(({size}))")
    assert "rng.standard_normal" in source
    assert check(source).status == 0


def test_a_list_of_outputs_of_all_layers_is_not_held_against_a_net(check):
    report = check(CHAPTER4, ("        return y\n", "        return [x, y]\n"))
    assert find(report, "predict").verdict == "missing"


# --- what is meant for one output, or takes a step on the way


def test_a_net_that_asserts_that_it_has_one_output_is_given_one(check):
    path = (NETS.parent / "shapes" / "examples" / "columns.py").read_text()
    start = path.index("def forward_propagation")
    asserted = path[:start] + path[start:].replace(
        "    return A2", "    assert A2.shape == (1, X.shape[1])\n    return A2", 1
    )
    assert asserted != path
    assert check(asserted).status == 0


def test_a_gradient_that_takes_the_step_too_is_a_note(check):
    lines = CHAPTER4[CHAPTER4.index("        grads = {}", CHAPTER4.index("def gradient(")) :]
    step = "        for key in grads:\n            self.params[key] -= 0.1 * grads[key]\n"
    report = check(
        CHAPTER4.replace(
            lines, lines.replace("        return grads", step + "        return grads")
        )
    )
    assert report.status == 0
    assert any("it takes a step" in each.message for each in report.findings)


def test_a_penalty_on_a_bias_that_the_loss_lacks_stays_wrong_whatever_the_step_shows(tmp_path):
    path = tmp_path / "net.py"
    old = 'grads["b2"] = np.sum(dscores, axis=0)'
    assert old in CS231N
    path.write_text(CS231N.replace(old, old + " + reg * b2"))
    report, _ = check_in_child(path, hints=1)
    assert [each.quantity for each in report.wrong_findings] == ["gradient b2"]


WORDS = """
import numpy as np

class TwoLayerNet:
    def __init__(self, words, size, classes):
        self.E = np.random.randn(words, size)
        self.W, self.b = np.random.randn(size, classes), np.zeros(classes)

    def predict(self, rows):
        return self.E[rows].mean(axis=0) @ self.W + self.b
"""


def test_a_net_whose_weights_have_no_numbers_lacks_no_bias(check):
    report = check(WORDS)
    assert not report.wrong_findings


def test_the_line_of_an_exception_is_none_of_compiled_code(check):
    old, new = "randn(input_size, hidden_size)", "randn((input_size, hidden_size))"
    line = CHAPTER4[: CHAPTER4.index(old)].count("\n") + 1
    (finding,) = check(CHAPTER4.replace(old, new)).wrong_findings
    assert (finding.line, "interpreted as an integer" in finding.message) == (line, True)
