"""Errors that the user can fix; each message says what is wrong and what to do, in one line."""

from trainer.common.language import translate as _


def describe_error(error: BaseException) -> str:
    """Return the type and the first line of an error, as "TypeError: …"."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


class InputError(ValueError):
    """A setting, file or folder that cannot be used; its message is shown as it is."""


class SettingError(InputError):
    """A setting that cannot be used: its message names it as Python does, lr=-1."""

    def __init__(self, name: str, value: object, reason: str):
        self.name, self.reason = name, reason
        text = str(value)
        self.value = text if len(text) <= 24 else f"{text[:8]}… ({len(text)} digits)"
        super().__init__(f"{name}={self.value}: {reason}")

    def as_option(self) -> str:
        """Return the message for the command line, with the option: --lr -1."""
        return f"--{self.name.replace('_', '-')} {self.value}: {self.reason}"


class DivergedError(InputError):
    """A number of a run is no longer finite, usually because the learning rate is too large."""

    @classmethod
    def at(cls, what: str, iteration: int, lr: float) -> "DivergedError":
        """Return the error with its message: what is not finite, when, and which rate to try."""
        text = _(
            "{what} at iteration {iteration} with --lr {lr}: the steps overshoot; try --lr {less}"
        )
        return cls(text.format(what=what, iteration=iteration, lr=lr, less=f"{min(lr / 10, 1):g}"))


class OutputError(OSError):
    """The terminal, file or pipe that the user reads from cannot be written."""
