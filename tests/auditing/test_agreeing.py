"""agree: right on pairs of which it is known what they are, and on public threads."""

import random
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pairs import LOSS, OFF, PAIRS, make_inputs
from torch import nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from trainer import InputError, TorchTwoLayerNet, TwoLayerNet, agree
from trainer.auditing.plant import plant

FIRST = [(name, next(iter(pair.dtypes.split()[-1:]))) for name, pair in PAIRS.items()]
OTHERS = [(name, dtype) for name, pair in PAIRS.items() for dtype in pair.dtypes.split()[:-1]]
X = np.random.default_rng(0).standard_normal((5, 8))
W = np.random.default_rng(1).standard_normal((8, 3))


@pytest.mark.parametrize(("name", "dtype"), FIRST)
def test_a_pair_is_judged_as_what_it_is(name, dtype):
    pair = PAIRS[name]
    result = agree(pair.old, pair.new, *make_inputs(pair, dtype, 0))
    assert result.status == pair.expected, result


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dtype"), FIRST + OTHERS)
def test_a_pair_is_judged_as_what_it_is_on_other_inputs(name, dtype):
    pair = PAIRS[name]
    for seed in (1, 2):
        result = agree(pair.old, pair.new, *make_inputs(pair, dtype, seed))
        assert result.status == pair.expected, result


# Public threads in which somebody asks whether a difference is rounding.


def test_products_of_a_batch_and_of_its_rows_agree():
    """https://github.com/pytorch/pytorch/issues/41248: 1e-6 to 1e-5, "seems large"."""
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((10, 512)).astype("float32"))
    w = torch.from_numpy(np.random.default_rng(1).standard_normal((5, 512)).astype("float32"))
    result = agree(lambda x, w: x @ w.T, lambda x, w: torch.stack([r @ w.T for r in x]), x, w)
    assert result, result


def test_a_layer_norm_by_squares_loses_precision_at_a_mean_of_2000():
    """https://github.com/pytorch/pytorch/issues/51102: variances of 48,425 instead of 1."""

    def normalize_by_squares(a):
        var = (a * a).mean(1, keepdim=True) - a.mean(1, keepdim=True) ** 2
        return (a - a.mean(1, keepdim=True)) / (var.clamp(min=0) + 1e-5).sqrt()

    a = torch.from_numpy(2000 + np.random.default_rng(0).standard_normal((5, 4))).float()
    result = agree(nn.LayerNorm(4, elementwise_affine=False), normalize_by_squares, a)
    assert result.status == LOSS
    assert result.rows[0].sides == ("new",)


def test_the_two_forms_of_gelu_are_different_functions():
    """https://github.com/uxlfoundation/oneDNN/issues/1122: a "precision difference"."""
    by_tanh = lambda x: F.gelu(x, approximate="tanh")  # noqa: E731
    assert agree(F.gelu, by_tanh, torch.linspace(-3, 3, 100)).status == OFF


def test_layer_norms_of_two_epsilons_are_different_functions():
    """https://github.com/huggingface/transformers/pull/1089: "the only difference is the eps"."""
    x = torch.from_numpy(X).float()
    assert agree(nn.LayerNorm(8, 1e-12), nn.LayerNorm(8, 1e-5), x).status == OFF


def test_a_softmax_that_sums_in_bfloat16_loses_precision():
    """https://github.com/pytorch/executorch/pull/20090: 1/256 in the place of 1/512."""

    def softmax(x):
        e, total = (x - x.max()).exp(), torch.zeros((), dtype=x.dtype)
        for each in e:
            total = total + each
        return e / total

    x = torch.zeros(512, dtype=torch.bfloat16)
    result = agree(lambda x: torch.softmax(x, 0), softmax, x)
    assert result.status == LOSS
    assert result.rows[0].sides == ("new",)


# What holds for all inputs.

NUMBERS = arrays(np.float32, (4, 6), elements=st.floats(-1e6, 1e6, width=32))


@given(NUMBERS)
def test_the_order_of_a_sum_makes_no_different_function(x):
    assert agree(lambda x: x.sum(1), lambda x: x[:, ::-1].cumsum(1)[:, -1], x).status != OFF


@given(NUMBERS, st.floats(1e-6, 1))
def test_one_element_that_is_wrong_by_a_millionth_is_found(x, wrong):
    def spoil(x):
        y = np.array(x * 3)
        y[1, 2] += wrong * max(np.abs(y).max(), 1)
        return y

    assert agree(lambda x: x * 3, spoil, x).status == OFF


