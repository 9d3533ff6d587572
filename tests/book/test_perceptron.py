import numpy as np
import pytest

from trainer.book.perceptron import AND, INPUTS, NAND, OR, XOR, Perceptron

TABLES = [(AND, [0, 0, 0, 1]), (NAND, [1, 1, 1, 0]), (OR, [0, 1, 1, 1]), (XOR, [0, 1, 1, 0])]


@pytest.mark.parametrize(("gate", "outputs"), TABLES)
def test_a_gate_has_its_truth_table_for_a_batch_and_for_single_inputs(gate, outputs):
    assert gate(INPUTS).tolist() == outputs
    assert [gate(x) for x in INPUTS] == outputs


def test_the_threshold_form_equals_the_bias_form():
    assert Perceptron.from_threshold((0.5, 0.5), 0.7) == AND


def test_a_perceptron_does_not_fire_on_its_line():
    assert Perceptron((1.0,), -1.0)([1.0]) == 0


def test_no_single_perceptron_of_a_fine_grid_is_xor():
    numbers = np.linspace(-2, 2, 21)
    for w1 in numbers:
        for w2 in numbers:
            fired = INPUTS @ np.array([w1, w2]) + numbers[:, None] > 0  # (b, 4)
            assert not (fired == np.array([0, 1, 1, 0])).all(axis=1).any()
