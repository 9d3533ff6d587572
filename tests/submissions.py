"""Writes a class of submissions: right ones, planted mistakes, broken and hostile ones.

python tests/submissions.py FOLDER [COUNT]
"""

import sys
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "checker"))
from mistaken import NETS, TABLE, plant_mistakes
from notebooks import write_cells

RIGHT = (NETS / "chapter4.py").read_text()
BACK = "        # backward\n"
BROKEN = {
    "empty.py": "",
    "syntax.py": "class TwoLayerNet:\n    def predict(self x):\n",
    "no-net.py": "print('hello')\n",
    "binary.py": "\0\1\2",
    "loop-in-gradient.py": RIGHT.replace(BACK, BACK + "        while True:\n            pass\n"),
    "loop-in-import.py": "while True:\n    pass\n" + RIGHT,
    "exit-in-gradient.py": RIGHT.replace(BACK, "        import os\n        os._exit(0)\n" + BACK),
    "missing-package.py": "import nothing_of_this_name as n\n" + RIGHT.replace("np.dot", "n.dot"),
    "memory.py": RIGHT.replace(BACK, "        kept = np.ones((70_000, 70_000))\n" + BACK),
    "output.py": RIGHT.replace(BACK, "        for _ in range(10**6):\n"
                                     "            print('x' * 1000)\n" + BACK),
    "forged.py": RIGHT.replace(BACK, "        import os\n        for fd in range(3, 30):\n"
                                     "            try:\n                os.write(fd, b'{}\\n')\n"
                                     "            except OSError:\n                pass\n" + BACK),
    "kill.py": RIGHT.replace(BACK, "        import os\n        os.kill(os.getppid(), 9)\n" + BACK),
    "survivor.py": RIGHT.replace(BACK, "        import os\n        if os.fork() == 0:\n"
                                       "            os.setsid()\n"
                                       "            os.execvp('sleep', ['sleep', '42'])\n" + BACK),
    "=cmd|calc.py": RIGHT,
    "<script>alert(1).py": RIGHT,
}  # fmt: skip


def write_class(folder: Path, count: int = 200) -> None:
    """Write so many submissions, the broken ones among them if there is room."""
    folder.mkdir(parents=True, exist_ok=True)
    broken = dict(islice(BROKEN.items(), count // 10))
    for name, source in broken.items():
        (folder / name).write_text(source)
    rest = count - len(broken)
    planted = islice(cycle([*TABLE, ("chapter4", ""), ("chapter5", ""), ("cs231n", "")]), rest)
    for number, (layout, slug) in enumerate(planted):
        source = plant_mistakes(layout, slug) if slug else (NETS / f"{layout}.py").read_text()
        name = f"s{number:03}-{layout}-{slug or 'right'}"
        if number % 5 == 0 and "class " in source:
            head, _, tail = source.partition("class ")
            write_cells(folder / f"{name}.ipynb", head, "class " + tail)
        elif number % 5 == 1:
            (folder / name).mkdir()
            (folder / name / "two_layer_net.py").write_text(source)
            (folder / name / "notes.txt").write_text("my work\n")
        else:
            (folder / f"{name}.py").write_text(source)


if __name__ == "__main__":
    write_class(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 200)
