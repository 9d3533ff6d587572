"""Every tag of a run, read with TensorBoard's own reader."""

import io
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import runs
from google.protobuf import text_format
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.util.tensor_util import make_ndarray

from trainer.board import dashboard, pictures
from trainer.board.album import HISTOGRAM_DIGITS, PROJECTOR_DIGITS, is_due
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import load_digits
from trainer.nets.build import build_net
from trainer.training.result import Result
from trainer.training.run import run
from trainer.training.threads import Threads

LAST, EVERY, PAGES = 25, 10, [0, 10, 20, 25]
SCALARS = ["accuracy/test", "accuracy/train", "evaluation/fraction", "loss/train"]
PARAMS = ["W1", "b1", "W2", "b2"]
HISTOGRAMS = [
    *(f"weights/{name}" for name in PARAMS),
    *(f"gradients/d{name}" for name in PARAMS),
    *(f"activations/{name}" for name in ("a1", "z1", "a2", "y")),
]


@dataclass
class Run:
    """A short run, what TensorBoard reads of it, and the data that it learned."""

    result: Result
    events: Any
    digits: Any

    def train_net(self, iteration):
        """Return the same net, trained again up to an iteration, and its mini-batch there."""
        settings, digits = self.result.settings, self.digits
        net = build_net(settings, 784, 10)
        rows = net.native(digits.x_train), net.native(digits.t_train)
        batch = Batches(*rows, settings.batch_size, settings.seed, net.native)
        for i in range(iteration):
            net.step(*batch(i), settings.lr)
        return net, batch(iteration)

    def compute_activations(self, net, count=None):
        return net.activations(net.native(self.digits.x_test[:count]))


def read_picture(events, tag, page):
    return np.asarray(Image.open(io.BytesIO(events.Images(tag)[page].encoded_image_string)))


def read_projector(folder: Path):
    config = (folder / "projector_config.pbtxt").read_text()
    (shown,) = text_format.Parse(config, ProjectorConfig()).embeddings
    return shown


def read_events(folder: Path):
    everything = dict.fromkeys(["scalars", "images", "histograms", "tensors"], 0)
    return EventAccumulator(str(folder), size_guidance=everything).Reload()


@pytest.fixture(scope="module", params=["numpy", "torch"])
def done(request, tmp_path_factory):
    settings = Settings(backend=request.param, dataset="mnist-5k", iterations=LAST, lr=1.0)
    log_dir, data_dir = tmp_path_factory.mktemp("logs"), runs.find_data_dir()
    result = run(settings, data_dir, log_dir, quiet=True, pictures=EVERY)
    return Run(result, read_events(result.folder), load_digits("mnist-5k", data_dir))


@pytest.fixture(autouse=True)
def one_thread_as_in_the_loop():
    """Compute on one thread, as the loop does, since more threads sum in another order."""
    with Threads().limit_to_one():
        yield


def test_a_run_has_exactly_the_expected_tags(done):
    tags = done.events.Tags()
    names = ["W1", "mistakes", "confusion"]
    curves = [f"precision-recall/{name}" for name in done.digits.classes]
    assert sorted(tags["scalars"]) == SCALARS
    assert sorted(tags["images"]) == sorted(f"pictures/{name}" for name in names)
    assert sorted(tags["histograms"]) == sorted(HISTOGRAMS)
    texts = [f"{name}/text_summary" for name in ("settings", "versions", "scalars")]
    texts.append("custom_scalars__config__")
    assert sorted(tags["tensors"]) == sorted([*texts, *curves])
    assert tags["graph"] == (done.result.settings.backend == "torch")


def test_pages_are_written_at_each_multiple_and_at_the_end(done):
    tags, events = done.events.Tags(), done.events
    found = [*map(events.Images, tags["images"]), *map(events.Histograms, tags["histograms"])]
    found += [events.Tensors(tag) for tag in tags["tensors"] if tag.startswith("precision")]
    assert len(found) == 3 + len(HISTOGRAMS) + 10
    assert all([event.step for event in each] == PAGES for each in found)


def test_scalars_have_a_finite_point_at_each_evaluation(done):
    for tag in SCALARS:
        events = done.events.Scalars(tag)
        assert [event.step for event in events] == PAGES
        assert np.isfinite([event.value for event in events]).all()
    last = done.result.last
    ends = [done.events.Scalars(tag)[-1].value for tag in SCALARS]
    # So few images are all evaluated.
    assert ends == pytest.approx([last.test, last.train, 1, last.loss], rel=1e-7)


