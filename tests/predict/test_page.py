"""The page of a run, in a real browser without a network (trainer.predict.page)."""

import base64
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import runs
import sheet
from PIL import Image

from trainer.cli import page as command
from trainer.cli.program import run_command
from trainer.data.digits import load_digits
from trainer.predict.guess import guess_images
from trainer.predict.image import read_brightness, read_digit
from trainer.predict.page import content
from trainer.predict.page.write import write_page
from trainer.training import checkpoint
from trainer.training.snapshots import load_snapshots

MOST_BYTES = 400_000
RUNS = {
    "book": {"iterations": 1010, "snapshots": True, "lr": 0.5},
    "standardised": {"activation": "relu", "preprocess": "standardise", "lr": 0.1},
    "whitened": {"preprocess": "whiten", "dtype": "float64", "backend": "torch"},
    "squares": {"loss": "squared-error", "lr": 0.1},
}
HOSTILE = '"><img src=x onerror=alert(1)>'
CLOSING = "</script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folder of each run, with its page."""
    place = tmp_path_factory.mktemp("logs")
    options = {"iterations": 300, "checkpoint_every": 5000, "eval_every": 5000}
    found = {name: runs.train(place, name, **{**options, **RUNS[name]}) for name in RUNS}
    for folder in found.values():
        write_page(folder, runs.find_data_dir())
    return found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Files of the 80 digits of docs/digits.png and of 200 test images, and their pixels."""
    folder, digits = (
        tmp_path_factory.mktemp("pictures"),
        load_digits("mnist-5k", runs.find_data_dir()),
    )
    images = [picture for _, picture in sheet.cut_sheet(Image.open(sheet.SHEET))]
    pixels = np.uint8(np.rint(255 * digits.x_test[::5])).reshape(-1, 28, 28)
    images += [Image.fromarray(each) for each in pixels]
    paths = [folder / f"{number}.png" for number in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    assert len(paths) == 280
    return paths, np.stack([read_digit(path) for path in paths]).reshape(-1, 784)


@pytest.fixture
def open_page(page):
    """A function that opens the page of a folder without a network; it must ask for nothing."""
    asked = []
    page.context.set_offline(True)
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))

    def open_file(folder: Path):
        page.goto((folder / "page.html").as_uri())
        page.wait_for_selector("#main:not([hidden])")
        return page

    yield open_file
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def read_in_page(page, paths):
    """Return the pixels (N, 784) and the outputs y (N, C) that the page computes for files."""
    greys = [read_brightness(Image.open(path)) for path in paths]
    given = [
        [base64.b64encode(g.astype(np.uint8).tobytes()).decode(), g.shape[1], g.shape[0]]
        for g in greys
    ]
    found = page.evaluate(
        """(given) => given.map(([text, width, height]) => {
            const grey = Float64Array.from(atob(text), (c) => c.charCodeAt(0));
            const pixels = readDigit(grey, width, height);
            return [Array.from(pixels), Array.from(forward(checkpoints.at(-1), pixels).y)];
        })""",
        given,
    )
    return tuple(np.array([one[part] for one in found]) for part in (0, 1))


@pytest.mark.parametrize(
    ("name", "every"), [("book", 1), ("standardised", 10), ("whitened", 10), ("squares", 10)]
)
def test_the_page_sees_and_says_what_predict_does(folders, pictures, open_page, name, every):
    paths, expected = pictures[0][::every], pictures[1][::every]
    pixels, y = read_in_page(open_page(folders[name]), paths)
    assert np.array_equal(pixels, expected)
    trained = checkpoint.load(folders[name])
    entries = guess_images(trained, paths, "numpy")
    assert y.argmax(axis=1).tolist() == [entry["digit"] for entry in entries]
    net = trained.restore_net("numpy")
    np.testing.assert_allclose(y, net.predict(trained.prepare_inputs(expected)), rtol=0, atol=1e-4)


def test_a_page_with_five_checkpoints_is_small(folders):
    page = write_page(folders["book"], runs.find_data_dir())
    assert page.iterations == [0, 10, 100, 1000, 1010]
    assert page.size == page.path.stat().st_size <= MOST_BYTES
    assert page.content.difference < 1e-5
    assert page.content.rounding < 1e-5
    assert page.content.earlier_rounding < 1e-3


def test_the_slider_shows_the_outputs_of_each_snapshot(folders, open_page):
    page = open_page(folders["book"])
    trained = checkpoint.load(folders["book"])
    snapshots = load_snapshots(folders["book"], trained)
    for place, params in enumerate(snapshots.values()):
        page.locator("#slider").fill(str(place))
        net = replace(trained, params=params).restore_net("numpy")
        pixels = np.array(page.evaluate("Array.from(result.pixels)"), np.uint8)[None]
        expected = net.predict(trained.prepare_inputs(pixels))[0]
        np.testing.assert_allclose(page.evaluate("Array.from(result.y)"), expected, atol=1e-3)
    assert page.locator("#shown").inner_text() == "1,000"


@pytest.mark.parametrize("name", ["book", "squares"])
def test_the_gradients_of_the_page_are_those_of_the_net(folders, open_page, name):
    page = open_page(folders[name])
    page.locator("#label").select_option("8")
    trained = checkpoint.load(folders[name])
    x = trained.prepare_inputs(np.array(page.evaluate("Array.from(result.pixels)"), np.uint8)[None])
    expected = trained.restore_net("numpy").trace(x, np.array([8]), 0.1)
    for quantity in ("a1", "z1", "a2", "y", "da2", "dz1", "da1"):
        found = page.evaluate(f"Array.from(result.{quantity})")
        np.testing.assert_allclose(found, expected[quantity][0], rtol=1e-4, atol=1e-5)
    assert page.evaluate("result.loss") == pytest.approx(float(expected["loss"]), rel=1e-4)
    for step in ("z1", "a2", "y", "loss", "da2", "dz1", "da1"):
        page.locator("#next").click()
        assert step in page.locator("#formula").inner_text()


def test_a_drawing_by_mouse_can_be_undone_and_is_read_as_predict_reads_it(
    folders, open_page, tmp_path
):
    page = open_page(folders["book"])
    page.locator("#clear").click()
    box = page.locator("#canvas").bounding_box()
    for stroke in ([(0.3, 0.2), (0.7, 0.25), (0.45, 0.8)], [(0.35, 0.5), (0.65, 0.5)]):
        for i, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
            if i == 0:
                page.mouse.down()
        page.mouse.up()
    page.wait_for_function("!isScheduled")
    url = page.evaluate("byId('canvas').toDataURL()")
    (tmp_path / "drawing.png").write_bytes(base64.b64decode(url.split(",")[1]))
    seen = page.evaluate("Array.from(result.pixels)")
    assert seen == read_digit(tmp_path / "drawing.png").ravel().tolist()
    assert "The net says" in page.locator("#verdict").inner_text()
    page.locator("#undo").click()
    assert page.evaluate("Array.from(result.pixels)") != seen
    page.locator("#undo").click()
    assert page.evaluate("result.pixels.every((p) => p === 0)")


def test_the_first_stroke_takes_the_example_away(folders, open_page):
    page = open_page(folders["book"])
    assert page.evaluate("drawing().example !== null")
    example = page.evaluate("Array.from(result.pixels)")
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("!isScheduled")
    assert page.evaluate("drawing().example === null && drawing().strokes.length === 1")
    assert page.evaluate("result.pixels.filter((p) => p > 0).length") < sum(map(bool, example))
    page.locator("#undo").click()
    assert page.evaluate("Array.from(result.pixels)") == example


def test_the_page_can_be_used_by_keyboard(folders, open_page):
    page = open_page(folders["book"])
    page.locator("#clear").focus()
    page.keyboard.press("Enter")
    page.locator("#canvas").focus()
    for key in ("ArrowUp", "Space", *["ArrowDown"] * 9, "Space"):
        page.keyboard.press(key)
    assert page.evaluate("result.pixels.some((p) => p > 0)")
    page.keyboard.press("Control+z")
    assert page.evaluate("result.pixels.every((p) => p === 0)")
    before = page.evaluate("view.neuron")
    page.locator("#cells button[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("view.neuron") == before - 1
    assert page.locator("#neuron-title").inner_text() == f"Neuron {before - 1}"


def test_examples_languages_and_themes_work(folders, open_page):
    page = open_page(folders["book"])
    assert page.locator("#right button").count() == 10
    assert page.locator("#wrong button").count() == 5
    page.locator("#wrong button").first.click()
    assert page.evaluate("findLargest(result.y)") != page.evaluate("view.label")
    page.locator("#language").click()
    assert "测试准确率" in page.locator("#facts").inner_text()
    page.locator("#theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    names = page.evaluate(
        "Object.values(TEXTS).map((t) => [...Object.keys(t), ...Object.keys(t.steps)])"
    )
    assert names[0] == names[1]


def test_hostile_names_of_a_run_and_its_classes_are_only_texts(folders, open_page):
    trained = checkpoint.load(folders["squares"])
    folder = folders["squares"].with_name(HOSTILE)
    folder.mkdir()
    classes = (CLOSING, HOSTILE, *trained.origin.classes[2:])
    checkpoint.save(folder, replace(trained, origin=replace(trained.origin, classes=classes)))
    html = write_page(folder, runs.find_data_dir()).path.read_text("utf-8")
    assert "onerror" not in html
    assert "alert(" not in html
    page = open_page(folder)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert HOSTILE in page.locator("#facts").inner_text()
    assert page.locator("#bars .name").first.inner_text() == CLOSING


def test_the_command_writes_the_page_of_a_run_without_snapshots_and_says_so(folders, capsys):
    folder = folders["squares"]
    assert command.main([str(folder), "--data-dir", str(runs.find_data_dir())]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"page: {folder / 'page.html'}, ")
    assert "weights of iterations 300\n" in printed
    assert "numpy and torch differ by" in printed


def test_open_shows_the_page_or_says_that_there_is_no_browser(folders, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or len(opened) == 1)
    arguments = [str(folders["squares"]), "--data-dir", str(runs.find_data_dir()), "--open"]
    for words in ("", "open it yourself"):
        assert command.main(arguments) == 0
        assert words in capsys.readouterr().err
    assert opened == [(folders["squares"] / "page.html").as_uri()] * 2


def test_other_data_than_those_of_training_and_large_nets_are_refused(folders, monkeypatch, capsys):
    arguments = [str(folders["squares"]), "--data-dir", str(runs.find_data_dir())]
    monkeypatch.setattr(content, "MOST_HIDDEN", 49)
    assert run_command(command.main, arguments) == 2
    assert "train a smaller net" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr("trainer.data.digits.compute_fingerprint", lambda *_: "f" * 64)
    assert run_command(command.main, arguments) == 2
    assert "fingerprint" in capsys.readouterr().err


@pytest.mark.skipif("AXE_CORE" not in os.environ, reason="make web sets AXE_CORE to axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_of_accessibility(folders, browser, scheme):
    with browser.new_context(bypass_csp=True, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto((folders["book"] / "page.html").as_uri())
        page.wait_for_selector("#main:not([hidden])")
        page.evaluate(Path(os.environ["AXE_CORE"]).read_text("utf-8"))
        found = page.evaluate("axe.run()")
    assert json.dumps(found["violations"]) == "[]"
