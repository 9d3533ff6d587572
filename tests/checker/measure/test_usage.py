"""The checks of how a net is used: the book's training loop, its cost, and its initial weights."""

import re

import pytest
from mistaken import NETS
from reports import LAYOUTS, report_on

RIGHT = (NETS / "chapter4.py").read_text()
CS231N = (NETS / "cs231n.py").read_text()
KEYS = ("W1", "b1", "W2", "b2")
B1 = 'grads["b1"] = np.sum(da1, axis=0)'
RETURN = "        y = softmax(a2)\n        return y"
CALL = "return cross_entropy_error(y, t)\n\n    def"
GRADIENT = RIGHT[RIGHT.index("        W1, W2 = self.params", RIGHT.index("def gradient(")) :]
DRAW = "weight_init_std * np.random.randn"


def find(report, quantity, verdict=None):
    """Return the findings on a quantity."""
    return [f for f in report.findings
            if f.quantity == quantity and verdict in (None, f.verdict)]  # fmt: skip


# --- the book's loop


def test_a_gradient_of_b1_of_another_shape_fails_in_the_loop(check):
    report = check(RIGHT, (B1, B1.replace("axis=0", "axis=0, keepdims=True")))
    (found,) = find(report, "update")
    assert report.status == 1
    assert "b1 has shape (6,), its gradient (1, 6): make them equal" in found.message
    assert [f.quantity for f in report.wrong_findings] == ["update"]


@pytest.mark.parametrize(
    "names", [("w1", "b1", "w2", "b2"), ("W1", "B1", "W2", "B2"), ("W_1", "b_1", "W_2", "b_2")]
)
def test_keys_in_another_spelling_fail_in_the_loop(names, check):
    changes = [
        (f'grads["{key}"] =', f'grads["{name}"] =') for key, name in zip(KEYS, names, strict=True)
    ]
    report = check(RIGHT, *(change for change in changes if change[0] != change[1]))
    (found,) = find(report, "update")
    assert (report.status, found.cause) == (1, "misspelt-name")
    assert "raises KeyError: grads has no key" in found.message
    assert names[0] in found.message


def test_keys_of_another_convention_are_a_note(check):
    report = check(RIGHT, *[(f'grads["{key}"] =', f'grads["d{key}"] =') for key in KEYS])
    assert report.status == 0, report.as_text()
    (found,) = find(report, "update")
    assert "it has dW2, db2, dW1, db1" in found.message


def test_a_net_whose_own_train_updates_is_run_in_that(check):
    assert not find(check(CS231N), "update")
    old = 'grads["b1"] = np.sum(dhidden, axis=0)'
    report = check(CS231N, (old, old.replace("axis=0", "axis=0, keepdims=True")))
    (found,) = find(report, "train")
    assert "ValueError: non-broadcastable output operand" in found.message


@pytest.mark.parametrize(
    "changes",
    [
        # columns, with gradients of the same shape
        [("np.zeros(hidden_size)", "np.zeros((1, hidden_size))"),
         (B1, B1.replace("axis=0", "axis=0, keepdims=True"))],
        # a row that takes a gradient of fewer axes
        [("np.zeros(hidden_size)", "np.zeros((1, hidden_size))")],
        # arrays under names of their own
        [(f'params["{key}"]', f'params["{key.lower()}"]') for key in KEYS],
    ],
)  # fmt: skip
def test_weights_kept_otherwise_are_not_accused(changes, check):
    changes = [change for change in changes if change[0] != change[1]]
    if "params[" in changes[0][0]:
        changes += [(f'grads["{k}"] =', f'grads["{k.lower()}"] =') for k in ("W1", "W2")]
        changes += [("self.params[key])", "self.params[key.lower()])")]
    report = check(RIGHT, *changes)
    assert report.status == 0, report.as_text()
    assert find(report, "update", "ok")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_right_net_gets_a_note_on_its_use(layout):
    report = report_on(NETS / f"{layout}.py")
    notes = [f for f in report.findings if f.quantity in ("update", "initial weights")]
    if layout == "regression":  # draws all weights from 0 to 1
        notes = [f for f in notes if "are positive" not in f.message]
    assert all(f.verdict == "ok" for f in notes), report.as_text()
    assert "numerical gradient." not in report.as_text()


# --- what a numerical gradient costs


def test_a_gradient_by_differences_is_a_note_with_its_cost(check):
    report = check(RIGHT, (GRADIENT, "        return self.numerical_gradient(x, t)\n"))
    assert report.status == 0
    (found,) = find(report, "gradient", "note")
    assert "evaluates the loss 114 times, 2 times for each of 57 weights" in found.message
    assert "79,520 times in each step" in found.message


