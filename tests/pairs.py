"""Pairs of functions of which it is known whether they are the same, for agree."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

DTYPES = {"f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


class Pair(NamedTuple):
    """Two functions, what agree may say of them, and the shapes of their inputs."""

    expected: str  # the status that is right
    old: Callable[..., Any]
    new: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: str = "f64 f32 f16 bf16"
    scale: float = 1.0
    shift: float = 0.0
    takes_arrays: bool = False


def add_in_order(x: Any) -> Any:
    total = x[..., 0]
    for i in range(1, x.shape[-1]):
        total = total + x[..., i]
    return total


def multiply_in_blocks(x: Tensor, w: Tensor) -> Tensor:
    n = x.shape[1] // 4
    return sum(x[:, i : i + n] @ w[i : i + n] for i in range(0, x.shape[1], n))


def normalize(x: Tensor, eps: float = 1e-5, inside: bool = True, ddof: int = 0) -> Tensor:
    mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, correction=ddof)
    return (x - mean) / ((var + eps).sqrt() if inside else var.sqrt() + eps)


def attend(q: Tensor, k: Tensor, v: Tensor, scale: bool = True) -> Tensor:
    scores = q @ k.T / (q.shape[1] ** 0.5 if scale else 1)
    return torch.softmax(scores, -1) @ v


def convolve_by_columns(x: Tensor, w: Tensor) -> Tensor:
    columns = F.unfold(x.float() if x.dtype == torch.float16 else x, w.shape[-1]).to(x.dtype)
    y = w.flatten(1) @ columns
    return y.reshape(x.shape[0], w.shape[0], x.shape[2] - w.shape[2] + 1, -1)


def convolve_by_fft(x: Tensor, w: Tensor) -> Tensor:
    n = x.shape[-1]
    product = torch.fft.rfft2(x)[:, None] * torch.fft.rfft2(w.flip(-1, -2), s=(n, n))[None]
    full = torch.fft.irfft2(product.sum(2), s=(n, n))
    k = w.shape[-1] - 1
    return full[..., k:, k:]


def step_adam(w: Tensor, g: Tensor, eps: float = 1e-8, inside: bool = False) -> Tensor:
    m, v = 0.1 * g / 0.1, 0.001 * g * g / 0.001
    return w - 0.001 * m / ((v + eps).sqrt() if inside else v.sqrt() + eps)


def smooth_by_hand(a: Tensor, e: float = 0.1) -> Tensor:
    t = torch.arange(len(a)) % a.shape[1]
    rows = F.one_hot(t, a.shape[1]).to(a.dtype) * (1 - e) + e / a.shape[1]
    return -(rows * F.log_softmax(a, 1)).sum(1).mean()


def cross_entropy(a: Tensor, **options: Any) -> Tensor:
    return F.cross_entropy(a, torch.arange(len(a)) % a.shape[1], **options)


def loss_after_step(w: Tensor, x: Tensor, is_after: bool = True) -> Tensor:
    new = w - 0.01 * x.T @ (x @ w) / len(x)
    return ((x @ (new if is_after else w)) ** 2).mean()


def spoil_one(x: Tensor) -> Tensor:
    y = torch.tanh(x)
    y.view(-1)[x.numel() // 3] += 0.01
    return y


def cast(function: Callable[..., Tensor], dtype: torch.dtype) -> Callable[..., Tensor]:
    return lambda *given: function(*(each.to(dtype) for each in given)).to(given[0].dtype)


def autocast(x: Tensor, w: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return (x @ w).to(x.dtype)


def softmax_by_hand(x: Any) -> Any:
    e = np.exp(x) if isinstance(x, np.ndarray) else x.exp()
    return e / e.sum(-1, keepdims=True)


def softmax_numpy(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


GELU = (2 / np.pi) ** 0.5
IMAGE = ((2, 3, 12, 12), (4, 3, 3, 3))
EXACT, LOSS, OFF = "agree", "loses precision", "different"
NARROW, WIDE_ONLY = "f16 bf16", "f64 f32"
PAIRS: dict[str, Pair] = {
    # The same function
    "sum: pairwise, in order": Pair(EXACT, lambda x: x.sum(-1), add_in_order, ((8, 512),), WIDE_ONLY),
    "sum of 4096: forwards, backwards": Pair(EXACT, add_in_order, lambda x: add_in_order(x.flip(-1)), ((8, 4096),), WIDE_ONLY),
    "sum: float16, float32 inside": Pair(EXACT, lambda x: x.sum(-1), lambda x: x.float().sum(-1).to(x.dtype), ((8, 512),), NARROW),
    "mean: sum / n": Pair(EXACT, lambda x: x.mean(-1), lambda x: x.sum(-1) / x.shape[-1], ((8, 4096),)),
    "matmul: blocks": Pair(EXACT, lambda x, w: x @ w, multiply_in_blocks, ((16, 256), (256, 32))),
    "matmul of 4096: blocks": Pair(EXACT, lambda x, w: x @ w, multiply_in_blocks, ((4, 4096), (4096, 8))),
    "matmul: einsum": Pair(EXACT, lambda x, w: x @ w, lambda x, w: torch.einsum("nd,dc->nc", x, w), ((16, 256), (256, 32))),
    "matmul: row by row": Pair(EXACT, lambda x, w: x @ w, lambda x, w: torch.stack([r @ w for r in x]), ((16, 256), (256, 32))),
    "matmul: batch, single": Pair(EXACT, lambda x, w: (x @ w)[:1], lambda x, w: x[:1] @ w, ((64, 512), (512, 64))),
    "linear: x W + b": Pair(EXACT, lambda x, w, b: F.linear(x, w, b), lambda x, w, b: x @ w.T + b, ((16, 256), (32, 256), (32,))),
    "softmax: with, without maximum": Pair(EXACT, lambda x: torch.softmax(x, -1), softmax_by_hand, ((16, 10),)),
    "softmax: NumPy, torch": Pair(EXACT, softmax_numpy, lambda x: torch.softmax(x, -1), ((16, 10),), WIDE_ONLY, takes_arrays=True),
    "softmax: large inputs": Pair(LOSS, lambda x: torch.softmax(x, -1), softmax_by_hand, ((16, 10),), "f32", 100.0, 100.0),
    "softmax: inputs of 1000": Pair(LOSS, lambda x: torch.softmax(x, -1), softmax_by_hand, ((16, 10),), "f64 f32", 100.0, 1000.0),
    "logsumexp": Pair(EXACT, lambda x: torch.logsumexp(x, -1), lambda x: x.exp().sum(-1).log(), ((16, 10),)),
    "log softmax: log of softmax": Pair(EXACT, lambda x: F.log_softmax(x, -1), lambda x: torch.softmax(x, -1).log(), ((16, 10),)),
    "variance: E x² − (E x)²": Pair(EXACT, lambda x: x.var(-1, correction=0), lambda x: (x * x).mean(-1) - x.mean(-1) ** 2, ((16, 256),)),
    "variance: mean of 1000": Pair(LOSS, lambda x: x.var(-1, correction=0), lambda x: (x * x).mean(-1) - x.mean(-1) ** 2, ((16, 256),), "f32", 1.0, 1000.0),
    "layer norm": Pair(EXACT, lambda x: F.layer_norm(x, x.shape[-1:]), normalize, ((16, 64),)),
    "batch norm": Pair(EXACT, lambda x: F.batch_norm(x, None, None, training=True), lambda x: normalize(x.T).T, ((64, 16),)),
    "GELU: by erf": Pair(EXACT, F.gelu, lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)), ((32, 32),)),
    "GELU: by tanh": Pair(EXACT, lambda x: F.gelu(x, approximate="tanh"), lambda x: 0.5 * x * (1 + torch.tanh(GELU * (x + 0.044715 * x**3))), ((32, 32),)),
    "sigmoid: 1 / (1 + e^−x)": Pair(EXACT, torch.sigmoid, lambda x: 1 / (1 + (-x).exp()), ((32, 32),)),
    "sigmoid: by tanh": Pair(EXACT, torch.sigmoid, lambda x: 0.5 * (1 + torch.tanh(x / 2)), ((32, 32),)),
    "sigmoid: NumPy, torch": Pair(EXACT, lambda x: 1 / (1 + np.exp(-x)), torch.sigmoid, ((32, 32),), WIDE_ONLY, takes_arrays=True),
    "softplus: log(1 + e^x)": Pair(EXACT, F.softplus, lambda x: (1 + x.exp()).log(), ((32, 32),)),
    "SiLU": Pair(EXACT, F.silu, lambda x: x * torch.sigmoid(x), ((32, 32),)),
    "cross-entropy: by hand": Pair(EXACT, cross_entropy, lambda a: smooth_by_hand(a, 0.0), ((16, 10),)),
    "label smoothing": Pair(EXACT, lambda a: cross_entropy(a, label_smoothing=0.1), smooth_by_hand, ((16, 10),)),
    "attention: by torch": Pair(EXACT, attend, F.scaled_dot_product_attention, ((12, 8), (12, 8), (12, 8))),
    "convolution: im2col": Pair(EXACT, F.conv2d, convolve_by_columns, IMAGE),
    "convolution: FFT": Pair(EXACT, F.conv2d, convolve_by_fft, IMAGE, WIDE_ONLY),
    "cosine: dot / norms": Pair(EXACT, lambda x, y: F.cosine_similarity(x, y), lambda x, y: (x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1)), ((16, 64), (16, 64))),
    "distance: by squares": Pair(EXACT, lambda x, y: torch.cdist(x, y) ** 2, lambda x, y: (x * x).sum(-1)[:, None] + (y * y).sum(-1) - 2 * x @ y.T, ((8, 16), (8, 16)), WIDE_ONLY),
    "RMS norm": Pair(EXACT, lambda x: F.rms_norm(x, x.shape[-1:], eps=1e-6), lambda x: x * (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt(), ((16, 64),)),
    "cumulative sum": Pair(EXACT, lambda x: x.cumsum(-1), lambda x: torch.stack([x[:, : i + 1].sum(-1) for i in range(x.shape[1])], -1), ((8, 64),)),
    "norm: root of squares": Pair(EXACT, lambda x: x.norm(dim=-1), lambda x: (x * x).sum(-1).sqrt(), ((16, 256),)),
    "Adam's step": Pair(EXACT, step_adam, lambda w, g: w - 0.001 * g / (g.abs() + 1e-8), ((64,), (64,)), WIDE_ONLY),
    "1 − cos x: 2 sin²(x / 2)": Pair(LOSS, lambda x: 2 * (x / 2).sin() ** 2, lambda x: 1 - x.cos(), ((64,),), "f64 f32", 1e-3),
    # The same function, with less precision inside
    "bfloat16 inside": Pair(LOSS, lambda x, w: x @ w, cast(lambda x, w: x @ w, torch.bfloat16), ((16, 256), (256, 32)), WIDE_ONLY),
    "float16 inside": Pair(LOSS, lambda x, w: x @ w, cast(lambda x, w: x @ w, torch.float16), ((16, 256), (256, 32)), WIDE_ONLY),
    "float32 inside": Pair(LOSS, lambda x, w: x @ w, cast(lambda x, w: x @ w, torch.float32), ((16, 256), (256, 32)), "f64"),
    "float32 inside, NumPy": Pair(LOSS, lambda x, w: x @ w, lambda x, w: (x.astype(np.float32) @ w.astype(np.float32)).astype(np.float64), ((16, 256), (256, 32)), "f64", takes_arrays=True),
    "autocast": Pair(LOSS, lambda x, w: x @ w, autocast, ((16, 256), (256, 32)), "f32"),
    "sum that overflows": Pair(LOSS, lambda x: (x.float() ** 2).mean(-1).sqrt().to(x.dtype), lambda x: (x * x).mean(-1).sqrt(), ((8, 64),), "f16", 400.0),
    # Different functions
    "layer norm: ε outside the root": Pair(OFF, normalize, lambda x: normalize(x, inside=False), ((16, 64),)),
    "layer norm: unbiased": Pair(OFF, normalize, lambda x: normalize(x, ddof=1), ((16, 64),)),
    "layer norm: ε 1e-6": Pair(OFF, normalize, lambda x: normalize(x, 1e-6), ((16, 64),)),
    "batch norm: unbiased": Pair(OFF, lambda x: F.batch_norm(x, None, None, training=True), lambda x: normalize(x.T, ddof=1).T, ((64, 16),)),
    "GELU: erf, tanh": Pair(OFF, F.gelu, lambda x: F.gelu(x, approximate="tanh"), ((32, 32),)),
    "GELU: sigmoid of 1.702 x": Pair(OFF, F.gelu, lambda x: x * torch.sigmoid(1.702 * x), ((32, 32),)),
    "sigmoid: hard": Pair(OFF, torch.sigmoid, F.hardsigmoid, ((32, 32),)),
    "cross-entropy: mean, sum": Pair(OFF, cross_entropy, lambda a: cross_entropy(a, reduction="sum"), ((16, 10),)),
    "cross-entropy: with 1e-7": Pair(OFF, cross_entropy, lambda a: -(torch.softmax(a, 1)[range(len(a)), [i % a.shape[1] for i in range(len(a))]] + 1e-7).log().mean(), ((16, 10),)),
    "label smoothing: e / (C − 1)": Pair(OFF, lambda a: cross_entropy(a, label_smoothing=0.1), lambda a: smooth_by_hand(a, 1 / 9), ((16, 10),)),
    "attention: no scale": Pair(OFF, attend, lambda *g: attend(*g, scale=False), ((12, 8), (12, 8), (12, 8))),
    "weight transposed": Pair(OFF, lambda x, w: x @ w, lambda x, w: x @ w.T, ((16, 32), (32, 32))),
    "bias dropped": Pair(OFF, lambda x, w, b: x @ w + b, lambda x, w, b: x @ w, ((16, 256), (256, 32), (32,))),
    "loss after the update": Pair(OFF, loss_after_step, lambda *g: loss_after_step(*g, is_after=False), ((16, 4), (8, 16))),
    "Adam: ε 1e-7": Pair(OFF, step_adam, lambda *g: step_adam(*g, eps=1e-7), ((64,), (64,))),
    "Adam: ε inside the root": Pair(OFF, step_adam, lambda *g: step_adam(*g, inside=True), ((64,), (64,))),
    "convolution: kernel flipped": Pair(OFF, F.conv2d, lambda x, w: F.conv2d(x, w.flip(-1, -2)), IMAGE),
    "zeros for 4e-6": Pair(OFF, lambda x: x * 4e-6, lambda x: x * 0.0, ((64,),)),
    "one wrong in a million": Pair(OFF, torch.tanh, spoil_one, ((1000, 1000),), "f32"),
    "one wrong in ten thousand": Pair(OFF, torch.tanh, spoil_one, ((100, 100),)),
    "softmax over the batch": Pair(OFF, lambda x: torch.softmax(x, -1), lambda x: torch.softmax(x, 0), ((16, 10),)),
    "softmax: rounded to 3 digits": Pair(OFF, lambda x: torch.softmax(x, -1), lambda x: (torch.softmax(x, -1) * 1000).round() / 1000, ((16, 10),), WIDE_ONLY),
    "leaky slope 0.01, 0.02": Pair(OFF, F.leaky_relu, lambda x: F.leaky_relu(x, 0.02), ((32, 32),)),
    "log of x, of x + 1e-7": Pair(OFF, lambda x: (x * x).log(), lambda x: (x * x + 1e-7).log(), ((64,),), WIDE_ONLY),
    "π of six digits": Pair(OFF, lambda x: (x * np.pi).sin(), lambda x: (x * 3.14159).sin(), ((64,),)),
    "mean over the wrong axis": Pair(OFF, lambda x: x - x.mean(0), lambda x: x - x.mean(1, keepdim=True), ((16, 16),)),
    "decay coupled, decoupled": Pair(OFF, lambda w, g: w - 0.1 * (g + 0.01 * w), lambda w, g: w * (1 - 0.01) - 0.1 * g, ((64,), (64,))),
}  # fmt: skip


def make_inputs(pair: Pair, dtype: str, seed: int) -> list[Any]:
    """Return inputs drawn from a normal distribution, in the dtype."""
    rng = np.random.default_rng(seed)
    arrays = [pair.shift + pair.scale * rng.standard_normal(shape) for shape in pair.shapes]
    tensors = [torch.from_numpy(each).to(DTYPES[dtype]) for each in arrays]
    return [each.numpy() for each in tensors] if pair.takes_arrays else tensors