# Modules, gradients, nets


class Block(nn.Module):
    def __init__(self, eps=1e-5, bias=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.act, self.norm = nn.Linear(8, 16), nn.GELU(), nn.LayerNorm(16, eps)
        self.fc2 = nn.Linear(16, 3)
        self.register_buffer("bias", torch.tensor(bias))

    def forward(self, x):
        return self.fc2(self.norm(self.act(self.fc1(x)))) + self.bias


class Renamed(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.first, self.h, self.n, self.last = block.fc1, block.act, block.norm, block.fc2

    def forward(self, x):
        return self.last(self.n(self.h(self.first(x))))


NAMES = {"fc1": "first", "act": "h", "norm": "n", "fc2": "last"}


def test_the_first_submodule_that_differs_is_named():
    result = agree(Block(), Block(eps=1e-3), X)
    assert result.notes[0].startswith("first: submodule norm (its inputs agree)")
    assert max(result.runs) <= 20


def test_submodules_of_other_names_are_paired_by_a_mapping():
    result = agree(Block(), Renamed(Block(eps=1e-3)), X, names=NAMES, gradients=True)
    assert result.notes[0].startswith("first: submodule norm")
    statuses = {row.name: row.status for row in result.rows}
    assert statuses["gradient of fc1.weight"] == OFF
    assert statuses["gradient of fc2.bias"] == "agree"
    assert agree(Block(), Renamed(Block()), X, names=NAMES, gradients=True)


def test_a_module_is_left_as_it_was():
    net = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.Dropout())
    before = {name: value.clone() for name, value in net.state_dict().items()}
    generator, state = torch.get_rng_state(), random.getstate()
    numbers = np.random.get_state()[1]  # noqa: NPY002
    assert agree(net, net, X)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert torch.equal(generator, torch.get_rng_state())
    assert random.getstate() == state
    assert (np.random.get_state()[1] == numbers).all()  # noqa: NPY002
    assert torch.get_default_dtype() == torch.float32


def apply(x, w):
    return np.tanh(x @ w)


def apply_torch(x, w):
    return torch.tanh(x @ w)


def differentiate(x, w, dy):
    da = dy * (1 - np.tanh(x @ w) ** 2)
    return da @ w.T, x.T @ da


def differentiate_wrongly(x, w, dy):
    return tuple(grad * 1.001 for grad in differentiate(x, w, dy))


@pytest.mark.parametrize(
    ("gradients", "status"),
    [(True, "agree"), ((differentiate, None), "agree"), ((differentiate_wrongly, None), OFF)],
)
def test_gradients_by_hand_by_autograd_and_by_differences(gradients, status):
    result = agree(apply, apply_torch, X, W, gradients=gradients)
    assert result.status == status, result
    assert max(result.runs) <= 20


def test_a_gradient_by_hand_is_compared_with_differences_of_its_own_function():
    assert agree(apply, apply, X, W, gradients=(differentiate, None))
    assert agree(apply, apply, X, W, gradients=(None, differentiate_wrongly)).status == OFF


def test_gradients_need_a_side_that_has_them():
    with pytest.raises(InputError, match="give the gradient function"):
        agree(apply, apply, X, W, gradients=True)


def test_our_nets_agree_quantity_by_quantity():
    x, t = np.abs(X).astype(np.float32)[:, :6], np.array([0, 1, 2, 0, 1])
    old, new = TwoLayerNet(6, 5, 3), TorchTwoLayerNet(6, 5, 3)
    assert agree(old, new, x, t)
    wrong = agree(plant("output-grad-extra")(6, 5, 3), new, x, t)
    first = next(row for row in wrong.rows if row.status != "agree")
    assert (first.name, first.sides) == ("da2", ("old",))


# What is compared


def test_what_is_not_rounded_is_compared_exactly():
    result = agree(
        lambda x: (x.argmax(), x.shape, x.sum(1), x > 0),
        lambda x: (x.argmin(), x.shape, x.sum(0)),
        X,
    )
    assert [row.status for row in result.rows] == [OFF, "agree", "agree", OFF, OFF]
    assert "shape" in str(result)
    assert "new has no such result" in str(result)


def test_a_dict_of_intermediate_values_shows_the_first_that_differs():
    result = agree(
        lambda x: {"a": x + 1, "h": 2 * x, "y": 2 * x + 1},
        lambda x: {"a": x + 1, "h": 2.001 * x, "y": 2.001 * x + 1}, X,
    )  # fmt: skip
    assert result.notes == ["first of the results that differs: h"]


def test_inputs_that_are_changed_in_place_are_compared():
    def step(w, g):
        w -= 0.1 * g

    def step_too_far(w, g):
        w -= 0.11 * g

    assert agree(step, step, X, X + 1)
    assert agree(step, step_too_far, X, X + 1).status == OFF


def test_inputs_that_are_changed_are_compared_beside_a_result():
    def step(p, m):
        m *= 0.9
        return p - m

    def forget(p, m):
        return p - 0.9 * m

    result = agree(step, forget, X, X)
    assert {row.name: row.status for row in result.rows} == {"y": "agree", "m after the call": OFF}


def test_terms_that_cancel_are_no_loss_of_precision():
    def normalize(x, w, c):
        h = F.linear(x, w.T, c)
        return (h - h.mean(0)) * torch.rsqrt(((h - h.mean(0)) ** 2).mean(0) + 1e-5)

    x, w, c = (torch.from_numpy(each).float() for each in (X, W, X[0, :3]))
    by_torch = lambda x, w, c: F.batch_norm(x @ w + c, None, None, training=True)  # noqa: E731
    assert agree(by_torch, normalize, x, w, c, gradients=True)  # the gradient of c is 0


def test_a_result_in_float64_of_inputs_in_float32_agrees():
    result = agree(lambda x: x * np.float64(2), lambda x: torch.as_tensor(x) * 2, X.astype("f4"))
    assert result
    assert "old's result is float64" in str(result)


def test_numpy_that_rounds_to_float16_inside_loses_precision():
    result = agree(lambda x: x.astype("f2").astype(x.dtype), lambda x: x * 1, X.astype("f4"))
    assert result.status == LOSS
    assert result.rows[0].sides == ("old",)


def test_what_is_not_the_same_when_called_again_is_unknown():
    rng = np.random.default_rng(0)
    result = agree(lambda x: x * (rng.random(x.shape) > 0.5), lambda x: x, X)
    assert "old gives another result when it is called again" in str(result)
    assert result.status == "cannot tell"


def test_what_says_nothing_is_said():
    assert "nothing was compared" in str(agree(np.tanh, np.tanh, X[:0]))
    assert agree(np.tanh, np.tanh, X * np.nan).status == "cannot tell"
    result = agree(lambda x, b: x + b, lambda x, b: x, X, X[0] * 0)
    assert "only zeros" in result.notes[0]


def test_dataclasses_and_generators_are_compared_by_what_is_in_them():
    @dataclass
    class Output:
        y: np.ndarray
        name: str

    result = agree(lambda x: Output(x, "a"), lambda x: Output(x * 2, "a"), X)
    assert [row.status for row in result.rows] == [OFF, "agree"]
    assert agree(lambda x: (row for row in x), lambda x: [*x], X)


def test_weights_that_were_not_copied_and_the_mode_are_named():
    old, new = Block(), Block()
    with torch.no_grad():
        new.fc1.weight += 1
    result = agree(old, new.eval(), X)
    assert "old is in training mode, new in evaluation mode" in result.notes
    assert "parameter fc1.weight has other values in new: copy the weights first" in result.notes


def test_what_is_between_the_submodules_is_looked_for_there():
    class Squared(Block):
        def forward(self, x):
            return self.fc2(self.norm(self.act(self.fc1(x)) ** 2))

    notes = agree(Block(), Squared(), X).notes
    assert notes[0].startswith(
        "first: what submodule norm gets differs, so look before it after act"
    )
    own = agree(Block(), Block(bias=1.0), X).notes
    assert own == ["first: every submodule of the same name agrees: look at what is between them"]


NAN = np.array([1.0, 2.0, 1000.0])
MASK = torch.ones(6, 6).triu(1).bool()
LOW = torch.finfo(torch.float32).min


def mask(scale, low):
    return lambda s: (s * scale).masked_fill(MASK, low)


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


ONES = np.ones((4, 4), np.float32)
HIDDEN = [
    (lambda x: np.where(x > 100, np.nan, x), lambda x: x, NAN, LOSS),
    (lambda x: np.exp(x) / np.exp(x).sum(), softmax, NAN, LOSS),
    (lambda x: torch.exp(x) / (1 + torch.exp(x)), torch.sigmoid, NAN, LOSS),
    (np.sqrt, lambda x: np.nan_to_num(np.sqrt(x)), -NAN, OFF),
    (mask(1, -1e9), mask(1.001, -1e9), torch.arange(36.0).reshape(6, 6), OFF),
    (mask(1, LOW), mask(0.5, LOW), torch.arange(36.0).reshape(6, 6), OFF),
    (lambda x: 2 * x, lambda x: (2 * x.half()).float(), torch.linspace(0, 1, 100_000), LOSS),
    (lambda x: np.clip(x, 0, 1), lambda x: np.clip(x, 0, 1) * x.dtype.type(1.002), ONES, OFF),
    (lambda x: None, lambda x: None, NAN, "cannot tell"),
    (lambda x: (x, None), lambda x: (x,), NAN, OFF),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "inputs", "status"), HIDDEN)
