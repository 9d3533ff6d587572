"""Numbers that many objects keep under one name are one array."""

from types import SimpleNamespace

import numpy as np

from trainer.checker.find.bundling import bundle, fits, read, set_numbers
from trainer.checker.find.leaves import list_leaves


def make_names():
    return {"nodes": [SimpleNamespace(w=float(i), b=1.0) for i in range(4)], "lr": 0.1}


def test_numbers_of_objects_in_a_list_are_read_and_set_together():
    names = make_names()
    leaves = bundle(list_leaves(names))
    assert set(leaves) == {"nodes[*].w", "nodes[*].b", "lr"}
    keys = leaves["nodes[*].w"].keys
    assert read(names, keys).tolist() == [0, 1, 2, 3]
    set_numbers(names, keys, np.array([3.0, 2.0, 1.0, 0.0]))
    assert [node.w for node in names["nodes"]] == [3, 2, 1, 0]


def test_a_bundle_that_lost_a_number_is_read_as_nothing():
    names = make_names()
    keys = bundle(list_leaves(names))["nodes[*].w"].keys
    names["nodes"].pop()
    assert read(names, keys) is None


def test_only_as_many_numbers_as_there_are_objects_can_be_set():
    keys = bundle(list_leaves(make_names()))["nodes[*].w"].keys
    assert fits(keys, np.zeros(4))
    assert not fits(keys, np.zeros(3))


def test_few_numbers_stay_as_they_are():
    names = {"nodes": [SimpleNamespace(w=1.0), SimpleNamespace(w=2.0)]}
    assert set(bundle(list_leaves(names))) == {"nodes[0].w", "nodes[1].w"}


def test_whole_numbers_of_objects_are_bundled_too():
    names = {"nodes": [SimpleNamespace(b=0) for _ in range(3)]}
    leaves = bundle(list_leaves(names))
    set_numbers(names, leaves["nodes[*].b"].keys, np.array([0.5, 1.5, 2.5]))
    assert [node.b for node in names["nodes"]] == [0.5, 1.5, 2.5]
