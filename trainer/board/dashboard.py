"""Write the event file of a run, which TensorBoard reads."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tensorboard.summary.writer import event_file_writer
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from trainer.board.charts import Layout
from trainer.board.events import cut_events, make_clock

FLUSH_SECONDS = 5  # until recorded values are on disk, where an open TensorBoard reads them
# Settings that change no number of a run.
CHANGE_NOTHING = ("device", "evaluation", "eval_every", "checkpoint_every")
About = Mapping[str, Mapping[str, object]]  # title of a table → its rows


@contextmanager
def open_board(
    folder: Path, about: About | None = None, layout: Layout | None = None, start: int | None = None
) -> Iterator[SummaryWriter]:
    """Open torch's writer of an event file in a run's folder, and always close it.

    about has tables for the TEXT page; its part "settings" (numbers and texts) is also for the
    HPARAMS page. start is the iteration at which a run is resumed: earlier points at or after it
    are removed.
    """
    hook = threading.excepthook

    def report(args: threading.ExceptHookArgs) -> None:
        if not isinstance(args.exc_value, OSError):  # the writer's methods raise these again
            hook(args)

    with _replace(threading, "excepthook", report):
        if start is not None:
            cut_events(folder, start)
        # The writer asks its module's clock for the second in the file's name. purge_step removes
        # the points of cut events from a TensorBoard that is open and has read them.
        with _replace(event_file_writer, "time", make_clock(folder)):
            writer: Any = SummaryWriter(str(folder), flush_secs=FLUSH_SECONDS, purge_step=start)
        with closing(writer):
            success = _describe_run(writer, about, layout or {}, start or 0) if about else None
            yield writer
            if success:
                writer.file_writer.add_summary(success)


@contextmanager
def _replace(module: object, name: str, value: object) -> Iterator[None]:
    """Let a name of a module that has no option for it have another value in this context."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def _describe_run(writer: Any, about: About, layout: Layout, start: int) -> Any:
    """Write the tables, the settings and the charts; return the summary of a success."""
    for title, rows in about.items():
        lines = [f"| {key} | {value} |" for key, value in rows.items()]
        table = ["| name | value |", "| --- | --- |", *lines]
        writer.add_text(title, "\n".join(table), start)
    # add_hparams is not used, since it would create another run. The first summary, which
    # describes the settings, is not written: without it the page begins with the settings in
    # which the runs differ. The page sorts settings by name and shows the first five.
    shown = {k: v for k, v in about["settings"].items() if k not in CHANGE_NOTHING}
    _, begin, success = hparams(shown, {})  # type: ignore[no-untyped-call]
    writer.file_writer.add_summary(begin)
    writer.add_custom_scalars(layout)
    return success


def add_scalars(writer: SummaryWriter, iteration: int, values: Mapping[str, float]) -> None:
    """Record the numbers of an iteration, each under its tag."""
    for tag, value in values.items():
        writer.add_scalar(tag, value, iteration)
