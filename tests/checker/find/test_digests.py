"""What a worker sends is compared with what the judge has, whatever type its arrays had."""

import json

import numpy as np
import pytest

from trainer.checker.find.trace import Trace, digest
from trainer.checker.worker.packing import pack, unpack


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int16, bool])
def test_an_array_has_one_digest_on_both_sides_of_the_pipe(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    sent = unpack(json.loads(json.dumps(pack(Trace([(0, "", array)])))))
    assert digest(sent.events[0][2]) == digest(array)


def test_shapes_kinds_and_values_make_other_digests():
    arrays = [np.ones(4), np.ones((2, 2)), np.ones(4, int), np.zeros(4), np.ones(4, bool)]
    assert len({int(digest(array)) for array in arrays}) == len(arrays)
