import json
from dataclasses import asdict

import pytest
from rich.console import Console

from trainer.common.settings import Settings
from trainer.training.ranking import make_ranking_table, rank_runs
from trainer.training.sweep_folders import name_run

ACCURACIES = {(0.1, 0): 0.9, (0.1, 1): 0.92, (1.0, 0): 0.95, (1.0, 1): 0.93, (9.0, 0): 0.99}


def render_table(rows):
    """Return the lines of the printed table."""
    console = Console(width=120)
    with console.capture() as capture:
        console.print(make_ranking_table(rows))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.fixture
def folder(tmp_path):
    """Five finished runs, and one at the largest rate that diverged."""
    for (lr, seed), test in ACCURACIES.items():
        result = {"iteration": 10_000, "test": test, "train": test, "seconds": 2.0}
        _write_about(tmp_path, lr, seed, {"result": result})
    _write_about(tmp_path, 9.0, 1, {"stopped": "the loss is nan", "diverged": "the loss is nan"})
    return tmp_path


def _write_about(folder, lr, seed, about):
    place = folder / name_run(Settings(lr=lr, seed=seed))
    place.mkdir()
    settings = asdict(Settings(lr=lr, seed=seed))
    (place / "settings.json").write_text(json.dumps({"settings": settings} | about))


def _list_settings(*rates, seeds=2):
    return [Settings(lr=lr, seed=seed) for lr in rates for seed in range(seeds)]


def test_the_best_mean_is_first_and_marked_and_diverged_runs_are_last(folder):
    rows = rank_runs(_list_settings(0.1, 9.0, 1.0), folder)
    assert [settings.lr for settings, *_ in rows] == [1.0, 0.1, 9.0]
    head, best, second, last = render_table(rows)
    assert head.split()[:3] == ["lr", "hidden_size", "runs"]
    assert best.endswith("← best")
    assert "best" not in second + last
    assert "1 diverged" in last


def test_mean_and_sample_deviation_are_over_the_seeds(folder):
    _, line = render_table(rank_runs(_list_settings(0.1), folder))
    # (0.9 + 0.92) / 2, and √((0.01² + 0.01²) / (2 − 1)) = 0.01414…
    assert " ".join(line.split()) == "0.1 50 2 0.9100 ± 0.0141 0.9100 ± 0.0141 2.0 ← best"


def test_one_seed_has_no_deviation(folder):
    _, line = render_table(rank_runs(_list_settings(0.1, seeds=1), folder))
    assert "0.9000 ± –" in line


def test_a_grid_of_diverged_runs_has_no_best(folder):
    _, line = render_table(rank_runs([Settings(lr=9.0, seed=1)], folder))
    assert "1 diverged" in line
    assert "best" not in line


def test_columns_are_as_wide_as_their_widest_cell(folder):
    lines = render_table(rank_runs(_list_settings(0.1, 1.0), folder))
    assert len({line.index("±") for line in lines[1:]}) == 1
