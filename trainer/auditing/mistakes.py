"""A catalogue of common mistakes, each as the NumPy net with a line or two changed.

compare.py --plant puts one into the net, and check.py explains wrong nets with them. plant.py
builds the net from the changed source, so that the catalogue shows each line as it should be and
as it is often written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trainer.common.language import N_

# A wrong softmax or loss function changes the loss only if the loss is computed from y.
LOSS_FROM_Y = {
    "return softmax_cross_entropy(a2, t)": "return cross_entropy_error(self._compute_output(a2), t)"
}
SHIFTED = "exp = np.exp(a - a.max(axis=-1, keepdims=True))"
NORMALISED = "return exp / exp.sum(axis=-1, keepdims=True)"
LOG_Y = "np.log(np.maximum(y, np.finfo(y.dtype).tiny))"
DA2 = "da2 = (y - one_hot(t, y)) / len(x)"
SIGMOID_BACK = "da1 = dz1 * (z1 * (1 - z1))"
RELU_BACK = "da1 = np.where(a1 > 0, dz1, 0)"
STEP = "quantities = self._compute_quantities(x, t)\n        self.update"
UPDATE = "for key in self.params:\n            self.params[key] -="
COMPUTE_QUANTITIES = "    def _compute_quantities(self, x: Array, t: Array) -> dict[str, Array]:\n"


@dataclass(frozen=True)
class Mistake:
    """A mistake: its slug (id), a summary, how to fix it, and old → new text of three modules.

    net, functions and gradient change numpy_net.py, functions.py and gradient.py. needs: the
    settings without which the mistake does not show.
    """

    slug: str
    summary: str
    hint: str  # printed after "fix: "
    net: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    gradient: dict[str, str] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)


def change_source(source: str, changes: Mapping[str, str]) -> str:
    """Return a source with each old text replaced by the new.

    Raises AssertionError unless each old text occurs exactly once.
    """
    for old, new in changes.items():
        if source.count(old) != 1:
            raise AssertionError(f"{old!r} occurs {source.count(old)} times, expected once")
        source = source.replace(old, new)
    return source


# fmt: off
CATALOGUE = [
    # --- forward
    Mistake("bias-missing-forward", N_("b1 is missing from a1"),
        N_("add the bias of the hidden layer: a1 = x W1 + b1"),
        net={'x @ self.params["W1"] + self.params["b1"]': 'x @ self.params["W1"]'}),
    Mistake("bias-missing-output", N_("b2 is missing from a2"),
        N_("add the bias of the output layer: a2 = z1 W2 + b2"),
        net={'z1 @ self.params["W2"] + self.params["b2"]': 'z1 @ self.params["W2"]'}),
    Mistake("activation-missing", N_("the hidden layer has no activation: z1 is a1"),
        N_("apply the activation, z1 = h(a1): without it, the two layers act as one"),
        net={'z1 = sigmoid(a1) if self.activation == "sigmoid" else relu(a1)': "z1 = a1"}),
    Mistake("float32-inside", N_("a float64 net computes its activation in float32"),
        N_("keep the dtype of the input: use no float32 constant and no astype"),
        net={"z1 = sigmoid(a1)": "z1 = sigmoid(a1.astype(np.float32)).astype(a1.dtype)"},
        needs={"dtype": "float64", "activation": "sigmoid"}),
    Mistake("sigmoid-before-softmax", N_("a sigmoid is applied to a2 before the softmax"),
        N_("apply only softmax in the output layer: y = softmax(a2)"),
        net={"return softmax(a2)": "return softmax(sigmoid(a2))"} | LOSS_FROM_Y,
        needs={"loss": "cross-entropy"}),
    Mistake("softmax-axis", N_("softmax is taken over the batch (axis 0) instead of each row"),
        N_("use axis=1 (or −1) with keepdims=True, so that each row of y sums to 1"),
        functions={SHIFTED: "exp = np.exp(a - a.max(axis=0, keepdims=True))",
            NORMALISED: "return exp / exp.sum(axis=0, keepdims=True)"},
        net=LOSS_FROM_Y, needs={"loss": "cross-entropy"}),
    Mistake("softmax-whole-batch", N_("softmax divides by the sum over the whole batch"),
        N_("sum with axis=1 and keepdims=True, so that each row of y sums to 1"),
        functions={SHIFTED: "exp = np.exp(a - a.max())", NORMALISED: "return exp / exp.sum()"},
        net=LOSS_FROM_Y, needs={"loss": "cross-entropy"}),
    Mistake("softmax-overflow", N_("softmax does not subtract the largest input first"),
        N_("subtract a.max(axis=1, keepdims=True): e^a overflows above 88 (float32), 709 (float64)"
        ),
        functions={SHIFTED: "exp = np.exp(a)"}, net=LOSS_FROM_Y, needs={"loss": "cross-entropy"}),
    Mistake("double-softmax", N_("softmax is applied twice"),
        N_("apply softmax once, and pass logits or probabilities as the loss expects"),
        net={"return softmax(a2)": "return softmax(softmax(a2))"} | LOSS_FROM_Y,
        needs={"loss": "cross-entropy"}),
    # --- loss
    Mistake("loss-sum", N_("the loss is the sum over the batch, not its mean"),
        N_("divide the loss by the batch size, as the gradient does"),
        functions={"return terms.sum(axis=-1).mean()": "return terms.sum(axis=-1).sum()"}),
    Mistake("loss-log-epsilon", N_("the loss is −log(y + 1e-7)"),
        N_("use log-sum-exp of the logits: (y − t) / N is the gradient of the loss without epsilon"
        ),
        functions={LOG_Y: "np.log(y + 1e-7)"}, net=LOSS_FROM_Y, needs={"loss": "cross-entropy"}),
    Mistake("loss-arguments-swapped", N_("y and t are swapped in the call of the loss: −Σ y log t"),
        N_("call cross_entropy_error(y, t): the logarithm is of y"),
        functions={f"-one_hot(t, y) * {LOG_Y}": "-y * np.log(one_hot(t, y) + 1e-7)"},
        net=LOSS_FROM_Y, needs={"loss": "cross-entropy"}),
    Mistake("mse-mean", N_("the squared error is a mean over all elements, without the ½"),
        N_("compute ½ Σ (y − t)² of each sample, then the mean over the batch"),
        functions={
            "_average_over_batch((y - one_hot(t, y)) ** 2) / 2": "((y - one_hot(t, y)) ** 2).mean()"
        }, needs={"loss": "squared-error"}),
    # --- backward
    Mistake("batch-mean-missing", N_("the gradients are not divided by the batch size"),
        N_("divide by N, da2 = (y − t) / N: the loss is a mean over the batch"),
        net={DA2: "da2 = y - one_hot(t, y)"}),
    Mistake("batch-mean-twice", N_("the gradients are divided by the batch size twice"),
        N_("divide by N once, in da2, and nowhere else"),
        net={DA2: f"{DA2} / len(x)"}),
    Mistake("target-not-subtracted", N_("da2 is y / N: the target is not subtracted"),
        N_("use da2 = (y − t) / N: subtract 1 from y at each row's label"),
        net={DA2: "da2 = y / len(x)"}),
    Mistake("gradient-sign", N_("da2 is (t − y) / N, with the wrong sign"),
        N_("use da2 = (y − t) / N, and subtract the gradients in the update"),
        net={DA2: "da2 = (one_hot(t, y) - y) / len(x)"}),
    Mistake("output-grad-extra",
        N_("da2 is multiplied by y (1 − y), the derivative of a sigmoid output"),
        N_("remove the factor: the derivative of softmax with cross-entropy is (y − t) / N"),
        net={DA2: "da2 = (y - one_hot(t, y)) * y * (1 - y) / len(x)"}),
    Mistake("dw2-from-a1", N_("dW2 is computed from a1 instead of z1"),
        N_("use dW2 = z1ᵀ da2: the input of the second layer is z1"),
        net={"dW2 = z1.T @ da2": "dW2 = a1.T @ da2"}),
    Mistake("bias-grad-mean", N_("db1 and db2 are means over the batch"),
        N_("sum over the batch, db = Σ da: da2 already contains 1 / N"),
        net={"db2 = da2.sum(axis=0)": "db2 = da2.mean(axis=0)",
            "db1 = da1.sum(axis=0)": "db1 = da1.mean(axis=0)"}),
    Mistake("bias-grad-missing", N_("the gradients of the biases are 0"),
        N_("compute db2 = Σ da2 and db1 = Σ da1, sums over the batch"),
        net={"db2 = da2.sum(axis=0)": "db2 = np.zeros_like(da2[0])",
            "db1 = da1.sum(axis=0)": "db1 = np.zeros_like(da1[0])"}),
    Mistake("w2-updated-before-backward", N_("dz1 is computed with W2 after its update"),
        N_("compute all gradients first, then update all parameters"),
        net={
            STEP: f"self._lr = lr\n        {STEP}",
            "dz1 = da2 @": (
                'self.params["W2"] -= getattr(self, "_lr", 0.1) * dW2\n        dz1 = da2 @'
            ),
            UPDATE: UPDATE.replace("self.params:", '("W1", "b1", "b2"):'),
        }),
    Mistake("sigmoid-grad-of-output", N_("sigmoid_grad is given z1 instead of a1"),
        N_("pass a1 to sigmoid_grad, or compute the derivative from z1 as z1 (1 − z1)"),
        net={SIGMOID_BACK: "da1 = dz1 * sigmoid_grad(z1)"}, needs={"activation": "sigmoid"}),
    Mistake("activation-grad-missing",
        N_("da1 is dz1: the derivative of the activation is missing"),
        N_("multiply by the derivative: da1 = dz1 ∘ h'(a1)"),
        net={SIGMOID_BACK: "da1 = dz1", RELU_BACK: "da1 = dz1"}),
    Mistake("hidden-grad-is-activation",
        N_("da1 is dz1 ∘ z1: the activation itself instead of its derivative"),
        N_("use da1 = dz1 ∘ h'(a1); for a sigmoid, h'(a1) is z1 (1 − z1)"),
        net={SIGMOID_BACK: "da1 = dz1 * z1", RELU_BACK: "da1 = dz1 * z1"}),
    Mistake("relu-grad-of-gradient",
        N_("the backward pass of ReLU tests the sign of dz1, not of a1"),
        N_("set da1 to dz1 where a1 > 0, and to 0 elsewhere"),
        net={RELU_BACK: "da1 = np.where(dz1 > 0, dz1, 0)"}, needs={"activation": "relu"}),
    Mistake("relu-grad-at-zero", N_("the derivative of ReLU is 1 at 0"),
        N_("test a1 > 0 instead of a1 >= 0: torch takes 0 there, but 1 is harmless"),
        net={RELU_BACK: "da1 = np.where(a1 >= 0, dz1, 0)"}, needs={"activation": "relu"}),
    Mistake("stale-gradient", N_("the gradients of earlier steps are added"),
        N_("begin each call with new gradients, such as grads = {}; in torch call zero_grad"),
        net={
            COMPUTE_QUANTITIES: (
                "    def _compute_quantities(self, x, t):\n"
                "        computed = self._compute_step_quantities(x, t)\n"
                "        sums = self.__dict__.setdefault('_sums', dict.fromkeys(self.params, 0))\n"
                "        for key in self.params:\n"
                "            computed['d' + key] = sums[key] = sums[key] + computed['d' + key]\n"
                "        return computed\n\n"
                "    def _compute_step_quantities(self, x, t):\n"
            )
        }),
    # --- update
    Mistake("bias-not-updated", N_("the update skips the biases"),
        N_("update b1 and b2 too"),
        net={UPDATE: UPDATE.replace("self.params:", '("W1", "W2"):')}),
    Mistake("bias-updated-twice", N_("the update subtracts the gradient of b1 twice and skips b2"),
        N_("update W1, b1, W2 and b2, each with its own gradient"),
        net={UPDATE: UPDATE.replace("self.params:", '("W1", "b1", "W2", "b1"):')}),
    Mistake("update-sign", N_("the update adds the gradient"),
        N_("subtract it: params ← params − η grads"),
        net={"self.params[key] -= lr * grads[key]": "self.params[key] += lr * grads[key]"}),
    Mistake("bias-stored-twice", N_("b2 is stored under the name b1"),
        N_("use four names in params: W1, b1, W2, b2"),
        net={
            "weight_init_std, seed, dtype\n        )\n": (
                "weight_init_std, seed, dtype\n        )\n"
                '        self.params["b1"] = self.params.pop("b2")\n'
            )
        }),
    # --- targets, accuracy, arguments
    Mistake("one-hot-only", N_("labels are treated as one-hot rows"),
        N_("turn labels (N,) into rows (N, C), or index with them: y[np.arange(N), t]"),
        functions={"    t = np.asarray(t)\n    if": "    return np.asarray(t)\n    if"},
        net={"labels = t[i : i + CHUNK] if t.ndim == 1 else ": "labels = "}),
    Mistake("labels-only", N_("one-hot rows are treated as labels"),
        N_("turn rows (N, C) into labels with argmax(axis=1), or multiply by them"),
        functions={"    if t.shape == like.shape:\n": "    if False:\n"},
        net={"if t.ndim == 1 else t[i : i + CHUNK].argmax(axis=1)": ""}),
    Mistake("accuracy-count", N_("accuracy is the number of correct samples, not their fraction"),
        N_("divide by the number of samples"),
        net={"return correct / len(x)": "return correct"}),
    Mistake("accuracy-axis",
        N_("accuracy takes argmax over the batch (axis 0) instead of each row"),
        N_("use argmax with axis=1: one class for each row"),
        net={"[2].argmax(axis=1)": "[2].argmax(axis=0)"}),
    Mistake("accuracy-of-itself", N_("accuracy compares t with itself"),
        N_("compare the classes of y with those of t"),
        net={"self.classes(x[i : i + CHUNK]) == labels": "labels == labels"}),
    Mistake("inputs-mutated", N_("the net writes to the x it is given"),
        N_("compute a new array: x −= mean changes the caller's array"),
        net={"        a1 = x @": "        x -= x.mean(axis=0)\n        a1 = x @"}),
    # --- numerical gradient
    Mistake("numerical-one-sided", N_("the numerical gradient is (f(x + h) − f(x)) / h"),
        N_("use (f(x + h) − f(x − h)) / 2h: its error falls with h², not h"),
        gradient={"point[i] = value - h": "point[i] = value", "/ (2 * h)": "/ h"}),
    Mistake("numerical-step", N_("the numerical gradient is divided by h instead of 2h"),
        N_("divide by 2h: x + h and x − h are 2h apart"),
        gradient={"/ (2 * h)": "/ h"}),
    Mistake("numerical-not-restored", N_("the numerical gradient does not restore the value"),
        N_("set x[i] = value after each difference, with value a copy, not a view"),
        gradient={"        point[i] = value\n        grad": "        grad"}),
]
# fmt: on

MISTAKES = {mistake.slug: mistake for mistake in CATALOGUE}
