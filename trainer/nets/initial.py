"""Draw the initial weights of both nets, in NumPy, from the seed."""

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Dtype

WEIGHTS = 0  # the random stream of the seed for the weights; the mini-batches have another


def draw_params(
    input_size: int,
    hidden_size: int,
    output_size: int,
    weight_init_std: float = 0.01,
    seed: int = 0,
    dtype: Dtype = "float32",
) -> dict[str, Array]:
    """Return W1 (D, H), b1 (H,), W2 (H, C), b2 (C,): W ~ std · N(0, 1), b = 0 (chapter 4.5.1).

    Weights are drawn in float64, then cast, so that each dtype starts from the same numbers.
    """
    rng = np.random.default_rng((seed, WEIGHTS))
    params = {
        "W1": weight_init_std * rng.standard_normal((input_size, hidden_size)),
        "b1": np.zeros(hidden_size),
        "W2": weight_init_std * rng.standard_normal((hidden_size, output_size)),
        "b2": np.zeros(output_size),
    }
    return {key: value.astype(dtype) for key, value in params.items()}
