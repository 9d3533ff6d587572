"""Ports on which no Dask scheduler answers: one line and status 2, in the end."""

import socket
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from runs import ROOT

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
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def accept():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                connection.sendall(answer)

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
    for connection in kept:
        connection.close()


def sweep(address, data_dir, log_dir):
    command = [sys.executable, str(ROOT / "scripts" / "sweep.py"), "--dataset", "mnist-5k",
               "--data-dir", str(data_dir), "--log-dir", str(log_dir),
               "--cluster", address]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.slow
def test_a_port_that_never_answers_is_reported_in_the_end(data_dir, tmp_path):
    with listen(b"") as address:
        done = sweep(address, data_dir, tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"--cluster {address}: no Dask scheduler answers at this address" in done.stderr


@pytest.mark.parametrize("answer", GARBAGE)
def test_a_port_of_another_program_is_one_line(answer, capfd):
    from trainer.cli.program import run_command
    from trainer.training.workers import connect

    with listen(answer) as address:
        assert run_command(lambda *_: connect(address).__enter__()) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert f"--cluster {address}: " in error
