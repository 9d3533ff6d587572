"""A port of torch's gelu, as agree.py is given it in the README."""

import numpy as np


def gelu(x):
    """Return x Φ(x), with Φ by tanh."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