def test_what_hides_a_difference_hides_it_no_more(old, new, inputs, status):
    for sides in ((old, new), (new, old)):
        result = agree(*sides, inputs)
        assert result.status == status, result


def test_a_gradient_that_is_not_summed_has_another_shape():
    add = lambda x, b: x + b  # noqa: E731
    result = agree(add, add, X, X[0], gradients=(None, lambda x, b, dy: (dy, dy)))
    assert "that of b has the shape (5, 8), b (8,)" in str(result)
    assert agree(add, add, X, X[0], gradients=(None, lambda x, b, dy: {"b": dy.sum(0), "x": dy}))


def test_a_wrong_gradient_at_zeros_is_found():
    x = np.array([0.0, 1.0, 0.0, 2.0])
    wrong = lambda x, dy: np.where(x == 0, 77, 2) * dy  # noqa: E731
    assert agree(lambda x: 2 * x, lambda x: 2 * x, x, gradients=(None, wrong)).status == OFF


def test_the_order_of_the_results_does_not_matter():
    old = lambda x: {"a": x.sum(), "b": (x * x).sum()}  # noqa: E731
    new = lambda x: {"b": (x * x).sum(), "a": x.sum()}  # noqa: E731
    assert agree(old, new, torch.from_numpy(X), gradients=True)


