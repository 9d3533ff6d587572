"""Nets of any depth and form are judged by what their own training step does."""

import pytest
from sampling import few
from steps import FREE, judge

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
