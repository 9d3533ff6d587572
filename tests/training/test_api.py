"""What a user of Python gets from train, load_run and compare."""

import numpy as np
import pytest

from trainer import InputError, Settings, compare, load_run, train


@pytest.fixture
def settings():
    return Settings(dataset="mnist-5k", iterations=3, hidden_size=5, batch_size=10)


def test_a_run_gives_its_net_and_so_does_its_folder(settings, data_dir, tmp_path):
    result = train(settings, data_dir, str(tmp_path), quiet=True)
    for net in (result.net, load_run(result.folder), load_run(str(result.folder), "torch")):
        for key, value in result.net.params.items():
            np.testing.assert_array_equal(net.params[key], value)
    assert type(load_run(result.folder, "torch")).__name__ == "TorchTwoLayerNet"
    assert {type(each) for each in vars(result.last).values()} == {int, float}
    with pytest.raises(InputError, match="no such run or file"):
        load_run(tmp_path / "other")


def test_a_comparison_is_true_if_the_nets_agree_and_says_what_is_wrong(
    settings, data_dir, tmp_path
):
    found = compare(settings, data_dir, tmp_path)
    assert found
    assert found.agree
    assert repr(found) == "<numpy and torch agree: every quantity of 3 steps is within its bound>"
    wrong = compare(settings, data_dir, tmp_path, planted="output-grad-extra")
    assert not wrong
    assert "numpy's da2 is the first wrong quantity" in str(wrong)
