import numpy as np

from trainer.data.batches import BLOCK, Batches
from trainer.nets.initial import draw_params


def test_the_same_seed_gives_the_same_weights_and_another_seed_different_ones():
    one, same, other = (draw_params(7, 5, 3, seed=seed) for seed in (1, 1, 2))
    for key in one:
        np.testing.assert_array_equal(one[key], same[key])
    assert not np.array_equal(one["W1"], other["W1"])
    assert not np.array_equal(one["W1"].ravel()[:15], one["W2"].ravel())


def test_weights_are_small_and_normal_and_biases_0_in_the_shapes_of_the_book():
    params = draw_params(784, 50, 10, 0.01)
    assert {key: value.shape for key, value in params.items()} == {
        "W1": (784, 50), "b1": (50,), "W2": (50, 10), "b2": (10,),
    }  # fmt: skip
    for weights in (params["W1"], draw_params(9, 50, 1000, 0.01)["W2"]):
        assert abs(weights.std() / 0.01 - 1) < 0.02
        assert abs(weights.mean()) < 0.001
        # 0.683 is the part of a normal distribution within one σ.
        assert abs(np.mean(np.abs(weights) < 0.01) - 0.683) < 0.02
    assert not params["b1"].any()
    assert not params["b2"].any()


def test_both_dtypes_start_from_the_same_numbers():
    wide, narrow = (draw_params(7, 5, 3, dtype=d) for d in ("float64", "float32"))
    np.testing.assert_array_equal(wide["W1"].astype(np.float32), narrow["W1"])


def test_the_batch_of_a_step_depends_on_seed_and_step_alone():
    x = np.arange(1000.0)[:, None]
    in_order, in_any_order = Batches(x, x[:, 0], 10, seed=3), Batches(x, x[:, 0], 10, seed=3)
    expected = [in_order(i)[1] for i in range(3 * BLOCK)]
    for i in (2 * BLOCK + 7, 5, BLOCK, BLOCK - 1):
        np.testing.assert_array_equal(in_any_order(i)[1], expected[i])
    assert not np.array_equal(Batches(x, x[:, 0], 10, seed=4)(0)[1], expected[0])
    assert len({tuple(t) for t in expected}) == len(expected)  # no two steps have the same batch


def test_rows_are_drawn_with_replacement_from_all_and_x_and_t_stay_paired():
    x = np.arange(50.0)[:, None]
    batch = Batches(x, np.arange(50), 40, seed=0)
    drawn = [batch(i) for i in range(20)]
    assert any(len(np.unique(t)) < len(t) for _, t in drawn)
    assert set(np.concatenate([t for _, t in drawn])) == set(range(50))
    for rows, t in drawn:
        np.testing.assert_array_equal(rows[:, 0], t)
