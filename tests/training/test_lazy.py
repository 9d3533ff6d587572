"""The lazy evaluation gives every image the class that the plain one gives it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lazy_equality import compare
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trainer.common.settings import Settings
from trainer.data.digits import load_digits
from trainer.training.lazy import accuracy, records
from trainer.training.lazy.accuracy import LazyAccuracy
from trainer.training.lazy.movement import Weights, lead
from trainer.training.run import run

CUT, N, D, H, C, CHUNK = 150, 400, 20, 7, 4, 50
seeds = st.integers(0, 2**32 - 1)
activations = st.sampled_from(["sigmoid", "relu"])
dtypes = st.sampled_from([np.float32, np.float64])


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Small sets, too, are proved rather than evaluated plainly, in several blocks."""
    for name, value in {"SMALL": 0, "FIRST": 0, "WIDEST": 1.0}.items():
        monkeypatch.setattr(accuracy, name, value)
    for name, value in {"BASIS": 3, "BLOCK": 64, "ANCHORS": 3, "PAYS": 2.0, "TIES": 2.0}.items():
        monkeypatch.setattr(records, name, value)


class Subject:
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
        self.lazy = LazyAccuracy(sets, activation, self.classify, self.chunks)

    @staticmethod
    def chunks(rows):
        return [slice(i, min(i + CHUNK, rows)) for i in range(0, rows, CHUNK)]

    def forward(self, x, params):
        with np.errstate(over="ignore", invalid="ignore"):
            a1 = x @ params["W1"] + params["b1"]
            z1 = 1 / (1 + np.exp(-a1)) if self.activation == "sigmoid" else np.maximum(a1, 0)
            return z1, z1 @ params["W2"] + params["b2"]

    def classify(self, x):
        return self.forward(x, self.params)[1].argmax(axis=1)

    def check(self):
        """Evaluate both ways and compare; returns the fraction that was evaluated."""
        accuracies = self.lazy(self.params)
        for rows, found in zip(self.rows, accuracies, strict=True):
            x = self.x[rows]
            classes = np.concatenate([self.classify(x[part]) for part in self.chunks(len(x))])
            np.testing.assert_array_equal(self.lazy.classes[rows], classes)
            assert found == np.mean(classes == self.t[rows])
        return self.lazy.fraction

    def drift(self, step):
        """A random movement of all weights."""
        for value in self.params.values():
            value += (step * self.rng.standard_normal(value.shape)).astype(value.dtype)

    def attack(self, goal, unseen):
        """The shortest movement of W1 that takes an image's lead to goal times what it was.

        unseen: only across the directions that are followed exactly.
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
def test_random_movements_never_break_the_bound(seed, activation, dtype, exponents):
    subject = Subject(seed, activation, dtype)
    subject.check()
    for exponent in exponents:
        subject.drift(10.0**exponent)
        subject.check()


moves = st.tuples(st.sampled_from([0.5, 1e-3, 1e-7, 0.0, -1e-7, -1e-3, -0.5]), st.booleans())


@settings(max_examples=25, deadline=None)
@given(seeds, activations, dtypes, st.lists(moves, min_size=3, max_size=10))
def test_movements_that_just_close_a_lead_never_break_the_bound(seed, activation, dtype, attacks):
    subject = Subject(seed, activation, dtype)
    subject.check()
    for goal, unseen in attacks:
        subject.attack(goal, unseen)
        subject.check()


steps = st.tuples(st.sampled_from(["W1", "b1", "W2", "b2"]), st.floats(-6, 0))


@settings(max_examples=25, deadline=None)
@given(seeds, activations, st.lists(steps, min_size=5, max_size=10))
def test_no_true_lead_is_below_what_the_records_leave_of_it(seed, activation, moves):
    subject = Subject(seed, activation)
    subject.check()
    kept = subject.lazy._records
    for key, exponent in moves:
        weights = subject.params[key]  # every row is moved alike, so that the terms add up
        weights += (10.0**exponent * subject.rng.standard_normal(weights.shape[-1])).astype("f4")
        left = kept._spare - movement(kept, subject.params)
        assert (lead_of(subject, subject.lazy.classes) >= left).all()
        subject.check()


def movement(kept, params):
    today = kept._begin(Weights(params, kept._basis, kept._activation))
    full = kept._anchors.hidden(today.weights, kept._size)[1]
    return kept._movement(full, today)


def lead_of(subject, classes):
    """By how much these classes lead, in float64."""
    params = {k: v.astype(np.float64) for k, v in subject.params.items()}
    return lead(subject.forward(subject.x.astype(np.float64), params)[1].T.copy(), classes)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_small_movements_evaluate_few_images(activation):
    subject = Subject(0, activation)
    assert subject.check() == 1
    fractions = []
    for _ in range(20):
        subject.drift(1e-4)
        fractions.append(subject.check())
    assert np.mean(fractions) < 0.15


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_how_large_the_weights_once_were_is_kept_while_records_of_then_are(activation):
    subject = Subject(0, activation)
    subject.check()
    records = subject.lazy._records
    before = records._size, records._reach
    subject.params = {key: value / 2 for key, value in subject.params.items()}
    subject.check()
    assert (records._size, records._reach) == before


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -np.inf, 1e30])
def test_ties_and_weights_that_are_no_numbers_are_classified_as_plainly(value):
    for key in ("W1", "b1", "W2", "b2"):
        subject = Subject(1, "relu")
        subject.check()
        subject.params[key][...] = value
        subject.check()
        subject.params[key].flat[0] = 1
        subject.check()


def test_twin_outputs_go_to_the_first_of_the_two():
    subject = Subject(2, "sigmoid")
    subject.check()
    for _ in range(5):
        subject.drift(1e-3)
        subject.params["W2"][:, 3] = subject.params["W2"][:, 1]
        subject.params["b2"][3] = subject.params["b2"][1]
        subject.check()
        assert 3 not in subject.lazy.classes


def test_where_it_does_not_pay_attempts_become_rare(monkeypatch):
    monkeypatch.setattr(records, "PAYS", 0.4)
    subject, tried = Subject(3, "sigmoid"), []
    renew = records.Records.renew
    monkeypatch.setattr(records.Records, "renew", lambda self, p: tried.append(1) or renew(self, p))
    for _ in range(200):
        subject.drift(1.0)
        assert subject.check() == 1
    assert len(tried) < 30
    for _ in range(100):
        subject.drift(1e-5)
        subject.check()
    assert subject.lazy.fraction < 0.2  # and it notices when it pays again


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.usefixtures("two_threads")
def test_a_run_on_digits_is_evaluated_equally(folder, backend, activation, dtype):
    monkeypatch = pytest.MonkeyPatch()
    with monkeypatch.context() as patch:
        patch.setattr(records, "BASIS", 64)
        patch.setattr(records, "BLOCK", 2048)
        chosen = Settings(
            backend=backend, device="cpu", activation=activation, dtype=dtype,
            loss="squared-error" if dtype == "float64" else "cross-entropy",
            iterations=160, eval_every=4,
        )  # fmt: skip
        results = list(compare(chosen, load_digits("mnist-5k", folder, dtype)))
    assert [one.iteration for one in results if one.wrong] == []
    assert len(results) == 41
    assert min(one.fraction for one in results) < 0.3  # so most were proved


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


def test_a_plain_evaluation_may_sum_the_pixels_in_the_order_that_rounds_worst():
    # Equal terms added one after the other are all rounded the same way: here the sum ends up
    # n u / 5 of itself away, where BLAS, which keeps several sums, is hardly off.
    near = 0.9173623 * (1 + np.finfo(np.float32).eps * np.arange(-30, 30))
    x = np.repeat(near[:, None], 4000, axis=1).astype(np.float32)
    params = {"W1": np.ones((4000, 1), np.float32), "b1": np.zeros(1, np.float32)}
    params["W2"] = np.array([[1, -1]], np.float32)

    def one_after_the_other(x):
        return np.cumsum(x, axis=1)[:, -1:]  # W1 is 1

    between = (one_after_the_other(x).mean() + (x @ params["W1"]).mean()) / 2
    params["b2"] = np.array([0, 2 * between], np.float32)

    def classify(x):
        return (one_after_the_other(x) @ params["W2"] + params["b2"]).argmax(axis=1)

    evaluate = LazyAccuracy([(x, np.zeros(len(x), int))], "relu", classify, Subject.chunks)
    evaluate(params)
    plainly = classify(x)
    blas = (x @ params["W1"] @ params["W2"] + params["b2"]).argmax(axis=1)
    assert (plainly != blas).all()
    np.testing.assert_array_equal(evaluate.classes, plainly)


def test_a_movement_of_W2_along_the_hidden_layer_is_bounded_for_ReLU():  # noqa: N802
    subject = Subject(4, "relu")
    x, z1 = subject.x[0], np.abs(subject.rng.standard_normal(H))
    subject.x[:] = np.abs(1 + 0.01 * subject.rng.standard_normal((N, 1))) * x
    subject.params["W1"][:] = np.outer(x, z1)  # then ‖h‖ is all of ‖Ŵ1‖ ‖x‖
    subject.params["b1"][:] = 0
    subject.lazy = LazyAccuracy(
        [(subject.x[rows], subject.t[rows]) for rows in subject.rows],
        "relu", subject.classify, subject.chunks,
    )  # fmt: skip
    subject.check()
    kept = subject.lazy._records
    (y,) = set(subject.lazy.classes)
    change = np.outer(z1, np.where(np.arange(C) == y, -1, 1)).astype(np.float32)
    for step in (1e-4, 1e-3, 1e-2):
        subject.params["W2"] += np.float32(step) * change
        left = kept._spare - movement(kept, subject.params)
        assert (lead_of(subject, subject.lazy.classes) >= left).all()
        subject.check()
