"""What a wrong step is called, and what is said of a right one."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from planted import EXAMPLES
from sampling import few
from steps import find_messages, judge

from trainer.checker.judge.decision import Fault
from trainer.checker.judge.properties import find_wrong_softmax, is_named_as_bias
from trainer.checker.judge.reporting import describe

SCRIPT = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(6, 3), np.random.randn(6, 2)
W1, b1, W2, b2 = np.random.randn(3, 4), np.zeros(4), np.random.randn(4, 2), np.zeros(2)
m = [np.zeros_like(W) for W in (W1, b1, W2, b2)]
v = [np.zeros_like(W) for W in (W1, b1, W2, b2)]
for i in range(500):
    z = np.tanh(X @ W1 + b1)
    y = z @ W2 + b2
    loss = ((y - t) ** 2).sum(){penalty}
    dy = 2 * (y - t)
    dz = dy @ W2.T * (1 - z ** 2)
    grads = [X.T @ dz, dz.sum(axis=0), z.T @ dy, dy.sum(axis=0)]
    {update}
"""
PLAIN = "for W, g in zip((W1, b1, W2, b2), grads): W -= 0.01 * g"
ADAM = """for k, (W, g) in enumerate(zip((W1, b1, W2, b2), grads)):
        m[k] = 0.9 * m[k] + 0.1 * g
        v[k] = 0.999 * v[k] + 0.001 * g * g
        W -= 0.01 * m[k] / 0.1 / (np.sqrt(v[k] / 0.001) + 1e-8)"""


@pytest.fixture
def write(tmp_path):
    def write_script(update=PLAIN, penalty="", **changes):
        text = SCRIPT.replace("{update}", update).replace("{penalty}", penalty)
        for old, new in changes.values():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "script.py"
        path.write_text(text)
        return path

    return write_script


def test_a_right_step_names_the_nets_own_loss_and_its_line(write):
    assert find_messages(write()) == [
        "", "a round of the loop at line 8 goes down the derivative of its own loss loss (line 11) "
        "by 4 weights",
    ]  # fmt: skip


def test_a_bias_that_moves_whatever_the_targets_are_is_wrong(write):
    decision = judge(write(PLAIN.replace("0.01 * g", "0.01 * (g if W is not b2 else 1)"))).decision
    assert (decision.is_right, decision.wrong) == (False, ["b2"])


def test_a_step_uphill_is_wrong_in_its_sign(write):
    path = write(PLAIN.replace("-=", "+="))
    assert judge(path).decision.is_right is False
    assert "goes up the derivative" in find_messages(path)[0]


def test_a_loss_with_a_penalty_needs_it_in_the_step(write):
    path = write(penalty=" + 0.5 * (W1 ** 2).sum() + 0.5 * (W2 ** 2).sum()")
    assert judge(path).decision.is_right is False
    assert "has a penalty on the weights" in find_messages(path)[0]


def test_a_penalty_in_loss_and_step_is_right(write):
    path = write(
        penalty=" + 0.5 * (W1 ** 2).sum() + 0.5 * (W2 ** 2).sum()",
        first=("[X.T @ dz,", "[X.T @ dz + W1,"), second=("z.T @ dy,", "z.T @ dy + W2,"),
    )  # fmt: skip
    assert judge(path).decision.is_right is True


def test_a_weight_that_moves_too_far_is_named_with_its_factor(write):
    path = write(first=("dz.sum(axis=0), z", "3 * dz.sum(axis=0), z"))
    assert judge(path).decision.wrong == ["b1"]
    assert "moves it 3 times as far" in find_messages(path)[0]


def test_weights_of_0_that_no_step_moves_are_wrong(write):
    start = "np.random.randn(3, 4), np.zeros(4), np.random.randn(4, 2), np.zeros(2)"
    zeros = "np.zeros((3, 4)), np.zeros(4), np.zeros((4, 2)), np.zeros(2)"
    messages = find_messages(write(start=(start, zeros)))
    assert any("leaves the weights at 0" in each for each in messages), messages


