"""What code raises is held against it only where our call cannot be the reason."""

import math
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.adapt.sizes import C, D, N
from trainer.checker.load.standins import StandIn

X = np.ones((N, D))


class Net:
    def __init__(self):
        self.W = np.ones((D, C))

    def predict(self, x):
        self.scores = x @ self.W
        return self.scores

    def backward(self, x):
        return x.T @ self.scores

    def uses_before_it_sets(self, x):
        x = x @ self.hidden
        self.hidden = x
        return x

    def misspelt(self, x):
        return x.T @ self.socres

    def takes_one_sample(self, x):
        return x.reshape(1, -1) @ self.W

    def takes_mnist(self, x):
        return x @ np.ones((784, C))

    def turned(self, x):
        return x @ self.W.T

    def lacks_keepdims(self, x):
        return x / x.sum(axis=1)

    def takes_a_pair(self, data):
        x, t = data
        return x @ self.W - t

    def expects_a_pair_of_itself(self, x):
        y, hidden = self.predict(x)
        return y @ hidden.T

    def refuses_several_samples(self, x):
        if len(x) != D:
            sys.exit(1)

    def refuses_several_classes(self, x):
        if x.shape[1] != 1:
            raise NotImplementedError("two classes only")

    def ends(self, _x):
        sys.exit(1)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("backward", "missing"), ("takes_one_sample", "missing"), ("takes_mnist", "missing"),
        ("misspelt", "raises"), ("uses_before_it_sets", "raises"), ("turned", "raises"),
        ("lacks_keepdims", "raises"), ("takes_a_pair", "missing"),
        ("expects_a_pair_of_itself", "raises"), ("refuses_several_samples", "missing"),
        ("refuses_several_classes", "missing"), ("ends", "raises"),
    ],
)  # fmt: skip
def test_an_exception_is_the_codes_own_where_our_sizes_and_order_did_not_cause_it(name, verdict):
    error = attempt(getattr(Net(), name), X).error
    assert report_exception(name, error).verdict == verdict


def test_what_none_of_the_codes_lines_raises_is_held_against_nobody():
    finding = report_exception("loss", attempt(partial(math.exp, 1000)).error)
    assert (finding.verdict, finding.checked) == ("missing", False)


def test_what_a_machine_lacks_is_held_against_nobody():
    finding = report_exception("loading", attempt(import_removed).error)
    assert (finding.verdict, finding.checked) == ("missing", False)
    assert finding.message.startswith("needs numpy: cannot import name 'removed'")


def test_a_value_that_the_check_does_not_compute_is_held_against_nobody():
    stands_in = StandIn("P", "set by a statement that was not run")
    finding = report_exception("loading", attempt(lambda: Callable[stands_in, int]).error)
    assert finding.verdict == "missing"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_a_machine_lacks_is_held_against_nobody():
    finding = report_exception("predict", attempt(lambda: torch.zeros(2, device="cuda")).error)
    assert (finding.verdict, finding.checked) == ("missing", False)
    assert finding.message.startswith("needs CUDA")


class Asserting:
    def __init__(self, layers):
        assert len(layers) > 2, "give at least three sizes"


def test_what_a_constructor_asserts_of_our_arguments_is_held_against_nobody():
    finding = report_exception("construction", attempt(lambda: Asserting([3, 2])).error)
    assert (finding.verdict, finding.checked) == ("missing", False)


class OfData:
    def __init__(self, D, path=None):
        self.D = D
        if path is not None:
            self.samples = len(np.load(path))
        self.W = np.ones((self.samples, D))


class Turned:
    def __init__(self, D):
        self.W = np.ones((self.samples, D))
        self.samples = D


@pytest.mark.parametrize(("kind", "verdict"), [(OfData, "missing"), (Turned, "raises")])
def test_an_attribute_is_lacking_where_no_line_was_passed_over_that_sets_it(kind, verdict):
    assert report_exception("construction", attempt(lambda: kind(D)).error).verdict == verdict


def import_removed():
    from numpy import removed

    return removed
