"""Attacks the judge with wrong nets, and prints which attacks it holds.

python tests/attacks.py [NAME…]    prints a table for docs/grading.md
"""

import os
import secrets
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
PORT = "{PORT}"  # of a server that no attack should reach
ESCAPED = "{ESCAPED}"  # a file that no attack should write
SECRET = "ATTACKED_SECRET"
MARK = "{MARK}"  # seconds, of no other run: the command line of what must not survive
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
{tail}
"""
# Functions of CS231n: affine_backward takes the mean of dout where it should take the sum.
FUNCTIONS = """import numpy as np
{head}
def affine_forward(x, w, b):
    return x.reshape(len(x), -1).dot(w) + b, (x, w, b)
def affine_backward(dout, cache):
{gradient}
    x, w, b = cache
    return dout.dot(w.T).reshape(x.shape), x.reshape(len(x), -1).T.dot(dout), dout.mean(axis=0)
{tail}
"""
MODULE = """import torch
from torch import nn
{head}
class TwoLayerNet(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, output_size)
    def forward(self, x):
{gradient}
        return self.fc2(torch.relu(self.fc1(x)) + 1)
loss_function = nn.CrossEntropyLoss()
{tail}
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
    """What the code does at the top, in the constructor and in gradient; files lie beside it.

    In other templates gradient is at the start of affine_backward or forward, and tail at the end.
    """

    what: str
    head: str = ""
    init: str = ""
    gradient: str = ""
    files: tuple[tuple[str, str], ...] = ()
    needs_cell: bool = False  # what would stop the machine without bubblewrap
    template: str = NET
    tail: str = ""

    def write(self, folder: Path, values: dict[str, object]) -> Path:
        """Write the net and its files into a folder; return the net's file.

        values are those of PORT, ESCAPED and MARK.
        """
        for name, text in self.files:
            (folder / name).write_text(text)
        parts = {
            "head": self.head, "init": _indent(self.init), "tail": self.tail,
            "gradient": _indent(self.gradient, 4 if self.template is FUNCTIONS else 8),
        }  # fmt: skip
        path = folder / "net.py"
        text = self.template.format(**parts)
        for name, value in values.items():
            text = text.replace(name, str(value))
        path.write_text(text)
        return path


