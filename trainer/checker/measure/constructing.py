"""Build the net in sizes that it takes, and check its weights."""

import re

from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.adapt.building import is_call_known
from trainer.checker.adapt.constructor_text import sets_bias_twice
from trainer.checker.adapt.names import list_arguments
from trainer.checker.adapt.sizes import C, D, H
from trainer.checker.adapt.subject import Subject, make_subject
from trainer.checker.adapt.weights import WeightPlaces, get_shapes, infer_sizes
from trainer.checker.findings.comparing import LACKING, UNKNOWN_FORM, Finding, report_unchecked
from trainer.checker.findings.descriptions import append_mistake
from trainer.common.language import join_clauses, join_words, translate_plural
from trainer.common.language import translate as _

SIZES = (D, H, C)
FIXED = "checked_sizes"  # the attribute of a class built from functions: its D, H, C
AXES = 2  # of the weights of a layer; filters of a convolution have more
OTHER_SIZES = (D + 4, H + 2, C + 1)
LARGE_SIZES = (20 * D, 20 * H, 20 * C)  # a constructor may want more than ours: int(0.1 * D) is 0


def build_subject(kind: type) -> Subject:
    """Build the net in the sizes of the cases, or in those that its own code fixes."""
    if fixed := getattr(kind, FIXED, None):
        return make_subject(kind, *fixed)
    subject = make_subject(kind, *SIZES)
    sizes = infer_sizes(subject.weights) if subject.weights.problems else None
    return make_subject(kind, *sizes) if sizes and _ignores_sizes(kind, subject) else subject


def _ignores_sizes(kind: type, subject: Subject) -> bool:
    """Return whether each size that is not the one asked for is the same in any sizes."""
    weights, others = subject.weights, _find_other_weights(kind)
    first, second = infer_sizes(weights), others and infer_sizes(others)
    if first and second:
        sizes = zip(first, second, SIZES, OTHER_SIZES, strict=True)
        return all(a == b or (a == wanted and b == other) for a, b, wanted, other in sizes)
    return _keeps_shapes(weights, others)


def _find_other_weights(kind: type) -> WeightPlaces | None:
    """Return the weights of a net in other sizes, None where it cannot be built in these."""
    other = attempt(lambda: make_subject(kind, *OTHER_SIZES))
    return None if other.error else other.value.weights


def _keeps_shapes(weights: WeightPlaces, others: WeightPlaces | None) -> bool:
    """Return whether the weights of another shape than expected are the same in other sizes."""
    old, new = weights.get_shapes(), others.get_shapes() if others else {}
    return all(old[key] == new.get(key) for key in weights.problems)


def report_failed_construction(kind: type, error: BaseException) -> Finding:
    """Return the finding on a constructor that raises: a call that was guessed proves nothing, nor
    does one in small sizes where large ones do.
    """
    finding = report_exception("construction", error)
    is_named = is_call_known(kind) and attempt(lambda: make_subject(kind, *LARGE_SIZES)).error
    is_own = isinstance(error, NameError | NotImplementedError) or bool(is_named)
    has_none = any(p.default is None for p in list_arguments(kind)) and "NoneType" in str(error)
    if finding.verdict != "raises" or (is_own and not has_none):
        return finding
    arguments = ", ".join(p.name for p in list_arguments(kind))
    message = _("unsupported constructor {constructor}: {message}").format(
        constructor=f"{kind.__name__}({arguments})", message=finding.message
    )
    return report_unchecked("construction", message, UNKNOWN_FORM)


def check_construction(kind: type, subject: Subject) -> Finding:
    """Check that W1, b1, W2 and b2 exist in the right shapes, and no weights of a third layer."""
    weights = subject.weights
    if reason := _find_unsupported(kind, subject):
        return report_unchecked("construction", reason)
    if weights.shared:
        message = _(
            "{names} belongs to the class, so all its nets have the same weights: set it in "
            "__init__, as in self.{names} = …"
        )
        shared = ", ".join(sorted(weights.shared))
        return Finding("construction", "differs", message.format(names=shared))
    if weights.problems and _keeps_shapes(weights, _find_other_weights(kind)):
        fixed = join_clauses(weights.problems.values())
        reason = _("{problems}, in nets of all sizes: it may be meant for one size")
        return report_unchecked("construction", reason.format(problems=fixed), UNKNOWN_FORM)
    biases = {"b1", "b2"} & weights.absent
    problems, cause = list(weights.problems.values()), "weight-shape"
    if len(biases) == 1 and not weights.absent & {"W1", "W2"}:
        stored_twice = "b1" in weights.problems or sets_bias_twice(kind)
        cause = "bias-stored-twice" if stored_twice else "bias-missing-forward"
        missing = _("{name} is missing").format(name=biases.pop())
        if not stored_twice and not _are_numbered(weights):
            return report_unchecked("construction", missing, topic=UNKNOWN_FORM)
        problems.append(missing)
    if problems:
        message = append_mistake(join_clauses(problems), cause)
        return Finding("construction", "differs", message, cause)
    if weights.absent:
        absent = ", ".join(sorted(weights.absent))
        message = _("has no array {names}: store it under that name").format(names=absent)
        topic = UNKNOWN_FORM if {"W1", "W2"} <= weights.absent else LACKING
        return report_unchecked("construction", message, topic=topic)
    return Finding("construction", "ok")


def _are_numbered(weights: WeightPlaces) -> bool:
    """Return whether the names of the weights that were found have numbers: else these may be no
    weights of two layers, and each may lack what the other has.
    """
    return all(re.search(r"\d", str(name)) for _container, name in weights.places.values())


def _find_unsupported(kind: type, subject: Subject) -> str:
    """Return why nets with such weights cannot be checked, empty if they can."""
    weights = subject.weights
    filters = {key for key, shape in weights.get_shapes().items() if len(shape) > AXES}
    if others := weights.extra | filters:
        names = ", ".join(sorted(others))
        return _("has {names}: only nets of two layers can be checked").format(names=names)
    if numbers := sorted(weights.numbers & weights.absent):
        message = translate_plural(
            "{names} is a number: only biases that are arrays can be checked",
            "{names} are numbers: only biases that are arrays can be checked",
            len(numbers),
        )
        return message.format(names=join_words(numbers))
    if rows := _find_bias_rows(subject):
        message = _(
            "the biases seem to be a row of {names}: only nets with b1 and b2 can be checked"
        )
        return message.format(names=rows)
    if {"b1", "b2"} <= weights.absent and {"W1", "W2"} <= set(weights.places):
        return _("has no biases: only nets with W1, b1, W2 and b2 can be checked")
    if subject.C != 1 and weights.places.keys() >= {"W2"} and 1 in weights.get_shapes()["W2"]:
        return _("one output column: only nets with an output for each class can be checked")
    if weights.problems and not weights.absent and _ignores_sizes(kind, subject):
        shapes = ", ".join(f"{key} {shape}" for key, shape in weights.get_shapes().items())
        message = _(
            "{shapes} do not fit together, and the constructor ignores the sizes it is given"
        )
        return message.format(shapes=shapes)
    return ""


def _find_bias_rows(subject: Subject) -> str:
    """Return the names of the weights that have one row too many where a bias is absent."""
    wanted = get_shapes(subject.D, subject.H, subject.C)
    found = []
    for key, bias in (("W1", "b1"), ("W2", "b2")):
        shape, (rows, columns) = subject.weights.get_shapes().get(key), wanted[key]
        if bias in subject.weights.absent and shape in (
            (rows + 1, columns), (columns, rows + 1),
        ):  # fmt: skip
            found.append(key)
    return join_words(found)
