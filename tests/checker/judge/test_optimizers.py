"""A step that keeps a state is right if it is momentum, AdaGrad, RMSprop or Adam, in any form."""

import pytest
from reports import apply_diff
from sampling import few
from steps import FREE, diagnose, find_messages, judge, write_changed

from trainer.checker.judge.causes import find_weight_causes
from trainer.checker.judge.decision import Fault

NET = """
import numpy as np

rng = np.random.default_rng(0)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
m, v = [np.zeros((3, 4)), np.zeros((4, 2))], [np.zeros((3, 4)), np.zeros((4, 2))]
lr, mu, beta1, beta2 = 0.02, 0.8, 0.9, 0.99
for t in range(1, 50):
    h = np.tanh(X @ W1)
    error = (h @ W2 - T) / 9
    grads = X.T @ (error @ W2.T * (1 - h**2)), h.T @ error
    for k, W in enumerate((W1, W2)):
        g = grads[k]
        {rule}
"""
XOR = (FREE / "adam_xor.py").read_text()
MEANS = "m[k] = beta1*m[k] + (1-beta1)*g\n        v[k] = beta2*v[k] + (1-beta2)*g**2\n        "
ADAM = MEANS + "W -= lr * m[k] / (1-beta1**t) / (np.sqrt(v[k] / (1-beta2**t)) + 1e-8)"
RULES = [
    ("momentum", "m[k] = mu*m[k] - lr*g; W += m[k]"),
    ("momentum", "m[k] = mu*m[k] + g; W -= lr*m[k]"),
    ("momentum", "m[k] = mu*m[k] + (1-mu)*g; W -= lr*m[k]"),
    ("momentum", "m[k] = mu*m[k] - lr*g; W += mu*m[k] - lr*g"),
    ("momentum", "old = m[k]; m[k] = mu*m[k] - lr*g; W += (1+mu)*m[k] - mu*old"),
    ("AdaGrad", "v[k] += g**2; W -= lr * g / (np.sqrt(v[k]) + 1e-7)"),
    ("RMSprop", "v[k] = mu*v[k] + (1-mu)*g**2; W -= lr * g / (np.sqrt(v[k]) + 1e-7)"),
    ("RMSprop", "v[k] = mu*v[k] + (1-mu)*g**2; W -= lr * g / np.sqrt(v[k] + 1e-7)"),
    ("Adam", ADAM),
    ("Adam", MEANS + "W -= lr * m[k] / (np.sqrt(v[k]) + 1e-8)"),
    ("Adam", MEANS + "W -= lr * (1-beta2**t)**0.5 / (1-beta1**t) * m[k] / (v[k] + 1e-9)**0.5"),
]
ROOTED = [rule for name, rule in RULES if "np.sqrt" in rule]
MISTAKES = [
    (Fault.MIXED, ADAM, "v[k] / (1-beta2**t)", "v[k] / (1-beta1**t)", 17),
    (Fault.MIXED, ADAM, "m[k] / (1-beta1**t)", "m[k] / (1-beta2**t)", 17),
    (Fault.MIXED, ADAM, "(1-beta2)*g**2", "(1-beta1)*g**2", 16),
    (Fault.MIXED, ADAM, "(1-beta1)*g\n", "(1-beta2)*g\n", 15),
    (Fault.INVERTED, ADAM, "np.sqrt(v[k] / (1-beta2**t))", "v[k] / (1-beta2**t)", 17),
    (Fault.AGAINST, RULES[0][1], "mu*m[k] - lr*g", "-mu*m[k] - lr*g", 15),
    (Fault.AGAINST, RULES[3][1], "W += mu*m[k]", "W += -mu*m[k]", 15),
]


HIDDEN = """
import numpy as np
rng = np.random.default_rng(1)
X, t = rng.normal(size=(16, 5)), rng.integers(0, 4, 16)
W, b = [rng.normal(size=s) for s in ((5, 6), (6, 5), (5, 4))], [np.zeros(n) for n in (6, 5, 4)]
class Adam:
    def __init__(self): self.m, self.v, self.t = {}, {}, 0
    def step(self, params, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads)):
            self.m[i] = 0.9 * self.m.get(i, 0 * p) + 0.1 * g
            self.v[i] = 0.99 * self.v.get(i, 0 * p) + 0.01 * g ** 2
            p -= 0.01 * self.m[i] / (1 - 0.9 ** self.t) / (
                np.sqrt(self.v[i] / (1 - 0.99 ** self.t)) + 1e-8)
adam = Adam()
for i in range(100):
    a = [X]
    for k in range(3):
        z = a[-1] @ W[k] + b[k]
        a.append(z * (z > 0) if k < 2 else z)
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -np.log(y[np.arange(16), t]).mean()
    d, grads = (y - np.eye(4)[t]) / 16, []
    for k in (2, 1, 0):
        grads += [d.sum(axis=0), a[k].T @ d]
        d = d @ W[k].T * (a[k] > 0)
    adam.step([p for k in (2, 1, 0) for p in (b[k], W[k])], grads)
"""