# --- the loss


@pytest.mark.parametrize("epsilon", ["", " + 1e-7"])
@pytest.mark.parametrize("mean", [" / n", ""])
def test_a_loss_of_scores_without_softmax_is_named(epsilon, mean, check):
    log = "np.log(y[np.arange(n), t]))"
    report = check(RIGHT, (RETURN, "        return a2"),
                   (f"{log} / n", log.replace("]))", f"]{epsilon})){mean}")))  # fmt: skip
    (found,) = find(report, "loss", "differs")
    assert found.cause == "softmax-missing"
    assert "let predict return softmax(a2)" in found.message
    assert "nan is right" not in report.as_text()
    assert "expected nan" not in report.as_text()


def test_scores_of_which_the_loss_takes_the_softmax_are_right(check):
    report = check(
        RIGHT, (RETURN, "        return a2"), ("(y, t)\n\n    def", "(softmax(y), t)\n\n    def")
    )
    assert report.status == 0, report.as_text()


@pytest.mark.parametrize("epsilon", ["", " + 1e-7", " + 1e-8"])
def test_swapped_arguments_of_the_books_loss_are_named(epsilon, check):
    report = check(RIGHT, (CALL, CALL.replace("y, t", "t, y")),
                   ("np.arange(n), t]))", f"np.arange(n), t]{epsilon}))"))  # fmt: skip
    (found,) = find(report, "loss", "differs")
    assert found.cause == "loss-arguments-swapped"
    assert "no cause was found" not in report.as_text()


@pytest.mark.parametrize(
    "body", ["t * 11.51", "5.0 * (y.argmax(axis=1) != t.argmax(axis=1))", "np.inf"]
)
def test_another_wrong_loss_is_not_called_swapped(body, check):
    old = "        y = self.predict(x)\n        return cross_entropy_error(y, t)"
    new = f"        y = self.predict(x)\n        return np.sum({body}) / len(x)"
    (found,) = find(check(RIGHT, (old, new)), "loss", "differs")
    assert found.cause is None


# --- initial weights


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("std=0.01", "std=1", r"standard deviation is large \(W1 1\.0, W2 [01]\.\d\)"),
        ("std=0.01", "std=0", "all of W1 and W2 are 0"),
        (DRAW, "0.01 * np.random.rand", "all of W1 and W2 are positive"),
        (f"{DRAW}(input_size, hidden_size)", "np.ones((input_size, hidden_size))", "W1 are 1"),
    ],
)
def test_initial_weights_that_train_badly_are_a_note(old, new, message, check):
    report = check(RIGHT, (old, new))
    assert report.status == 0
    (found,) = find(report, "initial weights")
    assert found.verdict == "note"
    assert re.search(message, found.message)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{DRAW}(input_size", "np.sqrt(2 / input_size) * np.random.randn(input_size"),
        (f"{DRAW}(input_size, hidden_size)", "np.random.uniform(-1, 1, (input_size, hidden_size))"),
        ("std=0.01", "std"),
    ],
)
def test_usual_scales_are_no_note(old, new, check):
    assert not find(check(RIGHT, (old, new)), "initial weights")


# --- messages


def test_only_the_files_own_classes_are_listed(tmp_path):
    from trainer.common.errors import InputError

    path = tmp_path / "net.py"
    path.write_text("from collections import OrderedDict\nfrom common.layers import *\n" + RIGHT)
    with pytest.raises(InputError, match=r"there is no class Foo; it has: TwoLayerNet$"):
        report_on(path, "Foo")


def test_a_module_that_is_installed_is_not_called_missing(check):
    source = "import matplotlib.pyplot as plt\n" + RIGHT
    report = check(source, ("        # forward\n", "        plt.plot([1])\n"))
    assert "matplotlib.pyplot is not loaded during the check" in report.as_text()
    assert "not there" not in report.as_text()
    assert "was not found" not in report.as_text()


def test_weights_of_the_class_are_shared_by_all_its_nets(check):
    source = (NETS / "chapter4.py").read_text()
    report = check(source, ("    def __init__", "    params = {}\n\n    def __init__"),
                   ("        self.params = {}\n", ""))  # fmt: skip
    assert report.status == 1
    assert "params belongs to the class" in report.as_text()


def test_a_bias_of_integers_is_called_so(check):
    source = (NETS / "chapter4.py").read_text()
    report = check(source, ("np.zeros(hidden_size)", "np.zeros(hidden_size, dtype=int)"))
    assert report.status == 1
    assert "b1 is an array of integers, create it with dtype=float" in report.as_text()
