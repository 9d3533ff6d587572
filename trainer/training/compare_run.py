"""Compare both backends by the settings of a run, and record charts in a folder."""

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
    settings: Settings,
    data_dir: Path = Path("data"),
    log_dir: Path = Path("logs"),
    audit_every: int = 10,
    planted: str | None = None,
) -> tuple[Settings, Comparison, Path]:
    """Train both nets in step and return the settings used, the comparison and its new folder.

    planted is the id of a mistake to put into the NumPy net. The folder has charts of the drift
    between the nets' weights, and of each audited quantity's error over the bound on its rounding
    error. Raises InputError.
    """
    settings, digits = load_inputs(settings, data_dir)
    digits = prepare_digits(digits, settings.preprocess)
    sizes = digits.x_train.shape[1], settings.hidden_size, len(digits.classes)
    numpy_settings = replace(settings, backend="numpy", device="cpu")
    numpy_class = plant(planted) if planted else TwoLayerNet
    nets = {
        "numpy": build_net(numpy_settings, sizes[0], sizes[2], numpy_class),
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
        result = compare(nets, batch, params, schedule, record)
    if result.cause is None and result.first:
        result.cause = planted  # known here, even if a single step does not show it
    return settings, result, folder


def _collect_scalars(verdicts: dict[str, Verdicts], drift: dict[str, float]) -> dict[str, float]:
    """Return a step's drift and finite ratios of error to bound, keyed by TensorBoard tag."""
    values = {f"drift/{name}": value for name, value in drift.items()}
    for backend, found in verdicts.items():
        ratios = {f"audit/{backend}/{name}": verdict.ratio for name, verdict in found.items()}
        values |= charts.ALLOWED_RATIOS | {tag: r for tag, r in ratios.items() if np.isfinite(r)}
    return values
