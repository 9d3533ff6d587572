"""Makes notebooks of source files, with the cells that people put around a net."""

import ast
import itertools
import json

MARKDOWN = {"cell_type": "markdown", "metadata": {}, "source": ["# My net\n", "def f(:"]}
PYTHON_3 = {"kernelspec": {"name": "python3", "language": "python"},
            "language_info": {"name": "python", "version": "3.11.4"}}  # fmt: skip
BEFORE = [
    "%matplotlib inline\n!pip install -q numpy\nimport matplotlib.pyplot as plt",
    "from google.colab import drive\ndrive.mount('/content/drive')\ncd /content/drive",
    "?print\nprint?\n%load_ext autoreload\n%autoreload 2",
    "%%bash\nls -la | grep net",
]
AFTER = [
    "%%time\nimport gzip\nwith gzip.open('mnist.gz') as file:\n    data = file.read()\n"
    "x_train = data[0]\nm = x_train.shape[0]\nfiles = !ls\n",
    "net = TwoLayerNet(784, 50, 10)\nlosses = []\nfor i in range(1000):\n"
    "    losses.append(net.loss(x_train, data[1]))\n    plt.plot(losses)",
    "if losses[-1] > 1:\n    worst = losses[-1]\n",
    "plt.plot(losses)\nplt.show()\n%timeit net.predict(x_train)",
    "token = 'secret'\nprint('loss is %f'\n      % losses[-1])",
]


def make_cell(code):
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
            "source": code.splitlines(keepends=True)}  # fmt: skip


def write_cells(path, *codes, metadata=PYTHON_3):
    """Write a notebook of code cells, after a text cell."""
    cells = [MARKDOWN, *(make_cell(code) for code in codes)]
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content))
    return path


def split_source(source):
    """Return the source in pieces, a new one at each top-level function and class."""
    lines = source.splitlines()
    starts = [node.lineno - 1 for node in ast.parse(source).body
              if isinstance(node, ast.FunctionDef | ast.ClassDef)]  # fmt: skip
    bounds = [0, *starts, len(lines)]
    pieces = ["\n".join(lines[a:b]) for a, b in itertools.pairwise(bounds)]
    return [piece for piece in pieces if piece.strip()]


def write_notebook(path, source, metadata=PYTHON_3):
    """Write a notebook of a source file among magics, training and plotting."""
    return write_cells(path, *BEFORE, *split_source(source), *AFTER, metadata=metadata)
