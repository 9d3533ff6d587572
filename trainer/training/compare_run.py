"""Compare both backends by the settings of a run, and record charts in a folder."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from trainer.auditing.comparison import Comparison, Schedule, compare
from trainer.auditing.mistakes import MISTAKES
from trainer.auditing.plant import plant
from trainer.auditing.probes import Verdicts
from trainer.auditing.report import format_conclusion
from trainer.board import charts
from trainer.board.dashboard import add_scalars, open_board
from trainer.board.pictures import draw_audit
from trainer.book.functions import Array
from trainer.common.files import make_run_folder
from trainer.common.language import translate as _
from trainer.common.settings import Settings
from trainer.common.terminal import Steps
from trainer.data.batches import Batches
from trainer.data.digits import prepare_digits
from trainer.nets.build import build_net
from trainer.nets.initial import draw_params
from trainer.nets.net import Net
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.inputs import load_inputs
from trainer.training.threads import Threads


@dataclass(frozen=True, repr=False)
class ComparedRun:
    """How a comparison ended; its truth is whether the nets agree, its text is the conclusion.

    comparison has the verdicts on each quantity, settings are those used, folder has the charts.
    """

    settings: Settings
    comparison: Comparison
    folder: Path

    @property
    def agree(self) -> bool:
        """Whether every audited quantity of every step is within its bound."""
        return self.comparison.first is None

    def __bool__(self) -> bool:
        return self.agree

    def __str__(self) -> str:
        return format_conclusion(self.comparison, self.settings.iterations)

    def __repr__(self) -> str:
        return f"<{self}>"


def compare_run(
    settings: Settings = Settings(),
    data_dir: Path | str = "data",
    log_dir: Path | str = "logs",
    audit_every: int = 10,
    planted: str | None = None,
) -> ComparedRun:
    """Train both nets in step and return whether they agree, quantity by quantity.

    planted is the id of a mistake to put into the NumPy net. The folder has charts of the drift
    between the nets' weights, and of each audited quantity's error over the bound on its rounding
    error. Raises InputError.
    """
    settings, digits = load_inputs(settings, Path(data_dir))
    digits = prepare_digits(digits, settings.preprocess)
    sizes = digits.x_train.shape[1], settings.hidden_size, len(digits.classes)
    nets = _build_nets(settings, sizes[0], sizes[2], planted)
    batch = Batches(digits.x_train, digits.t_train, settings.batch_size, settings.seed)
    params = draw_params(*sizes, settings.weight_init_std, settings.seed, settings.dtype)
    folder = make_run_folder(Path(log_dir), f"{digits.name}-compare")
    steps = Steps(_("comparing"), settings.iterations)
    shown = asdict(settings) | {"backend": "numpy and torch"}
    about = {"settings": shown, "sides": _describe_sides(planted)}
    opened = open_board(folder, about, charts.COMPARISON)
    with opened as board, Threads().limit_to_one(), steps:
        audits = _Audits(board)

        def record(step: int, verdicts: dict[str, Verdicts], drift: dict[str, float]) -> None:
            add_scalars(board, step, {f"drift/{name}": value for name, value in drift.items()})
            audits.add(step, verdicts)
            steps.update(step + 1)

        schedule = Schedule(settings.iterations, settings.lr, audit_every)
        result = compare(nets, batch, params, schedule, record)
        audits.finish()
        last = result.first.step if result.first else settings.iterations
        board.add_image("audit/error over bound", _draw_worst(result), last, dataformats="HWC")
    if result.cause is None and result.first:
        result.cause = planted  # known here, even if a single step does not show it
    return ComparedRun(settings, result, folder)


def _build_nets(
    settings: Settings, inputs: int, classes: int, planted: str | None
) -> dict[str, Net[Any]]:
    """Return both nets by side; the NumPy net has the planted mistake, if any."""
    numpy_settings = replace(settings, backend="numpy", device="cpu")
    numpy_class = plant(planted) if planted else TwoLayerNet
    return {
        "numpy": build_net(numpy_settings, inputs, classes, numpy_class),
        "torch": build_net(settings, inputs, classes),
    }


def _draw_worst(result: Comparison) -> Array:
    """Draw the largest error / bound of each quantity."""
    return draw_audit(
        {
            side: {name: verdict.ratio for name, verdict in found.items()}
            for side, found in result.worst.items()
        }
    )


def _describe_sides(planted: str | None) -> dict[str, str]:
    """Return what each side of the comparison is, for the TEXT page."""
    numpy = "TwoLayerNet, by hand in NumPy"
    if planted:
        numpy += f", with the mistake {planted} put into it: {MISTAKES[planted].summary}"
    return {
        "numpy": numpy,
        "torch": "TorchTwoLayerNet, with gradients by autograd",
        "charts": "log10 of the error over its bound on rounding; above 0 is wrong. A comparison "
        "that ends at its first step has that step's audit twice, at 0 and at 1",
    }


class _Audits:
    """Records the audited steps of a comparison."""

    def __init__(self, board: SummaryWriter):
        self._board = board
        self._recorded: dict[int, dict[str, float]] = {}

    def add(self, step: int, verdicts: dict[str, Verdicts]) -> None:
        """Record the verdicts of a step; {} if it was not audited."""
        if verdicts:
            self._recorded[step] = _collect_ratios(verdicts)
            add_scalars(self._board, step, self._recorded[step])

    def finish(self) -> None:
        """Record a single step once more, since a chart draws no band through one point."""
        if len(self._recorded) == 1:
            ((step, ratios),) = self._recorded.items()
            add_scalars(self._board, step + 1, ratios)


def _collect_ratios(verdicts: dict[str, Verdicts]) -> dict[str, float]:
    """Return a step's ratios of error to bound as charts show them, keyed by TensorBoard tag."""
    ratios = {
        f"audit/{side}/{name}": charts.convert_ratio(verdict.ratio)
        for side, found in verdicts.items()
        for name, verdict in found.items()
    }
    return ratios | charts.ALLOWED