@pytest.mark.parametrize("page", range(4))
def test_pictures_show_the_net_at_their_iteration(done, page):
    net, _ = done.train_net(PAGES[page])
    t, y = done.digits.t_test, done.compute_activations(net)["y"]
    args = t, y, done.digits.classes
    drawn = {
        "pictures/W1": pictures.draw_weights(net.params["W1"]),
        "pictures/mistakes": pictures.draw_mistakes(done.digits.x_test, *args),
        "pictures/confusion": pictures.draw_confusion(*args),
    }
    for tag, picture in drawn.items():
        assert np.array_equal(read_picture(done.events, tag, page), picture), tag


@pytest.mark.parametrize("page", [0, 3])
def test_histograms_count_every_number_once(done, page):
    net, (x, t) = done.train_net(PAGES[page])
    arrays = {f"weights/{name}": array for name, array in net.params.items()}
    arrays |= {f"gradients/d{name}": array for name, array in net.gradient(x, t).items()}
    activations = done.compute_activations(net, HISTOGRAM_DIGITS)
    arrays |= {f"activations/{name}": array for name, array in activations.items()}
    for tag in HISTOGRAMS:
        value, array = done.events.Histograms(tag)[page].histogram_value, arrays[tag]
        assert value.num == sum(value.bucket) == array.size, tag
        assert (value.min, value.max) == (array.min(), array.max()), tag
        assert value.sum == pytest.approx(array.sum(dtype=float), abs=1e-3), tag


def test_curves_have_precision_and_recall_at_each_threshold(done):
    y = done.compute_activations(done.train_net(LAST)[0])["y"]
    for k, name in enumerate(done.digits.classes):
        event = done.events.Tensors(f"precision-recall/{name}")[-1]
        curve, right = make_ndarray(event.tensor_proto).T, done.digits.t_test == k
        for threshold, (tp, fp, *_, precision, recall) in zip(
            np.linspace(0, 1, len(curve)), curve, strict=True
        ):
            if np.abs(y[:, k] - threshold).min() < 1e-6:
                continue  # on the edge of a bin
            positive = y[:, k] > threshold
            assert [tp, fp] == [sum(positive & right), sum(positive & ~right)]
            assert recall == pytest.approx(tp / right.sum())
            assert not tp + fp or precision == pytest.approx(tp / (tp + fp))


def test_the_projector_has_the_hidden_layer_with_images_and_labels(done):
    folder = done.result.folder
    shown = read_projector(folder)
    activations = done.compute_activations(done.train_net(LAST)[0], PROJECTOR_DIGITS)
    points = np.loadtxt(folder / shown.tensor_path, delimiter="\t")
    assert points == pytest.approx(activations["z1"])
    header, *rows = (folder / shown.metadata_path).read_text().splitlines()
    assert header.split("\t") == ["label", "guess", "result"]
    t, guesses = done.digits.t_test[:PROJECTOR_DIGITS], activations["y"].argmax(axis=1)
    results = np.where(t == guesses, "right", "wrong")
    assert [row.split("\t") for row in rows] == [
        [done.digits.classes[label], done.digits.classes[guess], result]
        for result, guess, label in zip(results, guesses, t, strict=True)
    ]
    assert list(shown.sprite.single_image_dim) == [28, 28]
    sprite = np.asarray(Image.open(folder / shown.sprite.image_path))
    assert sprite.shape == (23 * 28, 23 * 28, 3)
    digit = done.digits.x_test[24].reshape(28, 28)  # the second of the second row
    assert np.array_equal(sprite[28:56, 28:56, 0], np.uint8(digit * 255))


def test_only_the_torch_net_has_a_graph_and_it_names_both_layers(done):
    if done.result.settings.backend == "numpy":
        assert not done.events.Tags()["graph"]
        return
    graph = str(done.events.Graph())
    for name in ("Linear[layer1]", "Sigmoid[sigmoid]", "Linear[layer2]"):
        assert f'name: "TorchNet/{name}' in graph
    assert re.search(r'name: "TorchNet/Sigmoid[^"]*"\s+op: "aten::sigmoid"', graph)


def test_the_board_explains_the_fraction_and_names_the_columns_of_its_tables(done):
    (event,) = done.events.Tensors("scalars/text_summary")
    text = make_ndarray(event.tensor_proto).item().decode()
    assert all(f"| {tag} | " in text for tag in SCALARS)
    assert "1 where computing all is faster" in text
    (event,) = done.events.Tensors("settings/text_summary")
    assert make_ndarray(event.tensor_proto).item().startswith(b"| name | value |")


