"""What the checked code did: the values of its lines in their order, and what they should be."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.quantities import Quantity
from trainer.checker.load.recording import Record, Site


@dataclass
class Trail:
    """What predict, loss and gradient did: the records in their order, and what they should be."""

    sites: list[Site] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)

    def find_last(self, path: Path, function: Function) -> Record | None:
        """Return the last record of a function, with its value among its variables."""
        place = path, function.lineno
        for record in reversed(self.records):
            site = self.sites[record.site]
            if (site.path, site.function.lineno) == place:
                last = {site.name: record.value} if site.name.isidentifier() else {}
                return replace(record, scope=record.scope | last)
        return None
