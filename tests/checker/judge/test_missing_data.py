"""A right script is right whatever form its missing data has, and a wrong one is not."""

from itertools import product

import pytest
from sampling import few
from steps import judge

SCRIPT = """
import numpy as np
from mine import load
np.random.seed(1)
X_train, y_train = load("cancer.csv")
W1, b1 = np.random.randn(X_train.shape[1], 6) * 0.3, np.zeros(6)
W2 = np.random.randn(6, 1) * 0.3
b2 = np.zeros(1)
for epoch in range(1000):
    a1 = np.tanh(X_train @ W1 + b1)
    y = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    d2 = (y - y_train) / len(X_train)
    d1 = d2 @ W2.T * (1 - a1 ** 2)
    W2 -= 0.5 * a1.T @ d2
    b2 -= 0.5 * d2.sum(axis=0)
    W1 -= 0.5 * X_train.T @ d1
    b1 -= 0.5 * d1.sum(axis=0)
"""
LABELS = [("(y - y_train)", "(y - y_train.reshape(-1, 1))")]
COLUMNS = [("X_train @ W1", "X_train.T @ W1"), ("X_train.shape[1]", "X_train.shape[0]"),
           ("X_train.T @ d1", "X_train @ d1"), ("len(X_train)", "X_train.shape[1]"),
           ("(y - y_train)", "(y - y_train.T)")]  # fmt: skip
FLAT = [("(6, 1)", "(6)"), ("d2 @ W2.T", "np.outer(d2, W2)"), ("np.zeros(1)", "0.0"),
        ("d2.sum(axis=0)", "d2.sum()")]  # fmt: skip
SKLEARN = [("from mine import load", "from sklearn.datasets import load_breast_cancer as load"),
           ('load("cancer.csv")', "load(return_X_y=True)"), *LABELS]  # fmt: skip
READ = 'X_train, y_train = load("cancer.csv")'
SLICED = [*SKLEARN, ("for epoch", "X_train, y_train = X_train[np.random.permutation(569)], "
           "y_train[np.random.permutation(569)]\nfor epoch")]  # fmt: skip
PANDAS = [
    ("from mine import load", "import pandas as pd"),
    (READ, 'f = pd.read_csv("c")\nX_train, y_train = f.drop("y", axis=1), f[["y"]].values'),
]
NUMPY = [
    ("from mine import load", ""),
    (READ, 'f = np.loadtxt("c", delimiter=",")\nX_train, y_train = f[:, :-1], f[:, -1:]'),
]
GIVEN = [("from mine import load", "import mine"),
         (READ, "X_train, y_train = mine.x_train.values, mine.y_train.values")]  # fmt: skip
ARCHIVE = [
    ("from mine import load", ""),
    (READ, "with np.load('f.npz') as f:\n    X_train, y_train = f['x_train'], f['y_train']"),
]
STORE = [("from mine import load", "import h5py"),
         (READ, "with h5py.File('f.h5') as f:\n    X_train, y_train = [np.array(f[k][:]) "
          "for k in ('train_set_x', 'train_set_y')]")]  # fmt: skip
OBJECT = [(READ, "sets = load(0)\nX_train, y_train = sets.images, sets.labels")]
NAMED = [("from mine import load", ""),
         (READ, 'X_train, y_train = np.load("images.npy"), np.load("labels.npy")')]  # fmt: skip
CAUGHT = [
    ("from mine import load", "import sys"),
    (
        READ,
        'try:\n    rows = [[float(n) for n in line.split(",")] for line in open("c")]\n'
        "except FileNotFoundError:\n    sys.exit('there is no c')\n"
        "X_train, y_train = np.array(rows)[:, 1:], np.array(rows)[:, :1]",
    ),
]
BATCHES = [*SKLEARN, ("for epoch in range(1000):\n", "X, t = X_train, y_train\n"
            "for i in range(len(X) // 32):\n    chosen = slice(32 * i, 32 * i + 32)\n"
            "    X_train, y_train = X[chosen], t[chosen]\n")]  # fmt: skip
SIZED = "c = dict(batch_size=300)\nX, t ="  # larger than the data sets of ours
LARGE = [
    (old, new.replace("32", "c['batch_size']").replace("X, t =", SIZED)) for old, new in BATCHES
]
FILE = [LARGE[-1], ("batch_size=300", "batch_size=16")]  # more than the few rows of ours
APART = [  # inputs and labels in files of their own
    ("from mine import load", "import pandas as pd"),
    (READ, 'X_train = pd.read_csv("data/features.csv").to_numpy()\n'
     'y_train = pd.read_csv("data/labels.csv").to_numpy()'),
]  # fmt: skip
FORMS = {"apart": APART, "batches": BATCHES, "large batches": LARGE, "batches of a file": FILE,
         "caught": CAUGHT, "column": [], "given": GIVEN,
         "object": OBJECT, "named": NAMED, "archive": ARCHIVE, "store": STORE,
         "labels": LABELS, "columns": COLUMNS,
         "flat": FLAT, "sklearn": SKLEARN, "sliced": SLICED,
         "pandas": PANDAS, "numpy": NUMPY}  # fmt: skip


@pytest.mark.parametrize(("form", "mistake"), few(product(FORMS, (None, "(1 - a1 ** 2)")), 5))
def test_missing_data_of_any_form_change_no_verdict(tmp_path, form, mistake):
    text = SCRIPT.replace(mistake, "1") if mistake else SCRIPT
    for old, new in FORMS[form]:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "net.py").write_text(text)
    found = judge(tmp_path / "net.py")
    assert found.decision.is_right is (mistake is None)


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234\n"


@pytest.mark.parametrize("form", ["numpy", "caught"])
def test_a_file_that_git_lfs_keeps_elsewhere_is_missing(tmp_path, form):
    text = SCRIPT
    for old, new in FORMS[form]:
        text = text.replace(old, new)
    (tmp_path / "net.py").write_text(text)
    (tmp_path / "c").write_text(POINTER)
    assert judge(tmp_path / "net.py").decision.is_right
