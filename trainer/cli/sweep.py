"""Train a grid of settings with several seeds each, on all cores or on a Dask cluster.

An option with several values is a list: every combination of such values is trained. Runs that
are finished already are not repeated.
"""

from dataclasses import asdict
from typing import Any

from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program, print_board
from trainer.common.files import check_name
from trainer.common.settings import Settings
from trainer.common.terminal import print_output, track
from trainer.common.text import display_path, print_line

GRID = (
    "backend", "preprocess", "batch_size", "lr", "hidden_size", "activation", "loss",
    "weight_init_std",
)  # fmt: skip
MOST_SHOWN = 40  # runs of which TensorBoard shows all at first


def main(argv: list[str] | None = None, program: Program = Program("sweep")) -> int:
    """Train every run of the grid and print a table of results, the best first; return 0."""
    arguments = _make_parser(program).parse_args(argv)
    typed, defaults = vars(arguments), asdict(Settings())
    choices = {name: typed.pop(name, [defaults[name]]) for name in GRID}
    arguments.backend = choices["backend"][0]  # the one that Settings checks --device with
    settings = settings_from(arguments)
    if arguments.name:
        check_name("--name", arguments.name)

    from trainer.training import ranking, sweep  # not above, since torch takes seconds
    from trainer.training.sweep_folders import list_unfinished

    runs = sweep.plan_runs(settings, choices, arguments.seeds, arguments.data_dir)
    folder = arguments.log_dir / (arguments.name or f"{runs[0].dataset}-sweep")
    done = len(runs) - len(list_unfinished(runs, folder))
    new = sweep.run_sweep(runs, arguments.data_dir, folder, arguments.jobs, arguments.cluster)
    list(track(new, "runs", len(runs), done, arguments.quiet))
    if arguments.quiet:
        return 0
    print_output(ranking.make_ranking_table(ranking.rank_runs(runs, folder)))
    print_line(f"{len(runs)} runs, {done} of them finished before: {display_path(folder)}")
    print_board(folder, "hparams")
    if len(runs) > MOST_SHOWN:
        print_line(
            f"of more than {MOST_SHOWN} runs it shows none at first: tick the box above them"
        )
    return 0


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, __doc__)
    # An evaluation takes as long as a hundred steps, and only the last one is in the table.
    parser.add_settings(
        ("device", "dataset", "iterations", "eval_every", "dtype"),
        several=GRID, lr=[0.001, 0.01, 0.1, 1.0], eval_every=100,
    )  # fmt: skip
    add: Any = parser.add_argument
    add("--seeds", type=int, default=3, metavar="INT", help="runs of each, with seeds 0, 1, …")
    add("--jobs", type=int, default=-1, metavar="INT", help="runs at a time; -1: one per core")
    add("--cluster", metavar="ADDRESS", help="address of a Dask scheduler, such as HOST:8786")
    add("--name", help="name of the folder of the runs; default: <dataset>-sweep")
    parser.add_folders("data", "sweeps")
    add("--quiet", action="store_true", help="print nothing but errors")
    return parser