def _indent(code: str, spaces: int = 8) -> str:
    lines = (code or "pass").strip("\n").splitlines()
    return "\n".join(" " * spaces + line for line in lines)


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
sys.modules["trainer.checker.worker.answering"].encode = lambda v: {"ok": True}"""),
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
try: open("{ESCAPED}", "w").write("x")
except OSError: pass"""),
    "write-library": Attack("changes the worker's modules", "import sys", gradient="""
try: open(sys.modules["trainer.checker.adapt.subject"].__file__, "w").write("")
except OSError: pass"""),
    "network": Attack("opens a connection", "import socket", gradient="""
try: socket.create_connection(("127.0.0.1", {PORT}), 1)
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
    "hidden-function": Attack("hides a wrong function", template=FUNCTIONS,
                              tail="affine_backward = None"),
    "hidden-parts": Attack("lists no function that is wrong", "import sys", template=FUNCTIONS,
        tail="""
registry = sys.modules["trainer.checker.shapes.registry"]
listed = registry.list_parts
registry.list_parts = lambda found: [p for p in listed(found) if "backward" not in p.name]"""),
    "imported-functions": Attack("says that a wrong function is imported", "import sys",
        template=FUNCTIONS, tail="""
sys.modules["trainer.checker.shapes.adapting"].is_own = lambda *a: False"""),
    "unfinished-function": Attack("says that a wrong function is a template", "import sys",
        template=FUNCTIONS, tail="""
sys.modules["trainer.checker.shapes.adapting"].find_unfinished = lambda s: {
    "affine_backward": "affine_backward"}"""),
    "operations": Attack("answers with this project's own gradient", "import importlib",
        template=FUNCTIONS, gradient="""
operations = importlib.import_module("trainer.checker.parts.operations")
return operations.compute(dout, cache)"""),
    "operations-by-path": Attack("loads the expected gradient from its file", "import sys",
        template=FUNCTIONS, gradient=f"""
import importlib.util
path = {str(Path(__file__).resolve().parents[1] / "trainer/checker/parts/operations.py")!r}
spec = importlib.util.spec_from_file_location("operations", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
import types
draw = types.SimpleNamespace(x=cache[0], w=cache[1])
return tuple(module.go_back(draw, dout).values())"""),
    "lazy-cache": Attack("keeps a cache that answers later, and differently", """
class Cache:
    n = 0
    def __init__(self, *parts): self.parts = parts
    def __iter__(self):
        Cache.n += 1
        return iter(self.parts if Cache.n > 1 else [0 * p for p in self.parts])
    def __deepcopy__(self, memo): raise SystemExit(0)
    def __eq__(self, other): return True
    def __getattr__(self, name): return lambda *a, **k: 0""", template=FUNCTIONS,
        gradient="cache = Cache(*cache)"),
    "first-calls": Attack("is right in the first call of a function", "calls = []",
        template=FUNCTIONS, gradient="""
calls.append(1)
if len(calls) == 1:
    x, w, b = cache
    return dout.dot(w.T).reshape(x.shape), x.reshape(len(x), -1).T.dot(dout), dout.sum(axis=0)"""),
    "writes-arguments": Attack("writes into what it is given, so that 0 is right",
        template=FUNCTIONS, gradient="""
dout[...] = 0
for part in cache: part[...] = 0"""),
    "evil-results": Attack("returns results that equal everything", EVIL_ARRAY,
        template=FUNCTIONS, gradient="return evil(dout), evil(dout), evil(dout)"),
    "patch-runs": Attack("replaces what calls the functions", "import sys", template=FUNCTIONS,
        tail="""
shapes = sys.modules["trainer.checker.shapes.cs231n"]
shapes._run_backward = lambda *a: {"wrote": "nothing, and the code is right"}"""),
    "patch-traits": Attack("says that it was made of functions, in other sizes", "import sys",
        tail="""
TwoLayerNet.checked_sizes = (1, 1, 1)
TwoLayerNet.derives_gradient = TwoLayerNet.takes_columns = TwoLayerNet.has_guessed_calls = True
sys.modules["trainer.checker.worker.answering"].is_built = lambda kind: True"""),
    "huge-traits": Attack("says that it needs weights of 8 TB", "import sys", tail="""
TwoLayerNet.checked_sizes = (10**6, 10**6, 3)
sys.modules["trainer.checker.worker.answering"].is_built = lambda kind: True"""),
    "hang-and-remember": Attack("hangs, and has read the inputs when it is asked again",
        "import os, pickle, tempfile", gradient="""
place = os.path.join(tempfile.gettempdir(), "seen")
if not os.path.exists(place):
    with open(place, "wb") as file: pickle.dump((x, t), file)
    while True: pass"""),
    "hang-elsewhere": Attack("hangs in all but the right parts", gradient="""
if len(x) != 7:
    while True: pass
while not (t.ndim == 2): pass"""),
    "patch-autograd": Attack("replaces the loss and autograd of torch", template=MODULE, tail="""
nn.functional.cross_entropy = lambda y, t, **k: (0 * y).sum()
torch.autograd.grad = lambda y, arrays, **k: [0 * a.detach() for a in arrays]"""),
    "torch-function": Attack("has a backward pass of its own that is wrong", """
class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x - 1
    @staticmethod
    def backward(ctx, grad): return 2 * grad""", template=MODULE,
        gradient="return Double.apply(self.fc2(torch.relu(self.fc1(x))) + 1)"),
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
    os.environ[SECRET] = "the secret"
    mark = f"4242.{secrets.randbelow(10**9)}"
    with tempfile.TemporaryDirectory() as outer:
        given, cells, escaped = (Path(outer, name) for name in ("given", "cells", "escaped"))
        given.mkdir()
        cells.mkdir()
        started = time.monotonic()
        with socket.create_server(("127.0.0.1", 0)) as server:
            values = {PORT: server.getsockname()[1], ESCAPED: escaped, MARK: mark}
            path = ATTACKS[name].write(given, values)
            task = Task(path, timeout=LIMIT, memory=1024, seed=2**100 + 7, hints=1, folder=given,
                        is_wrapped=is_wrapped, cells=cells)  # fmt: skip
            report, printed = check_task(task)
            server.settimeout(0)
            left = ["a connection"] if _was_reached(server) else []
        seconds = time.monotonic() - started
        left += [str(each) for each in (*cells.iterdir(), escaped) if each.exists()]
    text = report.as_text() + report.as_json()
    left += ["the secret"] if "the secret" in text + printed else []
    return Result(report.status, seconds, find_survivors(outer, mark), text, left)


def _was_reached(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except OSError:
        return False
    return True


def find_survivors(folder: str, mark: str) -> list[int]:
    """Return the living processes of cells in a folder or with that mark, and end them."""
    found = []
    for process in psutil.process_iter():
        try:
            is_marked = mark in process.cmdline()
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
