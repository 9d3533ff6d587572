"""check --train: does a right net learn, and which single change would make it?"""

import ast
import importlib

import numpy as np
import pytest
from mistaken import NETS

from trainer.checker.adapt.plan import Curve, Rows
from trainer.checker.learn.explaining_learning import find_rate
from trainer.checker.learn.images import load_rows
from trainer.checker.learn.learning import does_learn
from trainer.checker.live.live import check
from trainer.checker.process import check_in_child
from trainer.cli.check import main
from trainer.common.errors import InputError

RIGHT = (NETS / "chapter4.py").read_text()


@pytest.fixture(scope="module")
def rows():
    return load_rows(None, None)


def train(path, text, rows):
    path.write_text(text)
    report, _ = check_in_child(path, rows=rows, rows_name="mnist-5k", hints=1, timeout=60)
    assert report.status == 0
    return report.learning


def test_the_books_net_learns_as_the_reference_does(tmp_path, rows):
    lines = train(tmp_path / "net.py", RIGHT, rows)
    assert lines[0].startswith("training on mnist-5k (--data X.npy T.npy")
    assert "600 steps, rate 0.1, since the file names none" in lines[0]
    assert lines[-1] == "it learns"
    last = [float(line.rsplit("→", 1)[1]) for line in lines[1:3]]
    assert min(last) > 0.7
    assert lines == train(tmp_path / "net.py", RIGHT, rows)


@pytest.mark.slow
def test_weights_that_are_too_large_are_named_by_the_change_that_helps(tmp_path, rows):
    text = RIGHT.replace("weight_init_std=0.01", "weight_init_std=100")
    lines = train(tmp_path / "net.py", text, rows)
    assert any("99% of them saturate a sigmoid or tanh" in line for line in lines)
    assert "it does not learn; with one change at a time:" in lines
    (helped,) = (line for line in lines if line.startswith("  first weights ~ 1/√n"))
    assert helped.endswith("learns")
    assert lines[-1].startswith("it learns best with first weights ~ 1/√n: ")
    assert not any("rate × 1/100" in line and line.endswith("learns") for line in lines)


@pytest.mark.slow
def test_a_rate_of_the_file_that_is_too_small_is_named(tmp_path, rows):
    lines = train(tmp_path / "net.py", RIGHT + "\nlearning_rate = 0.0001\n", rows)
    assert "rate 0.0001" in lines[0]
    (helped,) = (line for line in lines if line.startswith("  rate 0.1:"))
    assert helped.endswith("learns")


@pytest.mark.slow
def test_biases_that_kill_all_neurons_are_named(tmp_path, rows):
    text = (NETS / "columns.py").read_text()
    assert "np.zeros" in text
    lines = train(tmp_path / "net.py", text.replace("np.zeros", "-100 + np.zeros", 1), rows)
    assert any("100% of the neurons are always 0" in line for line in lines)
    (helped,) = (line for line in lines if line.startswith("  first biases 0:"))
    assert helped.endswith("learns")


def test_pixels_up_to_255_are_named(tmp_path):
    rows = load_rows(None, None)
    np.save(tmp_path / "x.npy", (rows.x[:1500] * 255).astype(np.uint8))
    np.save(tmp_path / "t.npy", np.eye(10)[rows.t[:1500]])
    own = load_rows(tmp_path / "x.npy", tmp_path / "t.npy")
    assert (own.x.max(), own.test, own.classes) == (255, 150, 10)
    lines = train(tmp_path / "net.py", (NETS / "columns.py").read_text(), own)
    (helped,) = (line for line in lines if "inputs / 255" in line)
    assert helped.endswith("learns")
    assert not next(line for line in lines if "batches of" in line).endswith("learns")


