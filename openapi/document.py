"""Read the OpenAPI documents that come with the package."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

DOCUMENTS: Final = ("honeyhive", "control")

# libyaml reads the document ten times faster than PyYAML's own parser; not every build of PyYAML has it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def path_of(name: str) -> Path:
    """The path of the document `name`, one of `DOCUMENTS`.

    Raises:
        ValueError: there is no document of that name.
    """
    if name not in DOCUMENTS:
        msg = f"no document named {name!r}, only {', '.join(DOCUMENTS)}"
        raise ValueError(msg)
    return Path(__file__).with_name(f"{name}.yaml")


def load(name: str) -> dict[str, Any]:
    """The document `name`, one of `DOCUMENTS`, as parsed YAML with its references unresolved; the caller may change it.

    Raises:
        ValueError: there is no document of that name.
    """
    document: dict[str, Any] = orjson.loads(_as_json(name))
    return document


@cache
def _as_json(name: str) -> bytes:
    """The document as JSON, which is read again fifty times faster than YAML."""
    return orjson.dumps(yaml.load(path_of(name).read_text(encoding="utf-8"), Loader=_Loader))  # noqa: S506 - a safe loader