def find_hparams(events):
    found = {}
    for tag, kind in events.summary_metadata.items():
        if kind.plugin_data.plugin_name == hparams.PLUGIN_NAME:
            found[tag.split("/")[1]] = kind.plugin_data.content
    return found


def test_hparams_and_success_are_in_the_folder_of_the_run(done):
    log_dir = done.result.folder.parent
    assert [path.parent for path in log_dir.rglob("*tfevents*")] == [done.result.folder]
    found = find_hparams(done.events)
    start = hparams.parse_session_start_info_plugin_data(found["session_start_info"])
    values = {k: v.number_value or v.string_value for k, v in start.hparams.items()}
    settings = asdict(done.result.settings)
    changing = {k: v for k, v in settings.items() if k not in dashboard.CHANGE_NOTHING}
    assert values == changing | {"seed": ""}
    assert len(settings) - len(values) == 4
    end = hparams.parse_session_end_info_plugin_data(found["session_end_info"])
    assert end.status == 1  # STATUS_SUCCESS


def test_a_run_that_diverges_is_not_marked_as_a_success(tmp_path):
    with pytest.raises(InputError, match="overshoot"):
        runs.train(tmp_path, loss="squared-error", activation="relu", lr=1e10, pictures=1)
    found = find_hparams(read_events(tmp_path / "run"))
    assert "session_start_info" in found
    assert "session_end_info" not in found


def test_the_custom_page_names_only_scalars_that_exist(done):
    (event,) = done.events.Tensors("custom_scalars__config__")
    layout = layout_pb2.Layout.FromString(make_ndarray(event.tensor_proto).item())
    found = set(re.findall(r'(?:tag|value|lower|upper): "(.+)"', str(layout)))
    assert found == set(SCALARS) - {"evaluation/fraction"}
    assert [category.title for category in layout.category] == ["training"]


def test_a_run_without_pictures_has_only_scalars_settings_and_charts(tmp_path):
    folder = runs.train(tmp_path, iterations=2)
    tags = read_events(folder).Tags()
    assert not tags["images"] + tags["histograms"]
    assert len(tags["tensors"]) == 4
    assert not tags["graph"]
    names = {path.name.split(".")[0] for path in folder.iterdir()}
    assert names == {"events", "settings", "checkpoint", ""}  # and the lock


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_pictures_change_no_number_of_a_run(tmp_path, backend):
    with_pictures, without = (
        runs.train(tmp_path, f"{n}", backend=backend, iterations=20, pictures=n) for n in (7, 0)
    )
    assert runs.read_points(with_pictures) == runs.read_points(without)
    assert runs.read_weights(with_pictures) == runs.read_weights(without)


@pytest.mark.slow
def test_mistakes_show_the_unprepared_digits_under_every_preparation(tmp_path):
    shown = []
    for preprocess in ("standardise", "whiten"):
        folder = runs.train(tmp_path, preprocess, preprocess=preprocess, iterations=2, pictures=1)
        shown.append((folder / read_projector(folder).sprite.image_path).read_bytes())
        digits = load_digits("mnist-5k", runs.find_data_dir())
        picture = read_picture(read_events(folder), "pictures/mistakes", 0)
        assert set(np.unique(picture[: 3 * 28])) <= {200} | set(
            np.unique((255 * (1 - digits.x_test)).astype(np.uint8))
        )
    assert shown[0] == shown[1]


def test_outputs_that_are_not_probabilities_are_drawn_too(tmp_path):
    options = {"loss": "squared-error", "activation": "relu", "dtype": "float64", "lr": 0.1}
    folder = runs.train(tmp_path, iterations=2, pictures=1, **options)
    assert len(read_events(folder).Tags()["images"]) == 3


@rules(deadline=None)  # a shared machine may pause
@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 3000))
def test_a_page_is_due_once_for_each_multiple_and_at_the_end(every, eval_every, iterations):
    settings = Settings(eval_every=eval_every, iterations=iterations)
    recorded = [*range(0, iterations, eval_every), iterations]
    pages = [i for i in recorded if is_due(i, every, settings)]
    assert pages[0] == 0
    assert pages[-1] == iterations
    multiples = range(0, iterations, every)
    first = {min(-(-k // eval_every) * eval_every, iterations) for k in multiples}
    assert set(pages) == first | {iterations}
    assert not any(is_due(i, 0, settings) for i in recorded)
