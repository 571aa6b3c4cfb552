"""docker-compose.yml as Compose reads it, with the defaults of its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = ["ROOT", "compose_file", "image_environment", "named_volumes", "ours", "seconds"]

ROOT = Path(__file__).resolve().parents[2]
#: `${NAME:-default}`, the only form that the file uses.
_VARIABLE = re.compile(r"\$\{[A-Z_]+:-([^}]*)\}")
_FROM = re.compile(r"FROM (?:--\S+ )?\S+ AS (\S+)")
_UNITS = {"s": 1, "m": 60}


def compose_file() -> dict[str, Any]:
    """The whole document, as it is when the shell sets none of its variables."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    document: dict[str, Any] = _interpolated(yaml.safe_load(text))
    return document


def _interpolated(node: Any) -> Any:
    """As Compose does: in the values, after reading the YAML."""
    if isinstance(node, dict):
        return {key: _interpolated(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_interpolated(value) for value in node]
    return _VARIABLE.sub(r"\1", node) if isinstance(node, str) else node


def ours(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services whose images are built here."""
    return {name: service for name, service in document["services"].items() if "build" in service}


def named_volumes(service: Mapping[str, Any]) -> dict[str, str]:
    """Where a service has which volume: its name by the path in the container."""
    pairs = [str(volume).split(":") for volume in service.get("volumes", ())]
    return {pair[1]: pair[0] for pair in pairs if not pair[0].startswith(".")}


def seconds(duration: str) -> int:
    """`30s` or `2m`."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def image_environment(target: str) -> dict[str, str]:
    """What deploy/Dockerfile sets for a target: in the stage that all images share, and in its own."""
    stages = dict(_stages((ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")))
    found: dict[str, str] = {}
    for stage in ("runtime", target):
        for words in re.findall(r"^ENV (.*)$", stages[stage], flags=re.MULTILINE):
            found |= dict(word.split("=", 1) for word in words.split())
    return found


def _stages(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each stage's name and text, its continued lines joined."""
    text = dockerfile.replace("\\\n", " ")
    marks = list(_FROM.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        yield mark[1], text[mark.end() : end]
