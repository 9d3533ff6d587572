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

    def spend(self) -> bool:
        """Count one more; return whether that is within the limit."""
        self.used += 1
        return self.used <= self.limit
