import json
from dataclasses import asdict

import pytest
from rich.console import Console

from trainer.common.settings import Settings
from trainer.training.ranking import make_ranking_table, rank_runs
from trainer.training.sweep_folders import name_run

ACCURACIES = {(0.1, 0): 0.9, (0.1, 1): 0.92, (1.0, 0): 0.95, (1.0, 1): 0.93, (9.0, 0): 0.99}


@pytest.fixture
def rank(tmp_path):
    """Return a function that gives the rows, as words, of the table of these rates and seeds.

    Five runs are finished, and one at the largest rate diverged.
    """
    abouts = {
        run: {"result": {"iteration": 10_000, "test": test, "train": test, "seconds": 2.0}}
        for run, test in ACCURACIES.items()
    }
    for (lr, seed), about in {**abouts, (9.0, 1): {"diverged": "the loss is nan"}}.items():
        settings = Settings(lr=lr, seed=seed)
        folder = tmp_path / name_run(settings)
        folder.mkdir()
        (folder / "settings.json").write_text(json.dumps({"settings": asdict(settings)} | about))

    def rank(*rates, seeds=(0, 1)):
        runs = [Settings(lr=lr, seed=seed) for lr in rates for seed in seeds]
        console = Console(width=120)
        with console.capture() as capture:
            console.print(make_ranking_table(rank_runs(runs, tmp_path)))
        return [" ".join(line.split()) for line in capture.get().splitlines()]

    return rank


def test_the_best_mean_is_first_and_marked_and_diverged_runs_are_last(rank):
    head, best, second, last = rank(0.1, 9.0, 1.0)
    assert head == "lr hidden_size runs train accuracy test accuracy seconds"
    assert best.startswith("1.0 50 2 0.9400 ±")
    assert best.endswith("← best")
    # (0.9 + 0.92) / 2, and √((0.01² + 0.01²) / (2 − 1)) = 0.01414…
    assert second == "0.1 50 2 0.9100 ± 0.0141 0.9100 ± 0.0141 2.0"
    assert last == "9.0 50 2 1 diverged"


def test_one_seed_has_no_deviation(rank):
    assert rank(0.1, seeds=[0])[1] == "0.1 50 1 0.9000 ± – 0.9000 ± – 2.0 ← best"


def test_a_grid_of_diverged_runs_has_no_best(rank):
    assert rank(9.0, seeds=[1])[1] == "9.0 50 1 1 diverged"
