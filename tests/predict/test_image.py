"""Images of the user's own, read as MNIST's (trainer.predict.image)."""

import os

import fuzzing
import numpy as np
import pytest
import runs
import sheet
from PIL import Image

from trainer.common.errors import InputError
from trainer.data.digits import load_digits
from trainer.predict import image


@pytest.fixture(scope="module")
def digits():
    """Twenty real test images (20, 28, 28) uint8."""
    raw = load_digits("mnist-5k", runs.find_data_dir()).x_test[:20]
    return np.round(raw * 255).astype(np.uint8).reshape(-1, 28, 28)


def save_and_read(picture: Image.Image, path, **options):
    picture.save(path, **options)
    return image.read_digit(path)


def check_refused(path, *words):
    with pytest.raises(InputError) as error:
        image.read_digit(path)
    assert all(word in str(error.value) for word in (path.name, *words)), str(error.value)
    assert "\n" not in str(error.value)


def measure_likeness(a, b) -> float:
    """Return the correlation of two images, one of which may be moved by a pixel."""
    moves = [np.roll(b, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return max(np.corrcoef(a.ravel(), moved.ravel())[0, 1] for moved in moves)


def test_an_image_of_mnist_is_read_nearly_unchanged(tmp_path, digits):
    for digit in digits:
        copy = save_and_read(Image.fromarray(digit), tmp_path / "x.png")
        assert measure_likeness(digit, copy) > 0.95


def test_ink_fits_twenty_pixels_and_its_centre_of_mass_is_in_the_middle(tmp_path):
    for digit in range(10):
        back = save_and_read(sheet.draw_cell(0, digit), tmp_path / "x.png").astype(float)
        y, x = np.nonzero(back)
        assert max(np.ptp(y), np.ptp(x)) + 1 == 20
        for axis in (0, 1):
            weights = back.sum(axis=1 - axis)
            assert abs(weights @ np.arange(28) / weights.sum() - 14) <= 0.5


@pytest.mark.parametrize("digit", [2, 4, 7])
def test_colours_size_place_and_format_make_no_difference(tmp_path, digit):
    first = save_and_read(sheet.draw_cell(0, digit), tmp_path / "x.png")
    black_on_white = sheet.draw_cell(0, digit).convert("RGB")
    grey = np.asarray(black_on_white.convert("L"))
    clear = Image.fromarray(np.dstack([np.zeros((*grey.shape, 3), np.uint8), 255 - grey]))
    white_on_clear = Image.fromarray(
        np.dstack([np.full((*grey.shape, 3), 255, np.uint8), 255 - grey])
    )
    large = Image.new("RGB", (900, 500), "white")
    large.paste(black_on_white.resize((288, 288), Image.Resampling.BICUBIC), (560, 30))
    turned = black_on_white.rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # a camera held upright: to be turned by 90° clockwise
    for name, picture, options in (
        ("white-on-black.png", Image.fromarray(255 - np.asarray(black_on_white)), {}),
        ("grey.png", Image.fromarray((grey // 2 + 60).astype(np.uint8)), {}),
        ("clear.png", clear, {}),
        ("white-on-clear.png", white_on_clear, {}),
        ("palette.gif", black_on_white.quantize(8), {}),
        ("sixteen.png", Image.fromarray(grey.astype(np.uint16) * 257), {}),
        ("print.jpg", black_on_white.convert("CMYK"), {}),
        ("photo.jpg", black_on_white, {"quality": 70}),
        ("turned.jpg", turned, {"exif": exif, "quality": 95}),
        ("large.webp", large, {}),
    ):
        other = save_and_read(picture, tmp_path / name, **options)
        assert measure_likeness(first, other) > 0.9, name


def test_a_linear_gradient_of_brightness_is_paper(tmp_path):
    for digit in range(10):
        plain = save_and_read(sheet.draw_cell(5, digit), tmp_path / "x.png")
        shaded = save_and_read(sheet.draw_cell(7, digit), tmp_path / "y.png")
        assert measure_likeness(plain, shaded) > 0.95


@pytest.mark.parametrize("colour", ["white", "black", "#808080"])
def test_an_image_of_one_colour_shows_no_digit(tmp_path, colour):
    Image.new("RGB", (50, 40), colour).save(tmp_path / "x.png")
    check_refused(tmp_path / "x.png", "no digit")


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (2, 2), (3, 400)])
def test_tiny_images_are_read_or_show_no_digit(tmp_path, size):
    picture = Image.new("L", size, 255)
    picture.putpixel((0, size[1] - 1), 0)
    picture.save(tmp_path / "x.png")
    try:
        assert image.read_digit(tmp_path / "x.png").shape == (28, 28)
    except InputError as error:
        text = str(error)
        assert "no digit" in text


def test_decompression_bombs_are_refused_by_their_size(tmp_path):
    for side in (7_200, 13_500):  # above our own limit, and above Pillow's
        Image.new("1", (side, side)).save(tmp_path / "bomb.png")
        assert (tmp_path / "bomb.png").stat().st_size < 100_000
        check_refused(tmp_path / "bomb.png", "pixels")


def test_missing_files_and_files_that_are_not_images_are_refused(tmp_path):
    check_refused(tmp_path / "nothing.png", "no such file")
    for name, content in (("empty.png", b""), ("text.jpg", b"7"), ("page.eps", b"%!PS-Adobe-3.0")):
        (tmp_path / name).write_bytes(content)
        check_refused(tmp_path / name, "cannot be read")


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (1, 20_001, "20,000 a side"),
        (20_001, 2000, "20,000 a side"),
        (2000, 9, "more than 200 times the other"),
        (9, 2000, "more than 200 times the other"),
    ],
)
def test_long_and_narrow_images_are_refused_before_they_are_decoded(
    tmp_path, monkeypatch, width, height, words
):
    Image.new("1", (width, height)).save(tmp_path / "long.png")
    monkeypatch.setattr(image, "read_brightness", lambda _: pytest.fail("it was decoded"))
    check_refused(tmp_path / "long.png", f"{width:,} × {height:,} pixels", words)


def test_a_folder_is_called_a_folder(tmp_path):
    check_refused(tmp_path, "is a folder: give the image files in it")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    check_refused(tmp_path / "pipe.png", "is not a regular file: save the image to a file")


def test_mutated_images_are_refused_or_read(tmp_path):
    counts = fuzzing.read_mutated_images(210, seed=5, folder=tmp_path)
    assert counts["broken"] == 0
    assert counts["refused"] > 20
    assert counts["read"] > 20
