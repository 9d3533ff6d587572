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
from trainer.training.metadata import Origin, format_origin, parse_origin


def make_checkpoint(
    dtype="float32", backend="numpy", preprocess="normalise", fitted=None
) -> Checkpoint:
    settings = Settings(
        dataset="mnist-5k", backend=backend, device="cpu", dtype=dtype, preprocess=preprocess
    )
    origin = Origin(7, settings, tuple("0123456789"), "ab" * 32, {"numpy": np.__version__})
    return Checkpoint(draw_params(784, 50, 10, dtype=dtype, seed=3), origin, fitted)


def read_parts(path: Path):
    with safe_open(path, "numpy") as file:
        return {name: file.get_tensor(name) for name in list(file.keys())}, file.metadata()


def load_or_refuse(path: Path) -> Checkpoint | None:
    try:
        return checkpoint.load(path)
    except InputError as error:
        text = str(error)
    assert "\n" not in text
    return None


def assert_refused(path: Path, *words: str) -> None:
    with pytest.raises(InputError) as error:
        checkpoint.load(path)
    text = str(error.value)
    assert "\n" not in text
    assert all(word in text for word in (path.name, *words)), text


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("first", ["numpy", "torch"])
def test_weights_keep_every_bit_in_the_file_and_in_both_backends(tmp_path, dtype, first):
    original = read = make_checkpoint(dtype)
    for backend in (first, "torch" if first == "numpy" else "numpy", first):
        net = read.restore_net(backend)
        checkpoint.save(tmp_path, Checkpoint(net.params, original.origin))
        read = checkpoint.load(tmp_path)
    assert fuzzing.are_same(read, original)


def test_a_fitted_preparation_keeps_every_bit(tmp_path):
    fitted = whiten(np.random.default_rng(0).random((50, 784), np.float32))
    original = make_checkpoint(preprocess="whiten", fitted=fitted)
    checkpoint.save(tmp_path, original)
    assert fuzzing.are_same(checkpoint.load(tmp_path), original)


def test_the_file_is_readable_without_this_project(tmp_path):
    checkpoint.save(tmp_path, make_checkpoint())
    arrays, texts = read_parts(tmp_path / checkpoint.NAME)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == {"W1": (784, 50), "b1": (50,), "W2": (50, 10), "b2": (10,)}
    assert texts["format"] == "1"
    assert texts["iteration"] == "7"
    settings = json.loads(texts["settings"])
    assert (settings["backend"], settings["dtype"], settings["lr"]) == ("numpy", "float32", 0.1)


def test_a_failed_write_keeps_the_previous_checkpoint_and_leaves_no_other_file(
    tmp_path, monkeypatch
):
    checkpoint.save(tmp_path, make_checkpoint())

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="No space left on device"):
        checkpoint.save(tmp_path, make_checkpoint("float64"))
    assert fuzzing.are_same(checkpoint.load(tmp_path), make_checkpoint())
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.NAME]


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    bad = make_checkpoint()
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
    checkpoint.save(tmp_path, make_checkpoint())
    arrays, texts = read_parts(tmp_path / checkpoint.NAME)
    save_file(arrays | {name: array}, tmp_path / "x", texts)
    assert_refused(tmp_path / "x")


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
def test_metadata_with_other_texts_are_refused_by_name(tmp_path, key, value, word):
    checkpoint.save(tmp_path, make_checkpoint())
    arrays, texts = read_parts(tmp_path / checkpoint.NAME)
    save_file(arrays, tmp_path / "x", texts | {key: value})
    assert_refused(tmp_path / "x", word)


def test_a_path_without_a_checkpoint_is_refused(tmp_path):
    assert_refused(tmp_path / "nothing", "no such")
    assert_refused(tmp_path, "no checkpoint.safetensors")
    (tmp_path / "loop").symlink_to("loop")
    assert_refused(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    assert_refused(tmp_path / "pipe", "not a file")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / checkpoint.NAME).mkdir()
    assert_refused(tmp_path / "run")
    assert_refused(Path("/dev/zero"), "not a file")


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"{}", bytes(8), b"\xff" * 100])
def test_a_file_that_is_not_safetensors_is_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    assert_refused(tmp_path / "x")


def test_a_claim_of_ten_gigabytes_takes_no_memory(tmp_path):
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
        assert_refused(tmp_path / name)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # KiB


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A small checkpoint: float64, with the fitted arrays of standardise."""
    return fuzzing.write_originals(tmp_path_factory.mktemp("base"))[1]


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    mutate=st.sampled_from((*fuzzing.BYTES, fuzzing.claim_length, fuzzing.rewrite_number)),
    chance=st.randoms(use_true_random=False),
)
def test_a_mutated_file_is_refused_or_read_as_it_was_written(base, mutate, chance):
    path = base.with_name("mutated")
    path.write_bytes(mutate(base.read_bytes(), chance))
    found = load_or_refuse(path)
    assert found is None or fuzzing.are_same(found, checkpoint.load(base))


def test_a_rewritten_file_with_a_matching_digest_is_refused_or_read(base):
    path, chance = base.with_name("rewritten"), random.Random(1)
    for _ in range(300):
        path.write_bytes(fuzzing.rewrite(base, chance))
        load_or_refuse(path)


def test_reading_for_numpy_imports_no_torch_and_no_pickle_reader(tmp_path):
    checkpoint.save(tmp_path, make_checkpoint())
    code = (
        "import sys, pathlib; from trainer.training import checkpoint; "
        f"checkpoint.load(pathlib.Path({str(tmp_path)!r})).restore_net('numpy'); "
        "print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


@pytest.mark.parametrize("name", ["seed", "eval_every", "checkpoint_every", "iterations"])
def test_a_count_of_400_digits_in_a_checkpoint_is_refused(name):
    origin = Origin(5, Settings(dataset="mnist-5k"), tuple("0123456789"), "0" * 64, {})
    texts = format_origin(origin)
    texts["settings"] = json.dumps(json.loads(texts["settings"]) | {name: 10**400})
    with pytest.raises(InputError, match=r"400|401"):
        parse_origin(texts)
