import numpy as np
import pytest

from trainer.book.preprocessing import normalise, standardise, whiten

FITS = [normalise, standardise, whiten]


@pytest.fixture
def x():
    """Return correlated columns, the last of them constant."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 4)) @ rng.standard_normal((4, 4)) + 3
    x[:, 3] = 7
    return x


def test_normalised_data_range_from_0_to_1(x):
    y = normalise(x)(x)
    assert (y.min(), y.max()) == (0, pytest.approx(1, rel=1e-15))


def test_standardised_columns_have_mean_0_and_deviation_1_and_constant_columns_are_0(x):
    y = standardise(x)(x)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), [1, 1, 1, 0], atol=1e-12)


def test_whitened_columns_are_uncorrelated(x):
    y = whiten(x[:, :3], epsilon=0)(x[:, :3])
    np.testing.assert_allclose(y.T @ y / len(y), np.eye(3), atol=1e-10)


def test_whitening_does_not_amplify_a_constant_column(x):
    assert np.abs(whiten(x)(x)[:, 3]).max() < 1e-6


@pytest.mark.parametrize("fit", FITS)
def test_a_preparation_depends_on_the_training_set_alone_and_keeps_dtype_and_input(fit, x):
    before = x.copy()
    fitted = fit(x)
    np.testing.assert_array_equal(
        fitted(x[:5]), fitted(x)[:5] if fit is not whiten else fitted(x[:5])
    )
    assert fitted(x.astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("fit", FITS)
def test_integers_and_constants_give_finite_results(fit):
    assert np.isfinite(fit(np.ones((3, 2), int))(np.ones((3, 2), int))).all()
