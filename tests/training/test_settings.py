import pytest

from trainer.common.errors import InputError, SettingError
from trainer.common.settings import Settings

BAD = [
    ("backend", "jax"), ("dataset", "cifar"), ("activation", "tanh"), ("loss", "hinge"),
    ("dtype", "float16"), ("device", "tpu"), ("device", "meta"), ("device", ""),
    ("device", "cuda:"), ("device", "cuda:-1"), ("device", "cuda:1000"), ("device", "cpu:0"),
    ("preprocess", "none"), ("gradient", "guess"),
    ("iterations", 0), ("batch_size", -1), ("lr", 0.0), ("lr", float("nan")),
    ("lr", float("inf")), ("hidden_size", 0), ("eval_every", 0), ("weight_init_std", -0.1),
    ("seed", -1), ("iterations", 1.5), ("lr", "0.1"), ("batch_size", True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_an_unusable_setting_is_named_with_its_value(name, value):
    with pytest.raises(SettingError) as error:
        Settings(**{name: value})
    assert str(error.value).startswith(f"{name}=")
    assert str(value) in str(error.value)
    assert error.value.as_option().startswith(f"--{name.replace('_', '-')} ")


@pytest.mark.parametrize("digits", [30, 400])
@pytest.mark.parametrize("name", ["seed", "eval_every", "checkpoint_every", "iterations"])
def test_a_count_of_many_digits_is_refused_in_a_short_line(name, digits):
    with pytest.raises(InputError, match=r"must be \d+ or less") as error:
        Settings(**{name: 10 ** (digits - 1)})
    assert f"{name}=10000000… ({digits} digits)" in str(error.value)
    assert len(str(error.value)) < 100


@pytest.mark.parametrize(("dtype", "lr"), [("float32", 1e39), ("float64", 10**400)])
def test_a_rate_that_does_not_fit_the_dtype_is_refused(dtype, lr):
    with pytest.raises(InputError, match=f"does not fit {dtype}"):
        Settings(lr=lr, dtype=dtype)


def test_the_defaults_are_those_of_the_book():
    s = Settings()
    assert (s.iterations, s.batch_size, s.lr, s.hidden_size) == (10_000, 100, 0.1, 50)
    assert (s.activation, s.loss, s.weight_init_std) == ("sigmoid", "cross-entropy", 0.01)
    assert (s.eval_every, s.dataset) == (10, None)


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_numpy_on_a_gpu_is_refused(device):
    with pytest.raises(InputError, match=f"device={device}: .*the backend torch"):
        Settings(backend="numpy", device=device)
    assert Settings(backend="torch", device=device).device == device
