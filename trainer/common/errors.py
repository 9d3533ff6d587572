"""Errors that the user can fix; each message says what is wrong and what to do, in one line."""


class InputError(ValueError):
    """A setting, file or folder that cannot be used; its message is shown as it is."""


class DivergedError(InputError):
    """A number of a run is no longer finite, usually because the learning rate is too large."""

    @classmethod
    def at(cls, what: str, iteration: int, lr: float) -> "DivergedError":
        """Return the error with its message: what is not finite, when, and which rate to try."""
        return cls(
            f"{what} at iteration {iteration} with --lr {lr}: "
            f"the steps overshoot; try --lr {min(lr / 10, 1):g}"
        )


class OutputError(OSError):
    """The terminal, file or pipe that the user reads from cannot be written."""
