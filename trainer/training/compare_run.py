"""A comparison of both backends: settings in; its findings and a folder of charts out."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from trainer.auditing.comparison import Comparison, Schedule, compare
from trainer.auditing.plant import plant
from trainer.auditing.probes import Verdicts
from trainer.board import charts
from trainer.board.dashboard import Dashboard
from trainer.common.files import make_run_folder
from trainer.common.settings import Settings
from trainer.common.terminal import Steps
from trainer.data.batches import Batches
from trainer.data.digits import prepare_digits
from trainer.nets.build import build_net
from trainer.nets.initial import draw_params
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.inputs import load_inputs
from trainer.training.threads import Threads


def compare_run(
    settings: Settings, data_dir: Path, log_dir: Path, audit_every: int, planted: str | None = None
) -> tuple[Settings, Comparison, Path]:
    """Compare the backends in a new folder, the NumPy side with the mistake planted if given.

    Returns the settings with the data set resolved, the comparison and the folder, which has
    charts of the drift and of the ratios of the audit. Raises InputError.
    """
    settings, digits = load_inputs(settings, data_dir)
    digits = prepare_digits(digits, settings.preprocess)
    sizes = digits.x_train.shape[1], settings.hidden_size, len(digits.classes)
    by_hand = replace(settings, backend="numpy", device="cpu")
    nets = {
        "numpy": build_net(by_hand, sizes[0], sizes[2], plant(planted) if planted else TwoLayerNet),
        "torch": build_net(settings, sizes[0], sizes[2]),
    }
    batch = Batches(digits.x_train, digits.t_train, settings.batch_size, settings.seed)
    params = draw_params(*sizes, settings.weight_init_std, settings.seed, settings.dtype)
    folder = make_run_folder(log_dir, f"{digits.name}-compare")
    steps = Steps("comparing", settings.iterations)
    with Dashboard(folder) as board, Threads().limit_to_one(), steps:
        board.add_description({"settings": asdict(settings)}, charts.build_comparison_layout())

        def record(step: int, verdicts: dict[str, Verdicts], drift: dict[str, float]) -> None:
            board.add_scalars(step, _collect_scalars(verdicts, drift))
            steps.update(step + 1)

        schedule = Schedule(settings.iterations, settings.lr, audit_every)
        found = compare(nets, batch, params, schedule, record)
    if found.cause is None and found.first:
        found.cause = planted  # one step alone may not show the cause
    return settings, found, folder


def _collect_scalars(verdicts: dict[str, Verdicts], drift: dict[str, float]) -> dict[str, float]:
    """Return the drift and the finite ratios of a step by their tags in TensorBoard."""
    values = {f"drift/{name}": value for name, value in drift.items()}
    for side, of_side in verdicts.items():
        ratios = {f"audit/{side}/{name}": verdict.ratio for name, verdict in of_side.items()}
        values |= charts.BAND | {tag: r for tag, r in ratios.items() if np.isfinite(r)}
    return values
