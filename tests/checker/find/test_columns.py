"""The numbers that the tuples of a list have in one place are an array, which can be set."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.checker.find.columns import list_columns
from trainer.checker.find.leaves import list_leaves

numbers = st.floats(-9, 9)
tables = st.lists(st.tuples(st.tuples(numbers, numbers), numbers), min_size=2, max_size=5)


@given(tables)
def test_what_is_written_into_a_column_is_read_from_it_and_the_rest_stays(rows):
    points, targets = list_columns(rows)
    others = targets.read(rows)
    points.write(rows, 2 * points.read(rows) + 1)
    assert np.array_equal(targets.read(rows), others)
    first = [tuple(row) for row in points.read(rows)]
    assert [row[0] for row in rows] == first


@given(tables)
def test_fewer_values_leave_fewer_rows(rows):
    points, _targets = list_columns(rows)
    points.write(rows, points.read(rows)[:1])
    assert len(rows) == 1


def test_places_of_different_forms_are_no_columns():
    assert [each.number for each in list_columns([(1, 2), ((1, 2), 3)])] == [1]
    assert not list(list_columns([("a", "b"), ("c", "d")]))
    assert not list(list_columns([(1.0, 2.0)]))


def test_a_leaf_of_a_column_sets_the_tuples():
    names = {"data": [((0.0, 1.0), 0), ((1.0, 1.0), 1)]}
    leaf = list_leaves(names)["data[*][1]"]
    leaf.set(np.array([5, 7]))
    assert names["data"] == [((0.0, 1.0), 5), ((1.0, 1.0), 7)]
