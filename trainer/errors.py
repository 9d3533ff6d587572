"""What a user can mend: one line that says what is wrong and what to do."""


class InputError(ValueError):
    """A setting, file or folder that cannot be used; its message is shown as it is."""


class DivergedError(InputError):
    """A loss that is no longer finite: the steps overshoot."""