def test_a_net_that_cannot_be_built_in_these_sizes_says_so(tmp_path, rows):
    path = tmp_path / "net.py"
    path.write_text("import numpy as np\ndef sigmoid(x):\n    return 1 / (1 + np.exp(-x))\n")
    report, _ = check_in_child(path, rows=rows, rows_name="mnist-5k")
    assert report.learning == [
        "it could not be trained: only a net of two layers in a known form can be built"
    ]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("def fit(x, t, lr=0.3): pass", 0.3),
        ("learning_rate = 0.02", 0.02),
        ("net.fit(x, t, eta=0.5)", 0.5),
        ("class N:\n    def __init__(self):\n        self.lr = 2", 2.0),
        ("lr: float = 0.25", 0.25),
        ("def fit(x, *, lr=0.1): pass\nfit(1, lr=5.0)", 5.0),
        ("x = 3", None),
    ],
)
def test_the_rate_is_that_of_the_file(text, rate):
    assert find_rate(ast.parse(text)) == rate


def test_a_constant_answer_to_uneven_classes_is_no_learning():
    rows = Rows(np.zeros((100, 2)), np.array([0] * 90 + [1] * 10), 100, 2)
    assert not does_learn(Curve([0.9, 0.9]), Curve([0.9, 0.95]), rows)
    assert does_learn(Curve([0.9, 0.96]), Curve([0.9, 0.95]), rows)
    assert not does_learn(Curve([0.9, 0.96], "nan"), Curve([0.9, 0.95]), rows)


def test_labels_of_another_kind_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((30, 3)))
    for labels in (np.tile([-1, 1], 15), np.full(30, 0.5), np.full(30, np.nan)):
        np.save(tmp_path / "t.npy", labels)
        with pytest.raises(InputError, match="labels 0, 1, 2"):
            load_rows(tmp_path / "x.npy", tmp_path / "t.npy")


def test_data_that_cannot_be_used_is_one_line(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((5, 3)))
    np.save(tmp_path / "t.npy", np.zeros(5))
    with pytest.raises(InputError, match="5 rows and 5 targets; give 20 or more of each"):
        load_rows(tmp_path / "x.npy", tmp_path / "t.npy")
    with pytest.raises(InputError, match=r"no \.npy file of numbers"):
        load_rows(tmp_path / "none.npy", tmp_path / "t.npy")


def test_the_command_shows_both_curves(tmp_path, capsys):
    path = tmp_path / "net.py"
    path.write_text(RIGHT)
    assert main([str(path), "--train", "--timeout", "60"]) == 0
    printed = capsys.readouterr().out
    assert "this net     ▁" in printed
    assert "a right net  ▁" in printed


@pytest.mark.slow
def test_a_live_class_is_trained_as_its_file_is(tmp_path, rows, monkeypatch):
    text = RIGHT.replace("weight_init_std=0.01", "weight_init_std=300")
    lines = train(tmp_path / "live_net.py", text, rows)
    monkeypatch.syspath_prepend(tmp_path)
    kind = importlib.import_module("live_net").TwoLayerNet
    result = check(kind, train=True, hints=1, timeout=300)
    assert result.right
    live = result.reports[0].learning
    assert live[0].startswith("training on mnist-5k (train=(x, labels): on rows of your own)")
    assert live[1:] == lines[1:]
    assert "it does not learn; with one change at a time:" in result._repr_html_()
    of_file = check(tmp_path / "live_net.py", train=True, hints=1, timeout=300).reports[0].learning
    assert of_file == live


def test_a_live_class_is_trained_on_rows_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "own_rows_net.py").write_text(RIGHT)
    monkeypatch.syspath_prepend(tmp_path)
    kind = importlib.import_module("own_rows_net").TwoLayerNet
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 3
    x = rng.normal(size=(200, 4)) + 3 * np.eye(4)[labels]
    lines = check(kind, train=(x, np.eye(3)[labels]), hints=1, timeout=300).reports[0].learning
    assert lines[0].startswith("training on 200 rows: ")
    assert lines[-1] == "it learns"


@pytest.mark.parametrize("given", [1, (1, 2, 3), (["a"] * 30, [0] * 30), (np.zeros((3, 2)), [0])])
def test_what_are_no_rows_is_refused(given):
    with pytest.raises(ValueError, match="train"):
        check("net.py", train=given)
