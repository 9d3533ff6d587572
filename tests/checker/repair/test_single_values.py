"""A loss or outputs that are wrong by themselves have a line, and a fix that was tried."""

import pytest

from trainer.checker.process import check_in_child

SCRIPT = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(8, 3), np.random.randint(0, 2, 8)
W1, b1, W2, b2 = np.random.randn(3, 4), np.zeros(4), np.random.randn(4, {n}), np.zeros({n})

def softmax(a):
    e = np.exp(a)
    return e / np.sum(e, axis=1, keepdims=True)

for i in range(500):
    z = np.tanh(X @ W1 + b1)
    {y}
    {loss}
    dy = (y - {t}) / 8
    dz = dy @ W2.T * (1 - z ** 2)
    W2 -= 0.1 * z.T @ dy
    b2 -= 0.1 * dy.sum(axis=0)
    W1 -= 0.1 * X.T @ dz
    b1 -= 0.1 * dz.sum(axis=0)
"""
CLASSES = {
    "n": 2, "y": "y = softmax(z @ W2 + b2)", "t": "np.eye(2)[t]",
    "loss": "loss = -np.mean(np.log(y[np.arange(8), t]))",
}  # fmt: skip
SINGLE = {
    "n": 1, "y": "y = 1 / (1 + np.exp(-(z @ W2 + b2)))", "t": "t.reshape(-1, 1)",
    "loss": "loss = -np.mean(t.reshape(-1, 1) * np.log(y) + "
            "(1 - t.reshape(-1, 1)) * np.log(1 - y))",
}  # fmt: skip


@pytest.mark.parametrize(
    ("net", "right", "wrong"),
    [
        (CLASSES, "np.sum(e, axis=1, keepdims=True)", "np.sum(e, axis=0, keepdims=True)"),
        (CLASSES, "np.sum(e, axis=1, keepdims=True)", "np.sum(e, axis=0)"),
        (CLASSES, "-np.mean(np.log", "np.mean(np.log"),
        (SINGLE, SINGLE["loss"], SINGLE["loss"].replace("t.reshape(-1, 1)", "t")),
        (SINGLE, "np.log(1 - y)", "np.log(y)"),
        (SINGLE, "np.log(1 - y)", "(1 - np.log(y))"),
    ],
    ids=[
        "softmax over samples",
        "softmax over samples without a column",
        "sign of a loss",
        "loss of each output and each target",
        "logarithm of the other class",
        "bracket of a logarithm",
    ],
)
def test_a_value_that_is_wrong_by_itself_has_a_line_and_a_fix(net, right, wrong, tmp_path):
    text = SCRIPT.format(**net)
    assert right in text
    (tmp_path / "net.py").write_text(text.replace(right, wrong))
    report, _ = check_in_child(tmp_path / "net.py", timeout=60)
    line = next(i for i, each in enumerate(text.splitlines(), 1) if right in each)
    assert report.diagnosis["line"] == line
    assert f"+{text.splitlines()[line - 1]}\n" in report.diagnosis["diff"]


def test_a_gradient_that_gives_a_bias_another_shape_is_summed_over_the_other_axis(tmp_path):
    path = tmp_path / "net.py"
    right, wrong = "b1 -= 0.1 * dz.sum(axis=0)", "b1 = b1 - 0.1 * dz.sum(axis=1, keepdims=True)"
    path.write_text(SCRIPT.format(**CLASSES).replace(right, wrong))
    report, _ = check_in_child(path)
    assert report.diagnosis["line"] == 20
    assert "+    b1 = b1 - 0.1 * dz.sum(axis=0" in report.diagnosis["diff"]


def test_a_fix_of_the_step_says_that_the_loss_beside_it_is_still_wrong(tmp_path):
    path = tmp_path / "net.py"
    text = SCRIPT.format(**SINGLE).replace("b1 -= 0.1 * dz.sum", "b1 -= 0.1 * dz.mean")
    path.write_text(text.replace("(1 - t.reshape(-1, 1)) * np.log(1 - y)", "np.log(1 - y)"))
    report, _ = check_in_child(path)
    assert "+    b1 -= 0.1 * dz.sum(axis=0)" in report.diagnosis["diff"]
    assert report.diagnosis["left"] == ["loss"]
