"""The shapes that are known, and what is checked of a file by means of them."""

from trainer.checker.shapes import chain, cs231n, deep, layers, loop, modules, planar, training_loop
from trainer.checker.shapes.parts import Part
from trainer.checker.shapes.shape import Found, Shape

SHAPES: tuple[Shape, ...] = (
    cs231n.SHAPE, layers.SHAPE, chain.SHAPE, deep.SHAPE, loop.SHAPE, modules.SHAPE, planar.SHAPE,
    training_loop.SHAPE,
)  # fmt: skip


def build_class(found: Found) -> type | None:
    """Return the class that the first shape that recognises the file builds, None if none does."""
    built = (shape.build(found) for shape in SHAPES)
    return next((kind for kind in built if kind is not None), None)


def list_parts(found: Found) -> list[Part]:
    """Return the functions and layers that are checked by themselves."""
    return [part for shape in SHAPES for part in shape.list_parts(found)]
