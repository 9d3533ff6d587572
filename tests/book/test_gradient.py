import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from trainer.book.gradient import gradient_descent, numerical_gradient


def sum_squares(x):
    return (x**2).sum()


@given(
    x=arrays(
        np.float64,
        array_shapes(max_dims=3, max_side=3),
        elements={"min_value": -10, "max_value": 10},
    )
)
def test_the_gradient_of_squares_is_2x_for_any_shape_and_x_does_not_change(x):
    before = x.copy()
    np.testing.assert_allclose(numerical_gradient(sum_squares, x), 2 * x, atol=1e-8)
    np.testing.assert_array_equal(x, before)


def test_the_difference_is_central():
    # (f(x + h) − f(x − h)) / 2h of x³ is 3x² + h² exactly; one-sided it is 3x² + 3xh + h².
    grad = numerical_gradient(lambda x: (x**3).sum(), np.array([2.0]), h=0.5)
    assert grad == 3 * 4 + 0.25


def test_the_gradient_of_float32_is_computed_in_float64_and_returned_in_float32():
    x = np.array([3.0, 4.0], np.float32)
    grad = numerical_gradient(sum_squares, x)
    assert grad.dtype == np.float32
    np.testing.assert_allclose(grad, [6, 8], rtol=1e-6)


def test_integers_get_a_float64_gradient():
    grad = numerical_gradient(sum_squares, np.array([3, 4]))
    assert grad.dtype == np.float64
    np.testing.assert_allclose(grad, [6, 8])


def test_descent_reaches_the_minimum_and_returns_its_path():
    path = gradient_descent(sum_squares, np.array([-3.0, 4.0]), lr=0.1, steps=100)
    assert path.shape == (101, 2)
    np.testing.assert_array_equal(path[0], [-3, 4])
    np.testing.assert_allclose(path[1], [-2.4, 3.2])
    np.testing.assert_allclose(path[-1], 0, atol=1e-8)


@pytest.mark.parametrize(("lr", "end"), [(10.0, 1e12), (1e-10, 3.0)])
def test_a_rate_that_is_too_large_diverges_and_one_too_small_does_not_move(lr, end):
    path = gradient_descent(sum_squares, np.array([-3.0, 4.0]), lr=lr, steps=100)
    assert np.abs(path[-1]).min() > end * 0.99
