"""A step runs on copies: twice the same, with other values where they are given."""

import numpy as np
import pytest

from trainer.checker.find.copying import copy_together
from trainer.checker.find.leaves import list_leaves
from trainer.checker.find.programs import Script

LOOP = """
import numpy as np
X, W = np.arange(6.0).reshape(3, 2), np.ones((2, 1))
V = np.ones((2, 1))
for i in range(9):
    Y = X @ W
    W = W - 0.1 * X.T @ Y
    V = 0.9 * V
"""
CLASS = """
import numpy as np
class Net:
    params = {}
    def __init__(self):
        self.params["W"] = np.ones((2, 2))
        self.__rate = 0.5
    def train(self, X, rounds):
        for i in range(rounds):
            self.params["W"] -= self.__rate * X.T @ X @ self.params["W"]
            if i > 5:
                break
Net().train(np.eye(2), 100)
"""


def find_step(tmp_path, text):
    path = tmp_path / "net.py"
    path.write_text(text)
    return next(iter(Script(path).list_programs()))()[0]


def test_a_step_is_the_first_round_of_the_loop_and_repeats_exactly(tmp_path):
    step = find_step(tmp_path, LOOP)
    first, second = step.run(), step.run()
    assert step.line == 5
    assert first.before["W"] == pytest.approx(1)
    np.testing.assert_array_equal(first.after["W"], second.after["W"])
    assert [event[:2] for event in first.events] == [event[:2] for event in second.events]


def test_an_edit_changes_the_start_of_one_run_only(tmp_path):
    step = find_step(tmp_path, LOOP)
    plain = step.run()
    edited = step.run({"W": np.zeros((2, 1))})
    assert not edited.after["W"].any()
    np.testing.assert_array_equal(step.run().after["W"], plain.after["W"])


def test_data_of_another_length_take_the_place_of_the_files_own(tmp_path):
    step = find_step(tmp_path, LOOP)
    fewer = step.run({"X": np.ones((1, 2))})
    assert not fewer.error
    assert fewer.after["W"] == pytest.approx(1 - 0.1 * 2)


def test_integer_weights_that_two_objects_hold_stay_one_array(tmp_path):
    text = LOOP.replace("V = np.ones((2, 1))", "W = np.ones((2, 1), int); held = [W]")
    step = find_step(tmp_path, text.replace("V = 0.9 * V", "V = held[0].sum()"))
    path = next(path for path, value in step.run().before.items() if value.shape == (2, 1))
    trace = step.run({path: np.full((2, 1), 0.25)})
    assert [float(value) for _, _, value in trace.events if value.shape == ()].count(0.5) > 0


def test_a_value_can_be_replaced_where_it_is_made(tmp_path):
    step = find_step(tmp_path, LOOP)
    trace = step.run()
    number = next(i for i, event in enumerate(trace.events) if event[2].shape == (3, 1))
    changed = step.run({f"@{number}": np.zeros((3, 1))})
    np.testing.assert_array_equal(changed.after["W"], trace.before["W"])


def test_private_names_and_break_mean_the_same_inside_a_step(tmp_path):
    step = find_step(tmp_path, CLASS)
    trace = step.run()
    assert not trace.error
    np.testing.assert_allclose(trace.after["self.params['W']"], 0.5)


def test_weights_of_the_class_itself_are_found_and_set_back(tmp_path):
    step = find_step(tmp_path, CLASS)
    step.run()
    np.testing.assert_allclose(step.run().before["self.params['W']"], 1)


def test_a_copy_keeps_what_is_shared_inside_it():
    array = np.zeros(3)
    shared, own = copy_together({"a": array, "held": [array]}, {"b": array})
    assert shared["a"] is shared["held"][0] is own["b"]
    assert shared["a"] is not array


def test_an_array_is_listed_once_and_the_newest_name_wins():
    array = np.zeros(3)
    assert list(list_leaves({"data": [array], "batch": array})) == ["batch"]


def test_rows_that_are_one_list_are_one_leaf():
    row = [0.1, 0.2]
    leaves = list_leaves({"W": [row, row, [0.3, 0.4]]})
    assert {path: leaf.value for path, leaf in leaves.items()} == {
        "W[0]": [0.1, 0.2], "W[2]": [0.3, 0.4],
    }  # fmt: skip


def test_functions_that_keep_one_array_keep_one_copy_of_it():
    def make(W):
        def grow():
            W[...] += 1

        def read():
            return W

        return grow, read

    grow, read = make(np.zeros(2))
    copied, _ = copy_together({"grow": grow, "read": read}, None)
    copied["grow"]()
    assert (copied["read"]() == 1).all()
    assert (read() == 0).all()
    leaves = list_leaves({"read": read})
    leaves["read.W"].set(np.full(2, 5.0))
    assert (read() == 5).all()


SEVERAL = """
import numpy as np
W, rows, shown = np.ones(2), [(np.ones(2), 1.0)] * 3, np.zeros(3)
def read():
    return shown
def train(W, kept):
    log = [np.zeros(4)]
    for x, t in rows:
        W -= 0.1 * x * (x @ W - t)
    return log
{more}
train(W, rows)
"""


@pytest.mark.parametrize("more", ["", "names = dir()"])
def test_a_step_has_the_names_that_its_code_may_use(more, tmp_path):
    names = find_step(tmp_path, SEVERAL.format(more=more)).get_names()
    assert {"W", "x", "t", "rows", "shown"} <= names.keys()
    assert ("kept" in names, "log" in names) == (bool(more), bool(more))
    assert not find_step(tmp_path, SEVERAL.format(more=more)).run().error


@pytest.mark.parametrize("end", ["return self.params['W']", "yield self.params['W']"])
def test_a_round_may_return_or_yield_an_array(tmp_path, end):
    text = CLASS.replace("if i > 5:\n                break", end)
    text = text.replace("Net().train(np.eye(2), 100)", "list(Net().train(np.eye(2), 100))")
    trace = find_step(tmp_path, text).run()
    assert not trace.error
    path = "self.params['W']"
    assert np.abs(trace.after[path] - trace.before[path]).max() > 0.1
