"""A step down a loss of no usual form is right if one derivative by the outputs explains it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import judge, write_changed

from trainer.checker.judge.decision import Fault
from trainer.checker.judge.losses import GROWING

NET = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
T = np.sin(X @ rng.normal(size=(3, 2))) * 2
mask, strength = rng.random(T.shape) < 0.7, np.array([0.5, 3.0])
W1, b1 = rng.normal(size=(3, 8)), np.zeros(8)
W2, b2 = rng.normal(size=(8, 2)), np.zeros(2)
for i in range(100):
    z = np.tanh(X @ W1 + b1)
    y = z @ W2 + b2
    dy = np.clip(y - T, -1, 1) / len(X)
    da = dy @ W2.T * (1 - z**2)
    W2 -= 0.1 * z.T @ dy
    b2 -= 0.1 * dy.sum(axis=0)
    W1 -= 0.1 * X.T @ da
    b1 -= 0.1 * da.sum(axis=0)
"""
ERROR = "np.clip(y - T, -1, 1) / len(X)"
HUBER = "    e = np.abs(y - T)\n    loss = np.where(e < 1, 0.5 * e**2, e - 0.5).sum() / len(X)\n"


@pytest.fixture
def decide(tmp_path):
    def decide_on(old="", new=""):
        return judge(write_changed(tmp_path, NET, old, new)).decision

    return decide_on


@pytest.mark.parametrize(
    "error", [ERROR, "(y - T) * mask", "(y - T) * strength", "np.tanh(y - T)", "(y - T)**3"]
)
def test_a_step_down_an_unusual_loss_is_right(decide, error):
    decision = decide(ERROR, error)
    assert decision.is_right is True
    assert decision.fit.loss == GROWING


def test_errors_that_are_cut_far_away_alone_make_an_unusual_loss(decide):
    decision = decide("-1, 1", "-4, 4")  # no error is as large near the first weights
    assert (decision.is_right, decision.fit.loss) == (True, GROWING)


@pytest.mark.parametrize(
    ("old", "new"),
    [(" * (1 - z**2)", ""), ("1 - z**2", "1 - z"), ("W2 -= 0.1 * z.T @ dy", "W2 -= 0.1 * z.T @ y")],
)
def test_a_mistake_behind_it_is_not(decide, old, new):
    assert decide(old, new).is_right is False


def test_the_weights_before_a_mistake_are_wrong_though_the_last_are_read_first(tmp_path):
    wrong = NET.replace(" * (1 - z**2)", "")
    decision = judge(write_changed(tmp_path, wrong, "    z =", "    last = W2\n    z =")).decision
    assert set(decision.wrong) == {"W1", "b1"}


def test_a_step_that_grows_the_errors_is_not_right(decide):
    assert not decide(ERROR, "np.clip(T - y, -1, 1)").is_right


def test_a_net_that_computes_such_a_loss_must_go_down_that(decide):
    head = f"    dy = {ERROR}\n"
    assert decide(head, HUBER + head).fit.is_own
    assert not decide(head, HUBER + head.replace(ERROR, "(y - T)**3")).is_right


OUTPUTS, SMALL = "y = z @ W2 + b2", NET.replace("rng.normal(size=(8", "0.3 * rng.normal(size=(8")


@pytest.mark.parametrize(
    ("outputs", "error"),
    [
        ("y = 1 / (1 + np.exp(-a))", "np.exp(-a) / (1 + np.exp(-a) ** 2)"),
        ("y = 1 / (1 + np.exp(-a))", "y * (1 - y ** 2)"),
        ("y = np.tanh(a)", "(1 - y)"),
    ],
)
def test_a_wrong_derivative_of_the_last_activation_makes_no_loss(tmp_path, outputs, error):
    text = SMALL.replace(ERROR, f"(y - T) * {error}")
    decision = judge(write_changed(tmp_path, text, OUTPUTS, f"a = z @ W2 + b2; {outputs}")).decision
    assert (decision.is_right, decision.fault) == (False, Fault.SLOPE)


@pytest.mark.parametrize("error", ["(y - T)", "(y - T) / y", "(y - T) * y ** 0.5"])
def test_errors_over_a_power_of_the_outputs_are_those_of_a_loss(tmp_path, error):
    text = SMALL.replace(ERROR, error)
    changed = write_changed(tmp_path, text, OUTPUTS, "y = np.exp(z @ W2 + b2)")
    assert judge(changed).decision.is_right is True


CLASSES = NET.replace(
    "np.sin(X @ rng.normal(size=(3, 2))) * 2", "np.eye(2)[rng.integers(0, 2, 40)]"
)
CLASSES = CLASSES.replace(
    "    dy =", "    y = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)\n    dy ="
)
RARE = "(y - T) * (T @ strength)[:, None]"


def test_of_a_softmax_each_sample_may_have_a_weight_and_nothing_else(tmp_path):
    assert judge(write_changed(tmp_path, CLASSES, ERROR, RARE)).decision.is_right is True
    path = write_changed(tmp_path, CLASSES, ERROR, "(y - T) * y * (1 - y) * strength")
    assert not judge(path).decision.is_right


@settings(max_examples=5, deadline=None)
@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=2))
@pytest.mark.slow
def test_weights_of_the_outputs_keep_it_right(tmp_path_factory, weights):
    path = write_changed(tmp_path_factory.mktemp("net"), NET, ERROR, f"(y - T) * {weights}")
    assert judge(path).decision.is_right is True
