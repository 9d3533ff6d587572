"""The child process that looks for a wrong line.

It runs somebody's code beside the checks, so that what it says is a hint and no verdict.

python -m trainer.checker.child LANG MEMORY_MIB SECONDS SEED RUN_ALL PROGRAM STEP COPY_FROM COPY_TO
    FILE [CLASS]

PROGRAM and STEP are -1 where a whole net is wrong, and no step alone.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from trainer.checker.worker.fence import make_fence
from trainer.checker.worker.limits import import_torch, limit_process
from trainer.common.language import set_language

if TYPE_CHECKING:  # imported once the streams are set
    from trainer.checker.diagnose.counting import Count
    from trainer.checker.diagnose.diagnosing import Diagnosis


def main(argv: list[str]) -> int:
    """Write {"ready": true}, and then {"diagnosis", "search"}; diagnosis is null without a line."""
    language, memory, seconds, seed, run_all, program, step, copy_from, copy_to, file, *name = argv
    set_language(language)
    out = take_streams()
    from trainer.checker.diagnose.counting import Count

    import_torch(Path(file))
    if copy_from:
        import shutil

        shutil.copytree(copy_from, copy_to, dirs_exist_ok=True)
        sys.addaudithook(make_fence(Path(copy_to).parent, []))
    limit_process(int(memory), float(seconds))
    from trainer.checker.load.arguments import Arguments, fill_arguments

    sys.argv = Arguments([file])
    fill_arguments()
    path = Path(file).resolve()
    os.chdir(path.parent)
    write(out, ready=True)
    from trainer.checker.repair import repairing

    if int(step) >= 0:
        from trainer.checker.repair.surveying import StepRequest

        search = partial(repairing.diagnose_step, StepRequest(path, int(program), int(step)))
        tried = Count(repairing.CHANGES)
    else:
        from trainer.checker.diagnose.repairing import CHANGES
        from trainer.checker.diagnose.verifying import Request

        request = Request(path, name[0] if name else None, run_all == "1", int(seed))
        search, tried = partial(repairing.diagnose_net, request), Count(CHANGES)
    write_diagnosis(out, path, search, tried, float(seconds))
    leave(out)
    return 0


def write_diagnosis(
    out: TextIO, path: Path, search: "Callable[[Count], Diagnosis | None]", tried: "Count",
    seconds: float,
) -> None:  # fmt: skip
    """Write the wrong line and a fix, and how many changes were tried; stop after the seconds.

    What is wrong is known already, so that nothing that happens here changes the verdict.
    """
    from trainer.checker.load.places import place_diagnosis

    def give_up() -> None:
        write(out, diagnosis=None, search=describe_search(tried, is_stopped=True))
        leave(out)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        found = search(tried)
    except Exception:  # of code that was changed: any can come
        found = None
    timer.cancel()
    placed = place_diagnosis(asdict(found), path) if found is not None else None
    write(out, diagnosis=placed, search=describe_search(tried, is_stopped=False))


def describe_search(tried: "Count", is_stopped: bool) -> dict[str, Any]:
    """Return how many changes were tried, of how many, and whether the clock stopped that."""
    return {"tried": min(tried.used, tried.limit), "limit": tried.limit, "stopped": is_stopped}


def write(out: TextIO, **line: Any) -> None:
    """Write one line for the parent."""
    out.write(json.dumps(line) + "\n")
    out.flush()


def take_streams() -> TextIO:
    """Return a stream for the diagnosis; stdout goes to stderr from here on, stdin is empty.

    When the parent dies, however it does, its end of stdin closes, and this process ends.
    """
    out, lifeline = os.fdopen(os.dup(1), "w", encoding="utf-8"), os.dup(0)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def end_with_parent() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    return out


def leave(out: TextIO) -> None:
    """End without waiting for threads or exit handlers of the code that was checked."""
    out.close()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
