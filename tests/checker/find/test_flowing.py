"""Functions of a net that no loop calls are run as one step, by the names of what they return."""

import pytest
from planted import EXAMPLES
from sampling import few
from steps import FREE, judge, write_changed

from trainer.checker.find.programs import Script
from trainer.checker.find.trace import SUBTRACTED
from trainer.checker.judge.decision import Fault
from trainer.checker.process import check_in_child

ROWS, DEEP = ((EXAMPLES / f"{name}.py").read_text() for name in ("rows", "deep"))


@pytest.mark.parametrize("path", few([EXAMPLES / "rows.py", FREE / "one_function.py"], 1))
def test_functions_without_a_loop_are_one_step(path):
    judged = judge(path)
    assert judged.decision.is_right is True
    assert judged.decision.fit.is_own


@pytest.mark.slow
def test_without_an_update_the_gradients_are_subtracted(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(ROWS[: ROWS.index("def update_params")])
    judged = judge(path)
    assert judged.decision.is_right is True
    assert judged.decision.model.base.gave == SUBTRACTED


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    few(
        [
            ("A1.T @ dZ2", "Z1.T @ dZ2", {"net['W2']"}),
            ("dZ2 @ W2.T", "dZ2 @ W2.T * 2 + 1", {"net['W1']", "net['b1']"}),
            ("b1 - lr * db1", "b1 + lr * db1", {"net['b1']"}),
        ],
        1,
    ),
)
def test_a_mistake_in_one_function_is_found(tmp_path, old, new, wrong):
    path = tmp_path / "net.py"
    assert ROWS.count(old) == 1
    path.write_text(ROWS.replace(old, new))
    judged = judge(path)
    assert judged.decision.is_right is False
    assert set(judged.decision.wrong) == wrong


@pytest.mark.slow
def test_a_net_that_takes_a_list_of_sizes_has_two_hidden_layers():
    decision = judge(EXAMPLES / "deep.py").decision
    assert decision.is_right is True
    assert len(decision.model.weights) == 6


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    few(
        [
            ("Z = np.dot(W, A) + b", "Z = np.dot(W, A)", Fault.UNUSED),
            ("dA = -(Y / AL - (1 - Y) / (1 - AL))", "dA = AL - Y", Fault.OTHER_LOSS),
            ("    return A, Z\n\n\ndef relu", "    return A, A\n\n\ndef relu", Fault.SLOPE),
        ],
        1,
    ),
)
def test_a_mistake_in_a_net_of_three_layers_is_found(tmp_path, old, new, fault):
    decision = judge(write_changed(tmp_path, DEEP, old, new)).decision
    assert (decision.is_right, decision.fault) == (False, fault)


def test_what_a_function_raises_is_told(tmp_path):
    script = Script(write_changed(tmp_path, DEEP, "np.dot(W.T, dZ)", "np.dot(W.T, dz)"))
    for program in script.list_programs():
        program()
    assert "raises NameError: name 'dz' is not defined" in script.fault[1]


LISTS = """
import numpy as np

def init(sizes, rng):
    Ws = [rng.normal(size=(a, b)) for a, b in zip(sizes, sizes[1:])]
    bs = [np.zeros(b) for b in sizes[1:]]
    return Ws, bs

def forward(Ws, bs, X):
    act = [X]
    for k in range(len(Ws)):
        z = act[-1] @ Ws[k] + bs[k]
        act.append(z if k == len(Ws) - 1 else np.tanh(z))
    return act

def backward(Ws, bs, X, Y):
    act = forward(Ws, bs, X)
    gW, gb = [None] * len(Ws), [None] * len(Ws)
    delta = act[-1] - Y
    for k in reversed(range(len(Ws))):
        gW[k], gb[k] = act[k].T @ delta, delta.sum(axis=0)
        delta = delta @ Ws[k].T * (1 - act[k] ** 2)
    return gW, gb
"""
TRAINED = (
    LISTS
    + """
def sgd(Ws, bs, X, Y, lr, epochs, batch_size, rng):
    for _ in range(epochs):
        gW, gb = backward(Ws, bs, X, Y)
        for k in range(len(Ws)):
            Ws[k] -= lr * gW[k]
            bs[k] -= lr * gb[k]
    return Ws, bs
"""
)


@pytest.mark.parametrize("text", few([LISTS, TRAINED], 1))
def test_weights_may_be_lists_that_functions_are_given(text, tmp_path):
    for new, is_right in (("1 - act[k] ** 2", True), ("1 - act[k]", False)):
        path = write_changed(tmp_path, text, "1 - act[k] ** 2", new)
        assert judge(path).decision.is_right is is_right


def test_a_name_that_the_update_lacks_is_not_hidden_by_gradients_that_are_right(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(ROWS.replace("b1 - lr * db1", "copy.copy(b1) - lr * db1"))
    report, _ = check_in_child(path)
    assert report.status == 1
    assert "name 'copy' is not defined" in report.as_text()
