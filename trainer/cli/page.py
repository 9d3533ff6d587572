"""Make a web page, in one file, on which one draws a digit and sees what a trained net does."""

import webbrowser

from trainer.cli.options import Parser
from trainer.cli.program import Program
from trainer.common.terminal import show_activity
from trainer.common.text import display_path


def main(argv: list[str] | None = None, program: Program = Program("page")) -> int:
    """Write page.html into the run's folder and print how to open it; return 0."""
    parser = Parser(program, __doc__)
    parser.add_run()
    parser.add_folders("data")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    arguments = parser.parse_args(argv)

    with show_activity(f"{program.name}: loading the net and its test images"):
        from trainer.predict.page.write import write_page  # not above, since this takes seconds

        page = write_page(arguments.run, arguments.data_dir)
    weights = ", ".join(f"{iteration:,}" for iteration in page.iterations)
    print(f"page: {display_path(page.path)}, {page.size / 1000:.0f} kB")
    print(f"weights of iterations {weights}")
    print(f"numpy and torch differ by {page.content.difference:.1e} at most on its examples")
    earlier = f", earlier ones by {page.content.earlier_rounding:.0e}"
    changed = f"rounding its weights changes an output by {page.content.rounding:.0e} at most"
    print(changed + (earlier if len(page.iterations) > 1 else ""))
    print("open it: in any browser, also without a network (--open does)")
    if arguments.open and not webbrowser.open(page.path.resolve().as_uri()):
        program.print_error(f"no browser found for {page.path.resolve()}: open it yourself")
    return 0
