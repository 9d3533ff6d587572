"""Engines for derivatives of single numbers, whose graphs hang on sets."""

import pytest
from steps import FREE, find_messages, judge, write_changed

HEAD = (FREE / "engine.py").read_text().split("class Neuron")[0]
for old, new in [("= children", "= set(children)"), ("grad = 0.0", "grad = 0")]:
    assert old in HEAD
    HEAD = HEAD.replace(old, new)
ENGINE = (
    HEAD
    + """
Value.__radd__, Value.__rmul__ = Value.__add__, Value.__mul__
def relu(v):
    out = Value(v.data if v.data > 0 else 0, (v,))
    def back():
        v.grad += (out.data > 0) * out.grad
    out._back = back
    return out

class Unit:
    def __init__(self, n, bends):
        self.w, self.b = [Value(random.uniform(-1, 1)) for _ in range(n)], Value(0)
        self.bends = bends
    def __call__(self, x):
        out = sum((w * v for w, v in zip(self.w, x)), self.b)
        return relu(out) if self.bends else out

random.seed(2)
net = [[Unit(2, True) for _ in range(3)], [Unit(3, False)]]
numbers = [p for layer in net for unit in layer for p in [*unit.w, unit.b]]
data = [([random.gauss(0, 1), random.gauss(0, 1)], 1 - 2 * (i % 2)) for i in range({N})]
def compute(x):
    for layer in net:
        x = [unit(x) for unit in layer]
    return x[0]
for epoch in range(20):
    losses = [relu(1 + -1 * t * compute(x)) for x, t in data]
    total = sum(losses) * (1 / len(losses)) + 1e-4 * sum(p * p for p in numbers)
    for p in numbers:
        p.grad = 0
    total.backward()
    for p in numbers:
        p.data -= 0.1 * p.grad
    correct = sum((compute(x).data > 0) == (t > 0) for x, t in data)
"""
)


@pytest.mark.parametrize("N", ["6", pytest.param("60", marks=pytest.mark.slow)])
def test_an_engine_goes_down_the_loss_before_all_that_it_computes_back(tmp_path, N):
    assert judge(write_changed(tmp_path, ENGINE, "{N}", N)).decision.is_right is True


def test_gradients_of_an_engine_must_be_set_to_0(tmp_path):
    text = ENGINE.replace("{N}", "6")
    path = write_changed(tmp_path, text, "    for p in numbers:\n        p.grad = 0\n", "")
    assert "adds its gradients to" in find_messages(path)[0]


def test_what_a_layer_is_given_is_none_of_its_weights(tmp_path):
    text = ENGINE.replace("{N}", "6")
    path = write_changed(tmp_path, text, "total.backward()", "break")
    judged = judge(path)
    assert judged is None or judged.decision.is_right is None
