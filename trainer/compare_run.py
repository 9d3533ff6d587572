"""One comparison: settings in; what was found, and a folder with drift and ratios, out."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from trainer import charts
from trainer.comparison import Comparison, Course, compare
from trainer.dashboard import Dashboard
from trainer.data import prepare
from trainer.files import new_folder
from trainer.nets import build
from trainer.numpy_net import TwoLayerNet
from trainer.plant import plant
from trainer.probes import Verdicts
from trainer.run import load
from trainer.settings import Settings
from trainer.tape import Batches, initial_params
from trainer.threads import Threads


def compare_run(
    settings: Settings, data_dir: Path, log_dir: Path, audit_every: int, planted: str | None = None
) -> tuple[Settings, Comparison, Path]:
    """Compare the backends, the NumPy side with a mistake if one is named, in a new folder.

    Returns the settings with the data set chosen, too. Raises InputError.
    """
    settings, digits = load(settings, data_dir)
    digits = prepare(digits, settings.preprocess)
    sizes = digits.x_train.shape[1], settings.hidden_size, len(digits.classes)
    by_hand = replace(settings, backend="numpy", device="cpu")
    nets = {
        "numpy": build(by_hand, sizes[0], sizes[2], plant(planted) if planted else TwoLayerNet),
        "torch": build(settings, sizes[0], sizes[2]),
    }
    batch = Batches(digits.x_train, digits.t_train, settings.batch_size, settings.seed)
    params = initial_params(*sizes, settings.weight_init_std, settings.seed, settings.dtype)
    folder = new_folder(log_dir, f"{digits.name}-compare")
    with Dashboard(folder) as board, Threads().one():
        board.text("settings", asdict(settings))
        board.charts(charts.comparison())

        def record(step: int, verdicts: dict[str, Verdicts], drift: dict[str, float]) -> None:
            values = {f"drift/{name}": value for name, value in drift.items()}
            for side, of_side in verdicts.items():
                ratios = {f"audit/{side}/{name}": v.ratio for name, v in of_side.items()}
                values |= charts.BAND
                values |= {tag: ratio for tag, ratio in ratios.items() if np.isfinite(ratio)}
            board.scalars(step, values)

        course = Course(settings.iterations, settings.lr, audit_every)
        found = compare(nets, batch, params, course, record)
    if found.cause is None and found.first:
        found.cause = planted  # what cannot be told from one step alone
    return settings, found, folder
