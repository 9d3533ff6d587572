"""Write how a value differs, with the mistake of the catalogue that gives it."""

from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.descriptions import describe_mistake
from trainer.common.language import translate as _


def describe_cause(difference: str, key: str, cause: tuple[str, str], N: int) -> str:
    """Return how a value differs, and the mistake that gives it, times a factor if need be.

    cause is the id of the mistake with the name of the factor, or "with " and a second mistake. N
    is the size of the batch.
    """
    slug, factor = cause
    mistake = describe_mistake(slug)
    if factor.startswith("with "):
        second = describe_mistake(factor.removeprefix("with "))
        mistake = _("{mistake}, and {second}").format(mistake=mistake, second=second)
        factor = "1"
    message = _("{difference}; {value} is {factor} times what you get when {mistake}")
    if factor == "1":
        message = _("{difference}; {value} is what you get when {mistake}")
    return message.format(
        difference=difference, value=f"grads['{key}']" if key in PARAMS else key,
        factor=factor.replace("N", str(N)), mistake=mistake,
    )  # fmt: skip
