"""The program agree.py, called as from the command line."""

import json

import numpy as np
import pytest

from trainer.cli.agree import main
from trainer.cli.program import run_command

OLD = """
import numpy as np
def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)
def loss(x, t):
    return -np.log(softmax(x)[np.arange(len(t)), t]).mean()
"""
NEW = """
import torch
from torch.nn.functional import cross_entropy as loss
def softmax(x):
    return torch.softmax(x, 1)
def over_batch(x):
    return torch.softmax(x, 0)
class Softmax: pass
noisy = lambda x: print("noise") or torch.softmax(x, 1)
net = torch.nn.Linear(10, 3)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.py").write_text(OLD)
    (tmp_path / "new.py").write_text(NEW)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((16, 10)).astype(np.float32)
    np.savez("x.npz", t=rng.integers(0, 10, 16), x=x)
    np.save("x.npy", x)
    return tmp_path


def run_agree(*words):
    return run_command(main, list(words))


@pytest.mark.parametrize(
    ("new", "status", "shown"),
    [("softmax", 0, "y  agree"), ("over_batch", 1, "the formulas differ")],
)
def test_functions_that_agree_give_exit_0_others_1(folder, capsys, new, status, shown):
    assert run_agree("old.py:softmax", f"new.py:{new}", "--inputs", "x.npy") == status
    assert shown in capsys.readouterr().out


def test_arrays_are_given_to_the_parameters_of_their_names(folder, capsys):
    assert run_agree("old.py:loss", "new.py:loss", "--inputs", "x.npz", "--gradients") == 0
    assert "gradients" in capsys.readouterr().out


def test_json_is_one_strict_object(folder, capsys):
    assert run_agree("old.py:softmax", "new.py:over_batch", "--inputs=x.npy", "--json") == 1
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["status"] == "different"
    assert found["rows"][0]["index"]


def test_prints_of_the_functions_are_no_part_of_the_json(folder, capsys):
    assert run_agree("old.py:softmax", "new.py:noisy", "--inputs=x.npy", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["status"] == "agree"
    assert "noise" in printed.err


def test_both_sides_in_one_file_are_the_same_objects(folder):
    assert run_agree("new.py:net", "new.py:net", "--inputs=x.npy") == 0


def test_a_reference_in_a_package_names_the_wrong_side(folder, capsys):
    (folder / "right.py").write_text("from new import softmax")
    words = ("old.py:softmax", "new.py:over_batch", "--inputs=x.npy")
    assert run_agree(*words, "--reference=right.py:softmax") == 1
    assert "By the reference new is wrong" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("old.py", "new.py:softmax", "--inputs=x.npy"), "old.py: give a file and a name"),
        (("no.py:f", "new.py:softmax", "--inputs=x.npy"), "no.py: no such file"),
        (("old.py:f", "new.py:softmax", "--inputs=x.npy"), "has no attribute 'f'"),
        (("old.py:softmax", "new.py:Softmax", "--inputs=x.npy"), "is no function"),
        (
            ("old.py:softmax", "new.py:softmax", "--inputs=old.py"),
            "no .npz or .npy file of numbers",
        ),
        ((":f", "new.py:softmax", "--inputs=x.npy"), ":f: give a file and a name"),
        (("old.py:softmax", "new.py:softmax", "--inputs=x.npz"), "has no parameter t"),
        (("new.py:net", "new.py:net", "--inputs=x.npy", "--names", "a"), "give OLD=NEW"),
        (("old.py:softmax", "new.py:loss", "--inputs=x.npy"), "new does not run: TypeError"),
    ],
)
def test_what_cannot_be_compared_gives_one_line_and_exit_2(folder, capsys, words, message):
    assert run_agree(*words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
