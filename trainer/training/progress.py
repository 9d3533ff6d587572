"""Show a run while it trains: a bar in a terminal, a few lines elsewhere, or nothing."""

import sys

from trainer.common.language import translate as _
from trainer.common.terminal import make_bar
from trainer.common.text import print_line
from trainer.training.loop import Point

LINES = 10  # lines for a whole run where there is no terminal
STRIDE = 32  # steps between two updates of the bar; one costs a hundredth of a step


class Progress:
    """Shows the steps of a run from iteration start to stop, and its points; nothing if quiet."""

    def __init__(self, start: int, stop: int, eval_every: int, quiet: bool = False):
        is_terminal = sys.stderr.isatty()
        self._bar = make_bar("accuracy", shown=is_terminal and not quiet)
        self._task = self._bar.add_task(_("training"), total=stop, completed=start, accuracy="")
        self._bar.start()
        self._prints_lines = not quiet and not is_terminal
        self._stop = stop
        # A point comes every eval_every iterations. Lines show those nearest to tenths of the run.
        self._line_every = max(1, round(stop / LINES / eval_every)) * eval_every

    def advance(self, i: int) -> None:
        """Show that step i is done."""
        if i % STRIDE == 0:
            self._bar.update(self._task, completed=i + 1)

    def show(self, point: Point) -> None:
        """Show loss and accuracies of the latest evaluation."""
        is_due = point.iteration % self._line_every == 0 or point.iteration == self._stop
        train = _("train {number:.4f}", number=point.train)
        test = _("test {number:.4f}", number=point.test)
        if self._prints_lines and is_due:
            at = _("iteration {number:>6}", number=point.iteration)
            loss = _("loss {number:.4f}", number=point.loss)
            print_line(f"{at}  {loss}  {train}  {test}")
        self._bar.update(self._task, completed=point.iteration, accuracy=f"{train} {test}")

    def close(self) -> None:
        """Stop updating the bar, which stays on the screen."""
        self._bar.stop()
