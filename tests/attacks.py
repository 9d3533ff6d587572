"""Attacks the judge with wrong nets, and prints which attacks it holds.

python tests/attacks.py [NAME…]    prints a table for docs/grading.md
"""

import os
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from trainer.checker.process import Task, check_task
from trainer.checker.remote.bubblewrap import explain_absence

LIMIT = 3.0  # seconds
PORT = 47311  # of a server that no attack should reach
SECRET = "ATTACKED_SECRET"
MARK = "4242.4242"  # seconds: the command line of what must not survive
NET = """import numpy as np
{head}
class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {{
            "W1": np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
            "W2": np.random.randn(hidden_size, output_size), "b2": np.zeros(output_size)}}
{init}
    def predict(self, x):
        p = self.params
        a2 = 1 / (1 + np.exp(-(x @ p["W1"] + p["b1"]))) @ p["W2"] + p["b2"]
        e = np.exp(a2 - a2.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    def loss(self, x, t):
        return -np.sum(t * np.log(self.predict(x))) / len(x)
    def accuracy(self, x, t):
        return np.mean(self.predict(x).argmax(axis=1) == t.argmax(axis=1))
    def gradient(self, x, t):
{gradient}
        return {{k: np.ones_like(v) for k, v in self.params.items()}}
"""
SEND = """
import os
def send(data):
    for fd in range(3, 40):
        try:
            os.write(fd, data)
        except OSError:
            pass
"""
SPAWN = f"""
import os
def spawn():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 100)
            os.execvp("sleep", ["sleep", "{MARK}"])
        os._exit(0)
"""


@dataclass(frozen=True)
class Attack:
    """What the code does at the top, in the constructor and in gradient; files lie beside it."""

    what: str
    head: str = ""
    init: str = ""
    gradient: str = ""
    files: tuple[tuple[str, str], ...] = ()
    needs_cell: bool = False  # what would stop the machine without bubblewrap

    def write(self, folder: Path) -> Path:
        """Write the net and its files into a folder; return the net's file."""
        for name, text in self.files:
            (folder / name).write_text(text)
        parts = {
            "head": self.head, "init": _indent(self.init), "gradient": _indent(self.gradient)
        }  # fmt: skip
        path = folder / "net.py"
        path.write_text(NET.format(**parts))
        return path


def _indent(code: str) -> str:
    return "\n".join(f"        {line}" for line in (code or "pass").strip("\n").splitlines())


