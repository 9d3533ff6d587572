"""Draw the fraction of the images that each lazy evaluation of a run evaluated."""

import sys
from pathlib import Path

from trainer.cli.options import Parser
from trainer.cli.program import Program, run_command
from trainer.common.errors import InputError
from trainer.common.text import display_path

TAGS = "evaluation/fraction", "accuracy/test"


def main(argv: list[str] | None = None, _: Program = Program("fraction.py")) -> int:
    """Options → the picture of a run."""
    parser = Parser(Program("fraction.py"), __doc__)
    parser.add_argument("run", type=Path, help="folder of a run made with --evaluation lazy")
    parser.add_argument("--out", type=Path, metavar="PNG", help="default: in the run's folder")
    arguments = parser.parse_args(argv)
    fraction, accuracy = read_curves(arguments.run)
    out = arguments.out or arguments.run / "evaluation-fraction.png"
    if out.suffix == "":  # Matplotlib would add a suffix
        raise InputError(f"--out {out}: must be the name of a picture, such as {out}.png")
    try:
        draw_curves(fraction, accuracy, out)
    except (OSError, ValueError) as error:  # from Matplotlib for an unknown suffix
        raise InputError(f"--out {out}: cannot write there: {error}") from error
    print(f"mean fraction {sum(fraction.values()) / len(fraction):.4f}: {display_path(out)}")
    return 0


def read_curves(folder: Path) -> list[dict[int, float]]:
    """Return the two curves of a run, by iteration; raises InputError if it has none."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    if not folder.is_dir():
        raise InputError(f"{folder}: is not the folder of a run")
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    if TAGS[0] not in events.Tags()["scalars"]:
        raise InputError(f"{folder}: has no {TAGS[0]}; train with --evaluation lazy on the CPU")
    return [{event.step: event.value for event in events.Scalars(tag)} for tag in TAGS]


def draw_curves(fraction: dict[int, float], accuracy: dict[int, float], out: Path) -> None:
    """Draw both curves, the fraction on a logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.semilogy(list(fraction), list(fraction.values()), lw=0.8, color="tab:blue")
    axes.set(xlabel="iteration", ylim=(0.005, 1.3), xlim=(0, max(fraction)))
    axes.set_ylabel("fraction of the images evaluated", color="tab:blue")
    axes.grid(alpha=0.3, which="both")
    right = axes.twinx()
    right.plot(list(accuracy), list(accuracy.values()), lw=0.8, color="tab:orange")
    right.set_ylabel("test accuracy", color="tab:orange")
    right.set_ylim(0, 1)
    mean = sum(fraction.values()) / len(fraction)
    axes.set_title(f"Lazy evaluation: {mean:.1%} of the images evaluated on average")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=120)


if __name__ == "__main__":
    sys.exit(run_command(main))
