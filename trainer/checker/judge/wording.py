"""What is said of each fault of a step, and how each loss is called, untranslated."""

from trainer.checker.judge.decision import Fault
from trainer.checker.judge.losses import (
    BINARY,
    CLASSES,
    DIAGONAL,
    ENTROPY,
    GROWING,
    HINGE,
    LOGISTIC,
    OF_SOFTMAX,
    SLOPED,
    SQUARES,
)
from trainer.common.language import N_

FAULTS = {
    Fault.IDLE: N_("{step} computes gradients and leaves all weights as they were"),
    Fault.GROWN: N_(
        "{step} gives {names} another shape: {shapes}; its gradient should have the shape it had"
    ),
    Fault.LEFT: N_("{step} does not change {names}, while it changes the others"),
    Fault.FACTOR: N_("{step} gives gradients that are {factor} times the derivative of {loss}"),
    Fault.UNUSED: N_("{step} changes {names}, but nothing that it computes depends on that"),
    Fault.SOFTMAX_AXIS: N_(
        "the outputs of {step} ({place}) sum to 1 over the samples, and not over the classes "
        "of each sample"
    ),
    Fault.OTHER_LOSS: N_("{step} goes down {loss}, while it computes {shown}"),
    Fault.WRONG_LOSS: N_(
        "{step} goes down {loss}; what it calls a loss ({place}) is another function of its "
        "outputs, and no usual loss"
    ),
    Fault.TURNED_LOSS: N_(
        "{step} goes down what it computes in {place}, which is {loss} with the other sign: "
        "turn its sign"
    ),
    Fault.DOUBLE_SOFTMAX: N_(
        "the outputs of {step} are probabilities already, and {loss} applies a softmax to them "
        "again: give it what goes into the softmax"
    ),
    Fault.OTHER_OUTPUTS: N_(
        "{step} moves the weights as if the outputs were the softmax of the last layer's sums, but "
        "they are not"
    ),
    Fault.ACCUMULATES: N_(
        "{step} adds its gradients to {names}, which keeps those of all steps before: set it to 0 "
        "first"
    ),
    Fault.IGNORES: N_(
        "{step} moves the weights by as much whatever {names} is: its error should be the outputs "
        "less the targets"
    ),
    Fault.SPREAD: N_(
        "{step} takes the target of every sample from the output of each ({place}): an array of "
        "shape (N,) and one of shape (N, 1) give (N, N); give both the same shape"
    ),
    Fault.FORGOTTEN: N_(
        "{step} puts new arrays in the place of {names} ({place}), but the net continues with the "
        "old ones: change these in place, as in W -= …"
    ),
    Fault.OVERWRITES: N_(
        "{step} computes the gradients of several samples ({place}), and uses those of the last "
        "alone: add them up"
    ),
    Fault.REPLACES: N_(
        "{step} puts the gradient in the place of {names}, which keeps nothing of what they were: "
        "subtract it from them, as in W -= …"
    ),
    Fault.INFINITE: N_(
        "{step} makes {names} infinite or not a number (nan), first in {place}: it divides by 0, "
        "or takes a logarithm or a root that does not exist"
    ),
    Fault.INVERTED: N_(
        "{step} moves each number of {names} the less, the larger its gradient is: Adam, AdaGrad "
        "and RMSprop divide by the root of the mean of the squares, and not by that mean"
    ),
    Fault.EQUAL_TARGETS: N_(
        "{step} has the same targets {names} for every sample, with several 1: of each sample the "
        "number of its class alone should be 1, as in t[np.arange(N), labels] = 1"
    ),
    Fault.MIXED: N_(
        "{step} has the rate of one mean in the place of the other: Adam has β1 in "
        "m = β1 m + (1 − β1) g and in m / (1 − β1 ** t), and β2 at the same places of v"
    ),
    Fault.AGAINST: N_(
        "{step} adds what it keeps of earlier gradients with the wrong sign: with momentum the "
        "weights continue in the direction in which they moved before"
    ),
    Fault.POWERS: N_(
        "{step} multiplies the gradients of {names} by the learning rate more than once: do so "
        "where the weights change, and nowhere else"
    ),
    Fault.SLOPE: N_(
        "{step} takes another derivative than that of the last activation: check its formula, and "
        "whether it is given the outputs or what goes into the activation, as the formula asks"
    ),
    Fault.DIAGONAL: N_(
        "{step} takes y (1 − y) for the derivative of a softmax y, as if it were a sigmoid, but "
        "each output depends on all sums: with cross-entropy the errors are y − t, with squares "
        "y (e − Σ e y), where e is y − t"
    ),
    Fault.UPHILL: N_("{step} goes up the derivative of {loss}: turn the sign of the update"),
    Fault.CLIMBS: N_("{step} makes {loss} larger, though it computes its derivative"),
    Fault.PENALTY_SIGN: N_("{step} makes the weights larger: turn the sign of their penalty"),
    Fault.LACKS_PENALTY: N_(
        "{loss} has a penalty on the weights, but {step} does not go down its derivative"
    ),
}
LOSSES = {
    SQUARES: N_("the squared error of its outputs"),
    SLOPED: N_("the squared error of its outputs"),
    DIAGONAL: N_("the loss of its softmax"),
    ENTROPY: N_("the cross-entropy of its outputs"),
    BINARY: N_("the binary cross-entropy of its outputs"),
    OF_SOFTMAX: N_("the cross-entropy of the softmax of its outputs"),
    LOGISTIC: N_("the binary cross-entropy of the sigmoid of its outputs"),
    HINGE: N_("the hinge loss of its outputs"),
    CLASSES: N_("the multi-class hinge loss of its outputs"),
    GROWING: N_("an unusual loss of its outputs (it grows with each error)"),
}
