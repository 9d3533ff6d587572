"""Addresses at which no Dask scheduler answers: one line and status 2, in the end."""

import socket
import struct
import threading
from contextlib import ExitStack, contextmanager, suppress

import pytest

from trainer.cli.program import run_command
from trainer.training import workers
from trainer.training.workers import connect

pytest.importorskip("distributed", reason="Dask is not installed (requirements-dev.txt)")

GARBAGE = [
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    struct.pack("<QQQ", 17, 1, 1) + b"\xc1",  # a frame of Dask that is no MessagePack
    struct.pack("<QQQ", 17, 1, 1) + b"\x01",  # a number
    b"\xff" * 64,
]


@contextmanager
def listen(answer):
    """Accept connections, send them the answer and keep them open; yield the address."""
    kept = []

    def accept():
        with suppress(OSError):  # when the server is closed
            while True:
                kept.append(server.accept()[0])
                kept[-1].sendall(answer)

    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        for connection in kept:
            stack.enter_context(connection)


def check_one_line(address, capfd):
    """Connect to the address as a command does, and check the error."""
    assert run_command(lambda *_: connect(address).__enter__()) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert f"--cluster {address}: no Dask scheduler answers at this address" in error


@pytest.mark.parametrize("address", ["localhost", "local host", "foo://bar", "localhost:port"])
def test_a_malformed_address_is_one_line(address, capfd):
    check_one_line(address, capfd)


@pytest.mark.parametrize("answer", GARBAGE)
def test_a_port_of_another_program_is_one_line(answer, capfd):
    with listen(answer) as address:
        check_one_line(address, capfd)


def test_a_port_that_never_answers_is_one_line_in_the_end(monkeypatch, capfd):
    monkeypatch.setattr(workers, "PATIENCE", 0.5)
    with listen(b"") as address:
        check_one_line(address, capfd)
