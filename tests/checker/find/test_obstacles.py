"""The files that use a net are found, also where they import its package."""

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
