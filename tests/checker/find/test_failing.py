"""What fails with any values is a mistake of the file, and what other values may fix is none."""

import ast

import pytest
from steps import Script

from trainer.checker.process import check_in_child

NET = """
import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.weights = np.random.randn(n_in, n_out)
        self.sizes = {"inputs": n_in, "outputs": n_out}

    def forward(self, x):
        return {"outputs": x @ self.weights}

    def train(self, x, t):
        y = self.forward(x)["outputs"]
        self.weights -= 0.1 * x.T @ (y - t)
"""


def find_fault(tmp_path, text):
    path = tmp_path / "net.py"
    path.write_text(text)
    script = Script(path)
    script.follow()
    script.call(0, 0)
    return script.fault


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('(x)["outputs"]', '(x)["output"]', "line 13 raises KeyError: 'output'"),
        ("y = self", "self.wieghts\n        y = self", "AttributeError: 'Net' object"),
        ("@ (y - t)", "@ (y - target)", "NameError: name 'target' is not defined"),
        ("self.forward(x)[", "self.forward(x, t)[", "takes 2 positional arguments but 3"),
        (
            "y = self",
            "[n.W for n in self.sizes]\n        y = self",
            "'str' object has no attribute",
        ),
    ],
)
def test_what_fails_with_any_arguments_is_a_mistake_of_the_file(tmp_path, old, new, said):
    assert old in NET
    assert said in find_fault(tmp_path, NET.replace(old, new))


def test_a_mistake_that_always_fails_is_reported_unless_the_file_is_a_template(tmp_path):
    path = tmp_path / "net.py"
    wrong = NET.replace('(x)["outputs"]', '(x)["output"]')
    path.write_text(wrong)
    found, _ = check_in_child(path, hints=1)
    assert found.status == 1
    assert "raises KeyError" in found.wrong_findings[0].message
    template = "    def loss(self, x, t):\n        raise NotImplementedError\n"
    path.write_text(wrong + "\n" + template)
    assert check_in_child(path, hints=1)[0].status == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("x.T @", "x.values.T @"),  # of pandas
        ("0.1 *", "self.rate *"),  # which may be set from outside
        ("(self, x, t):", "(self, x, t, settings):\n        settings['rate']"),
        ("@ (y - t)", "@ (y - t[:, :, 0])"),
        ("@ (y - t)", "@ (y - other)\nfrom lost import *"),
    ],
)
def test_what_other_arguments_may_fix_is_no_mistake(tmp_path, old, new):
    text = NET.replace(old, new)
    ast.parse(text)
    assert find_fault(tmp_path, text) == ""
