"""Libraries of data are answered for while a script is followed, and only then."""

import argparse
import gzip
import sys
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest
from torch.utils.data import DataLoader

from trainer.checker.find.datasets import Dataset
from trainer.checker.load.arguments import Arguments, _parse, fill_arguments
from trainer.checker.load.given_files import open_given, replace_files
from trainer.checker.load.libraries import FEW, answer, shuffle
from trainer.checker.load.standins import MissingNameError, StandIn, be_quiet
from trainer.checker.load.tables import Dense


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("load_digits", (FEW, 64), 10), ("load_iris", (FEW, 4), 3), ("fetch_openml", (FEW, 784), 10)],
)
def test_a_data_set_has_its_shapes_and_classes(name, shape, classes):
    data = answer(f"sklearn.datasets.{name}")
    assert data.data.shape == data["data"].shape == shape
    assert set(data.target) == set(range(classes))
    x, t = answer(name, return_X_y=True)
    assert (x.shape, t.shape) == (shape, (FEW,))


def test_options_of_a_library_may_have_the_names_that_ours_have():
    with be_quiet():
        data = StandIn("sklearn.datasets.fetch_openml", "not loaded")(name="mnist_784", self=1)
    assert data.data.shape == (FEW, 784)


def test_made_data_has_the_sizes_that_are_asked_for():
    x, t = answer("make_classification", 100, n_features=6, n_classes=3)
    assert x.shape == (FEW, 6)
    assert set(t) == {0, 1, 2}
    assert answer("sklearn.datasets.make_moons", 200)[0].shape == (FEW, 2)


def test_images_of_keras_are_whole_numbers():
    (x, t), (x_test, _) = answer("tensorflow.keras.datasets.mnist.load_data")
    assert x.shape == x_test.shape == (FEW, 28, 28)
    assert x.dtype == t.dtype == np.uint8


def test_pictures_of_torchvision_are_tensors_and_come_with_labels():
    train = answer("torchvision.datasets.MNIST", "data", train=True, download=True)
    test = answer("torchvision.datasets.MNIST", root="data", train=False)
    assert (len(train), len(test)) == (60_000, 10_000)
    assert train.data.numpy().shape == (*train.targets.shape, 28, 28)
    transform = answer("torchvision.transforms.Compose", [])
    shown = answer("torchvision.datasets.CIFAR10", transform=transform)
    batch, labels = next(iter(DataLoader(shown, batch_size=32, shuffle=True)))
    assert batch.shape == (32, 3, 32, 32)
    assert set(labels.tolist()) <= set(range(10))


def test_images_of_the_package_mnist_come_with_as_many_labels():
    for part in ("train", "test"):
        images, labels = (answer(f"mnist.{part}_{what}") for what in ("images", "labels"))
        assert images.shape == (*labels.shape, 28, 28)


def test_tables_of_pandas_are_made_of_numbers_alone():
    table = answer("pandas.DataFrame", [[1, 2], [3, 4], [5, 6]])
    assert table.iloc[1:, 0].tolist() == [3, 5]
    assert answer("pandas.concat", [table, table], axis=1).shape == (3, 4)
    assert answer("pandas.get_dummies", table.iloc[:, 0]).values.tolist() == np.eye(3).tolist()
    codes, names = answer("pandas.factorize", np.array(["b", "a", "b"]))
    assert (codes.tolist(), names.tolist()) == ([1, 0, 1], ["a", "b"])
    for name, data in (("DataFrame", {"loss": ["low"]}), ("get_dummies", table)):
        with pytest.raises(KeyError):
            answer(f"pandas.{name}", data)


def test_columns_of_a_table_are_read_and_set_by_the_names_that_it_gives():
    table = Dataset(3, 2, 0).make_table()
    names = table.columns
    np.testing.assert_array_equal(table[names[1:]], table.drop("y"))
    np.testing.assert_array_equal(table.loc[:, "first":"last"], table.drop("y"))
    np.testing.assert_array_equal(table[names[0]], table["y"])
    for name in names.to_list():
        table[name] = table[name] - table[name].mean()
    np.testing.assert_allclose(table.mean(axis=0), 0, atol=1e-12)


def test_an_array_may_be_a_function_that_loads_it():
    np.testing.assert_array_equal(np.eye(2).view(Dense)(), np.eye(2))


def test_truncated_normals_lie_between_their_bounds():
    drawn = answer("scipy.stats.truncnorm", -2, 2, loc=1, scale=0.5).rvs((40, 5))
    assert drawn.shape == (40, 5)
    assert drawn.min() >= 0
    assert drawn.max() <= 2


def test_encoders_and_scalers_answer_as_sklearns_do():
    hot = answer("OneHotEncoder", sparse=False).fit_transform(np.array([[2], [0], [2]]))
    np.testing.assert_array_equal(hot.toarray(), [[0, 1], [1, 0], [0, 1]])
    np.testing.assert_array_equal(answer("LabelEncoder").fit_transform(["b", "a"]), [1, 0])
    np.testing.assert_array_equal(answer("to_categorical", [1, 0]), [[0, 1], [1, 0]])
    x = np.ones((2, 3))
    assert answer("StandardScaler").fit(x).transform(x) is x
    parts = answer("train_test_split", x, [1, 2], test_size=0.2)
    assert [len(part) for part in parts] == [2, 2, 2, 2]


