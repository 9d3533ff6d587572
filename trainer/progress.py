"""What a run shows while it goes on: a bar in a terminal, plain lines elsewhere, or nothing."""

import sys
from collections.abc import Iterator

from tqdm import tqdm

from trainer.loop import Point

LINES = 10  # of a whole run, where there is no terminal
# tqdm's own, without the rate: with it the last figure is cut off where a line has 80 columns.
BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """Iterates over the steps of a run and shows its points."""

    def __init__(self, start: int, stop: int, eval_every: int, quiet: bool = False):
        terminal = sys.stderr.isatty()
        self._steps = range(start, stop)
        self._bar = tqdm(initial=start, total=stop, disable=quiet or not terminal, bar_format=BAR)
        self._lines = not quiet and not terminal
        self._stop = stop
        # Every eval_every iterations there is a point: show those nearest to tenths of the run.
        self._every = max(1, round(stop / LINES / eval_every)) * eval_every

    def __iter__(self) -> Iterator[int]:
        for i in self._steps:
            yield i
            self._bar.update()

    def show(self, point: Point) -> None:
        """Loss and accuracies of the latest evaluation."""
        if self._lines and (point.iteration % self._every == 0 or point.iteration == self._stop):
            print(
                f"iteration {point.iteration:>6}  loss {point.loss:.4f}  "
                f"train {point.train:.4f}  test {point.test:.4f}",
                flush=True,
            )
        self._bar.set_postfix_str(
            f"loss {point.loss:.3f}, train {point.train:.4f}, test {point.test:.4f}", refresh=False
        )

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()
