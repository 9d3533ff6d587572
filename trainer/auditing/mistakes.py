"""The mistakes people make: each the hand-written net with a line or two changed.

One catalogue to plant (scripts/compare.py --plant) and to explain with (scripts/check.py).
trainer/plant.py makes the net; what a mistake changes is the source itself, so that a
reader sees the line as it should be and as it is often written.
"""

from dataclasses import dataclass, field

# A softmax or a loss that goes wrong shows in the loss only where the loss is made from y.
LOSS_FROM_Y = {
    "return softmax_cross_entropy(a2, t)": "return cross_entropy_error(self._output(a2), t)"
}
SHIFTED = "exp = np.exp(a - a.max(axis=-1, keepdims=True))"
NORMALISED = "return exp / exp.sum(axis=-1, keepdims=True)"
DA2 = "da2 = (y - one_hot(t, y)) / len(x)"
SIGMOID_BACK = "da1 = dz1 * (z1 * (1 - z1))"
RELU_BACK = "da1 = np.where(a1 > 0, dz1, 0)"
QUANTITIES = "    def _quantities(self, x: Array, t: Array) -> dict[str, Array]:\n"


@dataclass(frozen=True)
class Mistake:
    """A slug, what is done, how to mend it, and the changes: line → line, by module.

    needs: the settings without which it does not show.
    """

    slug: str
    what: str
    hint: str
    net: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    gradient: dict[str, str] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)


