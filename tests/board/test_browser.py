"""TensorBoard started as `make board` does, its pages opened in a real browser."""

import json
import re
import shlex
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from trainer.board import charts
from trainer.board.dashboard import add_scalars, open_board
from trainer.cli.program import ALL_SAMPLES
from trainer.common.settings import Settings
from trainer.training.run import run

ROOT = Path(__file__).resolve().parents[2]
POINTS = 1500  # more than the 1,000 of a tag that TensorBoard shows by default
NAMES = ["mnist-5k-numpy", "mnist-5k-torch"]
PAGES = {
    "timeseries": ["accuracy/test", "accuracy/train", *NAMES],
    "custom_scalars": [
        "test accuracy", "training accuracy, and the gap down to test", "loss of the mini-batch",
        "Matches (2)",
        "drift of the weights", "numpy: log10(error / bound)", "torch: log10(error / bound)", "dW1",
    ],
    "histograms": ["activations/a1", "activations/z1"],
    "hparams": [*NAMES, "backend", "accuracy/test", "PARALLEL COORDINATES VIEW"],
    "pr_curves": ["precision-recall/0 - zero", *NAMES],
    "text": ["settings", "scalars", "versions"],
    "graphs": ["Main Graph", "input", "output"],
}  # fmt: skip


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder, data_dir = tmp_path_factory.mktemp("logs"), tmp_path_factory.getbasetemp() / "data"
    for backend in ("numpy", "torch"):
        settings = Settings(backend=backend, dataset="mnist-5k", iterations=20, lr=1.0)
        run(settings, data_dir, folder, quiet=True, pictures=10)
    with open_board(folder / "compare", {"settings": {}}, charts.COMPARISON) as board:
        for step in range(POINTS):
            ratios = {f"audit/{side}/dW1": 0.1 for side in charts.SIDES}
            add_scalars(board, step, {"drift/W1": 1e-7 * step} | ratios | charts.ALLOWED)
    return folder


@contextmanager
def serve(logs, *options):
    """Start TensorBoard on a free port, and return its address."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs), "--port", "0"]
    # stderr is read to the end, or a full pipe would stop it.
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as server:
        try:
            yield next(
                found[0] for line in server.stderr if (found := re.search(r"http://\S+:\d+/", line))
            )
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def address(logs):
    """The address of a TensorBoard with the options of `make board`."""
    (options,) = re.findall(r"/tensorboard --logdir logs (.*)", (ROOT / "Makefile").read_text())
    with serve(logs, *shlex.split(options)) as found:
        yield found


def fetch_json(address, path, **query):
    with urllib.request.urlopen(f"{address}{path}?{urllib.parse.urlencode(query)}") as answer:
        return json.load(answer)


@pytest.mark.slow
def test_every_point_of_a_scalar_is_kept(address):
    points = fetch_json(address, "data/plugin/scalars/scalars", run="compare", tag="drift/W1")
    assert [step for _, step, _ in points] == list(range(POINTS))


@pytest.mark.slow
def test_the_command_that_is_printed_shows_every_point(logs):
    with serve(logs, ALL_SAMPLES) as address:
        test_every_point_of_a_scalar_is_kept(address)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_shows_its_texts(page, address, name):
    page.goto(f"{address}#{name}")
    for text in PAGES[name]:
        page.get_by_text(text, exact=True).first.wait_for(state="attached")


def test_every_picture_of_both_runs_is_loaded(page, address):
    page.goto(f"{address}#images")
    for name in ("W1", "mistakes", "confusion"):
        page.get_by_text(f"pictures/{name}", exact=True).first.wait_for()
    page.wait_for_function(
        """() => {
            const images = [];
            const visit = (root) => root.querySelectorAll("*").forEach((element) => {
                if (element.tagName === "IMG") images.push(element);
                if (element.shadowRoot) visit(element.shadowRoot);
            });
            visit(document);
            return images.filter((image) => image.naturalWidth > 28).length === 6;
        }"""
    )


def test_the_projector_holds_five_hundred_points_of_the_hidden_layer(page, address):
    page.goto(f"{address}#projector")
    projector = page.frame_locator("iframe").frame_locator("iframe")
    for place, text in (("numDataPoints", "500"), ("dim", "50")):
        projector.locator(f"span.{place}", has_text=re.compile(f"^{text}$")).wait_for()
    tensor = projector.locator("paper-item", has_text=re.compile(r"hidden:00020\s+500x50"))
    tensor.first.wait_for(state="attached")
    # The labels, one of which its menus show: it has read the run's metadata.
    projector.locator("paper-item", has_text=re.compile(r"^\s*label\s*$")).first.wait_for(
        state="attached"
    )
