"""What a script takes from a module or a file that is not there is data of ours."""

import numpy as np
import pytest
from steps import judge

from trainer.checker.find.copying import copy_together
from trainer.checker.load.tables import Dense

SCRIPT = """
import numpy as np
from mydata import load, other

{line}
rng = np.random.default_rng(0)
w, v = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
for _ in range(100):
    z = np.tanh(X @ w)
    d = z @ v - np.eye(2)[y]
    w, v = w - 0.1 * X.T @ (d @ v.T * (1 - z ** 2)), v - 0.1 * z.T @ d
"""
LINES = {
    "two": "X, y = load(4, seed=1)",
    "nested": "(X, y), (X_test, y_test) = load()",
    "list": "[X, y] = other.load()",
    "later": "found = load()\nX, y = found",
    "one": "X = load()\ny = other(X)",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_names_say_what_a_missing_function_gives(line, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(SCRIPT.format(line=line))
    assert judge(path).decision.is_right is True
    path.write_text(SCRIPT.format(line=line).replace("1 - z ** 2", "1 - z"))
    assert judge(path).decision.is_right is False


def test_a_copy_of_data_of_ours_is_of_its_class_and_another_array():
    data = np.arange(6.0).reshape(2, 3).view(Dense)
    copied = copy_together({"x": data, "same": data}, None)[0]
    assert type(copied["x"]) is Dense
    assert copied["x"] is copied["same"]
    copied["x"][0] = 9
    assert data[0].tolist() == [0, 1, 2]
