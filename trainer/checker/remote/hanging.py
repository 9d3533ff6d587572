"""The parts of some code that did not come back: a fresh worker is asked for all others."""

import json
from dataclasses import dataclass, field
from typing import Any

from trainer.checker.adapt.attempts import Raised, RemoteError
from trainer.common.language import translate as _

TIMEOUT = 60.0  # seconds for all code of a file: a clock only ends what takes far too long
LEAST = 0.5  # seconds after which a part that answers nothing may count as hanging
LEAST_SHARE = 0.1  # of the timeout, too: with less left, it may be the others that were slow
TRAINING = "training"  # the part of a question about a step
ACCUSED = ("predict", "loss", "gradient", "accuracy")  # they get 57 numbers and 7 samples
Question = dict[str, Any]


class HangError(RemoteError):
    """What a part raises that is not asked again, since it did not come back."""


class LargeError(HangError):
    """What a step raises that is not asked again, since it took too much memory."""


@dataclass(frozen=True)
class Hang:
    """A part that did not come back; key names what is not asked again.

    is_wrong is False for what may take long, and for a part that came back on other inputs.
    is_large tells that it came to the limit of memory, and not of time.
    """

    part: str
    key: str
    text: str
    is_wrong: bool
    is_large: bool = False


@dataclass
class Hangs:
    """The parts that did not come back, and those from which the worker had an answer.

    timeout is in seconds, for all parts together.
    """

    timeout: float
    found: list[Hang] = field(default_factory=list)
    _answered: set[str] = field(default_factory=set)

    def start_worker(self) -> None:
        """Forget the answers of the worker before."""
        self._answered.clear()

    def share(self, question: Question, left: float) -> float:
        """Return how many of the seconds that are left a question may take.

        That is half of them for a part, so that the others have the other half.
        """
        return left / 2 if name_part(question) else left

    def refuse(self, question: Question) -> None:
        """Raise HangError for a part that did not come back before, LargeError for one that took
        too much memory.
        """
        keys = {_name_key(question), _show(question)} if self.found else set()
        for hang in self.found:
            if hang.key in keys:
                error = LargeError(hang.text) if hang.is_large else HangError(hang.text)
                error.raised = Raised("own" if hang.is_wrong else "late", hang.text)
                raise error

    def accept(self, question: Question) -> None:
        """Note that a part came back."""
        self._answered.add(_name_key(question))

    def add(self, question: Question, seconds: float, ending: str = "late") -> bool:
        """Note that a part did not come back in so many seconds, or that a step took too much
        memory; return whether the others may be asked of another worker.
        """
        part, key = name_part(question), _name_key(question)
        if ending == "memory" and part == TRAINING:
            self.found.append(Hang(part, _show(question), "", is_wrong=False, is_large=True))
            return True
        is_short = seconds < max(LEAST, LEAST_SHARE * self.timeout)
        if ending != "late" or not part or is_short:
            return False
        text = _("did not come back in {seconds} s (--timeout {limit})")
        if key in self._answered:
            text = _("did not come back in {seconds} s (--timeout {limit}) on some inputs")
            key, is_wrong = _show(question), False
        else:
            is_core = question["do"] == "call" and part in ACCUSED
            is_wrong = is_core or question["do"] in ("function", "part")
            if is_wrong:
                text = _("did not come back in {seconds} s (--timeout {limit}): an endless loop?")
        text = text.format(seconds=f"{seconds:.3g}", limit=f"{self.timeout:g}")
        self.found.append(Hang(part, key, text, is_wrong))
        return True


def name_part(question: Question) -> str:
    """Return the part that a question asks for, "" where all others need the answer."""
    match question["do"]:
        case "call":
            return str(question["method"])
        case "method":
            return str(question["quantity"])
        case "function" | "part":
            return str(question["name"])
        case "loop":
            return "update"
        case "program" | "step":
            return TRAINING
        case "count":
            return "gradient"
    return ""


def _name_key(question: Question) -> str:
    return json.dumps([question["do"], name_part(question), question.get("module")])


def _show(question: Question) -> str:
    return json.dumps({key: value for key, value in question.items() if key != "number"})
