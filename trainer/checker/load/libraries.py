"""Answers in the place of libraries that load or prepare data, while a script is followed.

What they return has the shapes of the real thing, and is noise. So a script that is checked trains
on every machine, whatever is installed and whatever may be downloaded.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array, sigmoid
from trainer.checker.load.picture_sets import PictureSet
from trainer.checker.load.tables import Dense, make_table

FEW = 11  # samples: more than there are classes, and no usual size of a layer
SIZES = {  # inputs and classes of data sets
    "digits": (64, 10), "iris": (4, 3), "wine": (13, 3), "breast_cancer": (30, 2),
    "boston": (13, 1), "diabetes": (10, 1), "california_housing": (8, 1),
    "moons": (2, 2), "circles": (2, 2), "openml": (784, 10), "mldata": (784, 10),
}  # fmt: skip


class Samples:
    """How many samples the data sets have, and whether any was asked for."""

    number = FEW
    is_taken = False

    @classmethod
    @contextmanager
    def give(cls, number: int) -> Iterator[None]:
        """Let the data sets have so many for a while."""
        cls.number = number
        try:
            yield
        finally:
            cls.number = FEW

    @classmethod
    def take(cls) -> int:
        """Return how many samples a data set has that a script asks for."""
        cls.is_taken = True
        return cls.number


class Bunch(dict[str, Any]):
    """A data set as sklearn returns it: its parts are keys and attributes."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)


class Unchanged:
    """A scaler that scales nothing, or another transform."""

    def __init__(self, *_args: Any, **_options: Any):
        self.mean_ = self.scale_ = self.var_ = 1.0

    def fit(self, *_args: Any, **_options: Any) -> "Unchanged":
        """Return itself."""
        return self

    def transform(self, x: Any, *_more: Any) -> Any:
        """Return the inputs."""
        return x

    inverse_transform = __call__ = transform

    def fit_transform(self, x: Any, *_more: Any) -> Any:
        """Return what transform does."""
        return self.transform(x)


class Encoder(Unchanged):
    """Turns labels, a column of them too, into one-hot rows."""

    def transform(self, x: Any, *_more: Any) -> Any:
        """Return an array (N, C) for the classes that are among the labels."""
        _classes, codes = np.unique(np.asarray(x).reshape(-1), return_inverse=True)
        return make_hot(codes).view(Dense)


class Labels(Unchanged):
    """Turns labels into whole numbers."""

    def transform(self, x: Any, *_more: Any) -> Any:
        """Return an array (N,)."""
        return np.unique(np.asarray(x).reshape(-1), return_inverse=True)[1]


class Between:
    """Numbers between two bounds, as scipy's truncnorm draws them."""

    def __init__(self, a: float, b: float, loc: float = 0.0, scale: float = 1.0):
        self._bounds = loc + a * scale, loc + b * scale

    def rvs(self, size: Any = None, **_options: Any) -> Array:
        """Return an array of a shape."""
        return np.asarray(np.random.default_rng(0).uniform(*self._bounds, size))


def draw_data(D: int, C: int) -> tuple[Array, Array]:
    """Return inputs (N, D), and labels (N,): numbers where there is one output alone."""
    rng, N = np.random.default_rng(0), Samples.take()
    x = rng.standard_normal((N, D))
    return x, np.arange(N) % C if C > 1 else rng.standard_normal(N)


def _load(D: int, C: int, return_X_y: bool = False) -> Any:
    x, t = draw_data(D, C)
    side = int(D**0.5)
    images = x.reshape(len(x), side, side) if side * side == D else x
    parts = {"data": x, "target": t, "images": images, "DESCR": ""}
    names = {"target_names": list(map(str, range(C))), "feature_names": list(map(str, range(D)))}
    return (x, t) if return_X_y else Bunch(parts | names)


def _load_images(*shape: int) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return what the data sets of keras return: images of whole numbers and their labels."""
    N = Samples.take()
    images = np.random.default_rng(0).integers(0, 256, (N, *shape)).astype(np.uint8)
    labels = np.arange(N, dtype=np.uint8) % 10
    return (images, labels), (images.copy(), labels.copy())


def _make_set(
    shape: tuple[int, ...], root: Any = None, train: Any = True, transform: Any = None, *_: Any,
    **__: Any,
) -> PictureSet:  # fmt: skip
    """Return what torchvision's classes of data sets make, given their arguments."""
    return PictureSet(*_load_images(*shape)[0], train, transform)


class Mnist:
    """The digits of the package mnist: flat images and their labels."""

    def __init__(self, *_path: Any, **_options: Any):
        pass

    def load_training(self) -> tuple[Array, Array]:
        """Return images (N, 784) of whole numbers, and their labels."""
        return _load_images(784)[0]

    load_testing = load_training


