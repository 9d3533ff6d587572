"""A variable that stands for a new array loses an update only where nothing else has it."""

import numpy as np
import pytest
from steps import find_messages, judge, write_changed

from trainer.checker.find.trace import Trace
from trainer.checker.judge.decision import Fault
from trainer.checker.judge.idle import list_lost

DESCENT = """
import numpy as np
rng = np.random.default_rng(0)
A = rng.normal(size=(4, 4))
x, kept = rng.normal(size=4), []
for i in range(100):
    grad = A.T @ (A @ x)
    x = x - 0.1 * grad
"""
KEEPS = [
    "    kept.append(x)\n    x = x - 0.1 * grad\n",
    "    x = x - 0.1 * grad\n    kept.append(x)\n",
    "    x = x - 0.1 * grad\n    kept = [x]\n",
    "    x = x - 0.1 * grad\n",
]


@pytest.mark.parametrize("text", KEEPS)
def test_points_of_a_descent_may_be_kept(text, tmp_path):
    judged = judge(write_changed(tmp_path, DESCENT, "    x = x - 0.1 * grad\n", text))
    assert judged is None or judged.decision.is_right is not False


def test_the_variable_of_a_loop_loses_what_is_added_to_it(tmp_path):
    text = "    for w in weights:\n        w = w - 0.1 * grad\n"
    descent = DESCENT.replace("x, kept = ", "weights = [x := ").replace("=4), []", "=4)]")
    judged = judge(write_changed(tmp_path, descent, "    x = x - 0.1 * grad\n", text))
    assert judged.decision.fault is Fault.IDLE


HELD_TWICE = """
import numpy as np
X, t = np.random.randn(9, 3), np.random.randn(9, 2)
layers = [np.random.randn(3, 4), np.random.randn(4, 2)]
params = {"W1": layers[0], "W2": layers[1]}
for i in range(100):
    z = np.tanh(X @ layers[0])
    d = z @ layers[1] - t
    grads = {"W1": X.T @ (d @ layers[1].T * (1 - z ** 2)), "W2": z.T @ d}
    for key in params:
        params[key] -= 0.01 * grads[key]
"""


def test_new_values_that_the_net_never_uses_are_a_mistake(tmp_path):
    old, new = "params[key] -= ", "params[key] = params[key] - "
    assert judge(write_changed(tmp_path, HELD_TWICE, "", "")).decision.is_right
    path = write_changed(tmp_path, HELD_TWICE, old, new)
    assert judge(path).decision.fault is Fault.FORGOTTEN
    assert "(line 11), but the net continues with the old ones" in find_messages(path)[0]
    alone = HELD_TWICE.replace("X @ layers[0]", "X @ params['W1']")
    alone = alone.replace("z @ layers[1]", "z @ params['W2']").replace(
        "layers[1].T", "params['W2'].T"
    )
    assert judge(write_changed(tmp_path, alone, old, new)).decision.is_right


RANDOM = """
import numpy as np
X, y = np.random.randn(9, 3), np.arange(9) % 2
W, b = np.random.randn(3, 2), np.zeros(2)
best_W, best_b, least = W.copy(), b.copy(), 1000
for i in range(1000):
    W += {W}
    b += {b}
    a = X @ W + b
    e = np.exp(a - a.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[range(9), y]).mean()
    if loss < least:
        best_W, best_b, least = W.copy(), b.copy(), loss
    else:
        W, b = best_W.copy(), best_b.copy()
"""


def test_a_random_step_that_is_kept_where_it_helps_follows_no_derivative(tmp_path):
    path = tmp_path / "net.py"
    noise = "0.05 * np.random.randn(3, 2)", "0.05 * np.random.randn(2)"
    path.write_text(RANDOM.replace("{W}", noise[0]).replace("{b}", noise[1]))
    judged = judge(path)
    assert judged is None or judged.decision.is_right is None
    path.write_text(RANDOM.replace("{W}", "0.05 * X.T @ X[:, :2]").replace("{b}", "0.01"))
    assert judge(path).decision.is_right is False


RECURRENT = """
import numpy as np
x, t = np.eye(5)[[0, 1, 2, 3, 4, 3, 2]], np.eye(5)[[1, 2, 3, 4, 3, 2, 1]]
W, U, V = np.random.randn(4, 5), np.random.randn(4, 4), np.random.randn(5, 4)
h = np.zeros(4)
for i in range(1000):
    before = h
    h = np.tanh(W @ x[i % 7] + U @ before)
    d = V @ h - t[i % 7]
    dh = V.T @ d * (1 - h**2)
    V -= 0.1 * np.outer(d, h)
    W -= 0.1 * np.outer(dh, x[i % 7])
    U -= 0.1 * np.outer(dh, before)
"""


def test_a_net_with_a_state_is_accused_of_nothing(tmp_path):
    judged = judge(write_changed(tmp_path, RECURRENT, "", ""))
    assert judged is None or judged.decision.is_right is not False


@pytest.mark.parametrize(("size", "lost"), [(1, []), (2, ["costs"])])
def test_one_number_that_moves_along_another_is_no_lost_weight(size, lost):
    old, new, rates = np.ones(size), np.full(size, 0.2), np.full(size, 0.5)
    base = Trace(before={"costs": old, "rates": rates}, after={"costs": new, "rates": rates})
    base.dropped, base.events = ["costs"], [(0, "", new)]
    assert list_lost(base) == lost
