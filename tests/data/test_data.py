"""The data sets as arrays, and files that are damaged or swapped (trainer.data.digits)."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.common.errors import InputError
from trainer.data.digits import MNIST_FILES, load_digits, prepare_digits
from trainer.data.fetch import SETS, find_raw_folder

RAW = "MNIST5k/raw"


@pytest.fixture
def own_dir(data_dir, tmp_path):
    """A copy of the data folder that a test may damage."""
    shutil.copytree(data_dir, tmp_path / "data")
    return tmp_path / "data"


def test_mnist_5k_has_as_many_images_of_each_digit_with_pixels_in_0_to_1(digits):
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


def test_every_image_of_mnist_5k_is_one_of_mnists_training_set(digits, mnist):
    rows = {(x.tobytes(), t) for x, t in zip(mnist.x_train, mnist.t_train.tolist(), strict=True)}
    ours = zip([*digits.x_train, *digits.x_test], [*digits.t_train, *digits.t_test], strict=True)
    assert all((x.tobytes(), int(t)) in rows for x, t in ours)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_and_labels_are_those_that_torchvision_reads(data_dir, dtype):
    digits = load_digits("mnist-5k", data_dir, dtype)
    raw = SETS["mnist-5k"](data_dir, train=False)
    assert digits.x_test.dtype == dtype
    np.testing.assert_array_equal(np.rint(digits.x_test * 255), raw.data.numpy().reshape(-1, 784))
    np.testing.assert_array_equal(digits.t_test, raw.targets.numpy())


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
def test_a_damaged_file_is_named_with_the_way_to_fix_it(own_dir, file, damage):
    path = own_dir / RAW / file
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(InputError, match="delete it and run again") as error:
        load_digits("mnist-5k", own_dir)
    assert str(path) in str(error.value)


def test_labels_that_are_not_classes_are_reported_as_damage(own_dir):
    path = own_dir / RAW / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")
    with pytest.raises(InputError, match="labels do not fit"):
        load_digits("mnist-5k", own_dir)


def test_a_damaged_mnist_is_reported_and_not_replaced_by_mnist_5k(own_dir):
    shutil.copytree(own_dir / RAW, own_dir / "MNIST" / "raw")
    (own_dir / "MNIST" / "raw" / "t10k-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(InputError, match="is damaged"):
        load_digits(None, own_dir)


@pytest.mark.parametrize(
    ("file", "items"), [("train-images-idx3-ubyte", "images"), ("t10k-labels-idx1-ubyte", "labels")]
)
def test_an_empty_file_is_reported_to_hold_no_items(own_dir, file, items):
    path = own_dir / RAW / file
    header = path.read_bytes()[: 16 if items == "images" else 8]
    path.write_bytes(header[:4] + bytes(4) + header[8:])
    with pytest.raises(InputError, match=f"it holds no {items}.*delete it and run again") as error:
        load_digits("mnist-5k", own_dir)
    assert str(path) in str(error.value)
    assert "bytes" not in str(error.value)


@pytest.fixture
def known(own_dir, monkeypatch):
    """The raw folder of mnist-5k, whose sizes and MD5 sums replace those of MNIST's files."""
    contents = {path.name: path.read_bytes() for path in (own_dir / RAW).iterdir()}
    table = {len(each): (name, hashlib.md5(each).hexdigest()) for name, each in contents.items()}
    monkeypatch.setattr("trainer.data.digits.MNIST_FILES", table)
    return own_dir / RAW


def swap_train_and_test(raw, kind):
    train, test = raw / f"train-{kind}-ubyte", raw / f"t10k-{kind}-ubyte"
    train_content, test_content = train.read_bytes(), test.read_bytes()
    train.write_bytes(test_content)
    test.write_bytes(train_content)


@pytest.mark.parametrize(
    "kinds", [["images-idx3"], ["labels-idx1"], ["images-idx3", "labels-idx1"]]
)
def test_swapped_training_and_test_files_of_mnist_are_reported_in_one_line(known, own_dir, kinds):
    for kind in kinds:
        swap_train_and_test(known, kind)
    with pytest.raises(InputError) as error:
        load_digits("mnist-5k", own_dir)
    first = known / f"train-{kinds[0]}-ubyte"
    assert str(error.value).startswith(f"{first} is MNIST's t10k-{kinds[0]}-ubyte: give each file")
    assert "\n" not in str(error.value)


def test_images_of_mnist_in_place_of_labels_are_reported_by_their_name(known, own_dir):
    shutil.copy(known / "t10k-images-idx3-ubyte", known / "train-labels-idx1-ubyte")
    with pytest.raises(InputError, match="train-labels-idx1-ubyte is MNIST's t10k-images"):
        load_digits("mnist-5k", own_dir)


def test_files_with_unknown_sums_are_read_although_their_sizes_are_swapped(own_dir, monkeypatch):
    raw = own_dir / RAW
    table = {path.stat().st_size: (path.name, "the sum of another") for path in raw.iterdir()}
    monkeypatch.setattr("trainer.data.digits.MNIST_FILES", table)
    for kind in ("images-idx3", "labels-idx1"):  # a user's subset, its larger part for testing
        swap_train_and_test(raw, kind)
    digits = load_digits("mnist-5k", own_dir)
    assert (len(digits.x_train), len(digits.x_test)) == (1000, 4000)


def test_the_table_has_the_sizes_and_sums_of_mnists_files(mnist, pytestconfig):
    raw = find_raw_folder("mnist", Path(pytestconfig.getoption("--mnist-dir")))
    for size, (name, md5) in MNIST_FILES.items():
        content = (raw / name).read_bytes()
        assert (len(content), hashlib.md5(content).hexdigest()) == (size, md5)


@pytest.mark.parametrize("preparation", ["standardise", "whiten"])
def test_preparation_is_fitted_on_the_training_set_alone(digits, preparation):
    changed = replace(digits, x_test=digits.x_test * 3 + 1)
    one, other = prepare_digits(digits, preparation), prepare_digits(changed, preparation)
    np.testing.assert_array_equal(one.x_train, other.x_train)
    np.testing.assert_allclose(one.x_train.mean(axis=0), 0, atol=1e-10)
    assert not np.array_equal(one.x_test, other.x_test)