def make_digits(
    normalize: bool = True, flatten: bool = True, one_hot_label: bool = False
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return eight images of noise and their labels, twice, in the place of MNIST."""
    rng = np.random.default_rng(0)
    x, t = rng.uniform(0, 1, (8, 28, 28)), rng.permutation(10)[:8]
    x = x.reshape(8, 784) if flatten else x[:, np.newaxis]
    data = x if normalize else np.round(255 * x), np.eye(10)[t] if one_hot_label else t
    return data, (data[0].copy(), data[1].copy())


def make_hot(labels: Any, num_classes: int | None = None, **_options: Any) -> Array:
    """Return one-hot rows (N, C) of labels."""
    codes = np.asarray(labels).astype(int).reshape(-1)
    return np.eye(num_classes or int(codes.max()) + 1)[codes]


def make_dummies(labels: Any, *_: Any, **__: Any) -> Any:
    """Return one-hot rows of one column of labels; raises KeyError for several."""
    if np.size(labels) != len(labels):
        raise KeyError("get_dummies")
    return Encoder().transform(labels)


def shuffle(*arrays: Any, **_options: Any) -> Any:
    """Return each array with its samples in another order, the same for all."""
    order = np.random.default_rng(0).permutation(len(arrays[0]))
    mixed = [[each[i] for i in order] if isinstance(each, list) else each[order] for each in arrays]
    return mixed if len(arrays) > 1 else mixed[0]


def split(*arrays: Any, **_options: Any) -> list[Any]:
    """Return each array twice: a few samples are not split."""
    return [part for each in arrays for part in (np.array(each), np.array(each))]


ANSWERS: dict[str, Callable[..., Any]] = {
    "load_mnist": make_digits,
    "train_test_split": split,
    "make_classification": lambda *_n, n_features=20, n_classes=2, **_: draw_data(
        n_features, n_classes
    ),
    "make_blobs": lambda *_n, n_features=2, centers=3, **_: draw_data(
        n_features, centers if isinstance(centers, int) else len(centers)
    ),
    "make_regression": lambda *_n, n_features=100, **_: draw_data(n_features, 1),
    "shuffle": shuffle,
    "to_categorical": make_hot, "get_dummies": make_dummies, "DataFrame": make_table,
    "factorize": lambda values, **_: np.unique(values, return_inverse=True)[::-1],
    "concat": lambda parts, axis=0, **_: np.concatenate(parts, axis=axis),
    "truncnorm": Between, "expit": sigmoid,
    "OneHotEncoder": Encoder, "LabelBinarizer": Encoder, "LabelEncoder": Labels,
    "mnist.MNIST": Mnist,
    "mnist.train_images": lambda: _load_images(28, 28)[0][0],
    "mnist.test_images": lambda: _load_images(28, 28)[1][0],
    "mnist.train_labels": lambda: _load_images(28, 28)[0][1],
    "mnist.test_labels": lambda: _load_images(28, 28)[1][1],
    "mnist.load_data": lambda *_, **__: _load_images(28, 28),
    "fashion_mnist.load_data": lambda *_, **__: _load_images(28, 28),
    "cifar10.load_data": lambda *_, **__: _load_images(32, 32, 3),
    "datasets.CIFAR10": partial(_make_set, (32, 32, 3)),
    **dict.fromkeys(("datasets.MNIST", "datasets.FashionMNIST", "datasets.KMNIST"),
                    partial(_make_set, (28, 28))),
}  # fmt: skip
for _name in ("StandardScaler", "MinMaxScaler", "Normalizer", "RobustScaler", "MaxAbsScaler"):
    ANSWERS[_name] = Unchanged
for _name in ("scale", "normalize", "minmax_scale"):
    ANSWERS[_name] = lambda x, *_, **__: x
for _name in ("accuracy_score", "f1_score", "log_loss", "mean_squared_error", "r2_score"):
    ANSWERS[_name] = lambda *_, **__: 0.5


def answer(name: str, /, *args: Any, **options: Any) -> Any:
    """Return what a call of a library's function of that dotted name gives.

    Raises KeyError for a function that is not known.
    """
    parts = name.split(".")
    if parts[:2] == ["torchvision", "transforms"]:
        return Unchanged()
    verb, _, data = parts[-1].partition("_")
    if verb in ("load", "make", "fetch") and data in SIZES:
        wanted = {"return_X_y": True} if verb == "make" or options.get("return_X_y") else {}
        return _load(*SIZES[data], **wanted)
    known = ANSWERS.get(".".join(parts[-2:])) or ANSWERS[parts[-1]]
    return known(*args, **options)
