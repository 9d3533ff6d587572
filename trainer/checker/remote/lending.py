"""Lend the class of a file to the project's loop: it stays in a worker, which answers each step."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainer.checker.adapt.loaded import Loaded
from trainer.checker.findings.comparing import Finding
from trainer.checker.learn.borrowed import Lender, find_lender
from trainer.checker.remote.cell import Cell
from trainer.checker.remote.connection import Connection, WorkerLostError
from trainer.checker.remote.judge import judge_file
from trainer.checker.remote.library import ROOT
from trainer.checker.worker.protocol import ProtocolError
from trainer.common.errors import InputError
from trainer.common.language import get_language
from trainer.common.language import translate as _

MEMORY = 2048  # MiB, of the code with all its processes
SECONDS = 7 * 86_400  # of a training: somebody who waits stops it


@contextmanager
def lend_class(path: Path, name: str | None, memory: int = MEMORY) -> Iterator[Lender]:
    """Check the class of a file, and lend it to the loop inside this context.

    name chooses one class of several. Raises InputError where it is wrong or has another form than
    the hand-written net, and where its code ends.
    """
    path = path.resolve()
    with Cell(memory) as cell:
        connection = Connection(cell.start_worker(), SECONDS, cell.watch, most=float("inf"))
        try:
            connection.start(_make_settings(cell, path, memory))
            yield find_lender(_check(connection, path, name), path.name)
        except (WorkerLostError, ProtocolError) as lost:
            ending = getattr(lost, "ending", "forged")
            message = _("{file}: its process ended ({ending}); run `check` on it",
                        file=path.name, ending=ending)  # fmt: skip
            raise InputError(message) from None
        finally:
            connection.close()


def _make_settings(cell: Cell, path: Path, memory: int) -> dict[str, Any]:
    return cell.make_settings() | {
        "path": str(path), "memory": memory, "seconds": SECONDS, "run_all": False,
        "language": get_language(), "hidden": str(ROOT / "trainer"),
    }  # fmt: skip


def _check(connection: Connection, path: Path, name: str | None) -> Any:
    """Return the class of a file; raises InputError where something in it is wrong."""
    lent: list[Loaded] = []

    def keep(loaded: Loaded) -> None:
        if loaded.kind is None:
            text = _("{file}: has no class of a two-layer net; run `check` on it", file=path.name)
            raise InputError(text)
        lent.append(loaded)

    for item in judge_file(connection, path, path, name, 0, lambda _doing: None, keep):
        if isinstance(item, Finding) and item.verdict in ("differs", "raises"):
            what = f"{item.quantity}: {item.message}"
            text = _("{file} is wrong, so it is not trained: {what}; run `check`")
            raise InputError(text.format(file=path.name, what=what))
    return lent[-1].kind
