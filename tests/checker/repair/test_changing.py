"""A step runs with changed code for a while, and with its own afterwards."""

import numpy as np
import pytest
from steps import FREE

from trainer.checker.find.programs import Script
from trainer.checker.repair.changing import CannotChangeError, ChangingStep

PATH = FREE / "deep_script.py"


@pytest.fixture
def step():
    path = PATH
    script = Script(path)
    found = script.follow()[0]
    return ChangingStep(found, script.sources), path.read_text()


def read(step):
    return step.run({}, "full").after["Ws[0]"]


def test_a_changed_function_and_a_changed_loop_show_in_the_step(step):
    changing, text = step
    own = read(changing)
    for old, new in (("delta.sum(0)", "2 * delta.sum(0)"), ("-= lr * gW", "+= lr * gW")):
        with changing.change(PATH, text.replace(old, new)):
            after = changing.run({}, "full").after
        assert not np.array_equal(after["Ws[0]"], own) or not np.array_equal(
            after["bs[0]"], changing.run({}, "full").after["bs[0]"]
        )
        assert np.array_equal(read(changing), own)


def test_a_text_with_another_loop_cannot_be_run_so(step):
    changing, text = step
    with (
        pytest.raises(CannotChangeError),
        changing.change(PATH, text + "\nfor i in range(3): pass\n"),
    ):
        pass
