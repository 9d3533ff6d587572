"""The command that measures a trained net on its test set."""

import json

from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program
from trainer.common.language import translate as _
from trainer.common.terminal import print_output, show_activity


def main(argv: list[str] | None = None, program: Program = Program("evaluate")) -> int:
    """Print the score of a checkpoint on its test set, as a table or JSON; return 0."""
    parser = Parser(program, _(
        "Measure a trained net on its test set: accuracy, loss, and which class it mistakes for "
        "which."
    ))  # fmt: skip
    parser.add_run()
    parser.add_settings(("backend", "device"))
    parser.add_folders("data")
    parser.add_argument("--json", action="store_true", help=_("print one JSON object instead"))
    arguments = parser.parse_args(argv)
    by = settings_from(arguments)

    activity = _("{program}: loading the net and its test images", program=program.name)
    with show_activity(activity, shown=not arguments.json):
        from trainer.training import checkpoint  # not above, since these imports take seconds

        trained = checkpoint.load(arguments.run)

        from trainer.predict.score import score_checkpoint, tabulate_confusion

        score = score_checkpoint(trained, arguments.data_dir, by.backend, by.device)
    if arguments.json:
        print(json.dumps(score.as_json(), indent=2))
        return 0
    origin, count = trained.origin, int(score.confusion.sum())
    print(_(
        "iteration {number}, by {backend}, {count:,} test images of {dataset}",
        number=origin.iteration, backend=by.backend, count=count, dataset=origin.settings.dataset,
    ))  # fmt: skip
    print(_("accuracy: {number:.4f}", number=score.accuracy))
    print(_("loss: {number:.4f}", number=score.loss))
    print_output(tabulate_confusion(score))
    return 0
