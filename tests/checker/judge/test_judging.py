"""One step of several decides: the file's own, then any that is right with some data of ours."""

from types import SimpleNamespace

import numpy as np
import pytest

from trainer.checker.find.programs import CALLS
from trainer.checker.find.trace import SUBTRACTED, Trace
from trainer.checker.judge import judging
from trainer.checker.judge.decision import Decision
from trainer.checker.judge.influence import Model
from trainer.checker.judge.judging import ENOUGH, MORE, judge_programs


@pytest.fixture
def decide(monkeypatch):
    """Let a step's name or line be followed by its verdict."""

    def make(line, verdict, name="", weights=4):
        step = SimpleNamespace(
            line=line, name=name, verdict=verdict, describe=None, is_after=False, file=""
        )
        arrays = {f"w{i}": np.zeros(1) for i in range(weights)}
        base = Trace(before=arrays, after=arrays, gave=SUBTRACTED)
        model = Model(lambda _edits, _form: base, base, [*arrays])
        decisions[id(step)] = Decision(model, verdict)
        kept.append(step)
        return step

    def judge_steps(steps, _budget, _known=()):
        for step in steps:
            yield judging.Judged(step, decisions[id(step)])

    decisions, kept = {}, []
    monkeypatch.setattr(judging, "_judge_steps", judge_steps)
    return make


def test_the_files_own_data_decide_at_once(decide):
    programs = [[decide(3, False)], [decide(3, True)]]
    assert judge_programs(programs).decision.is_right is False


def test_a_loop_that_is_right_with_one_layout_of_data_is_right(decide):
    programs = [[], [decide(3, False)], [decide(3, None)], [decide(3, True)]]
    assert judge_programs(programs).decision.is_right is True


def test_a_loop_that_is_never_right_is_wrong(decide):
    programs = [[], [decide(3, False)], [], [decide(3, None)]]
    assert judge_programs(programs).decision.is_right is False


def test_another_call_may_be_wrong_where_one_is_right(decide):
    right, wrong = decide(0, True, "fit"), decide(0, False, "train")
    assert judge_programs([[], [right], [wrong]]).step.name == "train"
    others = [[decide(0, None, "score")] for _ in range(MORE)]
    late = [[], [right], *others, [wrong]]
    assert judge_programs(late).decision.is_right is True


def test_a_loop_that_stays_open_is_kept_beside_a_right_call(decide):
    loop = decide(9, None)
    found = judge_programs([[], [loop], [decide(0, True, "backprop")]])
    assert (found.step.name, found.others) == ("backprop", [loop])


def test_a_right_step_of_fewer_weights_than_an_open_one_may_be_a_part_of_it(decide):
    whole = decide(9, None, weights=6)
    assert judge_programs([[], [whole], [decide(0, True, "backprop", 2)]]).step is whole


def test_of_one_step_a_right_call_with_fewer_weights_leaves_it_open(decide):
    whole, part = decide(0, None, "gradient"), decide(0, True, "gradient", 1)
    assert judge_programs([[], [whole], [part]]).step is whole
    assert judge_programs([[], [part], [whole]]).step is whole


def test_data_of_ours_acquit_no_step_that_the_file_takes_with_its_own(decide, monkeypatch):
    monkeypatch.setattr(judging, "misreads", lambda _decision: False)
    own, call = decide(9, None), decide(0, True, "fit")
    programs = [[own], *[[]] * (CALLS - 1), [call]]
    assert judge_programs(programs).decision.is_right is None
    assert judge_programs([[], *programs[1:]]).step is call


def test_without_a_verdict_the_first_open_step_is_told(decide):
    first = decide(7, None)
    assert judge_programs([[], [first], [decide(9, None)]]).step is first
    assert judge_programs([[], []]) is None


def test_a_step_that_is_wrong_with_several_layouts_is_asked_no_more(decide):
    asked = []

    def list_programs():
        yield []
        for number in range(3 * ENOUGH):
            asked.append(number)
            yield [decide(3, False)]

    assert judge_programs(list_programs()).decision.is_right is False
    assert len(asked) == ENOUGH
