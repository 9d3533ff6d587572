"""Write page.html into the folder of a run."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from trainer.common.errors import InputError
from trainer.common.files import write_atomically
from trainer.common.language import translate as _
from trainer.predict.page.content import Content, collect_content
from trainer.training import checkpoint
from trainer.training.snapshots import load_snapshots

NAME = "page.html"
PLACE = "@DATA@"  # where the template gets the packed data


@dataclass(frozen=True)
class Page:
    """A page that was written: its path, its bytes, its iterations, and what was measured."""

    path: Path
    size: int
    iterations: list[int]
    content: Content


def write_page(run: Path, data_dir: Path) -> Page:
    """Write the page of a trained net beside its checkpoint.

    run is the run's folder or its checkpoint. Raises InputError if the checkpoint or its data set
    cannot be used, or the page cannot be written.
    """
    file = checkpoint.find_checkpoint(run)
    trained, folder = checkpoint.load(file), file.parent
    snapshots = load_snapshots(folder, trained)
    content = collect_content(folder.resolve().name, trained, snapshots, data_dir)
    template = files("trainer.predict.page").joinpath("template.html").read_text("utf-8")
    html, path = template.replace(PLACE, content.packed).encode(), folder / NAME
    try:
        write_atomically(path, html)
    except OSError as error:
        text = _("cannot write {path}: {reason}", path=path, reason=error.strerror)
        raise InputError(text) from error
    return Page(path, len(html), [*snapshots, trained.origin.iteration], content)
