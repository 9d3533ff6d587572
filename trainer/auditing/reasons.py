"""Why each mistake of the catalogue is one, with the mathematics; N is the batch size."""

from trainer.common.language import N_

WHY = {
    "bias-missing-forward": N_(
        "Without b1 each hidden neuron's threshold is 0: a1 is 0 for x = 0, whatever W1 is. "
        "The gradient of b1 is then computed for a parameter that nothing uses."
    ),
    "bias-missing-output": N_(
        "Without b2 the net cannot learn how frequent each class is: for z1 = 0 all classes "
        "get the same probability, 1 / C."
    ),
    "activation-missing": N_(
        "Two layers without h are one: (x W1 + b1) W2 + b2 = x (W1 W2) + (b1 W2 + b2), a "
        "linear function of x, which cannot separate classes such as XOR's."
    ),
    "float32-inside": N_(
        "One float32 number in a float64 computation rounds at 6e-8 in place of 1e-16, so "
        "that a comparison at h = 1e-4 sees differences where the net is right."
    ),
    "sigmoid-before-softmax": N_(
        "σ(a2) lies between 0 and 1, so that no probability can exceed e / (e + C − 1): 0.23 "
        "for 10 classes. And (y − t) / N is not the gradient then."
    ),
    "softmax-axis": N_(
        "Each sample has its own distribution: y[n, k] = e^a[n, k] / Σⱼ e^a[n, j]. A sum over"
        " n makes one sample's output depend on the others in its batch."
    ),
    "softmax-whole-batch": N_(
        "Divided by the sum over all samples, the rows of y sum to about 1 / N, not 1. They "
        "are no probabilities, and depend on the other samples."
    ),
    "softmax-overflow": N_(
        "e^a is inf above 88 (float32) or 709 (float64), and inf / inf is nan. e^(a − c) / Σ "
        "e^(a − c) is the same for every c, and with c = max a nothing overflows."
    ),
    "double-softmax": N_(
        "softmax(softmax(a)) is nearly uniform, since its inputs lie between 0 and 1. Its "
        "gradient is not (y − t) / N, and the loss cannot fall near 0."
    ),
    "loss-sum": N_(
        "A sum over the batch grows with N, and so does its gradient: the same η takes N "
        "times larger steps. If the gradient is of the mean, it is not the loss's derivative."
    ),
    "loss-log-epsilon": N_(
        "The derivative of −log(y + ε) is −1 / (y + ε), not −1 / y, so (y − t) / N is not the"
        " gradient of the loss that is shown. log-sum-exp needs no ε."
    ),
    "loss-arguments-swapped": N_(
        "−Σ y log t takes the logarithm of the targets: log 0 is −inf wherever t is 0. The "
        "loss is −Σ t log y, which looks at the right class alone."
    ),
    "mse-mean": N_(
        "The gradient (y − t) / N belongs to ½ Σ (y − t)² / N. A mean over all N · C elements"
        " without the ½ is 2 / C times that, and so is its derivative."
    ),
    "batch-mean-missing": N_(
        "The loss is L = (1 / N) Σ Lₙ, so ∂L/∂a2 = (y − t) / N. Without 1 / N the steps are N"
        " times too long, and the gradient is not that of the loss."
    ),
    "batch-mean-twice": N_(
        "The factor 1 / N enters once, with the mean of the loss: da2 has it, and dW2 = z1ᵀ "
        "da2 takes it on. Divided again, the steps are N times too short."
    ),
    "target-not-subtracted": N_(
        "∂L/∂a2 = (y − t) / N. The −t is what pulls the right class up; without it, each step"
        " pushes all scores down, the right one too."
    ),
    "gradient-sign": N_(
        "∂L/∂a2 = (y − t) / N. With (t − y) the step params − η grads goes uphill and the "
        "loss grows."
    ),
    "output-grad-extra": N_(
        "For softmax with cross-entropy the chain rule ends at (y − t) / N: the derivative of"
        " softmax is in it. y (1 − y) would count it a second time."
    ),
    "dw2-from-a1": N_(
        "a2 = z1 W2 + b2, so ∂L/∂W2 = z1ᵀ da2. a1 is the value before the activation and does"
        " not occur in a2."
    ),
    "bias-grad-mean": N_(
        "b is added to each of the N rows of a, so ∂L/∂b is the sum of their gradients. da2 "
        "has the 1 / N of the mean loss already; a mean divides by N again."
    ),
    "bias-grad-missing": N_(
        "∂a/∂b = 1 for each sample, so db = Σ da. With 0 the biases keep their first value "
        "for ever."
    ),
    "w2-updated-before-backward": N_(
        "dz1 = da2 W2ᵀ needs the W2 with which a2 was computed. After the update it is "
        "another matrix, and dz1 is the gradient at no point."
    ),
    "sigmoid-grad-of-output": N_(
        "sigmoid_grad(a) = σ(a) (1 − σ(a)) applies σ itself. Given z1 = σ(a1), it computes "
        "σ′(σ(a1)), between 0.197 and 0.25, in place of σ′(a1)."
    ),
    "activation-grad-missing": N_(
        "z1 = h(a1), so the chain rule gives da1 = dz1 ∘ h′(a1). Without the factor, "
        "saturated neurons (σ′ near 0) or dead ones (ReLU′ = 0) still learn."
    ),
    "hidden-grad-is-activation": N_(
        "da1 = dz1 ∘ h′(a1), and h′ is not h: for a sigmoid h′ = z1 (1 − z1), which is at "
        "most 0.25 where z1 goes up to 1."
    ),
    "relu-grad-of-gradient": N_(
        "ReLU passes a gradient on where its own input a1 was positive. The sign of dz1 says "
        "nothing about that: a negative gradient must pass too."
    ),
    "relu-grad-at-zero": N_(
        "ReLU has no derivative at 0; every value from 0 to 1 is a subgradient. torch takes "
        "0. An exact 0 is rare, so this changes next to nothing."
    ),
    "stale-gradient": N_(
        "The step needs the gradient at the present weights. A sum over earlier steps is like"
        " momentum without decay: the steps grow until the loss explodes."
    ),
    "bias-not-updated": N_(
        "∂L/∂b is computed and thrown away: the biases keep their first value, and the net "
        "learns with its weights alone."
    ),
    "bias-updated-twice": N_("b1 moves by 2 η db1, twice the step, and b2 never moves."),
    "update-sign": N_(
        "The gradient points to where the loss grows. params + η grads goes uphill; descent "
        "is params − η grads."
    ),
    "bias-stored-twice": N_(
        "A dictionary keeps one value for a name: the second b1 replaces the first, with the "
        "wrong size, and there is no b2."
    ),
    "one-hot-only": N_(
        "Σ t log y with labels t = 3 multiplies by 3 in place of choosing column 3. A label "
        "has to become the row that is 1 there."
    ),
    "labels-only": N_(
        "y[n, t[n]] chooses the column of a label. Given rows of 0 and 1, it chooses columns "
        "0 and 1."
    ),
    "accuracy-count": N_(
        "A count depends on the number of samples, so that training and test accuracy cannot "
        "be compared. The fraction is count / N, between 0 and 1."
    ),
    "accuracy-axis": N_(
        "argmax over axis 0 asks which sample is the most of each class. The class of sample "
        "n is argmaxₖ y[n, k], over axis 1."
    ),
    "accuracy-of-itself": N_("t == t holds always: the accuracy is 1 whatever the net predicts."),
    "inputs-mutated": N_(
        "x −= mean changes the caller's array: its next use sees other inputs, and a second "
        "call of the same net gives another result."
    ),
    "numerical-one-sided": N_(
        "f(x + h) = f + h f′ + ½ h² f″ + …: the one-sided quotient is off by ½ h f″. In the "
        "central one the even terms cancel, and h² f‴ / 6 is left."
    ),
    "numerical-step": N_(
        "f(x + h) − f(x − h) = 2 h f′ + …: divided by h it is twice the derivative."
    ),
    "numerical-not-restored": N_(
        "Each difference must start from the same point. If x[i] stays at x[i] − h, all later"
        " differences are taken elsewhere, and the weights have moved."
    ),
}