CATALOGUE = [
    # --- forward
    Mistake(
        "bias-missing-forward",
        "b1 is left out of a1",
        "a1 = x W1 + b1: add the bias of the hidden layer",
        net={'x @ self.params["W1"] + self.params["b1"]': 'x @ self.params["W1"]'},
    ),
    Mistake(
        "bias-missing-output",
        "b2 is left out of a2",
        "a2 = z1 W2 + b2: add the bias of the output layer",
        net={'z1 @ self.params["W2"] + self.params["b2"]': 'z1 @ self.params["W2"]'},
    ),
    Mistake(
        "activation-missing",
        "the hidden layer passes a1 on without its activation",
        "z1 = h(a1): without h, two layers are one",
        net={'z1 = sigmoid(a1) if self.activation == "sigmoid" else relu(a1)': "z1 = a1"},
    ),
    Mistake(
        "float32-inside",
        "a float64 net computes its activation in float32",
        "keep the dtype of the argument: no float32 literal, no astype on the way",
        net={"z1 = sigmoid(a1)": "z1 = sigmoid(a1.astype(np.float32)).astype(a1.dtype)"},
        needs={"dtype": "float64", "activation": "sigmoid"},
    ),
    Mistake(
        "sigmoid-before-softmax",
        "a sigmoid is put on a2 before the softmax",
        "y = softmax(a2): the output layer has no other activation",
        net={"return softmax(a2)": "return softmax(sigmoid(a2))"} | LOSS_FROM_Y,
        needs={"loss": "cross-entropy"},
    ),
    Mistake(
        "softmax-axis",
        "softmax is taken down the batch, over axis 0",
        "each row of y sums to 1: use axis=1 (or −1), with keepdims",
        functions={
            SHIFTED: "exp = np.exp(a - a.max(axis=0, keepdims=True))",
            NORMALISED: "return exp / exp.sum(axis=0, keepdims=True)",
        },
        net=LOSS_FROM_Y,
        needs={"loss": "cross-entropy"},
    ),
    Mistake(
        "softmax-whole-batch",
        "softmax divides by the sum over the whole batch",
        "each row of y sums to 1: sum with axis=1, keepdims=True",
        functions={SHIFTED: "exp = np.exp(a - a.max())", NORMALISED: "return exp / exp.sum()"},
        net=LOSS_FROM_Y,
        needs={"loss": "cross-entropy"},
    ),
    Mistake(
        "softmax-overflow",
        "softmax does not subtract the largest input first",
        "e^a overflows for a > 88 (float32) or 709: subtract a.max(axis=1, keepdims=True)",
        functions={SHIFTED: "exp = np.exp(a)"},
        net=LOSS_FROM_Y,
        needs={"loss": "cross-entropy"},
    ),
    Mistake(
        "double-softmax",
        "softmax is applied twice",
        "give the loss either logits or probabilities, as it expects, and softmax once",
        net={"return softmax(a2)": "return softmax(softmax(a2))"} | LOSS_FROM_Y,
        needs={"loss": "cross-entropy"},
    ),
    # --- loss
    Mistake(
        "loss-sum",
        "the loss is the sum over the batch, not its mean",
        "divide by the batch size, as the gradient does",
        functions={"return terms.sum(axis=-1).mean()": "return terms.sum(axis=-1).sum()"},
    ),
    Mistake(
        "loss-log-epsilon",
        "the loss is −log(y + 1e-7)",
        "take the loss from the logits by log-sum-exp; (y − t) is the gradient of that one",
        functions={"np.log(np.maximum(y, np.finfo(y.dtype).tiny))": "np.log(y + 1e-7)"},
        net=LOSS_FROM_Y,
        needs={"loss": "cross-entropy"},
    ),
    Mistake(
        "loss-arguments-swapped",
        "y and t are swapped in the call of the loss: −Σ y log t",
        "cross_entropy_error(y, t): the logarithm is of y",
        functions={
            "-one_hot(t, y) * np.log(np.maximum(y, np.finfo(y.dtype).tiny))": (
                "-y * np.log(one_hot(t, y) + 1e-7)"
            )
        },
        net=LOSS_FROM_Y,
        needs={"loss": "cross-entropy"},
    ),
    Mistake(
        "mse-mean",
        "the squared error is a mean over all elements, without the ½",
        "½ Σ (y − t)² of each sample, then the mean over the batch",
        functions={
            "return _mean_over_batch((y - one_hot(t, y)) ** 2) / 2": (
                "return ((y - one_hot(t, y)) ** 2).mean()"
            )
        },
        needs={"loss": "squared-error"},
    ),
    # --- backward
    Mistake(
        "batch-mean-missing",
        "the gradients are not divided by the batch size",
        "da2 = (y − t) / N, since the loss is a mean over the batch",
        net={DA2: "da2 = y - one_hot(t, y)"},
    ),
    Mistake(
        "batch-mean-twice",
        "the gradients are divided by the batch size twice",
        "divide by N once, in da2, and nowhere after",
        net={DA2: f"{DA2} / len(x)"},
    ),
    Mistake(
        "target-not-subtracted",
        "da2 is y / N: the target is not subtracted",
        "da2 = (y − t) / N: subtract 1 at each row's label",
        net={DA2: "da2 = y / len(x)"},
    ),
    Mistake(
        "gradient-sign",
        "da2 is (t − y) / N",
        "da2 = (y − t) / N, or descend by adding, not both",
        net={DA2: "da2 = (one_hot(t, y) - y) / len(x)"},
    ),
    Mistake(
        "output-grad-extra",
        "da2 is multiplied by y (1 − y), the derivative of a sigmoid output",
        "the derivative of softmax with cross-entropy is (y − t) / N, and no more",
        net={DA2: "da2 = (y - one_hot(t, y)) * y * (1 - y) / len(x)"},
    ),
    Mistake(
        "dw2-from-a1",
        "dW2 is made from a1 in place of z1",
        "dW2 = z1ᵀ da2: the input of the second layer is z1",
        net={"dW2 = z1.T @ da2": "dW2 = a1.T @ da2"},
    ),
    Mistake(
        "bias-grad-mean",
        "db1 and db2 are means over the batch",
        "db = Σ da over the batch: da2 holds the 1 / N already",
        net={
            "db2 = da2.sum(axis=0)": "db2 = da2.mean(axis=0)",
            "db1 = da1.sum(axis=0)": "db1 = da1.mean(axis=0)",
        },
    ),
    Mistake(
        "bias-grad-missing",
        "the gradients of the biases are 0",
        "db2 = Σ da2 and db1 = Σ da1, over the batch",
        net={
            "db2 = da2.sum(axis=0)": "db2 = np.zeros_like(da2[0])",
            "db1 = da1.sum(axis=0)": "db1 = np.zeros_like(da1[0])",
        },
    ),
    Mistake(
        "w2-updated-before-backward",
        "dz1 uses the W2 of after the update",
        "make all gradients first, then update all parameters",
        net={
            "quantities = self._quantities(x, t)\n        self.update": (
                "self._lr = lr\n        quantities = self._quantities(x, t)\n        self.update"
            ),
            "dz1 = da2 @": (
                'self.params["W2"] -= getattr(self, "_lr", 0.1) * dW2\n        dz1 = da2 @'
            ),
            "for key in self.params:\n            self.params[key] -=": (
                'for key in ("W1", "b1", "b2"):\n            self.params[key] -='
            ),
        },
    ),
    Mistake(
        "sigmoid-grad-of-output",
        "sigmoid_grad is given z1 in place of a1",
        "sigmoid_grad takes a1; from z1 the derivative is z1 (1 − z1)",
        net={SIGMOID_BACK: "da1 = dz1 * sigmoid_grad(z1)"},
        needs={"activation": "sigmoid"},
    ),
    Mistake(
        "activation-grad-missing",
        "da1 is dz1: the derivative of the activation is left out",
        "da1 = dz1 ∘ h'(a1)",
        net={SIGMOID_BACK: "da1 = dz1", RELU_BACK: "da1 = dz1"},
    ),
    Mistake(
        "hidden-grad-is-activation",
        "da1 is dz1 ∘ z1: the activation itself in place of its derivative",
        "da1 = dz1 ∘ h'(a1), which for a sigmoid is z1 (1 − z1)",
        net={SIGMOID_BACK: "da1 = dz1 * z1", RELU_BACK: "da1 = dz1 * z1"},
    ),
    Mistake(
        "relu-grad-of-gradient",
        "the ReLU's backward pass looks for the sign of dz1, not of a1",
        "da1 = dz1 where a1 > 0, else 0",
        net={RELU_BACK: "da1 = np.where(dz1 > 0, dz1, 0)"},
        needs={"activation": "relu"},
    ),
    Mistake(
        "relu-grad-at-zero",
        "the derivative of ReLU is 1 at 0",
        "harmless, but torch takes 0 there: a1 > 0, not a1 >= 0",
        net={RELU_BACK: "da1 = np.where(a1 >= 0, dz1, 0)"},
        needs={"activation": "relu"},
    ),
    Mistake(
        "stale-gradient",
        "the gradients of earlier steps are added in",
        "set the gradients anew in each step (torch: zero_grad)",
        net={
            QUANTITIES: (
                "    def _quantities(self, x, t):\n"
                "        made = self._fresh_quantities(x, t)\n"
                "        sums = self.__dict__.setdefault('_sums', dict.fromkeys(self.params, 0))\n"
                "        for key in self.params:\n"
                "            made['d' + key] = sums[key] = sums[key] + made['d' + key]\n"
                "        return made\n\n"
                "    def _fresh_quantities(self, x, t):\n"
            )
        },
    ),
    # --- update
    Mistake(
        "bias-not-updated",
        "the update forgets the biases",
        "update every key of params",
        net={
            "for key in self.params:\n            self.params[key] -=": (
                'for key in ("W1", "W2"):\n            self.params[key] -='
            )
        },
    ),
    Mistake(
        "bias-updated-twice",
        "the update subtracts the gradient of b1 twice and forgets b2",
        "update every key of params, each with its own gradient",
        net={
            "for key in self.params:\n            self.params[key] -=": (
                'for key in ("W1", "b1", "W2", "b1"):\n            self.params[key] -='
            )
        },
    ),
    Mistake(
        "update-sign",
        "the update adds the gradient",
        "params ← params − η grads",
        net={"self.params[key] -= lr * grads[key]": "self.params[key] += lr * grads[key]"},
    ),
    Mistake(
        "bias-stored-twice",
        "b2 is kept under the name b1",
        "params needs four names: W1, b1, W2, b2",
        net={
            "weight_init_std, seed, dtype\n        )\n": (
                "weight_init_std, seed, dtype\n        )\n"
                '        self.params["b1"] = self.params.pop("b2")\n'
            )
        },
    ),
    # --- targets, accuracy, arguments
    Mistake(
        "one-hot-only",
        "labels are taken for one-hot rows",
        "turn labels (N,) into rows (N, C), or index with them: y[np.arange(N), t]",
        functions={"    t = np.asarray(t)\n    if": "    return np.asarray(t)\n    if"},
        net={"labels = t[i : i + CHUNK] if t.ndim == 1 else ": "labels = "},
    ),
    Mistake(
        "labels-only",
        "one-hot rows are taken for labels",
        "turn rows (N, C) into labels with argmax(axis=1), or multiply by them",
        functions={"    if t.shape == like.shape:\n": "    if False:\n"},
        net={"if t.ndim == 1 else t[i : i + CHUNK].argmax(axis=1)": ""},
    ),
    Mistake(
        "accuracy-count",
        "accuracy is the number of hits, not their fraction",
        "divide by the number of samples",
        net={"return right / len(x)": "return right"},
    ),
    Mistake(
        "accuracy-axis",
        "accuracy takes the largest output down the batch, over axis 0",
        "argmax with axis=1: one class for each row",
        net={
            "return self._forward(x)[2].argmax(axis=1)": "return self._forward(x)[2].argmax(axis=0)"
        },
    ),
    Mistake(
        "accuracy-of-itself",
        "accuracy compares t with itself",
        "compare the classes of y with those of t",
        net={"self.classes(x[i : i + CHUNK]) == labels": "labels == labels"},
    ),
    Mistake(
        "inputs-mutated",
        "the net writes to the x it is given",
        "write x = x − mean, not x −= mean: the caller's array is not yours",
        net={"        a1 = x @": "        x -= x.mean(axis=0)\n        a1 = x @"},
    ),
    # --- numerical gradient
    Mistake(
        "numerical-one-sided",
        "the numerical gradient is (f(x + h) − f(x)) / h",
        "(f(x + h) − f(x − h)) / 2h: the error falls with h², not h",
        gradient={"point[i] = value - h": "point[i] = value", "/ (2 * h)": "/ h"},
    ),
    Mistake(
        "numerical-step",
        "the numerical gradient is divided by h in place of 2h",
        "x + h and x − h lie 2h apart",
        gradient={"/ (2 * h)": "/ h"},
    ),
    Mistake(
        "numerical-not-restored",
        "the numerical gradient does not put the value back",
        "x[i] = value at the end of each turn, with value a copy, not a view",
        gradient={"        point[i] = value\n        grad": "        grad"},
    ),
]

MISTAKES = {mistake.slug: mistake for mistake in CATALOGUE}
