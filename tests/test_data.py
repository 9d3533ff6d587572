import shutil
import socket
import urllib.error
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from trainer import data
from trainer.errors import InputError

RAW = "MNIST5k/raw"


@pytest.fixture
def own_dir(data_dir, tmp_path):
    """A copy of the data folder that a test may damage."""
    shutil.copytree(data_dir, tmp_path / "data")
    return tmp_path / "data"


def test_the_sample_is_split_evenly_and_lies_in_0_to_1(digits):
    assert digits.name == "mnist-5k"
    assert digits.x_train.shape == (4000, 784)
    assert digits.x_test.shape == (1000, 784)
    assert np.bincount(digits.t_train).tolist() == [400] * 10
    assert np.bincount(digits.t_test).tolist() == [100] * 10
    assert (digits.x_train.min(), digits.x_train.max()) == (0, 1)
    assert digits.t_train.dtype == np.int64


def test_train_and_test_share_no_image(digits):
    train = {x.tobytes() for x in digits.x_train}
    assert not train & {x.tobytes() for x in digits.x_test}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_are_those_torchvision_reads(data_dir, dtype):
    digits = data.load("mnist-5k", data_dir, dtype)
    raw = data.SETS["mnist-5k"](data_dir, train=False)
    assert digits.x_test.dtype == dtype
    np.testing.assert_array_equal(np.rint(digits.x_test * 255), raw.data.numpy().reshape(-1, 784))
    np.testing.assert_array_equal(digits.t_test, raw.targets.numpy())


def test_the_sample_is_made_again_byte_for_byte(data_dir, tmp_path):
    data.write_sample(tmp_path)
    for path in (data_dir / RAW).iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "kmnist"])
def test_files_put_there_by_hand_are_read_without_a_network(data_dir, tmp_path, name, monkeypatch):
    monkeypatch.setattr(data, "_alive", lambda urls: pytest.fail("asked the network"))
    shutil.copytree(data_dir / RAW, data._raw_folder(name, tmp_path))
    digits = data.load(name, tmp_path)
    assert digits.name == name
    assert len(digits.x_train) == 4000


def dead(monkeypatch):
    def refuse(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(data.urllib.request, "urlopen", refuse)


def test_without_a_network_a_named_set_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    dead(monkeypatch)
    with pytest.raises(InputError) as error:
        data.load("mnist", tmp_path)
    for mirror in datasets.MNIST.mirrors:
        assert mirror in str(error.value)
    assert str(tmp_path / "MNIST" / "raw") in str(error.value)
    assert "train-images-idx3-ubyte" in str(error.value)
    assert "--data-dir; mnist-5k needs no network" in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_download_that_breaks_off_is_the_same_error(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "_alive", lambda urls: True)

    def broken(*_, **__):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz:\nTried …")

    monkeypatch.setattr(datasets.MNIST, "download", broken)
    with pytest.raises(InputError, match="cannot be downloaded"):
        data.load("mnist", tmp_path)


def test_a_mirror_that_never_answers_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(data, "PATIENCE", 1)
    with socket.socket() as silent:  # accepts connections, says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert not data._alive([f"http://127.0.0.1:{silent.getsockname()[1]}/"])


def test_a_full_disk_leaves_no_part_of_the_sample(tmp_path, monkeypatch):
    def full(path, content):
        with path.open("wb") as file:
            file.write(content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left"):
        data.load("mnist-5k", tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_no_name_falls_back_to_the_sample_and_prefers_mnist(data_dir, tmp_path, monkeypatch):
    dead(monkeypatch)
    shutil.copytree(data_dir, tmp_path / "d")
    assert data.load(None, tmp_path / "d").name == "mnist-5k"
    shutil.copytree(data_dir / RAW, tmp_path / "d" / "MNIST" / "raw")
    assert data.load(None, tmp_path / "d").name == "mnist"


DAMAGE = {
    "empty": lambda old: b"",
    "cut short": lambda old: old[:-1],
    "too long": lambda old: old + b"0",
    "no header": lambda old: b"<html>" + old[6:],
    "header only": lambda old: old[:4],
    "another shape": lambda old: old[:4] + bytes(4) + old[8:],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_damaged_file_is_named_with_the_way_to_mend_it(own_dir, file, damage):
    path = own_dir / RAW / file
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(InputError, match="delete it and run again") as error:
        data.load("mnist-5k", own_dir)
    assert str(path) in str(error.value)


def test_labels_that_are_no_classes_are_damage(own_dir):
    path = own_dir / RAW / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")
    with pytest.raises(InputError, match="labels do not fit"):
        data.load("mnist-5k", own_dir)


def test_damage_is_never_passed_over_for_the_sample(own_dir):
    shutil.copytree(own_dir / RAW, own_dir / "MNIST" / "raw")
    (own_dir / "MNIST" / "raw" / "t10k-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(InputError, match="is damaged"):
        data.load(None, own_dir)


@pytest.mark.parametrize("preparation", ["standardise", "whiten"])
def test_preparation_is_fitted_on_the_training_set_alone(digits, preparation):
    changed = data.replace(digits, x_test=digits.x_test * 3 + 1)
    one, other = data.prepare(digits, preparation), data.prepare(changed, preparation)
    np.testing.assert_array_equal(one.x_train, other.x_train)
    np.testing.assert_allclose(one.x_train.mean(axis=0), 0, atol=1e-10)
    assert not np.array_equal(one.x_test, other.x_test)


@pytest.mark.parametrize(
    ("name", "said"), [("file", "cannot write in"), ("a" * 300, "cannot be read")]
)
def test_a_folder_that_cannot_be_one_is_an_error_of_one_line(tmp_path, name, said):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=said):
        data.load("mnist-5k", tmp_path / name)
