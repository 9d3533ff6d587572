"""The files that use a net are found, also by its package and by files between them."""

from trainer.checker.find.importers import list_importers


def test_who_imports_a_package_imports_what_its_init_passes_on(tmp_path):
    package = tmp_path / "nets"
    package.mkdir()
    texts = {"layer.py": "class Layer: pass\n", "__init__.py": "from nets.layer import Layer\n",
             "loss.py": "def loss(y, t): return y - t\n"}  # fmt: skip
    for name, text in texts.items():
        (package / name).write_text(text)
    (tmp_path / "xor.py").write_text("import nets\nlayer = nets.Layer()\n")
    assert list_importers(package / "layer.py") == [tmp_path / "xor.py"]
    assert list_importers(package / "loss.py") == []


def test_who_imports_what_imports_a_file_uses_it_too_and_scripts_come_first(tmp_path):
    texts = {"README.md": "A net", "net/layers/dense.py": "class Dense: pass\n",
             "net/layers/__init__.py": "from .dense import Dense\n",
             "net/model.py": "from net.layers import Dense\n",
             "examples/xor.py": "from net.model import Dense\nprint(Dense())\n",
             "other/dense.py": "", "other/main.py": "import dense\n"}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = list_importers(tmp_path / "net" / "layers" / "dense.py")
    assert found == [tmp_path / "examples" / "xor.py", tmp_path / "net" / "model.py"]
