"""Tells what kept the code of a file from training."""

from dataclasses import dataclass

from trainer.checker.adapt.attempts import describe_raised
from trainer.checker.find.calls import Call
from trainer.checker.find.failing import find_line
from trainer.checker.load.source import Source
from trainer.common.language import translate as _


@dataclass(frozen=True)
class Obstacle:
    """A call that failed; reached is the number of places that it saw before."""

    call: Call
    error: Exception
    reached: int = 0

    def describe(self, source: Source) -> str:
        """Return what was called, and what it raised where in a file."""
        raised, line = describe_raised(self.error), find_line(self.error, source.path)
        place = f" ({source.describe_line(line)})" if line else raised.at
        message = _("{name} raised {error}")
        return message.format(name=self.call.title, error=raised.text + place)
