"""Images that seem to show something else than one digit (trainer.predict.doubt)."""

from collections import Counter

import numpy as np
import pytest
import runs
import sheet
from PIL import Image

from trainer.data.digits import load_digits
from trainer.predict.doubt import find_doubt
from trainer.predict.image import centre_ink, extract_ink, read_digit

NOISE = {
    "uniform": lambda rng: rng.integers(0, 256, (100, 100), np.uint8),
    "wide": lambda rng: rng.integers(0, 256, (50, 100), np.uint8),
    "specks": lambda rng: np.uint8(255 * (rng.random((100, 100)) > 0.005)),
    "block": lambda _: np.pad(np.zeros((40, 60), np.uint8), 20, constant_values=255),
}


def test_hardly_any_image_of_mnist_is_doubted():
    pixels = load_digits("mnist-5k", runs.find_data_dir()).x_test
    greys = np.rint(255 * pixels).reshape(-1, 28, 28)
    found = Counter(find_doubt(centre_ink(extract_ink(grey))) for grey in greys)
    assert found[None] >= 998


def test_no_digit_of_the_sheet_is_doubted(tmp_path):
    for _, picture in sheet.cut_sheet(Image.open(sheet.SHEET)):
        picture.save(tmp_path / "x.png")
        assert find_doubt(read_digit(tmp_path / "x.png")) is None


@pytest.mark.parametrize("row", [0, 2, 5])
def test_two_digits_side_by_side_are_doubted(tmp_path, row):
    for left in range(10):
        two = Image.new("RGBA", (192, 96))
        two.paste(sheet.draw_cell(row, left), (0, 0))
        two.paste(sheet.draw_cell(row, 9 - left), (96, 0))
        two.save(tmp_path / "x.png")
        assert "two digits" in find_doubt(read_digit(tmp_path / "x.png"))


@pytest.mark.parametrize("kind", NOISE)
def test_noise_and_filled_areas_are_doubted(tmp_path, kind):
    Image.fromarray(NOISE[kind](np.random.default_rng(1))).save(tmp_path / "x.png")
    assert "noise" in find_doubt(read_digit(tmp_path / "x.png"))
