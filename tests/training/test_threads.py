import threading
import warnings

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from trainer.data.batches import Batches
from trainer.data.digits import Digits, load_digits
from trainer.nets.numpy_net import TwoLayerNet
from trainer.nets.torch_net import TorchTwoLayerNet
from trainer.training.threads import LARGE, Threads

pytestmark = pytest.mark.usefixtures("two_threads")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return load_digits("mnist-5k", tmp_path_factory.mktemp("data"))


def find_blas_threads() -> set[int]:
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


@pytest.mark.parametrize("net_class", [TwoLayerNet, TorchTwoLayerNet])
@pytest.mark.parametrize("rows", [1, 2, 3, 777, 4000])
def test_the_accuracy_in_parts_is_that_of_the_whole(digits, net_class, rows):
    net = net_class(784, 20, 10, weight_init_std=1.0)
    x, t = net.native(digits.x_train[:rows]), net.native(digits.t_train[:rows])
    assert Threads().compute_accuracy(net, x, t) == net.accuracy(x, t)


def test_every_row_is_evaluated_once_and_the_caller_takes_the_first_of_the_parts(digits):
    seen: list[tuple[int, int]] = []

    class Net:
        def accuracy(self, x, t):
            seen.append((threading.get_ident(), len(x)))
            return 1.0

    assert Threads().compute_accuracy(Net(), digits.x_train, digits.t_train) == 1.0
    assert sum(rows for _, rows in seen) == len(digits.x_train)
    ours = [rows for thread, rows in seen if thread == threading.get_ident()]
    assert ours == [-(-len(digits.x_train) // torch.get_num_threads())]


def test_warnings_that_the_caller_ignores_are_ignored_in_the_parts(digits):
    net = TwoLayerNet(784, 5, 10, weight_init_std=5e37)
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("error")
        Threads().compute_accuracy(net, digits.x_test, digits.t_test)


def test_a_small_step_has_one_thread_and_a_large_one_all():
    before, every = (torch.get_num_threads(), find_blas_threads()), torch.get_num_threads()
    with Threads().limit_for_step(784, 50, 100):
        assert (torch.get_num_threads(), find_blas_threads()) == (1, {1})
    with Threads().limit_for_step(784, 1 + LARGE // 78400, 100):
        assert (torch.get_num_threads(), find_blas_threads()) == (every, {every})
    assert (torch.get_num_threads(), find_blas_threads()) == before


@pytest.mark.parametrize("net_class", [TwoLayerNet, TorchTwoLayerNet])
def test_steps_of_the_books_size_are_to_the_bit_those_of_one_core(digits, net_class):
    ends = []
    for threads in (Threads().limit_for_step(784, 50, 100), Threads().limit_to_one()):
        net = net_class(784, 50, 10)
        batch = Batches(digits.x_train, digits.t_train, 100, 0)
        with threads:
            for i in range(20):
                net.step(*map(net.native, batch(i)), 0.1)
        ends.append(net.params)
    for key in ends[0]:
        assert np.array_equal(ends[0][key], ends[1][key])


def test_an_evaluation_leaves_the_threads_of_the_step_as_they_were(digits):
    threads, net = Threads(), TwoLayerNet(784, 5, 10)
    for size in (10, LARGE):
        with threads.limit_for_step(784, size, 10):
            within = torch.get_num_threads(), find_blas_threads()
            threads.compute_accuracy(net, digits.x_test, digits.t_test)
            assert (torch.get_num_threads(), find_blas_threads()) == within
