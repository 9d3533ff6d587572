"""How a net came about, as the texts of its checkpoint: JSON where it is more than a word."""

import functools
import json
import platform
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from typing import Any

from trainer.common.settings import Settings

FORMAT = 1


@functools.cache
def versions() -> dict[str, str]:
    """What the numbers of a run may depend on beside its settings."""
    packages = ("numpy", "torch", "torchvision", "tensorboard")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


@dataclass(frozen=True)
class Origin:
    """The iteration of some weights, and of what run, on which data, with which versions."""

    iteration: int
    settings: Settings
    classes: tuple[str, ...]
    fingerprint: str  # of the data set's contents
    versions: dict[str, str] = field(default_factory=dict)


def written(origin: Origin) -> dict[str, str]:
    """The texts of an origin, by name."""
    return {
        "format": str(FORMAT),
        "iteration": str(origin.iteration),
        "settings": json.dumps(asdict(origin.settings)),
        "classes": json.dumps(origin.classes),
        "fingerprint": origin.fingerprint,
        "versions": json.dumps(origin.versions),
    }


def parsed(texts: dict[str, str]) -> Origin:
    """The origin that the texts give; raises ValueError where they are not of this format."""
    number = _integer(texts, "format")
    if number != FORMAT:
        raise ValueError(f"it has format {number}, and this version reads format {FORMAT}")
    iteration, settings = _integer(texts, "iteration"), _settings(texts)
    if iteration > settings.iterations:
        raise ValueError(f"its iteration {iteration} is beyond its last, {settings.iterations}")
    classes, versions = _json(texts, "classes", list), _json(texts, "versions", dict)
    if not all(isinstance(name, str) for name in (*classes, *versions.values())):
        raise ValueError("its classes or versions are not texts")
    return Origin(iteration, settings, tuple(classes), _text(texts, "fingerprint"), versions)


def _settings(texts: dict[str, str]) -> Settings:
    given = _json(texts, "settings", dict)
    known = {setting.name: setting for setting in fields(Settings)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"this version knows no setting {name!r}")
        kind = str if known[name].default is None else type(known[name].default)
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise ValueError(f"its setting {name} is {value!r}")
    if "dataset" not in given:
        raise ValueError("its settings name no data set")
    return Settings(**given)


def _text(texts: dict[str, str], name: str) -> str:
    if name not in texts:
        raise ValueError(f"its metadata have no {name}")
    return texts[name]


def _integer(texts: dict[str, str], name: str) -> int:
    text = _text(texts, name)
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ValueError(f"its {name} is {text[:20]!r}")
    return int(text)


def _json(texts: dict[str, str], name: str, kind: type) -> Any:
    value = json.loads(_text(texts, name))
    if not isinstance(value, kind):
        raise ValueError(f"its {name} are no {kind.__name__} in JSON")
    return value
