"""The CloudFormation templates as data, with every short form written out (`!Ref X` → `{"Ref": "X"}`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["FOLDER", "NAMES", "ORDER", "conditions", "load", "resources", "walk"]

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "cloudformation"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
#: Each imports only what one before it exports.
ORDER = (
    "foundation",
    "network",
    "registry",
    "data",
    "queues",
    "cluster",
    "tasks",
    "service-customer",
    "service-rating",
    "service-activity",
    "service-router",
    "service-gateway",
    "edge",
    "observability",
    "pipeline",
)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def load(name: str) -> dict[str, Any]:
    """The template `name`.yaml."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    return loaded


def resources(kind: str | None = None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(template, logical id, resource) of all templates, or of one type."""
    for name in NAMES:
        for logical, resource in load(name)["Resources"].items():
            if kind is None or resource["Type"] == kind:
                yield name, logical, resource


def walk(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


def conditions(template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, bool]:
    """Whether each of the template's conditions holds."""
    values = {name: str(one.get("Default", "")) for name, one in template.get("Parameters", {}).items()}
    values |= parameters

    def holds(condition: dict[str, Any]) -> bool:
        match condition:
            case {"Fn::Not": [one]}:
                return not holds(one)
            case {"Fn::Equals": [{"Ref": str(name)}, str(value)]}:
                return values[name] == value
        raise ValueError(f"a condition of a new form: {condition}")

    return {name: holds(one) for name, one in template.get("Conditions", {}).items()}
