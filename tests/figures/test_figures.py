import io
from itertools import combinations

import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.text import Text
from sampling import few
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trainer.book.functions import softmax
from trainer.book.gradient import numerical_gradient
from trainer.book.perceptron import AND, INPUTS, NAND, OR, XOR
from trainer.cli.figures import FEATURES, main
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.figures import chapter2, chapter3, features, learning, style
from trainer.figures.book import PICTURES, PictureData
from trainer.nets.numpy_net import TwoLayerNet

PALETTE = {
    style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.SKY, style.PURPLE, style.GREY,
    "black",
}  # fmt: skip
DRAWN = [name for name in PICTURES if name != FEATURES or features.can_draw()]
each_picture = pytest.mark.parametrize("name", few(DRAWN, 2))


@pytest.fixture(scope="module")
def data(data_dir):
    settings = Settings(dataset="mnist-5k", iterations=400, eval_every=100)
    return PictureData(data_dir, settings)


@pytest.fixture(scope="module")
def drawn(data):
    """Each picture, drawn once."""
    figures = {}

    def get(name):
        if name not in figures:
            figures[name] = PICTURES[name](data)
            style.render_pixels(figures[name])  # lays it out
        return figures[name]

    return get


@each_picture
def test_every_picture_has_a_title_a_caption_and_named_axes(drawn, name):
    figure = drawn(name)
    assert len(figure.get_suptitle()) > 3
    assert len(figure.get_supxlabel().split()) > 15, "the caption says what to see"
    for axis in figure.axes:
        if axis.axison and len(axis.get_xticks()) and axis.get_label() != "<colorbar>":
            shared = axis.get_shared_x_axes().get_siblings(axis)
            assert any(a.get_xlabel() for a in shared), axis.get_title()
            assert axis.get_ylabel(), axis.get_title()


def find_texts(figure):
    """Return the titles, captions and axis names with the boxes that they cover."""
    parts = [figure._suptitle, figure._supxlabel]
    for axis in figure.axes:
        parts += [axis.title, axis.xaxis.label, axis.yaxis.label]
    seen = [part for part in parts if isinstance(part, Text) and part.get_text().strip()]
    return [(t.get_text(), t.get_window_extent()) for t in seen if t.get_visible()]


@each_picture
def test_no_words_overlap_or_leave_the_sheet(drawn, name):
    figure = drawn(name)
    boxes = find_texts(figure)
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.width, text
        assert box.y1 <= figure.bbox.height, text
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not a.overlaps(b), (one, other)


@each_picture
def test_lines_differ_by_more_than_colour_and_have_colours_of_the_palette(drawn, name):
    for axis in drawn(name).axes:
        labelled = [line for line in axis.lines if not line.get_label().startswith("_")]
        looks = [(line.get_linestyle(), line.get_marker()) for line in labelled]
        assert len(set(looks)) == len(looks), axis.get_title()
        assert {line.get_color() for line in axis.lines} <= PALETTE


def test_the_lines_of_the_gates_are_where_the_perceptrons_are_zero(drawn):
    for axis, gate in zip(drawn("2-gates").axes, (AND, NAND, OR), strict=True):
        for point in axis.lines[0].get_xy1(), axis.lines[0].get_xy2():
            assert np.dot(gate.w, point) + gate.b == pytest.approx(0)


def test_a_two_layer_net_learns_xor_from_one_seed_and_is_stuck_from_another():
    for seed, learned in (1, True), (3, False):
        net, losses = chapter2.learn_xor(seed)
        right = np.array_equal(net.predict(INPUTS).argmax(axis=1), XOR(INPUTS))
        assert right is learned
        assert (losses[-1] < 0.02) is learned


def test_naive_softmax_agrees_until_it_overflows(drawn):
    naive, shifted = (
        np.stack([line.get_ydata() for line in axis.lines]) for axis in drawn("3-softmax").axes
    )
    c = drawn("3-softmax").axes[0].lines[0].get_xdata()
    assert np.isnan(naive).any(axis=0)[c > 86].all()
    assert np.isfinite(shifted).all()
    middle = (c > -80) & (c < 84)
    np.testing.assert_allclose(naive[:, middle], shifted[:, middle], rtol=1e-5)
    expected = softmax(chapter3.SCORES.astype(np.float64))
    np.testing.assert_allclose(shifted, np.tile(expected[:, None], len(c)), atol=1e-5)


def test_one_hot_rows_and_labels_have_bars_and_crosses_of_one_height(drawn):
    axis = drawn("4-one-hot-and-labels").axes[1]
    bars = [bar.get_height() for bar in axis.patches]
    crosses, one_hot, labels = axis.lines
    np.testing.assert_array_equal(bars, crosses.get_ydata())
    np.testing.assert_array_equal(one_hot.get_ydata(), labels.get_ydata())
    assert np.mean(bars) == pytest.approx(labels.get_ydata()[0])


def test_along_the_line_the_loss_has_a_slope_and_the_accuracy_has_none(data, drawn):
    loss, accuracy, loss_slope, accuracy_slope = (
        axis.lines[0].get_ydata() for axis in drawn("4-loss-not-accuracy").axes
    )
    assert np.count_nonzero(loss_slope) == len(loss_slope)
    assert np.mean(np.equal(accuracy_slope, 0)) > 0.9
    assert len(set(accuracy)) < learning.FEW + 1 < len(set(loss))


