"""What a run shows while it goes on: a bar in a terminal, plain lines elsewhere, or nothing."""

import sys
from collections.abc import Iterator

from tqdm import tqdm

from trainer.loop import Point

LINES = 10  # of a whole run, where there is no terminal


class Progress:
    """Iterates over the steps of a run and shows its points."""

    def __init__(self, start: int, stop: int, eval_every: int, quiet: bool = False):
        terminal = sys.stderr.isatty()
        self._bar = tqdm(
            range(start, stop), initial=start, total=stop, unit="it", disable=quiet or not terminal
        )
        self._lines = not quiet and not terminal
        self._stop = stop
        # Every eval_every iterations there is a point: show those nearest to tenths of the run.
        self._every = max(1, round(stop / LINES / eval_every)) * eval_every

    def __iter__(self) -> Iterator[int]:
        return iter(self._bar)

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
