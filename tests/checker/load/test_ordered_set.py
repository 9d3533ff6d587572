"""A set that keeps the order of its elements is like any other in all else."""

import copy
from collections.abc import Sized

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.checker.load.ordered_set import OrderedSet


@given(st.lists(st.integers(-9, 9)), st.lists(st.integers(-9, 9)))
def test_it_holds_what_a_set_holds_in_the_order_in_which_it_came(first, later):
    found, plain = OrderedSet(first), set(first)
    for each in later:
        change = "discard" if each % 2 else "add"
        getattr(found, change)(each)
        getattr(plain, change)(each)
    assert found == plain
    assert sorted(found) == sorted(plain)
    assert list(OrderedSet(first)) == list(dict.fromkeys(first))
    assert list(copy.deepcopy(found)) == list(found.copy()) == list(found)


def test_elements_that_an_operator_adds_are_given_too():
    found = OrderedSet("ba")
    found |= {"c"}
    assert list(found) == ["b", "a", "c"]
    assert found.pop() == "b"
    assert list(found) == ["a", "c"]


def test_nothing_is_taken_from_an_empty_set():
    with pytest.raises(KeyError):
        OrderedSet().pop()


def test_each_set_is_one():
    assert isinstance({1}, OrderedSet)
    assert not isinstance([1], OrderedSet)


def test_a_class_below_it_is_a_class_of_its_own():
    class Names(OrderedSet, Sized):
        def __init__(self, text):
            for name in text.split():
                self.add(name)

    found = Names("b a")
    assert list(found) == ["b", "a"]
    assert isinstance(found, Names)
    assert not isinstance({"a"}, Names)