def test_weights_of_0_without_a_hidden_layer_are_right(tmp_path):
    path = tmp_path / "logistic.py"
    path.write_text(
        "import numpy as np\n"
        "X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)\n"
        "T = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], dtype=float)\n"
        "W, b = np.zeros((2, 2)), np.zeros((1, 2))\n"
        "for i in range(1000):\n"
        "    e = np.exp(X @ W + b)\n"
        "    p = e / e.sum(axis=1, keepdims=True)\n"
        "    W -= 0.1 * X.T @ (p - T)\n"
        "    b -= 0.1 * (p - T).sum(axis=0, keepdims=True)\n"
    )
    judged = judge(path)
    assert judged is None or not judged.step.is_still


def test_one_weight_that_goes_up_is_named_alone(write):
    path = write(first=("dz.sum(axis=0), z", "-dz.sum(axis=0), z"))
    assert judge(path).decision.wrong == ["b1"]
    assert "moves it -1 times as far" in find_messages(path)[0]


MOMENTUM = """for k, (W, g) in enumerate(zip((W1, b1, W2, b2), grads)):
        v[k] = 0.9 * v[k] {sign} 0.01 * g
        W += v[k]"""


def test_momentum_is_judged_from_rest_and_may_go_up_with_some_weights(write):
    assert judge(write(MOMENTUM.format(sign="-"))).decision.is_right is True
    assert judge(write(MOMENTUM.format(sign="+"))).decision.is_right is False
    up = MOMENTUM.format(sign="+ (-1) ** (k % 2 + 1) *")
    wrong = judge(write(up)).decision.wrong
    assert "b1" in wrong
    assert not {"W1", "W2"} & set(wrong)


def test_a_loss_with_the_other_sign_is_wrong_though_the_step_goes_down_it(write):
    path = write(
        loss=("loss = ((y - t) ** 2).sum()", "loss = -((y - t) ** 2).sum()"),
        error=("dy = 2 * (y - t)", "dy = -2 * (y - t)"),
    )
    assert judge(path).decision.fault is Fault.TURNED_LOSS
    assert "in line 11, which is the squared error" in find_messages(path)[0]


KEPT = """new = []
    for W, g in zip((W1, b1, W2, b2), grads):
        W = W - 0.01 * g
        new.append(W)
    W1, b1, W2, b2 = new"""


def test_an_update_that_sets_a_variable_of_a_loop_alone_is_lost(write):
    lost = "for W, g in zip((W1, b1, W2, b2), grads): W = W - 0.01 * g"
    assert judge(write(lost)).decision.fault is Fault.IDLE
    assert judge(write(KEPT)).decision.is_right is True


AFTER = "for W, g in zip((W1, b1, W2, b2), grads): W -= 0.01 * g\n    loss = {loss}"


@pytest.mark.parametrize(
    ("loss", "is_right"),
    [
        ("((y - t) ** 2).mean()", True),
        ("((y[:, :1] - t.reshape(-1)) ** 2).sum()", False),  # each output with each target
        ("((np.tanh(X @ W1 + b1) @ W2 + b2 - t) ** 2).sum()", True),  # with the new weights
    ],
)
def test_a_loss_after_the_update_is_checked_where_it_is_that_of_the_old_outputs(
    write, loss, is_right
):
    path = write(AFTER.format(loss=loss), none=("    loss = ((y - t) ** 2).sum()\n", ""))
    assert judge(path).decision.is_right is is_right


ONE_OUTPUT = """
import numpy as np
np.random.seed(0)
w, b = np.random.randn(3), 0.1
X, t = np.random.randn(20, 3), np.random.rand(20)
for i in range(2000):
    x, target = X[i % 20], t[i % 20]
    y = x @ w + b
    error = y - target
    w = w - 0.1 * {slope} * x
    b = b - 0.1 * {slope}
"""


@pytest.mark.parametrize(
    ("slope", "is_right"), [("error", True), ("-error", False), ("error ** 2", None)]
)
def test_an_error_is_no_loss_although_its_derivative_fits_at_some_rate(tmp_path, slope, is_right):
    (tmp_path / "neuron.py").write_text(ONE_OUTPUT.format(slope=slope))
    found = judge(tmp_path / "neuron.py").decision
    assert found.is_right is is_right


