"""Convert the origin of a net's weights to the metadata of its checkpoint and back."""

import functools
import json
import platform
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from typing import TypeVar

from trainer.common.settings import Settings

FORMAT = 1  # the version of the metadata
T = TypeVar("T")


@functools.cache
def find_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that may change a run's numbers."""
    packages = ("numpy", "torch", "torchvision", "tensorboard")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


@dataclass(frozen=True)
class Origin:
    """The iteration of some weights, and the run, data and versions that they come from."""

    iteration: int
    settings: Settings
    classes: tuple[str, ...]
    fingerprint: str  # of the data set's files
    versions: dict[str, str] = field(default_factory=dict)


def format_origin(origin: Origin) -> dict[str, str]:
    """Return the origin as a dict of texts; all but the fingerprint are JSON."""
    return {
        "format": str(FORMAT),
        "iteration": str(origin.iteration),
        "settings": json.dumps(asdict(origin.settings)),
        "classes": json.dumps(origin.classes),
        "fingerprint": origin.fingerprint,
        "versions": json.dumps(origin.versions),
    }


def parse_origin(texts: dict[str, str]) -> Origin:
    """Return the origin from the texts of format_origin; raises ValueError for any others."""
    number = texts.get("format", "none")[:20]
    if number != str(FORMAT):
        raise ValueError(f"it has format {number}, but this version reads only format {FORMAT}")
    if missing := {part.name for part in fields(Origin)}.difference(texts):
        raise ValueError(f"its metadata have no {', '.join(sorted(missing))}")
    iteration, settings = _parse_json(texts, "iteration", int), _parse_settings(texts)
    if not 0 <= iteration <= settings.iterations:
        raise ValueError(f"its iteration {iteration} is not in 0 … {settings.iterations}")
    classes, versions = _parse_json(texts, "classes", list), _parse_json(texts, "versions", dict)
    texts_found = (*classes, *versions, *versions.values())
    if not all(isinstance(text, str) and text.isprintable() for text in texts_found):
        raise ValueError("its classes or versions are not printable texts")
    return Origin(iteration, settings, tuple(classes), texts["fingerprint"], versions)


def _parse_settings(texts: dict[str, str]) -> Settings:
    """Return the settings in the texts; raises ValueError for an unknown name or wrong type."""
    given = _parse_json(texts, "settings", dict)
    defaults = {setting.name: setting.default for setting in fields(Settings)}
    for name, value in given.items():
        if name not in defaults:
            raise ValueError(f"its setting {name!r} is unknown to this version")
        kind = str if defaults[name] is None else type(defaults[name])
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise ValueError(f"its setting {name} is {value!r}, expected {kind.__name__}")
    if "dataset" not in given:
        raise ValueError("its settings name no data set")
    return Settings(**given)


def _parse_json(texts: dict[str, str], name: str, kind: type[T]) -> T:
    """Return the value of a JSON text; raises ValueError if it is not of that type."""
    value = json.loads(texts[name])
    if type(value) is not kind:  # isinstance would accept true as an integer
        raise ValueError(f"its {name} must be of type {kind.__name__} in JSON")
    return value