def test_the_line_ends_in_the_trained_net(data):
    run = data.run
    net_loss = learning._make_function_of_alpha(run, "loss")
    x, t = run.digits.x_test[: learning.FEW], run.digits.t_test[: learning.FEW]
    net = learning.TwoLayerNet(784, 50, 10)
    net.set_params(run.after)
    assert net_loss(1.0) == pytest.approx(net.loss(x, t), rel=1e-5)
    assert net_loss(0.0) == pytest.approx(np.log(10), rel=0.05), "untrained: equal probabilities"
    assert float(numerical_gradient(net_loss, 0.3)) < 0


def test_the_good_rate_converges_the_large_one_diverges_the_small_one_hardly_moves(drawn):
    good, large, small = (axis.lines[0].get_ydata() for axis in drawn("4-descents").axes[3:])
    assert good[-1] < 1e-2
    assert large[-1] > large[0]
    assert 0.7 * small[0] < small[-1] < small[0]


def test_the_title_of_a_sample_is_its_label(data, drawn):
    axes = np.array(drawn("3-samples").axes).reshape(-1, 10)
    for label, axis in enumerate(axes[0]):
        image = np.asarray(axis.images[0].get_array()).reshape(-1)
        row = np.flatnonzero((data.digits.x_train == image).all(axis=1))[0]
        assert data.digits.t_train[row] == label
        assert axis.get_title() == str(label)


def test_whitened_neighbours_are_no_longer_correlated(drawn):
    *_, raw, standardised, whitened = (
        axis for axis in drawn("3-preparations").axes if "correlation" in axis.get_title()
    )
    numbers = [float(a.get_title().split()[1].replace("−", "-")) for a in (raw, whitened)]
    assert numbers[0] > 0.7
    assert abs(numbers[1]) < 0.2
    assert standardised.get_title() == raw.get_title(), "a scale of each pixel keeps r"


@pytest.mark.slow
def test_the_run_book_has_the_same_pictures_as_the_files(tmp_path, capsys):
    names = ["2-gates", "3-relu", "4-descents"]
    folders = ["--data-dir", str(tmp_path), "--log-dir", str(tmp_path / "logs")]
    assert main([*names, *folders]) == 0
    assert "3 pictures" in capsys.readouterr().out
    events = EventAccumulator(str(tmp_path / "logs" / "book")).Reload()
    assert events.Tags()["images"] == ["chapter 2/gates", "chapter 3/relu", "chapter 4/descents"]
    for name, tag in zip(names, events.Tags()["images"], strict=True):
        (event,) = events.Images(tag)
        shown = imread(io.BytesIO(event.encoded_image_string))
        file = imread(tmp_path / "logs" / "book" / f"{name}.png")[..., :3]
        np.testing.assert_array_equal(shown, file)
        assert shown.shape == (event.height, event.width, 3)
        assert shown.shape[1] == 900


def test_the_same_picture_twice_has_the_same_pixels():
    first, second = (style.render_pixels(chapter2.draw_gates()) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_names_are_listed_and_nothing_is_drawn(tmp_path, capsys):
    assert main(["--list", "--log-dir", str(tmp_path / "logs")]) == 0
    assert capsys.readouterr().out.split() == list(PICTURES)
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["5-lenet"], "5-lenet"),
        (["2-gates", "--out", "{file}/pictures"], "--out"),
        (["2-gates", "--dataset", "digits"], "--dataset digits: choose one of"),
        (["2-gates", "--iterations", "0"], "--iterations 0"),
    ],
)
def test_bad_input_is_one_line_and_draws_nothing(tmp_path, capsys, arguments, message):
    from trainer.cli.program import run_command

    file = tmp_path / "file"
    file.touch()
    folders = ["--data-dir", str(tmp_path), "--log-dir", str(tmp_path / "logs")]
    assert run_command(main, [a.format(file=file) for a in arguments] + folders) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "logs").exists()


@pytest.mark.skipif(not features.can_draw(), reason="scikit-image or scikit-learn is missing")
def test_features_by_hand_and_learned_ones_read_most_digits(data):
    scores, run = features.measure_scores(data.digits, data.settings)
    assert [score.name for score in scores] == ["HOG, linear SVM", "KNN on pixels", "the net"]
    assert min(score.accuracy for score in scores[:2]) > 0.9
    assert scores[2].accuracy > 0.3  # after 400 steps
    net = TwoLayerNet(784, 50, 10)
    net.set_params(run.after)
    assert scores[-1].accuracy == net.accuracy(data.digits.x_test, data.digits.t_test)


def test_without_its_libraries_a_picture_is_left_out_or_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(features, "can_draw", lambda: False)
    with pytest.raises(
        InputError, match=r'4-features is not drawn: it needs .*pip install "\.\[features\]"'
    ):
        main(["4-features", "--log-dir", str(tmp_path)])
    monkeypatch.setattr("trainer.figures.book.PICTURES", {"2-xor": PICTURES["2-xor"], FEATURES: 0})
    assert main(["--log-dir", str(tmp_path), "--dataset", "mnist-5k", "--quiet"]) == 0
    assert "4-features is not drawn" in capsys.readouterr().err
