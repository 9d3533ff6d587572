"""What a user can fix: one line that says what is wrong and what to do."""

import sys


class InputError(ValueError):
    """A setting, file or folder that cannot be used; its message is shown as it is."""


class DivergedError(InputError):
    """Numbers of a run that are no longer finite: the steps overshoot."""

    @classmethod
    def at(cls, what: str, iteration: int, lr: float) -> "DivergedError":
        """What is not finite at an iteration, and the rate to try."""
        return cls(
            f"{what} at iteration {iteration} with --lr {lr}: "
            f"the steps overshoot; try --lr {min(lr / 10, 1):g}"
        )


def notify(message: str) -> None:
    """Print one line on stderr about something that the user should know."""
    print(message, file=sys.stderr, flush=True)
