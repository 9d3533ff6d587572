"""Nets of any depth and form are judged by what their own training step does."""

import pytest
from sampling import few
from steps import FREE, judge, write_changed

# One line of a net → what makes it wrong.
MISTAKES = {
    "xor_script": ("l1_error * nonlin(l1,", "l1_error * nonlin(np.dot(l0, syn0),"),
    "one_neuron": ("weights += adjustment", "weights -= adjustment"),
    "mini_batches": ("transpose(), delta) * sp", "transpose(), delta)"),
    "single_samples": ("self.who.T, output_deltas", "self.who.T, output_errors"),
    "deep_script": ("g[z < 0] = ALPHA", "g[z < 0] = 0"),
    "hinge": ("da1 * (self.z1 > 0)", "da1"),
    "bias_in_weights": ("self.W3[:-1, :].T", "self.W3[1:, :].T"),
    "batch_norm": (" + dmu / N", ""),
    "dropout": ("    dA1 = dA1 * D1\n", ""),
    "labels_one_by_one": ("np.outer(d2, h)", "np.outer(d2, z1)"),
    "convolution": ("d_L_d_filters[f] += d_L", "d_L_d_filters[f] = d_L"),
    "rows_of_a_file": ('after["weights"][j] * after', 'after["weights"][-1] * after'),
    "table": ("W2.T.dot(dZ2) * (Z1 > 0)", "W2.T.dot(dZ2)"),
    "digits": ("(1 - a1**2)", "(1 - a1)"),
    "point_with_target": ("* slope(z[i])", "* slope(y)"),
    "flat_weights": ("(1 - z**2)", "(1 - z)"),
    "closures": ("(1 - z**2)", "(1 - z)"),
    "penalised_rows": ("/ (1 + np.exp(-a))", "/ (1 + np.exp(a))"),
    "clipped": ("(1 - f * f)", "f * (1 - f)"),
    "tuples_rmsprop": ("* (h > 0)", "* h"),
    "layers_float32": ("dout * self.on", "dout"),
    "straight": ("(1 - z ** 2)", "(1 - z)"),
    "autoencoder": (" + error.T @ code", ""),
    "one_at_a_time": ("out_delta.dot(self.W2.T) *", "out_delta.dot(self.W2.T) +"),
    "engine": ("(1 - t * t) * out.grad", "(1 - t) * out.grad"),
    "ascent": ("old = W2.copy()", "old = W2"),
    "records": ("(1 - self.layers[i] ** 2) * (", "(1 - self.layers[i]) * ("),
    "perceptron": ("self.b += update", "self.b -= update"),
    "normalised_adam": ("p -= rate", "p += rate"),
    "scalar_bias": ("b1 -= lr * db1", "b1 -= lr * db2"),
}  # fmt: skip


@pytest.mark.parametrize("name", few(MISTAKES, 9))
def test_a_right_net_goes_down_a_loss_in_any_form(name):
    found = judge(FREE / f"{name}.py")
    assert found.decision.is_right is True
    assert not found.decision.wrong


@pytest.mark.parametrize("name", few(MISTAKES, 5))
def test_a_wrong_line_is_never_right(name, tmp_path):
    text = (FREE / f"{name}.py").read_text()
    old, new = MISTAKES[name]
    assert old in text
    path = tmp_path / "net.py"
    path.write_text(text.replace(old, new))
    assert judge(path).decision.is_right is False


def test_a_weight_to_which_a_step_goes_back_for_nothing_is_left_out(tmp_path):
    text = (FREE / "xor_script.py").read_text().replace("syn0", "first").replace("syn1", "last")
    path = write_changed(tmp_path, text, "first += l0.T.dot(l1_delta)", "")
    assert judge(path).decision.wrong == ["first"]


def test_a_bias_of_zeros_that_a_step_leaves_as_it_is_is_left_out(tmp_path):
    text, update = (FREE / "autoencoder.py").read_text(), "hidden_bias += 0.1 * back.mean(axis=0)"
    assert judge(write_changed(tmp_path, text, update, "")).decision.wrong == ["hidden_bias"]


@pytest.mark.parametrize("bias", ["rng.normal(size=4)", "np.ones(4)"])
def test_a_bias_is_left_out_where_it_was_drawn_and_fixed_where_it_is_constant(bias, tmp_path):
    text, update = (FREE / "autoencoder.py").read_text(), "hidden_bias += 0.1 * back.mean(axis=0)"
    path = write_changed(tmp_path, text.replace("bias = np.zeros(4)", f"bias = {bias}"), update, "")
    assert judge(path).decision.is_right is ("ones" in bias)


OJA = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5))
w = rng.normal(size=5)
for x in X:
    y = w @ x
    w += 0.001 * y * (x - y * w)
"""
FEATURES = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, (40, 1))
t = np.sin(X)
W, b = rng.normal(size=(1, 20)), rng.uniform(0, 6.28, 20)
v, c = np.zeros((20, 1)), np.zeros(1)
for i in range(500):
    phi = np.cos(X @ W + b)
    d = (phi @ v + c - t) / len(X)
    v -= 0.1 * phi.T @ d
    c -= 0.1 * d.sum(axis=0)
"""


def test_a_rule_whose_inputs_are_no_targets_is_not_wrong(tmp_path):
    (tmp_path / "net.py").write_text(OJA)
    judged = judge(tmp_path / "net.py")
    assert judged is None or judged.decision.is_right is None


def test_features_that_were_drawn_stay_as_they_are(tmp_path):
    (tmp_path / "net.py").write_text(FEATURES)
    assert judge(tmp_path / "net.py").decision.is_right is True
