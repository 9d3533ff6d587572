"""Mutate checkpoints and images by the thousand, and count how the readers respond."""

import io
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sheet
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save

from trainer.book.functions import Array
from trainer.book.preprocessing import standardise
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.nets.initial import draw_params
from trainer.predict import image
from trainer.training import checkpoint
from trainer.training.metadata import Origin

Mutation = Callable[[bytes, random.Random], bytes]


def flip_bits(content: bytes, chance: random.Random) -> bytes:
    """Flip one to eight bits."""
    mutated = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        mutated[_pick_place(content, chance)] ^= 1 << chance.randrange(8)
    return bytes(mutated)


def truncate(content: bytes, chance: random.Random) -> bytes:
    """Keep any number of bytes from the beginning."""
    return content[: _pick_place(content, chance)]


def insert(content: bytes, chance: random.Random) -> bytes:
    """Insert a few random bytes somewhere."""
    place = _pick_place(content, chance)
    return content[:place] + chance.randbytes(chance.randint(1, 16)) + content[place:]


def remove(content: bytes, chance: random.Random) -> bytes:
    """Remove a few bytes somewhere."""
    place = _pick_place(content, chance)
    return content[:place] + content[place + chance.randint(1, 16) :]


def overwrite(content: bytes, chance: random.Random) -> bytes:
    """Overwrite a stretch with random bytes, or with one byte repeated."""
    place, length = _pick_place(content, chance), chance.choice((1, 4, 8, 64, 512))
    stretch = chance.choice((chance.randbytes(length), bytes([chance.randrange(256)]) * length))
    return content[:place] + stretch + content[place + length :]


def repeat(content: bytes, chance: random.Random) -> bytes:
    """Copy a stretch to another place."""
    a, b = _pick_place(content, chance), _pick_place(content, chance)
    return content[:b] + content[a : a + chance.randint(1, 200)] + content[b:]


def claim_length(content: bytes, chance: random.Random) -> bytes:
    """Write another length of the header, up to the largest possible."""
    length = chance.choice(
        (0, 1, 2**20, 2**20 + 1, 10**10, 2**63, 2**64 - 1, chance.randrange(999))
    )
    return length.to_bytes(8, "little") + content[8:]


def rewrite_number(content: bytes, chance: random.Random) -> bytes:
    """Replace a digit in the header: of a shape, an offset or a setting."""
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length]
    digits = [i for i in range(length) if header[i : i + 1].isdigit()]
    place = chance.choice(digits)
    value = chance.choice((b"0", b"-1", b"9" * 30, b"1e400", b"NaN", b"null", b'"1"', b"[]", b"{}"))
    header = header[:place] + value + header[place + 1 :]
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def replace_all(content: bytes, chance: random.Random) -> bytes:
    """Return only random bytes."""
    return chance.randbytes(chance.randrange(2 * len(content)))


BYTES: tuple[Mutation, ...] = (flip_bits, truncate, insert, remove, overwrite, repeat, replace_all)


def _pick_place(content: bytes, chance: random.Random) -> int:
    """Return any place; half of the time one of the first bytes, where the structure is."""
    return chance.randrange(
        min(len(content), chance.choice((64, 2000, len(content), len(content))))
    )


def rewrite(path: Path, chance: random.Random) -> bytes:
    """Return the file with other texts or arrays and the digest that matches them."""
    with safe_open(path, "numpy") as file:
        texts, arrays = file.metadata(), {name: file.get_tensor(name) for name in list(file.keys())}
    if chance.random() < 0.5:
        _rewrite_text(texts, chance)
    else:
        _rewrite_array(arrays, chance)
    texts.pop("digest", None)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    texts["digest"] = checkpoint._compute_digest(texts, arrays)
    return save(arrays, texts)


def _rewrite_text(texts: dict[str, str], chance: random.Random) -> None:
    values = [None, True, -1, 0, 1, 2, 10**30, 10**400, 1e400, float("nan"), "", "x", [], {}, [[1]]]
    name, value = chance.choice(sorted(texts)), chance.choice(values)
    if name == "settings" and chance.random() < 0.8:
        settings = json.loads(texts[name])
        settings[chance.choice([*settings, "unheard-of"])] = value
        texts[name] = json.dumps(settings)
    elif chance.random() < 0.2:
        del texts[name]
    else:
        deep = "[" * 100_000
        texts[name] = chance.choice((json.dumps(value), str(value), "9" * 5000, deep, "\x00", "９"))


