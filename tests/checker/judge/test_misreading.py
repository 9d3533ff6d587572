"""A call of ours that is wrong only since it was given what it does not expect accuses nobody."""

import numpy as np
import pytest

from trainer.checker.find.trace import Trace
from trainer.checker.judge.decision import Decision
from trainer.checker.judge.influence import Model
from trainer.checker.judge.misreading import misreads

SCORES = np.array([[-0.7, 0.2, 1.4], [0.3, 2.0, -1.0]])
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.3, 0.1, 0.6]])


@pytest.mark.parametrize(("outputs", "is_misread"), [(SCORES, True), (PROBABILITIES, False)])
@pytest.mark.parametrize("least", [1e-12, 1e-7])
def test_scores_that_are_clipped_to_be_probabilities_were_misread(outputs, is_misread, least):
    values = outputs, np.clip(outputs, least, 1 - least)
    base = Trace(events=[(i, "", value) for i, value in enumerate(values)])
    model = Model(lambda _edits, _form: base, base, outputs=[(0,), (1,)])
    assert misreads(Decision(model, is_right=False)) is is_misread
    assert not misreads(Decision(model, is_right=True))


def test_a_rectifier_clips_no_probabilities():
    values = SCORES, np.maximum(SCORES, 0)
    base = Trace(events=[(i, "", value) for i, value in enumerate(values)])
    model = Model(lambda _edits, _form: base, base, outputs=[(0,), (1,)])
    assert not misreads(Decision(model, is_right=False))
