import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torch.nn import functional as torch_functions

from trainer.book import functions as f

ACTIVATIONS = [
    f.identity_function, f.step_function, f.sigmoid, f.sigmoid_grad, f.relu, f.relu_grad,
]  # fmt: skip
DTYPES = st.sampled_from([np.float32, np.float64])
BATCH = array_shapes(min_dims=2, max_dims=2, max_side=5)


def finite_floats(shape):
    """Return a strategy for arrays of any finite floats of either dtype."""
    return DTYPES.flatmap(
        lambda dtype: arrays(dtype, shape, elements={"allow_nan": False, "allow_infinity": False})
    )


@pytest.mark.parametrize("function", [*ACTIVATIONS, f.softmax, f.log_softmax])
@given(a=finite_floats(BATCH))
def test_any_finite_input_keeps_its_dtype_and_values_and_gives_no_warning(function, a):
    before = a.copy()
    result = function(a)  # pytest turns a warning into an error
    assert result.dtype == a.dtype
    assert result.shape == a.shape
    assert not np.isnan(result).any()
    np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize("function", [*ACTIVATIONS, f.softmax])
def test_integers_become_float64_and_text_raises(function):
    assert function(np.array([[1, -2], [0, 3]])).dtype == np.float64
    with pytest.raises(TypeError, match="expected numbers"):
        function(np.array(["a"]))


def test_known_values():
    np.testing.assert_array_equal(f.step_function([-1.0, 0.0, 2.0]), [0, 0, 1])
    np.testing.assert_array_equal(f.relu([-1.0, 0.0, 2.0]), [0, 0, 2])
    np.testing.assert_array_equal(f.relu_grad([-1.0, 0.0, 2.0]), [0, 0, 1])
    np.testing.assert_array_equal(f.sigmoid([0.0, -1e4, 1e4]), [0.5, 0, 1])
    np.testing.assert_array_equal(f.sigmoid_grad([0.0]), [0.25])
    assert f.softmax([0.3, 2.9, 4.0]).round(8).tolist() == [0.01821127, 0.24519181, 0.73659691]


@given(a=arrays(np.float64, BATCH, elements=st.floats(-30, 30)))
def test_activations_equal_those_of_torch(a):
    x = torch.from_numpy(a)
    np.testing.assert_allclose(f.sigmoid(a), torch.sigmoid(x), rtol=1e-14)
    np.testing.assert_allclose(f.softmax(a), torch.softmax(x, 1), rtol=1e-13)
    np.testing.assert_allclose(f.log_softmax(a), torch.log_softmax(x, 1), rtol=1e-12, atol=1e-14)


@given(a=finite_floats(BATCH))
def test_softmax_gives_a_distribution_for_each_row_and_for_one_sample(a):
    y = f.softmax(a)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(f.softmax(a[0]), y[0])


def test_softmax_does_not_change_when_all_inputs_are_shifted():
    a = np.array([1010.0, 1000.0, 990.0])
    np.testing.assert_array_equal(f.softmax(a), f.softmax(a - 1000))


def test_relu_grad_at_zero_is_0_as_in_torch_not_1_as_in_the_book():
    x = torch.zeros(1, requires_grad=True)
    torch.relu(x).sum().backward()
    assert f.relu_grad(np.zeros(1)) == x.grad.numpy() == 0


LOSSES = [f.cross_entropy_error, f.softmax_cross_entropy, f.squared_error]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_and_one_hot_rows_give_the_same_number_and_a_sample_is_a_batch_of_one(loss, dtype):
    y = f.softmax(np.random.default_rng(0).standard_normal((4, 3)).astype(dtype))
    t = np.array([0, 2, 1, 2])
    rows = np.eye(3)[t]
    assert loss(y, t) == loss(y, rows) == loss(y, rows.astype(int))
    assert loss(y, t).dtype == dtype
    assert loss(y[0], t[0]) == loss(y[0], rows[0]) == loss(y[:1], t[:1])


def test_labels_are_recognised_even_if_the_batch_has_as_many_samples_as_classes():
    y = f.softmax(np.arange(9.0).reshape(3, 3) ** 2 % 5)
    t = np.array([2, 0, 1])
    assert f.cross_entropy_error(y, t) == -np.log(y[[0, 1, 2], t]).mean()


def test_the_losses_are_those_of_the_book_and_of_torch_times_a_known_factor():
    a = np.random.default_rng(0).standard_normal((4, 3))
    t = np.array([0, 2, 1, 2])
    by_torch = torch_functions.cross_entropy(torch.from_numpy(a), torch.from_numpy(t)).item()
    assert f.softmax_cross_entropy(a, t) == pytest.approx(by_torch, rel=1e-14)
    assert f.cross_entropy_error(f.softmax(a), t) == pytest.approx(by_torch, rel=1e-14)
    rows = np.eye(3)[t]
    by_torch = torch_functions.mse_loss(torch.from_numpy(a), torch.from_numpy(rows)).item()
    assert f.squared_error(a, t) == pytest.approx(by_torch * 3 / 2, rel=1e-14)  # ½ N C / N
    assert f.squared_error([0.1, 0.6], [0, 1]) == pytest.approx(0.085)


def test_cross_entropy_from_logits_is_exact_where_softmax_underflows():
    a = np.array([[0.0, 2000.0]])
    assert f.softmax_cross_entropy(a, np.array([0])) == 2000
    assert np.isfinite(f.cross_entropy_error(f.softmax(a), np.array([0])))


def test_the_logarithm_has_no_epsilon():
    assert f.cross_entropy_error(np.array([1e-9, 1 - 1e-9]), 0) == -np.log(1e-9)


@pytest.mark.parametrize(
    ("t", "error", "words"),
    [
        ([0, 3], ValueError, "0 … 2"),
        ([-1, 0], ValueError, "0 … 2"),
        ([0.0, 1.0], TypeError, "integers"),
        ([0, 1, 2], ValueError, "neither labels nor one-hot"),
    ],
)
def test_unusable_targets_raise(t, error, words):
    with pytest.raises(error, match=words):
        f.one_hot(np.array(t), np.zeros((2, 3)))
