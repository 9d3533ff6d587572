"""What agree returns: one row for each array of the results, as text and as JSON."""

from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

# From the best to the worst; a result has the worst status of its rows.
AGREE, UNKNOWN, IMPRECISE, DIFFERENT = "agree", "cannot tell", "loses precision", "different"
ORDER = (AGREE, UNKNOWN, IMPRECISE, DIFFERENT)


@dataclass(frozen=True)
class Row:
    """The verdict on one array: where the two differ most in units of what rounding explains.

    difference and explained are those of the element at index. sides are those that are wrong or
    lose precision, where that is known.
    """

    name: str
    status: str
    text: str
    sides: tuple[str, ...] = ()
    difference: float = 0.0
    explained: float = 0.0
    index: tuple[int, ...] = ()


@dataclass(frozen=True, repr=False)
class Agreement:
    """The rows of a comparison; its truth is whether all agree, its text is the table.

    notes say where two modules or dicts differ first, and what could not be run. runs is how
    often each side was called.
    """

    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    runs: tuple[int, int] = (0, 0)

    @property
    def status(self) -> str:
        """The worst status: agree, cannot tell, loses precision or different."""
        return max((row.status for row in self.rows), key=ORDER.index, default=AGREE)

    @property
    def agree(self) -> bool:
        """Whether every array agrees."""
        return self.status == AGREE

    def __bool__(self) -> bool:
        return self.agree

    def __str__(self) -> str:
        names, statuses = (
            max((len(getattr(row, key)) for row in self.rows), default=0)
            for key in ("name", "status")
        )
        lines = [f"{row.name:{names}}  {row.status:{statuses}}  {row.text}" for row in self.rows]
        return "\n".join([*lines, *self.notes])

    def __repr__(self) -> str:
        return f"<{self.status}>\n{self}"

    def to_json(self) -> dict[str, Any]:
        """Return the same as what json.dumps takes; a number that is not finite is None."""
        found = {"status": self.status} | asdict(self)
        for row in found["rows"]:
            row |= {key: None for key in ("difference", "explained") if not isfinite(row[key])}
        return found


def show(number: float) -> str:
    """Return a number with two digits, such as 3.1e-5."""
    return f"{number:.2g}".replace("e-0", "e-").replace("e+0", "e+")