def test_operations_in_place_do_not_mislead_the_search_of_a_submodule():
    old = nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True), nn.Linear(8, 2))
    new = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    new.load_state_dict(old.state_dict())
    with torch.no_grad():
        new[2].bias += 1
    assert agree(old, new, X).notes[-1].startswith("first: submodule 2 (its inputs agree)")


def test_inputs_that_are_taken_out_of_a_dict_are_no_error():
    assert agree(lambda d: d.pop("x") * 2, lambda d: d["x"] * 2, {"x": X})


def test_a_reference_names_the_wrong_side():
    result = agree(lambda x: x.sum(), lambda x: x.sum() + 1e-3, X, reference=lambda x: x.sum())
    assert result.rows[0].sides == ("new",)
    both = agree(lambda x: x.sum(), lambda x: x.sum(), X, reference=lambda x: x.sum() + 1)
    assert both.rows[0].text == "both differ from the reference"


def test_a_side_that_refuses_float64_leaves_open_what_is_too_large():
    def double(x):
        assert x.dtype == np.float32
        return x * 2

    x = X.astype(np.float32)
    assert agree(double, lambda x: x + x, x)
    result = agree(double, lambda x: x * 2.001, x)
    assert result.status == "cannot tell"
    assert any("old does not run in float64" in note for note in result.notes)


def test_a_difference_as_large_as_the_value_that_rounding_explains_says_nothing():
    def iterate(x, f):
        for _ in range(60):  # of the logistic map, which is chaotic: an error grows 2⁶⁰ times
            x = f(x)
        return x

    x = np.linspace(0.2, 0.8, 64, dtype=np.float32)
    result = agree(
        lambda x: iterate(x, lambda x: 3.9 * x * (1 - x)),
        lambda x: iterate(x, lambda x: 3.9 * x - 3.9 * x * x), x,
    )  # fmt: skip
    assert result.status == "cannot tell"
    assert "as large as the value" in str(result)


def test_a_narrower_result_is_named():
    result = agree(lambda x: x * 2, lambda x: (x * 2).astype(np.float32), X)
    assert result.status == LOSS
    assert "new's result is float32" in str(result)