def test_samples_are_shuffled_together():
    x, t = shuffle(np.arange(20).reshape(10, 2), list(range(10)))
    assert sorted(t) == list(range(10)) != t
    np.testing.assert_array_equal(x[:, 0], 2 * np.array(t))
    np.testing.assert_array_equal(shuffle(np.arange(10)), t)


def test_a_name_answers_only_while_a_script_is_followed():
    load = StandIn("sklearn.datasets.load_iris", "is not loaded")
    with pytest.raises(MissingNameError):
        len(load().data)
    with be_quiet():
        assert load().data.shape == (FEW, 4)
        with pytest.raises(MissingNameError):
            len(StandIn("mine.load_iris_file", "was not found")())


def test_what_is_no_use_of_data_does_nothing():
    log = StandIn("structlog.get_logger", "was not found")(__name__)
    loss = 0.5
    log.info("loss", loss=loss)
    with pytest.raises(MissingNameError, match=r"^structlog.get_logger.add: was not found$"):
        loss = log.add(loss)


def test_a_table_is_read_where_its_file_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(StandIn, "given_data", Dataset(4, 3, 0))
    there = tmp_path / "there.txt"
    there.write_text("1 2\n")
    with be_quiet(), replace_files(StandIn.given_data):
        assert StandIn("pandas.read_csv", "was not found")("train.csv").iloc[:, 1:].shape == (7, 4)
        assert np.loadtxt("absent.csv", delimiter=",").shape == (7, 5)
        np.testing.assert_array_equal(np.loadtxt(there), [1, 2])
    with replace_files(None), pytest.raises(OSError, match="absent"):
        np.loadtxt("absent.csv")


@pytest.mark.parametrize("is_packed", [False, True])
def test_files_of_digits_are_given_where_they_are_missing(is_packed):
    data = Dataset(784, 10, 2)
    files = ExitStack()
    with replace_files(data), files:
        name = "train-images-idx3-ubyte"
        open_packed = partial(gzip.open, f"{name}.gz")
        file = files.enter_context(open_packed() if is_packed else open_given(data, name, "rb"))
        head = np.frombuffer(file.read(16), ">i4")
        images = np.frombuffer(file.read(), np.uint8).reshape(-1, 784)
    assert head[0] == 2051
    assert len(images) == head[1]
    assert 0 < images.max() <= 255


def test_a_script_that_asks_for_more_words_is_given_a_number():
    words = Arguments(["net.py"])
    assert (words[0], words[3], words[1:]) == ("net.py", "1", [])


def test_a_parser_finds_a_word_for_each_argument_that_it_requires(monkeypatch):
    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", _parse)
    monkeypatch.setattr(sys, "argv", Arguments(["net.py"]))
    fill_arguments()
    parser = argparse.ArgumentParser(description="reads faces.npz")
    parser.add_argument("file")
    parser.add_argument("--hidden", type=int, required=True)
    parser.add_argument("--loss", choices=["mse", "ce"], required=True)
    parser.add_argument("--lr", type=float, default=0.5)
    found = parser.parse_args()
    assert vars(found) == {"file": "data.npz", "hidden": 2, "loss": "mse", "lr": 0.5}
    assert parser.parse_args(["f", "--hidden", "7", "--loss", "ce"]).hidden == 7


def test_the_package_of_digits_gives_flat_images_and_labels():
    images, labels = answer("mnist.MNIST", "samples").load_training()
    assert images.shape == (FEW, 784)
    assert labels.shape == (FEW,)


def test_what_only_shows_something_is_true_while_a_script_is_followed():
    axes = StandIn("mpl_toolkits.mplot3d.Axes3D", "not loaded")
    with be_quiet():
        assert axes
        axes["font.size"] = 12
    with pytest.raises(MissingNameError):
        bool(axes)


def test_a_progress_bar_goes_through_what_it_is_given_or_as_many_numbers():
    with be_quiet():
        assert list(StandIn("tqdm.trange", "was not found")(3)) == [0, 1, 2]
        assert list(StandIn("tqdm.tqdm", "was not found")([5, 6], "epochs")) == [5, 6]
        with StandIn("tqdm.trange", "was not found")(1, 4) as bar:
            bar.set_description("epochs")
            assert (list(bar), len(bar)) == ([1, 2, 3], 3)


def test_a_class_may_have_two_bases_that_are_missing():
    first, second = StandIn("sklearn.base.Net", "missing"), StandIn("sklearn.base.Mixin", "missing")
    bases = (*first.__mro_entries__(()), *second.__mro_entries__(()))
    assert [base.__name__ for base in type("Own", bases, {}).__bases__] == ["Net", "Mixin"]
