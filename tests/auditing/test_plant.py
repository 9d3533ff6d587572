import pytest

from trainer.auditing.mistakes import CATALOGUE, MISTAKES
from trainer.auditing.plant import plant
from trainer.common.errors import InputError
from trainer.nets.numpy_net import TwoLayerNet


def test_slugs_are_unique():
    assert len(MISTAKES) == len(CATALOGUE)


@pytest.mark.parametrize("slug", MISTAKES)
def test_each_mistake_changes_existing_lines_and_gives_a_net(slug):
    assert plant(slug) is not TwoLayerNet
    assert plant(slug)(7, 5, 3).params["W1"].shape == (7, 5)


def test_planting_does_not_change_the_original_net(digits):
    before = TwoLayerNet(784, 5, 10).gradient(digits.x_test[:5], digits.t_test[:5])
    plant("gradient-sign")(784, 5, 10).gradient(digits.x_test[:5], digits.t_test[:5])
    after = TwoLayerNet(784, 5, 10).gradient(digits.x_test[:5], digits.t_test[:5])
    assert all((before[key] == after[key]).all() for key in before)


def test_the_error_for_an_unknown_slug_names_the_option_that_lists_all():
    with pytest.raises(InputError, match="--list-mistakes"):
        plant("typo")


def test_two_mistakes_can_be_planted_together_unless_they_change_the_same_line(digits):
    x, t = digits.x_test[:5], digits.t_test[:5]
    both = plant("gradient-sign", "bias-grad-missing")(784, 5, 10).gradient(x, t)
    original = TwoLayerNet(784, 5, 10).gradient(x, t)
    assert not both["b1"].any()
    assert (both["W2"] == -original["W2"]).all()
    with pytest.raises(ValueError, match="cannot become both"):
        plant("gradient-sign", "batch-mean-missing")