def test_what_loses_precision_is_named():
    x = torch.from_numpy(100 * X).float()
    naive = agree(lambda x: torch.softmax(x, 1), lambda x: x.exp() / x.exp().sum(1, True), x)
    assert "new: exp overflows" in str(naive)
    arrays = agree(
        lambda x: torch.softmax(x, 1),
        lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
        x.numpy(),
    )
    assert "overflow encountered in exp" in str(arrays)
    half = agree(lambda x: x @ x.T, lambda x: (x.bfloat16() @ x.bfloat16().T).float(), x)
    assert "new: bfloat16 inside" in str(half)


def test_the_result_is_true_prints_a_table_and_becomes_json():
    result = agree(np.tanh, torch.tanh, X)
    assert result
    assert result.agree
    assert str(result).startswith("y  agree  ")
    assert repr(result).startswith("<agree>")
    naive = agree(lambda x: x * 1e30, lambda x: x * 1e30 * 1e30 / 1e30, X.astype(np.float32))
    assert naive.to_json()["rows"][0]["difference"] is None


@pytest.mark.parametrize(
    ("old", "options", "message"),
    [
        (lambda x: {}[1], {}, r"old does not run: KeyError: 1 \(test_agreeing.py, line \d+\)"),
        (lambda x: sys.exit(3), {}, "old does not run: SystemExit: 3"),
        (nn.Linear, {}, "old is no function: give one, or an instance of a module"),
        (torch.tanh, {"devices": ("cpu", "nowhere")}, "torch cannot use it here"),
        (torch.tanh, {"devices": "cuda"}, "devices: give one for each side"),
        (torch.tanh, {"names": {"a": "b"}}, "and two modules"),
        (torch.tanh, {"gradients": np.tanh}, r"as \(f, g\)"),
        (torch.tanh, {"gradients": (lambda x: x, None)}, "does not run as f"),
        (torch.tanh, {"gradients": (lambda x, dy: (x, x), None)}, "gives 2 arrays"),
        (lambda x: x.detach(), {"gradients": True}, "no gradient reaches the results of old"),
    ],
)
def test_what_cannot_run_is_one_line(old, options, message):
    with pytest.raises(InputError, match=message):
        agree(old, torch.tanh, torch.from_numpy(X), **options)


def test_a_submodule_that_does_not_exist_is_named():
    with pytest.raises(InputError, match="old has no submodule cnv; it has fc1, act, norm, fc2"):
        agree(Block(), Block(), X, names={"cnv": "fc1"})


def load_function(text):
    names = {}
    exec(text, names)
    return names["f"]


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ndef f(x): return x.std(0)",
        "import numpy as np, torch\ndef f(x: torch.Tensor): return x.std(0)",
        "import numpy as np, torch\ndef f(x): return torch.abs(x.std(0))",
    ],
)
def test_code_for_torch_gets_tensors_though_arrays_have_the_same_methods(text):
    assert agree(lambda x: np.std(x, axis=0, ddof=1), load_function(text), X)
    result = agree(lambda x: np.std(x, axis=0), load_function(text), X)
    assert result.status == OFF, result


@pytest.mark.parametrize("name", ["log", "sqrt", "reciprocal"])
def test_gradients_near_a_pole_or_a_kink_are_not_called_different(name):
    old, new = getattr(np, name), getattr(torch, name)
    for seed in range(3):
        x = np.abs(np.random.default_rng(seed).standard_normal((20, 8)))
        result = agree(lambda x: old(x), lambda x: new(torch.as_tensor(x)), x, gradients=True)
        assert result.status != OFF, result
    x[0] = 0.0
    kinked = agree(lambda x: np.maximum(x, 0), torch.relu, x - 0.5, gradients=True)
    assert kinked, kinked
    at_kink = agree(lambda x: np.maximum(x, 0), torch.relu, x, gradients=True)
    assert at_kink.status == "cannot tell", at_kink


def test_a_wrong_gradient_is_different_beside_a_kink():
    x = np.random.default_rng(0).standard_normal((20, 8))
    x[0, 0] = 0.0
    wrong = (lambda x, dy: [dy * (x > 0) * 1.01], None)
    result = agree(lambda x: np.maximum(x, 0), torch.relu, x, gradients=wrong)
    assert result.status in (OFF, "cannot tell"), result
