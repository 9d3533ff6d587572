"""The command that makes a web page on which one draws a digit."""

import webbrowser

from trainer.cli.options import Parser
from trainer.cli.program import Program
from trainer.common.language import translate as _
from trainer.common.terminal import show_activity
from trainer.common.text import display_path, print_line


def main(argv: list[str] | None = None, program: Program = Program("page")) -> int:
    """Write page.html into the run's folder and print how to open it; return 0."""
    parser = Parser(program, _(
        "Make a web page, in one file, on which one draws a digit and sees what a trained net does."
    ))  # fmt: skip
    parser.add_run()
    parser.add_folders("data")
    parser.add_argument("--open", action="store_true", help=_("open the page in the browser"))
    arguments = parser.parse_args(argv)

    activity = _("{program}: loading the net and its test images", program=program.name)
    with show_activity(activity):
        from trainer.predict.page.write import write_page  # not above, since this takes seconds

        page = write_page(arguments.run, arguments.data_dir)
    weights = ", ".join(f"{iteration:,}" for iteration in page.iterations)
    where = display_path(page.path)
    print_line(_("page: {path}, {size:.0f} kB", path=where, size=page.size / 1000))
    print(_("weights of iterations {numbers}", numbers=weights))
    most = vars(page.content)
    print(_("numpy and torch differ by {difference:.1e} at most on its examples", **most))
    changed = _("rounding its weights changes an output by {rounding:.0e} at most", **most)
    earlier = _(", earlier ones by {earlier_rounding:.0e}", **most)
    print(changed + (earlier if len(page.iterations) > 1 else ""))
    print(_("open it: in any browser, also without a network (--open does)"))
    if arguments.open and not webbrowser.open(page.path.resolve().as_uri()):
        text = _("no browser found for {path}: open it yourself", path=page.path.resolve())
        program.print_error(text)
    return 0
