"""Find what trains the runs of a sweep: processes of this machine, or a Dask cluster."""

import asyncio
import functools
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import psutil
from joblib import cpu_count, parallel_config

from trainer.common.errors import InputError

PATIENCE = 10  # seconds to wait for an answer, for a scheduler, and for a worker
POLL = 0.5  # seconds between two looks at the parent
GRACE = 10.0  # seconds that a run has to finish its step and write a checkpoint
STATUS = 128 + signal.SIGTERM  # the exit status of a worker whose parent has ended


@contextmanager
def use_workers(jobs: int, tasks: int, cluster: str | None) -> Iterator[None]:
    """Let joblib use the cluster, or so many processes; raise InputError if one is killed."""
    if cluster:
        with connect(cluster) as client, parallel_config("dask", client=client):
            yield
        return
    # loky's helper process removes the semaphores of a killed sweep, and would warn of each.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    processes = max(1, min(cpu_count() if jobs == -1 else jobs, tasks))
    try:
        with parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
            yield
    except BrokenProcessPool as error:
        raise InputError(
            "a process of the sweep was killed, perhaps because memory ran out: run the same "
            "command again to continue; fewer --jobs take less memory"
        ) from error


@contextmanager
def connect(address: str) -> Iterator[Any]:
    """Yield a client of that Dask scheduler; raise InputError if it or its workers fail."""
    try:
        dask: Any = import_module("distributed")  # imported here, since Dask is optional
    except ImportError:
        raise InputError("--cluster needs Dask: pip install 'dask[distributed]'") from None
    check_scheduler(dask, address)
    with dask.Client(address, timeout=PATIENCE, set_as_default=False) as client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise InputError(f"--cluster {address}: no workers there; start some") from None
        try:
            yield client
        except dask.KilledWorker as error:
            raise InputError(f"--cluster {address}: a worker was killed: {error}") from error


def check_scheduler(dask: Any, address: str) -> None:
    """Raise InputError unless a Dask scheduler answers at the address within PATIENCE seconds.

    Dask's Client would wait for ever for a port that answers nothing, and print a traceback for one
    that answers something else.
    """

    async def ask_type() -> str:
        options = dask.Security().get_connection_args("client")
        async with dask.rpc(address, timeout=PATIENCE, connection_args=options) as server:
            return (await server.identity())["type"]

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        if asyncio.run(asyncio.wait_for(ask_type(), PATIENCE)) != "Scheduler":
            raise ValueError(address)
    except Exception as error:  # the bytes of another program can cause any
        raise InputError(
            f"--cluster {address}: no Dask scheduler answers at this address; start one of the "
            "same version, or give the address of the scheduler as HOST:PORT"
        ) from error
    logger.setLevel(level)  # only now, since Dask logs the connections of errors at the exit


def end_with_parent(parent: int) -> None:
    """Let this process end when the process parent, which has started it, has ended.

    A run is stopped as by SIGTERM, so it writes a checkpoint, and no other run begins. Does nothing
    in the process parent.
    """
    if parent != os.getpid():
        if not _is_running(parent):
            os._exit(STATUS)
        _start_watching(parent)


def _is_running(parent: int) -> bool:
    return os.getppid() == parent and psutil.pid_exists(parent)


@functools.cache  # one thread for all runs of this process
def _start_watching(parent: int) -> None:
    def watch() -> None:
        while _is_running(parent):
            time.sleep(POLL)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(STATUS)

    threading.Thread(target=watch, daemon=True).start()
