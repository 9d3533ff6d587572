"""train --net: a net that somebody wrote ends with the weights of its twin."""

import shlex
import signal

import numpy as np
import pytest
from mistaken import NETS

from trainer.checker.learn.borrowed import BorrowedNet
from trainer.checker.own_training import train
from trainer.cli.program import Program
from trainer.cli.train import main
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.checkpoint import load_run

ROWS = NETS.parent / "shapes" / "examples" / "rows.py"
FILES = [
    *(NETS / f"{name}.py" for name in (
        "chapter4", "chapter5", "classes_second", "columns", "cs231n", "hidden_list", "regression",
        "volume2",
    )),
    ROWS,
]  # fmt: skip
ROUNDING = 1e-12  # of float64 after 100 steps, over the largest weight


def train_own(net, folder, iterations=100):
    settings = Settings(
        iterations=iterations, dataset="mnist-5k", eval_every=iterations, dtype="float64"
    )
    return train(net, log_dir=folder, quiet=True, settings=settings)


@pytest.mark.parametrize(
    "path", [FILES[0], *(pytest.param(f, marks=pytest.mark.slow) for f in FILES[1:])],
    ids=lambda path: path.stem,
)  # fmt: skip
def test_a_net_ends_with_the_weights_of_its_twin(tmp_path, path):
    result = train_own(path, tmp_path)
    drift = result.measure_drift()
    assert drift.keys() == {"W1", "b1", "W2", "b2"}
    assert max(drift.values()) < ROUNDING
    first = TwoLayerNet(784, 50, 10, dtype="float64").params
    assert np.abs(load_run(result.folder).params["W1"] - first["W1"]).max() > 1e-3


def test_its_own_gradients_train_it(tmp_path, monkeypatch):
    steps = []
    step = BorrowedNet.step
    monkeypatch.setattr(BorrowedNet, "step", lambda *a: steps.append(1) or step(*a))
    result = train_own(TwoLayerNet, tmp_path, 5)
    assert len(steps) == 5
    assert max(result.measure_drift().values()) == 0
    assert sorted(f.name for f in tmp_path.iterdir()) == ["TwoLayerNet", "TwoLayerNet-twin"]


def test_the_command_says_how_far_the_twin_is(tmp_path, capsys):
    words = ["--iterations", "3", "--dataset", "mnist-5k", "--log-dir", str(tmp_path)]
    net = f"--net={NETS / 'chapter4.py'}:TwoLayerNet"
    assert main([net, *words, "--dtype", "float64"]) == 0
    assert "\ntwin: at most " in capsys.readouterr().out


@pytest.mark.parametrize("stopped", ["its own run", "the run of its twin"])
def test_a_stopped_run_is_continued_with_its_twin(tmp_path, monkeypatch, stopped, capsys):
    net = f"{NETS / 'chapter4.py'}:TwoLayerNet"
    whole = train_own(net, tmp_path / "whole", 8)
    kind = BorrowedNet if stopped == "its own run" else TwoLayerNet
    step, count = kind.step, []

    def stop_at_third(self, *rest):
        count.append(type(self) is kind)
        if sum(count) == 3 and type(self) is kind:
            signal.raise_signal(signal.SIGINT)
        return step(self, *rest)

    monkeypatch.setattr(kind, "step", stop_at_third)
    words = [
        "--dataset",
        "mnist-5k",
        "--eval-every",
        "8",
        "--dtype",
        "float64",
        "--iterations",
        "8",
    ]
    program = Program("train", ["train"], tmp_path)
    assert main([f"--net={net}", *words], program) == 128 + signal.SIGINT
    command = capsys.readouterr().err.split("continue with: train ")[1].strip()
    assert f"--net={net}" in command
    monkeypatch.undo()
    folder = tmp_path / "logs" / "TwoLayerNet"
    with pytest.raises(InputError, match=r"trained the net .*chapter4.py:TwoLayerNet; give --net"):
        main(["--resume", str(folder)], program)
    assert main(shlex.split(command), program) == 0
    assert "\ntwin: at most " in capsys.readouterr().out
    for name in ("TwoLayerNet", "TwoLayerNet-twin"):
        params = load_run(tmp_path / "logs" / name).params
        np.testing.assert_array_equal(params["W1"], whole.net.params["W1"])


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("chapter4", ["--loss", "squared-error"], "--loss: cannot be chosen for a net of --net"),
        ("forward_only", [], "computes no gradients by itself"),
        ("python2", [], "has tanh and cross-entropy"),
        ("none", [], "there is no such file"),
        ("../judge/free/one_function", [], "has no class of a two-layer net; run `check`"),
    ],
)
def test_a_net_that_cannot_be_trained_is_refused_before_anything_is_written(
    tmp_path, name, words, message
):
    where = ["--log-dir", str(tmp_path / "logs"), "--dataset", "mnist-5k"]
    with pytest.raises(InputError, match=message):
        main([f"--net={NETS / name}.py", *where, *words])
    assert not any(tmp_path.rglob("*.safetensors"))


def test_a_wrong_net_is_refused_with_what_is_wrong(tmp_path):
    wrong = (NETS / "chapter4.py").read_text().replace("np.sum(dy, axis=0)", "np.sum(dy)")
    (tmp_path / "net.py").write_text(wrong)
    with pytest.raises(InputError, match=r"net.py is wrong, so it is not trained: gradient b2"):
        train_own(tmp_path / "net.py", tmp_path)
