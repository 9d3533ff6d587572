"""Marks all submissions, several at a time, each in a process that may fail alone."""

import json
import multiprocessing
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as LateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from trainer.checker.findings.report import Report
from trainer.checker.grading.marking import How, Job, Record, make_record, mark
from trainer.checker.grading.submissions import Submission
from trainer.checker.grading.unpacking import FILE_BYTES, FILES, TOTAL_BYTES
from trainer.checker.process import SEARCH
from trainer.common.errors import InputError
from trainer.common.language import N_
from trainer.common.language import translate as _
from trainer.training.workers import connect

KEY = ".key"
PATIENCE = 180  # seconds that a judge may take beside the code's own
KILLED = N_("the process that judged it was killed twice: judge it by hand")


def take_key(out: Path) -> bytes:
    """Return the secret of a folder of results, made the first time; only its owner can read it."""
    path = out / KEY
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with os.fdopen(
                os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
            ) as file:
                file.write(secrets.token_bytes(32))
        key = path.read_bytes()
    except OSError as error:
        text = _("cannot be written: {reason}", reason=error.strerror)
        raise InputError(f"--out {out}: {text}") from None
    if len(key) < 16:  # a kill between the two
        path.unlink()
        return take_key(out)
    return key


def name_file(student: str) -> str:
    """Return the name of a student's files: without what a file system may not take."""
    plain = re.sub(r"[^\w.-]", "_", student)[:80].strip(".") or "_"
    if plain == student:
        return plain
    return f"{plain}-{sha256(student.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def read_done(out: Path, student: str, digest: str, how: How) -> Record | None:
    """Return the record of a submission that was marked before in the same way."""
    try:
        path = out / "students" / f"{name_file(student)}.json"
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_same = isinstance(record, dict) and (
        (record.get("digest"), record.get("how"), record.get("student"))
        == (digest, how.digest(), student)
    )
    return record if is_same else None


def make_job(submission: Submission, student: str, digest: str) -> Job:
    """Return a submission as data, up to the limits."""
    files, notes, total = [], [], 0
    for item in submission.items[:FILES]:
        room = min(FILE_BYTES, TOTAL_BYTES - total)
        try:
            with item.source() as stream:
                data = stream.read(room + 1) if item.size <= room else b"x" * (room + 1)
        except Exception as error:  # of a damaged archive: any can come
            notes.append(_("{path} was left out: {error}").format(path=item.path, error=error))
            continue
        if len(data) > room:
            note = _("{path} was left out: it is larger than {size} bytes")
            notes.append(note.format(path=item.path, size=room))
            continue
        files.append((str(item.path), data))
        total += len(data)
    if (more := len(submission.items) - FILES) > 0:
        note = _("{count} files were left out: {limit} are enough")
        notes.append(note.format(count=more, limit=FILES))
    return Job(student, digest, files, notes, submission.problem)


def mark_all(
    jobs: Iterable[Callable[[], Job]], how: How, at_a_time: int, cluster: str | None
) -> Iterator[Record]:
    """Yield the record of each job as it is done. A job is made when it is needed."""
    if cluster:
        yield from _mark_on_cluster(jobs, how, cluster)
        return
    judges, stopped = threading.local(), threading.Event()
    started: list[ProcessPoolExecutor] = []

    def run(make: Callable[[], Job]) -> Record:
        return _mark_in_process(make(), how, judges, started, stopped)

    with ThreadPoolExecutor(at_a_time) as threads:
        futures = [threads.submit(run, make) for make in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            stopped.set()
            threads.shutdown(wait=False, cancel_futures=True)
            for pool in started:
                _end(pool)


def _mark_in_process(
    job: Job, how: How, judges: threading.local, started: list[ProcessPoolExecutor],
    stopped: threading.Event,
) -> Record:  # fmt: skip
    """Mark in this thread's own process, which is started again where it was killed, unless all
    are stopped.
    """
    for _attempt in range(2):
        if stopped.is_set():
            break
        if getattr(judges, "pool", None) is None:
            context = multiprocessing.get_context("spawn")
            judges.pool = ProcessPoolExecutor(1, context, _end_with_parent)
            started.append(judges.pool)
        try:
            return judges.pool.submit(mark, job, how).result((1 + SEARCH) * how.timeout + PATIENCE)
        except (BrokenProcessPool, LateError):
            _end(judges.pool)
            judges.pool = None
    return make_record(job, how, Report(stopped=_(KILLED), hints=how.hints), "", 0.0)


def _end(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):
        with suppress(OSError, AttributeError):
            process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """Let this process end with the one that started it, however that ends."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _mark_on_cluster(jobs: Iterable[Callable[[], Job]], how: How, address: str) -> Iterator[Record]:
    """Mark on the Dask cluster whose scheduler has that address."""
    from distributed import as_completed as completed  # optional, as Dask is

    with connect(address) as client:
        futures: Any = [client.submit(mark, make(), how, pure=False) for make in jobs]
        for future in completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            yield future.result()