def test_gradients_are_right_where_adam_makes_another_step_of_them(write):
    path = write(ADAM)
    assert judge(path).decision.is_right is True
    assert find_messages(path)[1].endswith("by 4 weights, with Adam")


def test_gradients_of_which_one_is_used_otherwise_do_not_make_a_step_right(write):
    other = "for W, g in zip((W1, b1, W2, b2), grads): W -= 0.01 * (g if W is not W1 else g ** 2)"
    assert judge(write(other)).decision.is_right is None


def test_wrong_gradients_are_not_right_because_of_adam(write):
    path = write(ADAM, first=("(1 - z ** 2)", "(1 - z)"))
    assert judge(path).decision.is_right is not True


def test_the_derivative_at_a_value_already_updated_is_wrong(write):
    path = write(
        first=("    dz = dy", "    W2 -= 0.01 * z.T @ dy\n    dz = dy"),
        second=("z.T @ dy, dy.sum", "0 * W2, dy.sum"),
    )
    assert judge(path).decision.is_right is False


def test_a_function_that_updates_nothing_is_wrong(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(
        "import numpy as np\n"
        "class Net:\n"
        "    def __init__(self, input_size, hidden_size, output_size):\n"
        "        self.params = {'W': np.random.randn(input_size, output_size)}\n"
        "    def gradient(self, x, t):\n"
        "        return {'W': x.T @ (x @ self.params['W'] - t)}\n"
        "def train(net, x, t, lr=0.1):\n"
        "    grads = net.gradient(x, t)\n"
        "    for key, p in net.params.items():\n"
        "        p = p - lr * grads[key]\n"
    )
    assert "leaves all weights as they were" in find_messages(path)[0]


def test_a_bias_that_is_updated_and_left_out_of_the_forward_pass_is_named(write):
    path = write(first=("X @ W1 + b1", "X @ W1"))
    assert "changes b1, but nothing that it computes depends on that" in find_messages(path)[0]


def test_a_bias_that_is_left_out_is_named_where_more_is_wrong(write):
    path = write(first=("X @ W1 + b1", "X @ W1"), then=("W2.T * (1 - z ** 2)", "W2.T"),
                 last=("z.T @ dy, dy.sum", "z.T @ y, y.sum"))  # fmt: skip
    assert "changes b1, but nothing that it computes depends on that" in find_messages(path)[0]


SOFTMAX = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(6, 3), np.eye(2)[[0, 1, 1, 0, 0, 0]]
W, b = np.random.randn(3, 2), np.zeros(2)
for i in range(500):
    e = np.exp(X @ W + b)
    y = e / e.sum(axis=1, keepdims=True)
    loss = -np.sum(t * np.log(y)) / 6
    d = y / 6
    d -= t / 6
    W -= 0.1 * X.T @ d
    b -= 0.1 * d.sum(axis=0)
"""


@pytest.mark.parametrize("sums", ["e.sum(axis=0)", "e.sum()"])
def test_a_softmax_over_the_samples_is_wrong_at_its_line(tmp_path, sums):
    path = tmp_path / "softmax.py"
    path.write_text(SOFTMAX)
    assert judge(path).decision.is_right
    path.write_text(SOFTMAX.replace("e.sum(axis=1, keepdims=True)", sums))
    assert "(line 8) sum to 1 over the samples" in find_messages(path)[0]


def test_a_softmax_that_is_right_for_some_targets_is_not_wrong():
    numbers = np.random.default_rng(0).random((5, 3))
    p, over_samples = (numbers / numbers.sum(axis=axis, keepdims=True) for axis in (1, 0))
    t = np.eye(3)[[0, 1, 2, 0, 1]]
    columns = np.eye(5)[[4, 1, 1]].T  # a class of five for each of three samples

    def find(y, *targets):
        base = SimpleNamespace(events=[(0, "", y)])
        model = SimpleNamespace(base=base, outputs=[(0,)], list_targets=lambda: targets)
        return find_wrong_softmax(model)

    assert find(p, t) is None
    assert find(over_samples, t) == 0
    assert find(p, columns) == 0
    assert find(p, columns, t) is None


CLASS = (Path(__file__).parents[1] / "shapes/examples/svm.py").read_text()


def test_a_bias_that_balanced_classes_leave_as_it_is_is_no_mistake(tmp_path):
    path = tmp_path / "svm.py"
    path.write_text(CLASS)
    assert judge(path).decision.is_right


def test_gradients_that_may_be_meant_to_be_added_are_not_called_uphill(tmp_path):
    path = tmp_path / "svm.py"
    turned = CLASS.replace("dscores /= N", "dscores /= -N")
    path.write_text(turned.replace("return loss, grads", "return grads"))
    assert judge(path).decision.is_right is None
    path.write_text(turned)  # beside the loss they are its gradients
    assert "goes up the derivative of its own loss" in find_messages(path)[0]


def test_a_step_that_ignores_the_targets_is_wrong(write):
    path = write(old=("dy = 2 * (y - t)", "dy = 2 * y"))
    assert "moves the weights by as much whatever t is" in find_messages(path)[0]
    # Without a loss that depends on them, nothing says that they are targets.
    path = write(old=("dy = 2 * (y - t)", "dy = 2 * y"), loss=("(y - t) ** 2", "y ** 2"))
    assert judge(path) is None


def test_gradients_that_nobody_sets_to_0_are_those_of_all_steps(write):
    summed = (
        "for k, (W, g) in enumerate(zip((W1, b1, W2, b2), grads)):\n        m[k] += g\n        "
    )
    path = write(summed + "W -= 0.01 * m[k]")
    assert "adds its gradients to m[0] and m[1]" in find_messages(path)[0]
    path = write(summed.replace("m[k] += g", "m[k] = 0.9 * m[k] + g") + "W -= 0.01 * m[k]")
    assert judge(path).decision.is_right is True


def test_a_bias_whose_gradient_is_computed_and_not_used_is_left(write):
    path = write(PLAIN.replace("grads): W", "grads[:3]): W"))
    assert "does not change b2" in find_messages(path)[0]


def test_gradients_of_the_call_that_gives_the_loss_have_its_factor(tmp_path):
    path = tmp_path / "svm.py"
    path.write_text(CLASS.replace("dscores /= N", "dscores /= 2 * N"))
    assert judge(path).decision.is_right is False
    assert "gradients that are 0.5 times the derivative of its own loss" in find_messages(path)[0]


ENTROPY = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(6, 3), np.random.randint(0, 2, (6, 1))
W1, b1, W2, b2 = np.random.randn(3, 4), np.zeros(4), np.random.randn(4, 1), np.zeros(1)
for i in range(500):
    z = np.tanh(X @ W1 + b1)
    a = z @ W2 + b2
    y = 1 / (1 + np.exp(-a))
    loss = LOSS
    dy = (y - t)SLOPE
    dz = dy @ W2.T * (1 - z ** 2)
    for W, g in zip((W1, b1, W2, b2), [X.T @ dz, dz.sum(axis=0), z.T @ dy, dy.sum(axis=0)]):
        W -= 0.01 * g
"""
CROSS = "-np.sum(t * np.log(y) + (1 - t) * np.log(1 - y))"
SQUARES = "np.mean((y - t) ** 2)"


@pytest.mark.parametrize(
    ("loss", "slope", "is_right"),
    [(CROSS, "", True), (SQUARES, "", True), (SQUARES, " * y * (1 - y)", True),
     (CROSS, " * y * (1 - y)", False)],
)  # fmt: skip
def test_a_step_of_squares_beside_a_cross_entropy_is_wrong_and_not_the_reverse(
    tmp_path, loss, slope, is_right
):
    path = tmp_path / "script.py"
    path.write_text(ENTROPY.replace("LOSS", loss).replace("SLOPE", slope))
    assert judge(path).decision.is_right is is_right


COLUMNS = EXAMPLES / "columns.py"
NEURON = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(20, 3), np.random.randint(0, 2, 20)
W, b = np.random.randn(3), np.zeros(1)
for x, target in zip(X, t):
    y = 1 / (1 + np.exp(-(x @ W + b)))
    loss_derivative = y - target
    W -= 0.1 * loss_derivative * x
    b -= 0.1 * loss_derivative
"""


def change(tmp_path, *changes):
    """Write the example of functions with some of its lines changed."""
    text = COLUMNS.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "columns.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("changes", "cause"),
    few([
        ([("np.dot(W1, X) + b1", "np.dot(W1, X)")], "bias-missing-forward"),
        ([(f'- learning_rate * grads["db{i}"]', "") for i in (1, 2)], "bias-not-updated"),
        ([("dZ1, axis=1, keepdims=True) / m", "dZ1, axis=1, keepdims=True) * 0")],
         "bias-grad-missing"),
        ([("axis=1, keepdims=True) / m", "axis=1, keepdims=True) / m**2")], "bias-grad-mean"),
        ([("A1.T) / m", "A1.T)")], "batch-mean-missing"),
    ], 2),
)  # fmt: skip
def test_a_wrong_step_names_the_mistake_that_its_values_show(changes, cause, tmp_path):
    judged = judge(change(tmp_path, *changes))
    assert judged.decision.is_right is False
    assert {finding.cause for finding in describe(judged)} == {cause}


def test_what_only_large_weights_show_is_found(tmp_path):
    path = change(tmp_path, (" * (1 - np.power(A1, 2))", ""))
    assert judge(path).decision.wrong == ["parameters['W1']", "parameters['b1']"]


def test_a_number_that_the_file_calls_a_loss_must_be_one(tmp_path):
    swapped = change(tmp_path, ("np.log(1 - A2), 1 - Y", "np.log(1 - A2), Y"))
    assert "what it calls a loss (line 36)" in find_messages(swapped)[0]


def test_a_derivative_of_one_output_is_no_loss(tmp_path):
    path = tmp_path / "neuron.py"
    path.write_text(NEURON)
    assert judge(path).decision.is_right is True


@pytest.mark.parametrize(
    "cost", ["np.mean((A2 - Y) ** 2)", "np.mean(np.abs(A2 - Y))", "-np.sum(logprobs)"]
)
def test_another_usual_loss_may_be_shown(cost, tmp_path):
    path = change(tmp_path, ("-np.sum(logprobs) / m", cost))
    assert judge(path).decision.is_right is True


@pytest.mark.parametrize(("hidden", "is_noted"), [("Z1", True), ("np.tanh(Z1)", False)])
def test_layers_without_an_activation_between_them_are_noted(hidden, is_noted, tmp_path):
    changes = [("np.tanh(Z1)", hidden)]
    changes += [(" * (1 - np.power(A1, 2))", "")] if is_noted else []
    judged = judge(change(tmp_path, *changes))
    assert judged.decision.is_right is True
    assert ("activation-missing" in {finding.cause for finding in describe(judged)}) is is_noted


def test_an_error_of_one_output_is_no_loss_that_a_step_may_go_down(tmp_path):
    path = tmp_path / "neuron.py"
    path.write_text(NEURON.replace("y - target", "target - y"))
    assert judge(path).decision.fault.name == "UPHILL"


def test_adam_with_a_bias_of_one_number_is_understood(write):
    change = (
        ("randn(6, 2)", "randn(6, 1)"),
        ("randn(4, 2), np.zeros(2)", "randn(4, 1), np.zeros(1)"),
    )
    path = write(ADAM, first=change[0], second=change[1])
    assert judge(path).decision.is_right is True
    assert find_messages(path)[1].endswith("by 4 weights, with Adam")


def test_half_of_the_cross_entropy_of_one_output_is_no_loss_of_it(write):
    sigmoid = ("y = z @ W2 + b2", "y = 1 / (1 + np.exp(-(z @ W2 + b2)))")
    data = ("t = np.random.randn(6, 3), np.random.randn(6, 2)",
            "t = np.random.randn(6, 3), np.array([[0.0, 1, 1, 0, 1, 0]]).T")  # fmt: skip
    sizes = ("np.random.randn(4, 2), np.zeros(2)", "np.random.randn(4, 1), np.zeros(1)")
    one = {"a": sigmoid, "b": data, "c": sizes, "d": ("2 * (y - t)", "y - t")}
    half = ("((y - t) ** 2).sum()", "-(t * np.log(y)).sum()")
    whole = (half[0], "-(t * np.log(y) + (1 - t) * np.log(1 - y)).sum()")
    assert judge(write(loss=whole, **one)).decision.is_right is True
    assert judge(write(loss=half, **one)).decision.fault is Fault.WRONG_LOSS


def test_a_later_round_that_uses_what_the_first_kept_is_wrong(write):
    kept = write(cache=("dz = dy", "kept.append(z); dz = dy"), slope=("1 - z **", "1 - kept[0] **"),
                 start=("for i in range(500)", "kept = []\nfor i in range(500)"))  # fmt: skip
    judged = judge(kept)
    assert judged.decision.is_right is False
    assert set(judged.decision.wrong) == {"W1", "b1"}
    assert "its first round is right" in find_messages(kept)[-1]


BIASES = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
weights = [rng.normal(size=(3, 4)), rng.normal(size=(4, 2))]
biases = [rng.normal(size=4), rng.normal(size=2)]
for x, t in zip(X, T):
    h = np.tanh(x @ weights[0] + biases[0])
    d2 = h @ weights[1] + biases[1] - t
    d1 = weights[1] @ d2 * (1 - h**2)
    steps = [d1, d2]
    for i, before in enumerate((x, h)):
        bias = biases[i] - 0.1 * steps[i]
        weights[i] = weights[i] - 0.1 * np.outer(before, steps[i])
"""


def test_a_bias_in_a_list_that_is_computed_and_not_kept_is_left(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(BIASES)
    decision = judge(path).decision
    assert (decision.fault, decision.wrong) == (Fault.LEFT, ["biases[0]", "biases[1]"])
    path.write_text(
        BIASES.replace("        weights[i] =", "        biases[i] = bias\n        weights[i] =")
    )
    assert judge(path).decision.is_right is True


def test_an_identity_that_passes_on_the_inputs_is_no_weight_that_is_left(tmp_path):
    path = tmp_path / "net.py"
    text = BIASES.replace("bias = biases[i]", "biases[i] = biases[i]")
    text = text.replace("weights = [", "weights = [np.eye(3), ").replace(
        "biases = [", "biases = [np.zeros(3), "
    )
    for i in (1, 0):
        text = text.replace(f"weights[{i}]", f"weights[{i + 1}]").replace(
            f"biases[{i}]", f"biases[{i + 1}]"
        )
    text = text.replace("x @ weights", "(x @ weights[0] + biases[0]) @ weights")
    text = text.replace("weights[i] = weights[i]", "weights[i + 1] = weights[i + 1]")
    path.write_text(text.replace("biases[i] = biases[i]", "biases[i + 1] = biases[i + 1]"))
    assert judge(path).decision.is_right is True


def test_batches_in_a_list_are_no_biases():
    assert not is_named_as_bias("batch[0]")
    assert all(map(is_named_as_bias, ("self.bias[0]", "biases[1]", "b[2]", "net['b1']", "self.b")))


HOT = """
import numpy as np
np.random.seed(0)
X, labels = np.random.randn(20, 3), np.random.randint(0, 4, 20)
T = np.zeros((20, 4))
T[np.arange(20), labels] = 1
W1, W2 = np.random.randn(3, 5), np.random.randn(5, 4)
for i in range(500):
    x, t = X[:10], T[:10]
    z = np.tanh(x @ W1)
    y = np.exp(z @ W2)
    y = y / y.sum(axis=1, keepdims=True)
    d = (y - t) / 10
    e = d @ W2.T * (1 - z ** 2)
    W2 -= 0.1 * z.T @ d
    W1 -= 0.1 * x.T @ e
"""


def test_targets_that_are_1_for_every_class_are_wrong(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(HOT)
    assert judge(path).decision.is_right is True
    path.write_text(HOT.replace("T[np.arange(20), labels]", "T[:, labels]"))
    assert judge(path).decision.fault is Fault.EQUAL_TARGETS
    assert "the same targets T for every sample" in find_messages(path)[0]
    path.write_text(HOT.replace("np.random.randint(0, 4, 20)", "np.sort(np.arange(20) // 10)"))
    assert judge(path).decision.is_right is True  # a batch of one class