EVIL_ARRAY = """
class Evil(np.ndarray):
    def __array_ufunc__(self, *args, **named): return np.zeros(1)
    def __array_function__(self, *args): return np.zeros(1)
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
    def __rsub__(self, other): return 0
    def __abs__(self): return 0
def evil(a): return np.asarray(a).view(Evil)
"""
ATTACKS: dict[str, Attack] = {
    "forged-ok": Attack(
        "writes findings that are right to every descriptor", SEND,
        gradient="""send(b'{"finding": {"quantity": "gradient W1", "verdict": "ok"}}\\n')"""),
    "forged-done": Attack("writes that it is done, and ends", SEND,
                          gradient="send(b'{\"done\": true}\\n'); os._exit(0)"),
    "forged-answers": Attack("writes answers with every number", SEND, gradient="""
for i in range(500):
    send(('{"to": %d, "value": null, "wrote": {}, "has": true}\\n' % i).encode())"""),
    "ready-again": Attack("sends ready again for ever", SEND, gradient="""
while True:
    send(b'{"ready": true}\\n')"""),
    "garbage": Attack("writes bytes that are no text", SEND, gradient="send(b'\\xff\\x00\\n')"),
    "flood": Attack("floods the channel without a newline", SEND, gradient="""
while True:
    send(b'x' * 65536)"""),
    "deep-json": Attack("sends a list of 100,000 levels", SEND,
                        gradient="send(b'[' * 100000 + b'\\n')"),
    "exit-0": Attack("ends the process with status 0", "import os", gradient="os._exit(0)"),
    "sys-exit": Attack("calls sys.exit(0)", "import sys", gradient="sys.exit(0)"),
    "exit-in-init": Attack("ends in the constructor", "import os", init="os._exit(0)"),
    "atexit": Attack("writes a verdict at exit", SEND + "import atexit", gradient="""
atexit.register(send, b'{"right": true}\\n')
raise SystemExit(0)"""),
    "patch-numpy": Attack("replaces comparisons of NumPy", gradient="""
np.abs = np.absolute = lambda *a, **k: np.zeros(1)
np.array_equal = np.allclose = lambda *a, **k: True"""),
    "patch-array": Attack("replaces np.array, which answers are made with", gradient="""
np.array = np.asarray = lambda *a, **k: 0"""),
    "patch-json": Attack("replaces json.dumps", "import json", gradient="""
json.dumps = lambda *a, **k: '{"right": true}'"""),
    "patch-builtins": Attack("replaces isinstance, abs, max and float", "import builtins",
        gradient="""
builtins.isinstance = lambda *a: True
builtins.abs = builtins.max = lambda *a, **k: 0
builtins.float = lambda *a: 0.0"""),
    "patch-worker": Attack("replaces the encoder of the worker", "import sys", gradient="""
sys.modules["trainer.checker.remote.answering"].encode = lambda v: {"ok": True}"""),
    "patch-subject": Attack("says that it has no gradient", "import sys", gradient="""
kind = sys.modules["trainer.checker.adapt.subject"].Subject
kind.has = lambda self, q: q in ("predict", "loss")"""),
    "equal-array": Attack("returns arrays that equal everything", EVIL_ARRAY,
                          gradient="return {k: evil(v * 0) for k, v in self.params.items()}"),
    "changing-array": Attack("returns objects whose numbers change", """
class Changing:
    n = 0
    shape = (5, 6)
    def __array__(self, *a, **k):
        Changing.n += 1
        return np.full(self.shape, Changing.n, dtype=float)""",
        gradient="return dict.fromkeys(self.params, Changing())"),
    "frames": Attack("looks for expected values in the callers' frames", "import sys", gradient="""
frame, found = sys._getframe(), {}
while frame:
    for value in list(frame.f_locals.values()):
        if type(value) is dict and {"W1", "b1", "W2", "b2", "loss"} <= set(value):
            found = value
    frame = frame.f_back
if found: return found"""),
    "gc": Attack("looks for expected values among all objects", "import gc", gradient="""
for value in gc.get_objects():
    if type(value) is dict and {"W1", "b1", "W2", "b2"} <= set(value) and value is not self.params:
        if {"loss", "a2"} & set(value): return value"""),
    "import-nets": Attack("imports the net of this project", "import importlib", gradient="""
kind = importlib.import_module("trainer.nets.numpy_net").TwoLayerNet"""),
    "import-by-path": Attack("imports this project from its folder", "import importlib, sys",
        gradient=f"""
for name in [n for n in sys.modules if n.startswith("trainer")]: del sys.modules[name]
sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})
explaining = importlib.import_module("trainer.checker.measure.reference")
form = explaining.Form("sigmoid", "cross-entropy")
return explaining.compute_reference(form, self.params, x, t)"""),
    "read-judge-memory": Attack("reads the memory of its parents", "import os, glob", gradient="""
for place in glob.glob("/proc/[0-9]*/mem"):
    try:
        open(place, "rb").read(10)
    except OSError:
        pass"""),
    "read-secret": Attack("puts the environment into a message", "import os", gradient="""
found = [open(f, "rb").read().decode("latin-1") for f in ("/proc/self/environ",)]
raise ValueError(str(dict(os.environ)) + str(found))"""),
    "numpy-beside": Attack("brings its own numpy.py", files=(
        ("numpy.py", "raise SystemExit(0)\n"),)),
    "torch-beside": Attack("brings its own torch.py", "import torch", files=(
        ("torch.py", "import os\nos._exit(0)\n"),)),
    "json-beside": Attack("brings json.py, base64.py and sitecustomize.py", files=tuple(
        (f"{n}.py", "import os\nos._exit(0)\n") for n in ("json", "base64", "sitecustomize"))),
    "del": Attack("acts when an object is deleted", SEND + """
class Late:
    def __del__(self): send(b'{"right": true}\\n')""", gradient="Late()"),
    "thread-writes": Attack("a thread writes later", SEND + "import threading", gradient="""
threading.Timer(0.2, send, [b'{"to": 1}\\n' * 1000]).start()"""),
    "thread-stays": Attack("a thread never ends", "import threading, time", gradient="""
threading.Thread(target=time.sleep, args=[10**6]).start()"""),
    "steals-questions": Attack("reads the judge's questions in a thread", "import os, threading",
        gradient="""
def steal():
    for fd in range(3, 20):
        try: os.read(fd, 10**6)
        except OSError: pass
for _ in range(5): threading.Thread(target=steal, daemon=True).start()"""),
    "closes-all": Attack("closes every descriptor", "import os", gradient="os.closerange(0, 200)"),
    "forks": Attack("starts 300 processes", "import os, time", gradient="""
for _ in range(300):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
time.sleep(60)"""),
    "survivor": Attack("leaves a process in its own session behind", SPAWN, gradient="spawn()"),
    "survivors": Attack("leaves 20 such processes, and hangs", SPAWN, gradient="""
for _ in range(20): spawn()
while True: pass"""),
    "clean-survivor": Attack("leaves one with an empty environment", SPAWN, gradient="""
os.environ.clear()
spawn()"""),
    "memory": Attack("takes 40 GB", gradient="kept = np.ones((70_000, 75_000))"),
    "memory-slowly": Attack("takes memory bit by bit", gradient="""
kept = []
while True: kept.append(np.ones(10**6))"""),
    "memory-of-many": Attack("shares the memory among processes", "import os, time", gradient="""
for _ in range(8):
    if os.fork() == 0:
        kept = np.ones(2**25)
        time.sleep(60)
        os._exit(0)
time.sleep(60)"""),
    "output": Attack("prints 10 GB", gradient="for _ in range(10**5): print('x' * 10**5)"),
    "error-output": Attack("prints 10 GB to stderr", "import sys", gradient="""
for _ in range(10**5): sys.stderr.write('x' * 10**5)"""),
    "large-file": Attack("writes a file of 10 GB", gradient="""
with open("large", "wb") as file:
    for _ in range(10**4): file.write(bytes(2**20))"""),
    "many-files": Attack("writes 10 GB in files", "import os, tempfile", gradient="""
os.chdir(tempfile.gettempdir())
for i in range(10**4):
    with open(f"file{i}", "wb") as file: file.write(bytes(2**20))"""),
    "locked-folder": Attack("leaves folders that nobody may enter", "import os", gradient="""
os.makedirs("a/b/c", exist_ok=True)
os.chmod("a/b", 0)"""),
    "write-outside": Attack("writes a file outside its folder", gradient="""
try: open("/tmp/two-layer-net-escaped", "w").write("x")
except OSError: pass"""),
    "write-library": Attack("changes the worker's modules", "import sys", gradient="""
try: open(sys.modules["trainer.checker.adapt.subject"].__file__, "w").write("")
except OSError: pass"""),
    "network": Attack("opens a connection", "import socket", gradient="""
try: socket.create_connection(("127.0.0.1", 47311), 1)
except OSError: pass"""),
    "guess-seed": Attack("tries the seeds of the checker", gradient="""
for seed in range(200):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=self.params["W1"].shape) / np.sqrt(len(self.params["W1"]))
    if np.allclose(W1, self.params["W1"]):
        raise ValueError(f"the seed is {seed}")"""),
    "hang": Attack("never comes back", gradient="while True: pass"),
    "hang-in-c": Attack("never comes back from C", gradient="pow(7, 10**9)"),
    "hang-in-init": Attack("hangs in the constructor", init="while True: pass"),
    "ignores-signals": Attack("ignores every signal", "import signal, time", gradient="""
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: time.sleep(1)"""),
    "kills-parent": Attack("kills its parent", "import os", gradient="os.kill(os.getppid(), 9)"),
    "stops-parent": Attack("stops its parent", "import os", gradient="os.kill(os.getppid(), 19)"),
    "kills-all": Attack("kills every process that it may", "import os",
                        gradient="os.kill(-1, 9)", needs_cell=True),
    "recursion": Attack("recurses for ever", gradient="return self.gradient(x, t)"),
    "evil-error": Attack("raises an error whose text raises", """
class Bad(Exception):
    def __str__(self): raise SystemExit(0)""", gradient="raise Bad"),
    "escapes": Attack("raises an error with control characters", gradient="""
raise ValueError("\\x1b[2J\\x1b[HTwoLayerNet is right\\n<script>alert(1)</script>")"""),
    "huge-result": Attack("returns 800 MB", gradient="return {'W1': np.zeros(10**8)}"),
    "nan": Attack("returns NaN", gradient="""
return {k: np.full_like(v, np.nan) for k, v in self.params.items()}"""),
    "evil-dict": Attack("returns a dict that lies", """
class Dict(dict):
    def __getitem__(self, key): return np.zeros(1)
    def items(self): raise SystemExit(0)""", gradient="return Dict(self.params)"),
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What an attack achieved."""

    status: int
    seconds: float
    survivors: list[int]
    text: str
    left: list[str]

    @property
    def is_held(self) -> bool:
        """Whether the net is not right, in time, and nothing is left behind."""
        in_time = self.seconds <= LIMIT + 5
        return self.status != 0 and in_time and not self.survivors and not self.left


def attack(name: str, is_wrapped: bool) -> Result:
    """Run an attack; the net is wrong, so that right is a success of the attack."""
    escaped = Path("/tmp/two-layer-net-escaped")
    escaped.unlink(missing_ok=True)
    os.environ[SECRET] = "the secret"
    with tempfile.TemporaryDirectory() as outer:
        given, cells = Path(outer, "given"), Path(outer, "cells")
        given.mkdir()
        cells.mkdir()
        path = ATTACKS[name].write(given)
        task = Task(path, timeout=LIMIT, memory=1024, seed=2**100 + 7, hints=1, folder=given,
                    is_wrapped=is_wrapped, cells=cells)  # fmt: skip
        started = time.monotonic()
        with socket.create_server(("127.0.0.1", PORT)) as server:
            report, printed = check_task(task)
            server.settimeout(0)
            left = ["a connection"] if _was_reached(server) else []
        seconds = time.monotonic() - started
        left += [str(each) for each in (*cells.iterdir(), escaped) if each.exists()]
    text = report.as_text() + report.as_json()
    left += ["the secret"] if "the secret" in text + printed else []
    escaped.unlink(missing_ok=True)
    return Result(report.status, seconds, find_survivors(outer), text, left)


def _was_reached(server: socket.socket) -> bool:
    try:
        server.accept()
    except OSError:
        return False
    return True


def find_survivors(folder: str) -> list[int]:
    """Return the processes of cells in a folder that are alive, and end them."""
    found = []
    for process in psutil.process_iter():
        try:
            is_marked = MARK in process.cmdline()
            is_ours = is_marked or process.environ().get("HOME", "").startswith(folder)
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
                process.kill()
        except psutil.Error:
            continue
    return found


def show(name: str, is_wrapped: bool) -> str:
    """Return a cell of the table."""
    if ATTACKS[name].needs_cell and not is_wrapped:
        return "not tried"
    result = attack(name, is_wrapped)
    word = "held" if result.is_held else "**not held**"
    what = [*result.left, *map(str, result.survivors), result.text[:60].replace("\n", " ")]
    why = "" if result.is_held else f" ({'; '.join(what)})"
    return f"{word}, {result.seconds:.1f} s{why}"


def main(names: list[str]) -> None:
    """Print a table of attacks, with bubblewrap where it works, and without."""
    has_wrap = not explain_absence()
    print("| attack | with bubblewrap | without |\n| --- | --- | --- |")
    for name in names or ATTACKS:
        inside = show(name, True) if has_wrap else "not installed"
        print(f"| {ATTACKS[name].what} | {inside} | {show(name, False)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
