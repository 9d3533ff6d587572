"""The shapes that are known, and what is checked of a file by means of them."""

import sys
from collections.abc import Iterator

from trainer.checker.shapes import chain, cs231n, deep, layers, planar, training_loop
from trainer.checker.shapes.shape import Found, Part, Shape

SHAPES: tuple[Shape, ...] = (
    cs231n.SHAPE, layers.SHAPE, chain.SHAPE, deep.SHAPE, planar.SHAPE, training_loop.SHAPE,
)  # fmt: skip


def list_shapes() -> Iterator[Shape]:
    """Yield the shapes; that of torch modules only where torch is loaded, since it is slow."""
    yield from SHAPES
    if "torch" in sys.modules:
        from trainer.checker.shapes import modules

        yield modules.SHAPE


def build_class(found: Found) -> type | None:
    """Return the class that the first shape that recognises the file builds, None if none does."""
    built = (shape.build(found) for shape in list_shapes())
    return next((kind for kind in built if kind is not None), None)


def list_parts(found: Found) -> list[Part]:
    """Return the functions and layers that are checked by themselves, the last of each name."""
    parts = (part for shape in list_shapes() for part in shape.list_parts(found))
    return list({part.name: part for part in parts}.values())
