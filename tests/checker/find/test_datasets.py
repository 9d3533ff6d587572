"""Data of ours has the forms that scripts expect, and sizes follow what NumPy's errors ask for."""

import ast
import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.checker.find.datasets import (
    LAYOUTS,
    Dataset,
    correct_sizes,
    count_samples,
    guess_batch,
    guess_separator,
    guess_sizes_of_text,
)

SIZES = st.integers(2, 9)


@given(SIZES, SIZES, st.integers(0, LAYOUTS - 1))
def test_inputs_and_targets_have_as_many_samples(D, C, layout):
    data = Dataset(D, C, layout)
    x, t = data.give("X_train"), data.give("y_train")
    axis = 1 if layout > 1 else 0
    assert x.shape[1 - axis] == D
    assert t.shape[-1 if layout == 2 else 0] == x.shape[axis]
    assert t.ndim == (2 if layout in (1, 2) else 1)


@pytest.mark.parametrize("layout", range(LAYOUTS))
def test_a_table_has_whole_labels_in_the_column_of_its_layout(layout):
    table = Dataset(4, 3, layout).give("data")
    assert table.shape[1] == 5
    labels = table[:, -1 if layout % 2 else 0]
    assert set(labels) == {0, 1, 2}
    np.testing.assert_array_equal(labels, table["label"])
    np.testing.assert_array_equal(table.drop("label").shape, (len(table), 4))


def test_what_is_no_data_is_not_given():
    assert Dataset(4, 3, 0).give("learning_rate") is None


@given(SIZES, SIZES, st.sampled_from(" ,\t"))
def test_a_file_has_the_numbers_of_the_table(D, C, separator):
    data = Dataset(D, C, 1, separator)
    rows = list(csv.reader(data.write().splitlines(), delimiter=separator))
    read = np.array(rows, dtype=float)
    np.testing.assert_allclose(read, data.make_table().values, rtol=1e-5, atol=1e-6)


def fail(function):
    with pytest.raises(ValueError, match=r"\d") as raised:
        function()
    return str(raised.value)


@given(SIZES, SIZES, st.integers(10, 20))
def test_an_error_of_numpy_tells_which_size_is_needed(D, C, needed):
    x, w = np.ones((7, D)), np.ones((needed, 2))
    for message in (fail(lambda: x.dot(w)), fail(lambda: x @ w), fail(lambda: x[0].dot(w))):
        assert correct_sizes(D, 1, message) == (needed, 1)
    t = np.ones((7, C))
    message = fail(lambda: np.ones((7, needed)) - t)
    assert correct_sizes(30, C, message) == (30, needed)
    assert correct_sizes(D, C, "out of memory") is None


@pytest.mark.parametrize("C", [2, 10, 128])
def test_a_table_of_images_has_whole_numbers(C):
    assert Dataset(784, C, 0).make_table().dtype.kind == "i"


def test_the_text_tells_sizes_and_separator():
    assert guess_sizes_of_text("Net(784, 30, 10)") == (784, 10)
    assert guess_sizes_of_text("Net(2, 2)") == (4, 2)
    assert guess_separator("line.split(',')") == guess_separator("csv.reader(f)") == ","
    assert guess_separator("line.split('\\t')") == "\t"
    assert guess_separator("line.split()") == " "


def test_too_few_samples_of_each_class_become_as_many_times_more():
    short = ValueError("could not broadcast input array from shape (2,) into shape (100,)")
    assert count_samples(ast.parse("limit = 100"), [short], {20, 7}) == 2000
    assert count_samples(ast.parse("limit = 9"), [ValueError("no shapes")], {20, 7}) == 0


@pytest.mark.parametrize("text", [
    "batch_size = 64", "self.mini_batch = 64", "net.fit(x, batch_size=64)",
    "def fit(x, batch_size=64): pass", "config = {'batch_size': 64, 'seed': 500}",
    "def fit(x=1, /, batch_size=64): pass", "def fit(x, *, batch_size: int = 64): pass",
])  # fmt: skip
def test_the_size_of_a_batch_is_a_number_of_that_name(text):
    assert guess_batch(ast.parse(text)) == 64
    assert guess_batch(ast.parse(text.replace("batch", "width"))) == 0
