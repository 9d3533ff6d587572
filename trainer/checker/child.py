"""The child process: runs somebody's code under limits and writes its findings, a JSON line each.

python -m trainer.checker.child FINDINGS_FD MEMORY_MIB SEED RUN_ALL FILE [CLASS]
"""

import json
import os
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO


def main(argv: list[str]) -> int:
    """Lines: {"ready"}, {"doing": quantity}, {"class"}, {"finding"}, {"stopped"}, {"done"}."""
    fd, memory, seed, run_all, file, *name = argv
    out = os.fdopen(int(fd), "w", encoding="utf-8")

    def tell(**line: Any) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    import torch  # once, and before the clock and the memory limit start

    from trainer.checker.check_file import check_file
    from trainer.common.errors import InputError

    torch.set_num_threads(1)
    limit_memory(int(memory))
    sys.argv = [file]
    path = Path(file).resolve()
    os.chdir(path.parent)
    tell(ready=True)
    try:
        found = check_file(
            path, name[0] if name else None, run_all=run_all == "1", seed=int(seed),
            progress=lambda quantity: tell(doing=quantity),
        )  # fmt: skip
        for item in found:
            tell(**({"class": item} if isinstance(item, str) else {"finding": asdict(item)}))
    except InputError as error:
        tell(stopped=str(error).replace(str(path), path.name))
    except MemoryError:
        tell(stopped="it took more memory than --memory allows")
    except Exception as error:  # ours, never theirs: it must not be held against the net
        traceback.print_exc()
        tell(stopped=f"the check itself failed: {type(error).__name__}: {error} (--verbose shows)")
    tell(done=True)
    _leave(out)
    return 0


def limit_memory(mebibytes: int) -> None:
    """At most so much more address space than now, where the system can limit it."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + mebibytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _leave(out: TextIO) -> None:
    """Without waiting for threads or exit handlers of the code that was checked."""
    out.close()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
