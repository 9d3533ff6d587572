"""Counts what a search does, so that it ends at the same place on every machine."""

from dataclasses import dataclass


@dataclass
class Count:
    """How often something was done, and how often it may be."""

    limit: int
    used: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether the limit is reached."""
        return self.used >= self.limit

    @property
    def left(self) -> int:
        """How often it may still be done."""
        return max(0, self.limit - self.used)

    def spend(self, cost: int = 1) -> bool:
        """Count one more, or several; return whether that is within the limit."""
        self.used += cost
        return self.used <= self.limit
