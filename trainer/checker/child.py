"""The child process: runs somebody's code under limits and writes its findings, a JSON line each.

python -m trainer.checker.child MEMORY_MIB SEED RUN_ALL HINTS FILE [CLASS]
"""

import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import psutil

from trainer.checker.comparing import Finding, show_safely
from trainer.common.errors import InputError

if TYPE_CHECKING:  # torch is imported once the streams are set
    from trainer.checker.verifying import Request


def main(argv: list[str]) -> int:
    """Write {"ready"}, {"doing": quantity}, {"class"}, {"finding"}, {"stopped"}, {"done"}."""
    memory, seed, run_all, hints, file, *name = argv
    out = take_streams()
    import torch  # once, and before the clock and the memory limit start

    from trainer.checker.check_file import check_file
    from trainer.checker.verifying import Request

    torch.set_num_threads(1)
    limit_memory(int(memory))
    sys.argv = [file]
    path = Path(file).resolve()
    os.chdir(path.parent)
    write(out, ready=True)
    request = Request(path, name[0] if name else None, run_all == "1", int(seed))
    is_wrong = write_findings(out, path, check_file(
        path, request.name, run_all=request.run_all, seed=request.seed,
        progress=lambda quantity: write(out, doing=quantity),
    ))  # fmt: skip
    if is_wrong and hints > "1":
        write_diagnosis(out, request)
    write(out, done=True)
    leave(out)
    return 0


def write_findings(out: TextIO, path: Path, found: Iterable[str | Finding]) -> bool:
    """Write each finding as it comes, or why the check could not go on.

    Returns whether a wrong line may be found: something is wrong, the check came to its end, and
    no method stops at what is not written yet.
    """
    is_wrong, is_unfinished = False, False
    try:
        for item in found:
            if isinstance(item, Finding):
                is_wrong |= item.verdict in ("differs", "raises")
                is_unfinished |= (item.verdict, item.cause) == ("raises", "unfinished")
            write(out, **({"class": item} if isinstance(item, str) else {"finding": asdict(item)}))
    except InputError as error:
        write(out, stopped=str(error).replace(str(path), path.name))
    except MemoryError:
        write(out, stopped="it took more memory than --memory allows")
    except Exception as error:  # a bug of the checker: it must not be held against the net
        traceback.print_exc()
        what = f"{type(error).__name__}: {show_safely(error)}"
        write(out, stopped=f"the check itself failed: {what} (--verbose shows more)")
    else:
        return is_wrong and not is_unfinished
    return False


def write_diagnosis(out: TextIO, request: "Request") -> None:
    """Write the wrong line and a fix, if they are found within a time limit.

    What is wrong is known already, so that nothing that happens here changes the verdict.
    """
    from trainer.checker.diagnosing import BUDGET, diagnose
    from trainer.checker.places import place_diagnosis

    def give_up() -> None:
        write(out, done=True)
        leave(out)

    write(out, doing="diagnosis")
    timer = threading.Timer(BUDGET + 3, give_up)
    timer.daemon = True
    timer.start()
    try:
        found = diagnose(request)
    except Exception:  # of code that was changed: any can come
        found = None
    timer.cancel()
    if found is not None:
        write(out, diagnosis=place_diagnosis(asdict(found), request.path))


def write(out: TextIO, **line: Any) -> None:
    """Write one line for the parent."""
    out.write(json.dumps(line) + "\n")
    out.flush()


def take_streams() -> TextIO:
    """Return a stream for the findings; stdout goes to stderr from here on, stdin is empty.

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


def limit_memory(mebibytes: int) -> None:
    """Allow so much more address space than now, where the system can limit it.

    macOS and Windows cannot: there the parent alone watches the memory.
    """
    with suppress(ImportError, ValueError, OSError):
        import resource

        limit = psutil.Process().memory_info().vms + mebibytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave(out: TextIO) -> None:
    """End without waiting for threads or exit handlers of the code that was checked."""
    out.close()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
