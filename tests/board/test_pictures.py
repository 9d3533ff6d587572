"""The pictures of a net and of a comparison (trainer.board.pictures)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import ImageDraw

from trainer.board import pictures

DIGITS = ("0 - zero", "1 - one", "2 - two", "3 - three", "4 - four")
RIGHT = {"a1": 0.5, "dW1": 0.0}


@pytest.fixture
def written(monkeypatch):
    """The texts that are drawn, in their order."""
    texts = []
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda _, xy, text, *a, **k: texts.append(text)
    )
    return texts


def make_outputs(labels):
    """Return y of a net that is nearly sure of these labels."""
    return np.full((len(labels), len(DIGITS)), 0.01) + 0.95 * np.eye(len(DIGITS))[labels]


def test_weights_are_blue_below_zero_red_above_and_white_at_zero():
    W1 = np.zeros((784, 2))
    W1[0, 0], W1[27, 0], W1[28, 1] = -2, 2, 1
    picture = pictures.draw_weights(W1)
    assert picture.dtype == np.uint8
    assert tuple(picture[0, 0]) == pictures.BLUE
    assert tuple(picture[0, 27]) == pictures.RED
    half = [(255 + end) // 2 for end in pictures.RED]  # one scale for all neurons
    assert picture[1, 29].tolist() == half
    assert tuple(picture[5, 5]) == (255, 255, 255)


def test_weights_are_drawn_ten_neurons_a_row_and_at_most_a_hundred():
    W1 = np.random.default_rng(0).standard_normal((784, 230))
    scale = pictures.SCALE_SIDE + pictures.LINE + 8
    assert pictures.draw_weights(W1[:, :23]).shape == (3 * 29 - 1 + scale, 10 * 29 - 1, 3)
    assert np.array_equal(pictures.draw_weights(W1), pictures.draw_weights(W1[:, :100]))


def test_the_scale_below_the_weights_goes_from_minus_the_largest_to_the_largest(written):
    picture = pictures.draw_weights(np.full((784, 20), -0.314))
    assert written == ["-0.31", "0", "0.31"]
    strip = picture[2 * 29 - 1 + 8]
    assert tuple(strip[0]) == pictures.BLUE
    assert tuple(strip[-1]) == pictures.RED
    assert strip[len(strip) // 2].min() > 250


@settings(deadline=None)  # a shared machine may pause
@given(st.sampled_from([0.0, 1e-40, 1e38, np.inf, -np.inf, np.nan]), st.integers(1, 12))
def test_extreme_weights_can_be_drawn(value, neurons):
    W1 = np.full((784, neurons), value, np.float32)
    assert pictures.draw_weights(W1).dtype == np.uint8


def test_a_neurons_image_shows_each_weight_at_its_pixel():
    W1 = np.random.default_rng(0).uniform(0, 1, (784, 13))
    image = pictures.draw_weights(W1)[29:57, 58:86, 1]  # the 13th: second row, third column
    order = np.argsort(W1[:, 12])
    assert np.all(np.diff(image.reshape(-1)[order].astype(int)) <= 0)  # the larger, the less green


def test_only_mistakes_are_drawn_and_the_worst_comes_first():
    t, y = np.arange(5), make_outputs([0, 2, 2, 4, 4])
    y[1] = [0.0, 0.3, 0.7, 0.0, 0.0]
    pixels = np.zeros((5, 784))
    pixels[3] = 1  # the worst is black, the other white
    picture = pictures.draw_mistakes(pixels, t, y, DIGITS)
    first, second = np.split(picture[:84], [picture.shape[1] // 2], axis=1)
    assert picture.shape[0] < 2 * 84  # two mistakes: one row
    assert first.min() == 0
    assert first.mean() < 100
    assert second.mean() > 250


def test_at_most_twenty_mistakes_are_drawn():
    t, y, pixels = np.zeros(30, int), make_outputs([1] * 30), np.zeros((30, 784))
    few, many = (pictures.draw_mistakes(pixels[:n], t[:n], y[:n], DIGITS) for n in (20, 30))
    assert few.shape == many.shape


def test_a_caption_has_label_guess_and_both_outputs(written):
    pictures.draw_mistakes(np.zeros((1, 784)), np.array([3]), make_outputs([4]), DIGITS)
    assert written == ["label 3: 0.010", "guess 4: 0.960"]


def test_a_net_that_makes_no_mistake_is_called_so(written):
    t = np.array([1, 2])
    assert pictures.draw_mistakes(np.zeros((2, 784)), t, make_outputs(t), DIGITS).ndim == 3
    assert written == ["no mistake", "in 2 digits"]


def test_images_are_counted_by_label_and_guess(written):
    t = np.array([0, 0, 1, 2, 2, 2])
    y = make_outputs([0, 1, 1, 2, 2, 0])
    right = np.zeros((5, 5), int)
    right[0, 0] = right[0, 1] = right[1, 1] = right[2, 0] = 1
    right[2, 2] = 2
    assert np.array_equal(pictures.count_guesses(t, y.argmax(axis=1), 5), right)
    pictures.draw_confusion(t, y, DIGITS)
    assert len([text for text in written if text.isdecimal()]) == 5 + 25  # columns and counts
    assert "4 - four" in written


@settings(deadline=None)  # a shared machine may pause
@given(arrays.arrays(np.int64, st.integers(1, 50), elements=st.integers(0, 4)), st.integers(0, 99))
def test_the_diagonal_of_the_counts_is_the_accuracy(t, seed):
    guesses = np.random.default_rng(seed).integers(0, 5, len(t))
    counts = pictures.count_guesses(t, guesses, 5)
    assert counts.sum() == len(t)
    assert np.trace(counts) / len(t) == np.mean(guesses == t)


def test_a_cell_with_a_larger_count_is_darker():
    t, side = np.repeat(0, 10), pictures.CELL
    picture = pictures.draw_confusion(t, make_outputs([0] * 6 + [1] * 3 + [2]), DIGITS)
    corner = picture.shape[1] - 5 * side
    cells = [picture[2 * pictures.LINE + 2, corner + 2 + side * k, 0] for k in range(4)]
    assert cells[0] < cells[1] < cells[2] < cells[3] == 255


@pytest.mark.parametrize(
    "classes", [("T-shirt/top", "Trouser", "Ankle boot"), ("o", "ki", "su")], ids="/".join
)
def test_class_names_of_any_data_set_fit_into_the_picture(classes):
    t, y = np.array([0, 1, 2]), np.eye(3)[[1, 2, 0]]
    width = pictures.draw_confusion(t, y, classes).shape[1]
    assert width >= 3 * pictures.CELL + pictures.measure_text(f"2 {classes[2]}")
    tile = pictures.draw_mistakes(np.zeros((3, 784)), t, y, classes).shape[1] // 3
    assert tile >= max(pictures.measure_text(f"label {name}: 0.000") for name in classes)


@pytest.mark.parametrize("ratio", [1.5, 3.5e5, np.inf, np.nan])
def test_a_wrong_quantity_alone_has_a_red_bar_that_crosses_the_bound(ratio):
    wrong = pictures.draw_audit({"numpy": RIGHT | {"dW1": ratio}, "torch": RIGHT})
    right = pictures.draw_audit({"numpy": RIGHT, "torch": RIGHT})
    assert np.all(right == pictures.BLUE, axis=2).any()
    assert not np.all(right == pictures.RED, axis=2).any()
    rows, columns = np.nonzero(np.all(wrong == pictures.RED, axis=2))
    bound = np.flatnonzero(np.all(right == 0, axis=2).sum(axis=0) > 60)[0]
    assert columns.min() < bound < columns.max()
    assert rows.max() < len(wrong) // 2  # on the side of numpy, the upper one


def test_a_comparison_without_an_audit_can_be_drawn():
    assert pictures.draw_audit({}).shape[2] == 3
