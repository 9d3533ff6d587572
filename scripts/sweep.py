"""Train a grid of settings, several seeds each, on all cores or a Dask cluster; what is done stays.

Several values after a flag are tried in every combination with those of the others.
"""

import sys
from collections.abc import Iterable
from dataclasses import asdict

from tqdm import tqdm

from trainer.command import Parser, board, guarded, settings_from, shown
from trainer.files import check_name
from trainer.settings import Settings

GRID = (
    "backend",
    "preprocess",
    "batch_size",
    "lr",
    "hidden_size",
    "activation",
    "loss",
    "weight_init_std",
)


def main(argv: list[str] | None = None) -> int:
    """Flags → a grid of settings → trainer.sweep.sweep → trainer.ranking.table."""
    parser = Parser(__doc__ or "")
    # An evaluation costs as much as a hundred steps, and only the last one decides.
    parser.add_settings(
        ("device", "dataset", "iterations", "eval_every", "dtype"),
        several=GRID,
        lr=[0.001, 0.01, 0.1, 1.0],
        eval_every=100,
    )
    parser.add_argument(
        "--seeds", type=int, default=3, metavar="INT", help="runs of each, with seeds 0, 1, …"
    )
    parser.add_argument(
        "--jobs", type=int, default=-1, metavar="INT", help="runs at a time; -1: one a core"
    )
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="a Dask scheduler's, such as HOST:8786"
    )
    parser.add_argument("--name", help="the folder of the runs; default: <dataset>-sweep")
    parser.add_folders("data", "logs")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    arguments = parser.parse_args(argv)
    typed, defaults = vars(arguments), asdict(Settings())
    choices = {name: typed.pop(name, [defaults[name]]) for name in GRID}
    arguments.backend = choices["backend"][0]  # whom --device is for
    settings = settings_from(arguments)
    if arguments.name:
        check_name("--name", arguments.name)

    from trainer import ranking, sweep  # here, since torch takes seconds that --help should not

    data_dir, log_dir, quiet = arguments.data_dir, arguments.log_dir, arguments.quiet
    runs = sweep.plan(settings, choices, arguments.seeds, data_dir)
    folder = log_dir / (arguments.name or f"{runs[0].dataset}-sweep")
    done = sum(sweep.finished(folder / sweep.name_of(run), run) is not None for run in runs)
    new = sweep.sweep(runs, data_dir, folder, arguments.jobs, arguments.cluster)
    _show(new, done, len(runs), quiet)
    if not quiet:
        print(*ranking.table(ranking.rank(runs, folder)), sep="\n")
        print(f"{len(runs)} runs, {done} of them there before: {shown(folder)}")
        print(f"see them: {board(folder)}")
    return 0


def _show(runs: Iterable[Settings], done: int, total: int, quiet: bool) -> None:
    """Have the runs made: a bar in a terminal, a line for each elsewhere."""
    terminal = sys.stderr.isatty()
    bar = tqdm(runs, initial=done, total=total, unit="run", disable=quiet or not terminal)
    for number, run in enumerate(bar, done + 1):
        if not quiet and not terminal:
            label = f"lr {run.lr}, hidden size {run.hidden_size}, seed {run.seed}"
            print(f"{number} of {total}: {label}", flush=True)


if __name__ == "__main__":
    sys.exit(guarded(main))