def _rewrite_array(arrays: dict[str, Array], chance: random.Random) -> None:
    name = chance.choice(sorted(arrays))
    array = arrays.pop(name).copy()
    what = chance.randrange(6)
    if what == 0:
        array.flat[chance.randrange(array.size)] = chance.choice((np.nan, np.inf, -np.inf))
    elif what == 1:
        array = array.astype(chance.choice(("float16", "float32", "float64", "int64", "uint8")))
    elif what == 2:
        array = chance.choice((array.T, array.reshape(-1), array[None], array[:-1], array[..., :0]))
    elif what == 3:
        arrays["W3"] = array
        return
    elif what == 4:
        return
    elif what == 5:
        array = array * 2  # another valid net
    arrays[name] = array


def write_originals(folder: Path) -> list[Path]:
    """Write two small checkpoints: float32, and float64 with the fitted arrays of standardise."""
    paths = []
    for dtype, preparation in (("float32", "normalise"), ("float64", "standardise")):
        settings = Settings(
            dataset="mnist-5k", device="cpu", hidden_size=3, dtype=dtype, preprocess=preparation
        )
        fitted = standardise(np.eye(784)) if preparation == "standardise" else None
        origin = Origin(5, settings, tuple("0123456789"), "0" * 64, {"numpy": "2"})
        target = folder / dtype
        target.mkdir(parents=True, exist_ok=True)
        params = draw_params(784, 3, 10, dtype=dtype)
        checkpoint.save(target, checkpoint.Checkpoint(params, origin, fitted))
        paths.append(target / checkpoint.NAME)
    return paths


def are_same(a: checkpoint.Checkpoint, b: checkpoint.Checkpoint) -> bool:
    """Return whether two checkpoints are the same, bit for bit."""
    arrays = [{k: (v.dtype, v.shape, v.tobytes()) for k, v in c.arrays.items()} for c in (a, b)]
    return arrays[0] == arrays[1] and a.origin == b.origin


def read_mutated_checkpoints(count: int, seed: int, folder: Path) -> Counter[str]:
    """Count the mutated files that are refused, unchanged, rewritten (with a digest) or broken."""
    chance, result, path = random.Random(seed), Counter[str](), folder / "mutated.safetensors"
    bases = write_originals(folder)
    originals = [(base, base.read_bytes(), checkpoint.load(base)) for base in bases]
    for number in range(count):
        base, content, original = originals[number % 2]
        rewritten = chance.random() < 0.25
        mutation = chance.choice((*BYTES, claim_length, rewrite_number))
        path.write_bytes(rewrite(base, chance) if rewritten else mutation(content, chance))
        result[_read_mutated(path, original, rewritten)] += 1
    return result


def _read_mutated(path: Path, original: checkpoint.Checkpoint, rewritten: bool) -> str:
    """Return the outcome of reading a mutated file; keep the file if it is broken."""
    try:
        found = checkpoint.load(path)
    except InputError as error:
        return "refused" if "\n" not in str(error) and len(str(error)) < 600 else "broken"
    except BaseException as error:  # a panic in Rust is not an Exception
        path.replace(path.with_name(f"broken-{type(error).__name__}"))
        return "broken"
    if are_same(found, original):
        return "unchanged"
    return "rewritten" if rewritten else "broken"


def read_mutated_images(count: int, seed: int, folder: Path) -> Counter[str]:
    """Count the mutated images that are refused, read or broken."""
    chance, result, path = random.Random(seed), Counter[str](), folder / "mutated.image"
    originals = [_encode(form) for form in image.FORMATS]
    for number in range(count):
        content = chance.choice(BYTES)(originals[number % len(originals)], chance)
        path.write_bytes(content)
        try:
            pixels = image.read_digit(path)
            right = pixels.shape == (28, 28) and pixels.dtype == np.uint8 and pixels.max() == 255
            result["read" if right else "broken"] += 1
        except InputError as error:
            result["refused" if "\n" not in str(error) else "broken"] += 1
        except BaseException:
            path.replace(path.with_name(f"broken-{number}"))
            result["broken"] += 1
    return result


def _encode(form: str) -> bytes:
    file = io.BytesIO()
    digit: Image.Image = sheet.draw_cell(7, 5).convert("RGB")
    digit.save(file, form)
    return file.getvalue()
