"""Lazy evaluation gives every image the class that full evaluation gives it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lazy_equality import compare
from sampling import few
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trainer.common.settings import Settings
from trainer.data.digits import load_digits
from trainer.training.lazy import accuracy, blocks, records
from trainer.training.lazy.accuracy import LazyAccuracy
from trainer.training.lazy.movement import SplitWeights, compute_lead
from trainer.training.run import run

CUT, N, D, H, C, CHUNK = 150, 400, 20, 7, 4, 50
seeds = st.integers(0, 2**32 - 1)
activations = st.sampled_from(["sigmoid", "relu"])
dtypes = st.sampled_from([np.float32, np.float64])


@pytest.fixture(autouse=True)
def allow_small_sets(monkeypatch):
    """Let small sets be proved too, in several blocks."""
    for name, value in {"FEWEST_IMAGES": 0, "FIRST_WAIT": 0, "MOST_HIDDEN": 1.0}.items():
        monkeypatch.setattr(accuracy, name, value)
    monkeypatch.setattr(blocks, "SIZE", 64)
    for name, value in {
        "DIRECTIONS": 3,
        "ANCHORS": 3,
        "MOST_EVALUATED": 2.0,
        "MOST_TIES": 2.0,
    }.items():
        monkeypatch.setattr(records, name, value)


class RandomNet:
    """A random net on two sets of random images that vary mostly along a few directions."""

    def __init__(self, seed, activation, dtype=np.float32):
        self.rng = rng = np.random.default_rng(seed)
        shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
        self.params = {k: rng.standard_normal(s).astype(dtype) for k, s in shapes.items()}
        self.activation = activation
        x = rng.standard_normal((N, D)) * 0.7 ** np.arange(D)
        self.x, self.t = x.astype(dtype), rng.integers(C, size=N)
        self.rows = slice(0, CUT), slice(CUT, N)
        sets = [(self.x[rows], self.t[rows]) for rows in self.rows]
        self.lazy = LazyAccuracy(sets, activation, self.classify, self.split_chunks)

    @staticmethod
    def split_chunks(rows):
        return [slice(i, min(i + CHUNK, rows)) for i in range(0, rows, CHUNK)]

    def forward(self, x, params):
        with np.errstate(over="ignore", invalid="ignore"):
            a1 = x @ params["W1"] + params["b1"]
            z1 = 1 / (1 + np.exp(-a1)) if self.activation == "sigmoid" else np.maximum(a1, 0)
            return z1, z1 @ params["W2"] + params["b2"]

    def classify(self, x):
        return self.forward(x, self.params)[1].argmax(axis=1)

    def check(self):
        """Evaluate both ways and compare; return the fraction that was evaluated."""
        accuracies = self.lazy(self.params)
        for rows, found in zip(self.rows, accuracies, strict=True):
            x = self.x[rows]
            classes = np.concatenate([self.classify(x[part]) for part in self.split_chunks(len(x))])
            np.testing.assert_array_equal(self.lazy.classes[rows], classes)
            assert found == np.mean(classes == self.t[rows])
        return self.lazy.fraction

    def move_randomly(self, step):
        """Move all weights randomly."""
        for value in self.params.values():
            value += (step * self.rng.standard_normal(value.shape)).astype(value.dtype)

    def change_lead(self, goal, unseen):
        """Move W1 by the least that changes an image's lead to goal times its value.

        unseen: only across the directions of the basis.
        """
        x = self.x[self.rng.integers(N)].astype(np.float64)
        along = x
        if unseen and self.lazy._records:
            basis = self.lazy._records._basis
            along = x - basis @ (basis.T @ x)
        for step in range(8):
            z1, a2 = self.forward(x, {k: v.astype(np.float64) for k, v in self.params.items()})
            if step == 0:
                k, y = np.argsort(a2)[-2:]
                target = goal * (a2[y] - a2[k])
            w = self.params["W2"][:, y] - self.params["W2"][:, k]
            slope = w * (z1 * (1 - z1) if self.activation == "sigmoid" else z1 > 0)
            square = (slope @ slope) * (along @ along)
            if square < 1e-6:
                return
            change = (target - (a2[y] - a2[k])) / square * np.outer(along, slope)
            self.params["W1"] += change.astype(self.params["W1"].dtype)


@settings(max_examples=25, deadline=None)
@given(seeds, activations, dtypes, st.lists(st.floats(-8, 1), min_size=3, max_size=8))
def test_classes_are_equal_after_random_movements(seed, activation, dtype, exponents):
    net = RandomNet(seed, activation, dtype)
    net.check()
    for exponent in exponents:
        net.move_randomly(10.0**exponent)
        net.check()


moves = st.tuples(st.sampled_from([0.5, 1e-3, 1e-7, 0.0, -1e-7, -1e-3, -0.5]), st.booleans())


@settings(max_examples=25, deadline=None)
@given(seeds, activations, dtypes, st.lists(moves, min_size=3, max_size=10))
def test_classes_are_equal_after_movements_that_just_close_a_lead(seed, activation, dtype, attacks):
    net = RandomNet(seed, activation, dtype)
    net.check()
    for goal, unseen in attacks:
        net.change_lead(goal, unseen)
        net.check()


steps = st.tuples(st.sampled_from(["W1", "b1", "W2", "b2"]), st.floats(-6, 0))


@settings(max_examples=25, deadline=None)
@given(seeds, activations, st.lists(steps, min_size=5, max_size=10))
def test_no_true_lead_is_below_its_bound_in_the_records(seed, activation, moves):
    net = RandomNet(seed, activation)
    net.check()
    kept = net.lazy._records
    for key, exponent in moves:
        weights = net.params[key]  # every row is moved alike, so that the terms add up
        weights += (10.0**exponent * net.rng.standard_normal(weights.shape[-1])).astype("f4")
        left = kept._proved_lead - bound_lost_lead(kept, net.params)
        assert (compute_true_lead(net, net.lazy.classes) >= left).all()
        net.check()


def bound_lost_lead(kept, params):
    now = kept._begin_evaluation(SplitWeights(params, kept._basis, kept._activation))
    full = kept._anchors.bound_layer1_change(now.weights, kept._largest_norm)[1]
    return kept._bound_lost_lead(full, now)


def compute_true_lead(net, classes):
    """Return the lead of these classes, in float64."""
    params = {k: v.astype(np.float64) for k, v in net.params.items()}
    return compute_lead(net.forward(net.x.astype(np.float64), params)[1].T.copy(), classes)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_small_movements_evaluate_few_images(activation):
    net = RandomNet(0, activation)
    assert net.check() == 1
    fractions = []
    for _ in range(20):
        net.move_randomly(1e-4)
        fractions.append(net.check())
    assert np.mean(fractions) < 0.15


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_the_largest_bounds_are_kept_as_long_as_the_records_are(activation):
    net = RandomNet(0, activation)
    net.check()
    records = net.lazy._records
    before = records._largest_norm, records._largest_terms
    net.params = {key: value / 2 for key, value in net.params.items()}
    net.check()
    assert (records._largest_norm, records._largest_terms) == before


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -np.inf, 1e30])
def test_ties_and_weights_that_are_not_finite_are_classified_as_in_full_evaluation(value):
    for key in ("W1", "b1", "W2", "b2"):
        net = RandomNet(1, "relu")
        net.check()
        net.params[key][...] = value
        net.check()
        net.params[key].flat[0] = 1
        net.check()


def test_of_two_equal_outputs_the_first_is_chosen():
    net = RandomNet(2, "sigmoid")
    net.check()
    for _ in range(5):
        net.move_randomly(1e-3)
        net.params["W2"][:, 3] = net.params["W2"][:, 1]
        net.params["b2"][3] = net.params["b2"][1]
        net.check()
        assert 3 not in net.lazy.classes


def test_attempts_become_rare_if_they_do_not_pay(monkeypatch):
    monkeypatch.setattr(records, "MOST_EVALUATED", 0.4)
    net, tried = RandomNet(3, "sigmoid"), []
    update = records.Records.update_classes

    def count(self, params):
        tried.append(1)
        return update(self, params)

    monkeypatch.setattr(records.Records, "update_classes", count)
    for _ in range(200):
        net.move_randomly(1.0)
        assert net.check() == 1
    assert len(tried) < 30
    for _ in range(100):
        net.move_randomly(1e-5)
        net.check()
    assert net.lazy.fraction < 0.2  # attempts have started again


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.mark.parametrize(
    ("dtype", "backend", "activation"),
    few(product(("float32", "float64"), ("numpy", "torch"), ("sigmoid", "relu")), 3),
)
@pytest.mark.usefixtures("two_threads")
def test_both_evaluations_of_a_run_on_digits_are_equal(folder, backend, activation, dtype):
    monkeypatch = pytest.MonkeyPatch()
    with monkeypatch.context() as patch:
        patch.setattr(records, "DIRECTIONS", 64)
        patch.setattr(blocks, "SIZE", 2048)
        chosen = Settings(
            backend=backend, device="cpu", activation=activation, dtype=dtype,
            loss="squared-error" if dtype == "float64" else "cross-entropy",
            iterations=160, eval_every=4,
        )  # fmt: skip
        results = list(compare(chosen, load_digits("mnist-5k", folder, dtype)))
    assert [one.iteration for one in results if one.wrong] == []
    assert len(results) == 41
    assert min(one.fraction for one in results) < 0.3  # so most classes were proved


def test_a_run_logs_the_fraction_and_the_same_accuracies(folder, tmp_path):
    both = {
        evaluation: run(
            Settings(dataset="mnist-5k", iterations=60, evaluation=evaluation, lr=0.5),
            folder, tmp_path, name=evaluation, quiet=True,
        ).folder
        for evaluation in ("full", "lazy")
    }  # fmt: skip
    events = {name: EventAccumulator(str(path)).Reload() for name, path in both.items()}
    for tag in ("accuracy/train", "accuracy/test", "loss/train"):
        full, lazily = ([e.value for e in events[name].Scalars(tag)] for name in both)
        assert full == lazily
    fractions = [e.value for e in events["lazy"].Scalars("evaluation/fraction")]
    assert len(fractions) == 7
    assert fractions[0] == 1
    assert min(fractions) < 1
    assert "evaluation/fraction" not in events["full"].Tags()["scalars"]


def test_a_full_evaluation_may_sum_the_pixels_in_the_order_that_rounds_worst():
    # Equal terms that are added one by one are all rounded the same way: here the sum errs by
    # n u / 5 of itself. BLAS, which keeps several sums, hardly errs.
    near = 0.9173623 * (1 + np.finfo(np.float32).eps * np.arange(-30, 30))
    x = np.repeat(near[:, None], 4000, axis=1).astype(np.float32)
    params = {"W1": np.ones((4000, 1), np.float32), "b1": np.zeros(1, np.float32)}
    params["W2"] = np.array([[1, -1]], np.float32)

    def add_one_by_one(x):
        return np.cumsum(x, axis=1)[:, -1:]  # W1 is 1

    between = (add_one_by_one(x).mean() + (x @ params["W1"]).mean()) / 2
    params["b2"] = np.array([0, 2 * between], np.float32)

    def classify(x):
        return (add_one_by_one(x) @ params["W2"] + params["b2"]).argmax(axis=1)

    evaluate = LazyAccuracy([(x, np.zeros(len(x), int))], "relu", classify, RandomNet.split_chunks)
    evaluate(params)
    expected = classify(x)
    blas = (x @ params["W1"] @ params["W2"] + params["b2"]).argmax(axis=1)
    assert (expected != blas).all()
    np.testing.assert_array_equal(evaluate.classes, expected)


def test_the_bound_holds_for_a_movement_of_W2_along_the_hidden_layer_with_ReLU():  # noqa: N802
    net = RandomNet(4, "relu")
    x, z1 = net.x[0], np.abs(net.rng.standard_normal(H))
    net.x[:] = np.abs(1 + 0.01 * net.rng.standard_normal((N, 1))) * x
    net.params["W1"][:] = np.outer(x, z1)  # then ‖h‖ is all of ‖Ŵ1‖ ‖x‖
    net.params["b1"][:] = 0
    net.lazy = LazyAccuracy(
        [(net.x[rows], net.t[rows]) for rows in net.rows],
        "relu", net.classify, net.split_chunks,
    )  # fmt: skip
    net.check()
    kept = net.lazy._records
    (y,) = set(net.lazy.classes)
    change = np.outer(z1, np.where(np.arange(C) == y, -1, 1)).astype(np.float32)
    for step in (1e-4, 1e-3, 1e-2):
        net.params["W2"] += np.float32(step) * change
        left = kept._proved_lead - bound_lost_lead(kept, net.params)
        assert (compute_true_lead(net, net.lazy.classes) >= left).all()
        net.check()
