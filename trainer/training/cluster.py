"""Connect to a Dask cluster, on which a sweep trains its runs."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trainer.common.errors import InputError

PATIENCE = 10  # seconds to wait for an answer, for a scheduler, and for a worker
FORM = "give the address of the scheduler as HOST:PORT"


@contextmanager
def connect(address: str) -> Iterator[Any]:
    """Yield a client of that Dask scheduler; raise InputError if it or its workers fail."""
    try:
        from distributed import Client, KilledWorker  # imported here, since Dask is optional
    except ImportError:
        raise InputError("--cluster needs Dask: pip install 'dask[distributed]'") from None
    check_scheduler(address)
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=PATIENCE, set_as_default=False
        )
    except OSError as error:
        raise _build_silent_error(address) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise InputError(f"--cluster {address}: no workers there; start some") from None
        try:
            yield client
        except KilledWorker as error:
            raise InputError(f"--cluster {address}: a worker was killed: {error}") from error


def check_scheduler(address: str) -> None:
    """Raise InputError unless a Dask scheduler answers at the address within PATIENCE seconds.

    Dask's Client would wait for ever for a port that answers nothing, and print a traceback for one
    that answers something else.
    """
    from distributed.comm.addressing import get_address_host_port

    try:
        get_address_host_port(address)
    except ValueError as error:
        raise InputError(f"--cluster {address}: {error}; {FORM}") from None
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        identity = asyncio.run(asyncio.wait_for(_ask_identity(address), PATIENCE))
    except (OSError, TimeoutError) as error:
        raise _build_silent_error(address) from error
    except Exception as error:  # what the bytes of another program can cause
        raise _build_stranger_error(address) from error
    logger.setLevel(level)  # only now, since Dask logs the connections of errors at the exit
    if not isinstance(identity, dict) or identity.get("type") != "Scheduler":
        raise _build_stranger_error(address)


async def _ask_identity(address: str) -> Any:
    """Return what the server at the address says of itself."""
    from distributed.comm.core import connect as open_comm
    from distributed.security import Security

    options = Security().get_connection_args("client")  # type: ignore[no-untyped-call]
    comm = await open_comm(  # type: ignore[no-untyped-call]
        address, timeout=PATIENCE, **options
    )
    try:
        await comm.write({"op": "identity", "reply": True})
        return await comm.read()
    finally:
        comm.abort()


def _build_silent_error(address: str) -> InputError:
    return InputError(
        f"--cluster {address}: no Dask scheduler answers at this address; start one, or {FORM}"
    )


def _build_stranger_error(address: str) -> InputError:
    return InputError(
        f"--cluster {address}: what answers there is no Dask scheduler of this version; {FORM}"
    )