@pytest.fixture
def write(tmp_path):
    def write_script(rule):
        path = tmp_path / "script.py"
        path.write_text(NET.format(rule=rule))
        return path

    return write_script


@pytest.mark.parametrize(("name", "rule"), few(RULES, 5))
def test_the_rule_of_a_right_step_is_named(name, rule, write):
    path = write(rule)
    assert judge(path).decision.rule == name
    assert find_messages(path)[-1].endswith(f"by 2 weights, with {name}")


@pytest.mark.parametrize(("fault", "rule", "right", "wrong", "line"), few(MISTAKES, 3))
def test_a_mistake_in_a_rule_is_found_with_its_line_and_a_fix(
    fault, rule, right, wrong, line, write
):
    assert right in rule
    path = write(rule.replace(right, wrong))
    assert judge(path).decision.fault is fault
    found = diagnose(path)
    assert found.line == line
    assert found.diff


@pytest.mark.parametrize(
    "rule",
    [
        "m[k] = mu*m[k] - lr*np.clip(g, -0.01, 0.01); W += m[k]",
        MEANS + "W -= lr / (1 + 0.1*t) * m[k] / (np.sqrt(v[k]) + 1e-8)",
        MEANS + "W -= lr * (m[k] / (np.sqrt(v[k]) + 1e-8) + 0.01 * W)",
    ],
)
def test_a_rule_that_is_not_known_is_no_mistake(rule, write):
    path = write(rule)
    assert judge(path).decision.is_right is not False
    assert not judge(path).decision.rule


def test_what_is_not_checked_is_said(write):
    (*_, message) = find_messages(
        write(MEANS + "W -= lr / (1 + 0.1*t) * m[k] / (v[k]**0.5 + 1e-8)")
    )
    assert "momentum or Adam, was not checked" in message


@pytest.mark.parametrize("rule", ROOTED)
def test_a_root_that_is_forgotten_is_wrong(rule, write):
    decision = judge(write(rule.replace("np.sqrt", ""))).decision
    assert (decision.fault, set(decision.wrong)) == (Fault.INVERTED, {"W1", "W2"})


def test_a_step_of_one_length_has_its_root(write):
    rule = "W -= 0.01 * g / (g**2).sum()"
    assert judge(write(rule)).decision.fault is not Fault.INVERTED


def test_an_adam_that_has_no_state_before_its_first_step_is_not_accused(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(HIDDEN)
    assert judge(path).decision.is_right is True


def test_a_rate_that_falls_with_each_layer_is_one_that_may_differ(write):
    rule = "m[k] = mu*m[k] - lr / (1 + 5e-5*(2*t + k)) * g; W += m[k]"
    assert judge(write(rule)).decision.is_right is True


def test_gradients_of_another_size_that_adam_evens_out_accuse_no_weight(tmp_path):
    path = write_changed(tmp_path, XOR, "dout.sum(axis=0", "dout.mean(axis=0")
    assert judge(path).decision.is_right is None


GRADS, SLOPE = "grads = X.T @ (error @ W2.T * (1 - h**2))", " * (1 - h ** 2)"
ADAPTIVE = [rule for name, rule in RULES if name != "momentum"]


@pytest.mark.parametrize("rule", few(ADAPTIVE, 2))
def test_a_wrong_gradient_gets_its_cause_and_its_fix_whatever_divides_it(rule, tmp_path):
    text = NET.replace("{rule}", rule)
    text = text.replace(GRADS, f"delta = error @ W2.T{SLOPE}\n    grads = X.T @ delta")
    path = write_changed(tmp_path, text, SLOPE, "")
    assert find_weight_causes(judge(path).decision) == {"W1": "activation-grad-missing"}
    assert apply_diff(path.read_text(), diagnose(path).diff) == text
