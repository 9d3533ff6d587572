"""The changes that make each mistake in each example of examples/: (id, quantity) → {old: new}.

id is None where no mistake of the catalogue gives the numbers: the quantity alone is named.
"""

from pathlib import Path

EXAMPLES = Path(__file__).parent / "examples"
Changes = dict[tuple[str | None, str], dict[str, str]]

CS231N_LAYERS: Changes = {
    ("bias-missing-forward", "affine_forward"): {"rows.dot(w) + b": "rows.dot(w)"},
    ("activation-missing", "relu_forward"): {"out = np.maximum(0, x)": "out = x"},
    ("activation-missing", "affine_relu_forward"): {
        "    return out, (fc_cache, relu_cache)": "    return a, (fc_cache, relu_cache)"
    },
    ("bias-grad-mean", "affine_backward db"): {"db = dout.sum(axis=0)": "db = dout.mean(axis=0)"},
    ("bias-grad-missing", "affine_backward db"): {
        "db = dout.sum(axis=0)": "db = np.zeros(b.shape)"
    },
    ("batch-mean-twice", "affine_backward dw"): {
        "T.dot(dout)": "T.dot(dout) / len(x)", "dout.sum(axis=0)": "dout.sum(axis=0) / len(x)",
    },
    ("gradient-sign", "affine_backward dx"): {
        "dout.dot(w.T)": "-dout.dot(w.T)", "T.dot(dout)": "T.dot(-dout)",
        "dout.sum(axis=0)": "-dout.sum(axis=0)",
    },
    (None, "affine_backward dx"): {"dout.dot(w.T).reshape": "(2 * dout).dot(w.T).reshape"},
    ("activation-grad-missing", "relu_backward"): {"dx = dout * (x > 0)": "dx = dout"},
    ("hidden-grad-is-activation", "relu_backward"): {"dout * (x > 0)": "dout * np.maximum(x, 0)"},
    ("relu-grad-of-gradient", "relu_backward"): {"dout * (x > 0)": "dout * (dout > 0)"},
    (None, "relu_backward"): {"dout * (x > 0)": "1.0 * (x > 0)"},
    ("activation-grad-missing", "affine_relu_backward dx"): {
        "    return affine_backward(da,": "    return affine_backward(dout,"
    },
    ("loss-sum", "softmax_loss loss"): {"probs[np.arange(N), y])) / N": "probs[np.arange(N), y]))"},
    ("softmax-axis", "softmax_loss loss"): {"*axis=1, keepdims=True": "axis=0, keepdims=True"},
    ("softmax-whole-batch", "softmax_loss dx"): {
        "np.sum(np.exp(shifted), axis=1, keepdims=True)": "np.sum(np.exp(shifted))",
        "np.max(x, axis=1, keepdims=True)": "np.max(x)",
    },
    ("double-softmax", "softmax_loss loss"): {
        "    N = x.shape[0]\n    loss = -np.sum(np.log(": "    N = x.shape[0]\n"
        "    probs = np.exp(probs) / np.sum(np.exp(probs), axis=1, keepdims=True)\n"
        "    loss = -np.sum(np.log("
    },
    ("sigmoid-before-softmax", "softmax_loss loss"): {
        "shifted = x - np.max(x, axis=1, keepdims=True)": "shifted = 1 / (1 + np.exp(-x))"
    },
    ("loss-arguments-swapped", "softmax_loss loss"): {
        "loss = -np.sum(np.log(probs[np.arange(N), y])) / N":
        "loss = -np.sum(probs * np.log(np.eye(x.shape[1])[y] + 1e-7)) / N"
    },
    ("batch-mean-missing", "softmax_loss dx"): {
        "dx = probs.copy()\n    dx[np.arange(N), y] -= 1\n    dx /= N":
        "dx = probs.copy()\n    dx[np.arange(N), y] -= 1"
    },
    ("batch-mean-twice", "softmax_loss dx"): {"-= 1\n    dx /= N": "-= 1\n    dx /= N * N"},
    ("target-not-subtracted", "softmax_loss dx"): {"    dx[np.arange(N), y] -= 1\n": ""},
    ("gradient-sign", "softmax_loss dx"): {"-= 1\n    dx /= N": "-= 1\n    dx /= -N"},
    ("output-grad-extra", "softmax_loss dx"): {
        "-= 1\n    dx /= N": "-= 1\n    dx *= probs * (1 - probs) / N"
    },
    ("loss-sum", "svm_loss loss"): {"np.sum(margins) / N": "np.sum(margins)"},
    ("batch-mean-missing", "svm_loss dx"): {"-= positive\n    dx /= N": "-= positive"},
    ("gradient-sign", "svm_loss dx"): {"-= positive\n    dx /= N": "-= positive\n    dx /= -N"},
    (None, "svm_loss dx"): {"-= positive": "-= 1"},
    ("mask", "svm_loss dx"): {"dx[margins > 0] = 1": "dx[...] = 1"},
    ("own class", "svm_loss loss"): {"    margins[np.arange(N), y] = 0\n": ""},
}  # fmt: skip

# Changes after which the code is still right, with the mistake of the note.
CS231N_NOTES: Changes = {
    ("inputs-mutated", "relu_backward"): {
        "dx = dout * (x > 0)": "dout[x <= 0] = 0\n    dx = dout"
    },
    ("relu-grad-at-zero", "relu_backward"): {"dout * (x > 0)": "dout * (x >= 0)"},
    ("softmax-overflow", "softmax_loss"): {"x - np.max(x, axis=1, keepdims=True)": "x"},
    ("loss-log-epsilon", "softmax_loss"): {
        "np.log(probs[np.arange(N), y])": "np.log(probs[np.arange(N), y] + 1e-7)"
    },
    ("loss-sum", "softmax_loss"): {
        "probs[np.arange(N), y])) / N": "probs[np.arange(N), y]))", "-= 1\n    dx /= N": "-= 1",
    },
}  # fmt: skip

WRONG = {"cs231n_layers": CS231N_LAYERS}
NOTED = {"cs231n_layers": CS231N_NOTES}


def change_example(example: str, changes: dict[str, str]) -> str:
    """Return the source of an example with these changes; fail if an old text is not found.

    A "*" before the old text replaces every occurrence, otherwise only the first is replaced.
    """
    source = (EXAMPLES / f"{example}.py").read_text()
    for old, new in changes.items():
        count, text = (-1, old[1:]) if old.startswith("*") else (1, old)
        assert text in source, (example, text)
        source = source.replace(text, new, count)
    return source


def list_cases(table: dict[str, Changes]) -> list[tuple[str, str | None, str, dict[str, str]]]:
    """Return (example, id, quantity, changes) of a table."""
    return [(example, slug, quantity, changes) for example, changes_of in table.items()
            for (slug, quantity), changes in changes_of.items()]  # fmt: skip
