"""The files that use a net are found, also by its package and by files between them."""

from trainer.checker.find.obstacles import list_importers


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


def test_who_imports_what_imports_a_file_uses_it_too(tmp_path):
    texts = {"engine/step.py": "def step(): pass\n", "engine/net.py": "from engine.step import step\n",
             "examples/xor.py": "from engine.net import step\n",
             "other/net.py": "pass\n", "other/main.py": "import net\n"}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = list_importers(tmp_path / "engine" / "step.py")
    assert found == [tmp_path / "engine" / "net.py", tmp_path / "examples" / "xor.py"]
