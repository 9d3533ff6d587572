import json
import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import fuzzing
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from trainer.book.preprocessing import whiten
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.nets.initial import draw_params
from trainer.training import checkpoint
from trainer.training.checkpoint import Checkpoint
from trainer.training.metadata import Origin


def make(dtype="float32", backend="numpy", preprocess="normalise", fitted=None) -> Checkpoint:
    settings = Settings(
        dataset="mnist-5k", backend=backend, device="cpu", dtype=dtype, preprocess=preprocess
    )
    origin = Origin(7, settings, tuple("0123456789"), "ab" * 32, {"numpy": np.__version__})
    return Checkpoint(draw_params(784, 50, 10, dtype=dtype, seed=3), origin, fitted)


def parts(path: Path):
    with safe_open(path, "numpy") as file:
        return {name: file.get_tensor(name) for name in list(file.keys())}, file.metadata()


def one_line_or_checkpoint(path: Path) -> Checkpoint | None:
    try:
        return checkpoint.load(path)
    except InputError as error:
        text = str(error)
    assert "\n" not in text
    return None


def refused(path: Path, *words: str) -> None:
    with pytest.raises(InputError) as error:
        checkpoint.load(path)
    text = str(error.value)
    assert "\n" not in text
    assert all(word in text for word in (path.name, *words)), text


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("first", ["numpy", "torch"])
def test_weights_pass_through_file_and_both_backends_with_every_bit(tmp_path, dtype, first):
    original = made = make(dtype)
    for backend in (first, "torch" if first == "numpy" else "numpy", first):
        net = made.net(backend)
        checkpoint.save(tmp_path, Checkpoint(net.params, original.origin))
        made = checkpoint.load(tmp_path)
    assert fuzzing.same(made, original)


def test_fitted_preparation_is_kept_with_every_bit(tmp_path):
    fitted = whiten(np.random.default_rng(0).random((50, 784), np.float32))
    original = make(preprocess="whiten", fitted=fitted)
    checkpoint.save(tmp_path, original)
    assert fuzzing.same(checkpoint.load(tmp_path), original)


def test_file_is_readable_without_this_project(tmp_path):
    checkpoint.save(tmp_path, make())
    arrays, texts = parts(tmp_path / checkpoint.NAME)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == {"W1": (784, 50), "b1": (50,), "W2": (50, 10), "b2": (10,)}
    assert texts["format"] == "1"
    assert texts["iteration"] == "7"
    settings = json.loads(texts["settings"])
    assert (settings["backend"], settings["dtype"], settings["lr"]) == ("numpy", "float32", 0.1)


def test_a_failed_write_keeps_the_checkpoint_before_it_and_leaves_nothing(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, make())

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        checkpoint.save(tmp_path, make("float64"))
    assert fuzzing.same(checkpoint.load(tmp_path), make())
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.NAME]


def test_weights_that_are_not_finite_are_not_kept(tmp_path):
    bad = make()
    bad.params["W2"][3, 4] = np.nan
    with pytest.raises(InputError, match=r"W2 .* iteration 7 .*--lr"):
        checkpoint.save(tmp_path, bad)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("W1", np.zeros((50, 784), np.float32)),
        ("W1", np.zeros((784, 50), np.float64)),
        ("b1", np.zeros((51,), np.float32)),
        ("b2", np.zeros((10,), np.int32)),
        ("W3", np.zeros((1,), np.float32)),
        ("b2", np.full((10,), np.nan, np.float32)),
        ("b2", np.ones((10,), np.float32)),
    ],
)
def test_another_shape_dtype_name_or_value_is_refused(tmp_path, name, array):
    checkpoint.save(tmp_path, make())
    arrays, texts = parts(tmp_path / checkpoint.NAME)
    save_file(arrays | {name: array}, tmp_path / "x", texts)
    refused(tmp_path / "x")


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("format", "2", "format 2"),
        ("format", "-1", "format"),
        ("iteration", "99999", "99999"),
        ("settings", "{}", "data set"),
        ("settings", '{"dataset": "mnist", "lr": NaN}', "lr"),
        ("settings", '{"dataset": "mnist", "momentum": 0.9}', "momentum"),
        ("settings", '{"dataset": "mnist", "hidden_size": true}', "hidden_size"),
        ("classes", "[" * 200_000, "checkpoint"),
    ],
)
def test_texts_of_another_kind_are_refused_by_name(tmp_path, key, value, word):
    checkpoint.save(tmp_path, make())
    arrays, texts = parts(tmp_path / checkpoint.NAME)
    save_file(arrays, tmp_path / "x", texts | {key: value})
    refused(tmp_path / "x", word)


def test_what_is_no_file_is_refused(tmp_path):
    refused(tmp_path / "nothing", "no such")
    refused(tmp_path, "no checkpoint.safetensors")
    (tmp_path / "loop").symlink_to("loop")
    refused(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "not a file")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / checkpoint.NAME).mkdir()
    refused(tmp_path / "run")
    refused(Path("/dev/zero"), "not a file")


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"{}", bytes(8), b"\xff" * 100])
def test_what_is_no_safetensors_is_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    refused(tmp_path / "x")


def test_a_claim_of_ten_gigabytes_takes_neither_memory_nor_time(tmp_path):
    header = json.dumps(
        {"W1": {"dtype": "F32", "shape": [2_500_000_000], "data_offsets": [0, 10**10]}}
    )
    content = len(header).to_bytes(8, "little") + header.encode()
    (tmp_path / "claim").write_bytes(content)
    (tmp_path / "header").write_bytes((10**10).to_bytes(8, "little") + b"{" * 1000)
    with (tmp_path / "sparse").open("wb") as file:
        file.write(content)
        file.truncate(10**10 + len(content))
    for name in ("claim", "header", "sparse"):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        refused(tmp_path / name)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # KiB


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A small whole file, float64 with the fitted arrays of standardise."""
    return fuzzing.bases(tmp_path_factory.mktemp("base"))[1]


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    mutate=st.sampled_from((*fuzzing.BYTES, fuzzing.claim_length, fuzzing.rewrite_number)),
    chance=st.randoms(use_true_random=False),
)
def test_a_mutated_file_is_refused_or_read_as_what_was_written(base, mutate, chance):
    path = base.with_name("mutated")
    path.write_bytes(mutate(base.read_bytes(), chance))
    found = one_line_or_checkpoint(path)
    assert found is None or fuzzing.same(found, checkpoint.load(base))


def test_a_rewritten_file_with_a_fitting_digest_raises_nothing_else(base):
    path, chance = base.with_name("rewritten"), random.Random(1)
    for _ in range(300):
        path.write_bytes(fuzzing.rewrite(base, chance))
        one_line_or_checkpoint(path)


def test_reading_for_numpy_imports_no_torch_and_no_pickle_reader(tmp_path):
    checkpoint.save(tmp_path, make())
    code = (
        "import sys, pathlib; from trainer.training import checkpoint; "
        f"checkpoint.load(pathlib.Path({str(tmp_path)!r})).net('numpy'); "
        "print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
