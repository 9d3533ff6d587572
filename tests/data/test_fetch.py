"""Files that are present, a network that fails, a full disk (trainer.data.fetch)."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.error

import pytest
from torchvision import datasets

from trainer.common.errors import InputError
from trainer.data import fetch
from trainer.data.digits import load_digits
from trainer.data.fetch import find_raw_folder
from trainer.data.mnist_5k import write_mnist_5k

RAW = "MNIST5k/raw"


def test_mnist_5k_is_written_again_byte_for_byte(data_dir, tmp_path):
    write_mnist_5k(tmp_path)
    for path in (data_dir / RAW).iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "kmnist"])
def test_files_that_are_present_are_read_without_a_network(data_dir, tmp_path, name, monkeypatch):
    monkeypatch.setattr(fetch, "_is_any_alive", lambda urls: pytest.fail("the network was asked"))
    shutil.copytree(data_dir / RAW, find_raw_folder(name, tmp_path))
    digits = load_digits(name, tmp_path)
    assert digits.name == name
    assert len(digits.x_train) == 4000


def cut_network(monkeypatch):
    def refuse(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(fetch.urllib.request, "urlopen", refuse)


def test_a_missing_data_set_without_a_network_is_an_error_with_a_way_out(tmp_path, monkeypatch):
    cut_network(monkeypatch)
    with pytest.raises(InputError) as error:
        load_digits("mnist", tmp_path)
    for mirror in datasets.MNIST.mirrors:
        assert mirror in str(error.value)
    assert str(tmp_path / "MNIST" / "raw") in str(error.value)
    assert "train-images-idx3-ubyte" in str(error.value)
    assert "--data-dir; mnist-5k needs no network" in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_download_that_breaks_off_is_the_same_error(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "_is_any_alive", lambda urls: True)

    def broken(*_, **__):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz:\nTried …")

    monkeypatch.setattr(datasets.MNIST, "download", broken)
    with pytest.raises(InputError, match="cannot be downloaded"):
        load_digits("mnist", tmp_path)


def test_a_mirror_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(fetch, "PATIENCE", 1)
    with socket.socket() as silent:  # accepts connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert not fetch._is_any_alive([f"http://127.0.0.1:{silent.getsockname()[1]}/"])


def test_a_full_disk_leaves_no_part_of_mnist_5k(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainer.common.files.os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        load_digits("mnist-5k", tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_default_is_mnist_and_without_it_mnist_5k(data_dir, tmp_path, monkeypatch):
    cut_network(monkeypatch)
    shutil.copytree(data_dir, tmp_path / "d")
    assert load_digits(None, tmp_path / "d").name == "mnist-5k"
    shutil.copytree(data_dir / RAW, tmp_path / "d" / "MNIST" / "raw")
    assert load_digits(None, tmp_path / "d").name == "mnist"


@pytest.mark.parametrize(
    ("name", "words"), [("file", "cannot write in"), ("a" * 300, "cannot be read")]
)
def test_a_data_dir_that_cannot_be_a_folder_is_an_error(tmp_path, name, words):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=words):
        load_digits("mnist-5k", tmp_path / name)


def test_unfinished_files_of_killed_processes_are_removed_and_those_of_others_kept(tmp_path):
    raw = find_raw_folder("mnist-5k", tmp_path)
    raw.mkdir(parents=True)
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    stale, ours = (
        raw / f"train-labels-idx1-ubyte.{pid}.part" for pid in (killed.pid, os.getppid())
    )
    for complete in (False, True):  # the second time the data set is present
        stale.touch()
        ours.touch()
        fetch.fetch("mnist-5k", tmp_path)
        assert not stale.exists(), complete
        assert ours.exists()
