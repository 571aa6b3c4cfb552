"""The merged schema as SDL text: types sorted by name, directives sorted, one field a line."""

from __future__ import annotations

from collections.abc import Iterable

from graphql.language.block_string import is_printable_as_block_string, print_block_string

from gateway.composition.model import (
    ROOT_NAMES,
    Applied,
    Argument,
    DirectiveDef,
    EnumValue,
    Field,
    Kind,
    Missing,
    Schema,
    TypeDef,
)
from gateway.composition.values import literal

__all__ = ["print_schema"]


def print_schema(schema: Schema, foreword: Iterable[str] = (), definitions: Iterable[str] = ()) -> str:
    """Print the whole schema.

    `foreword` are directives of the schema element as text; `definitions` are further definitions
    (those of the specifications) to be sorted in among the schema's own.
    """
    parts = [_schema_element(schema, foreword)]
    blocks = [(_sort_key(text), text) for text in definitions]
    blocks += [(f"0{d.name}", _directive_definition(d)) for d in schema.directives.values()]
    blocks += [(f"1{t.name}", _type(t)) for t in schema.types.values()]
    parts += [text for _, text in sorted(blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sort_key(text: str) -> str:
    """Directive definitions before types, then by name."""
    keyword, name = text.split(maxsplit=2)[:2]
    return f"{0 if keyword == 'directive' else 1}{name.lstrip('@').split('(')[0]}"


def _schema_element(schema: Schema, foreword: Iterable[str]) -> str:
    directives = [*foreword, *_applied(schema.applied)]
    roots = [(kind, name) for kind, name in ROOT_NAMES.items() if name in schema.types]
    if not directives and not schema.description:
        return ""
    lines = [f"{_description(schema.description)}schema", *(f"  {text}" for text in directives), "{"]
    return "\n".join([*lines, *(f"  {kind}: {name}" for kind, name in roots), "}"])


def _applied(directives: Iterable[Applied]) -> list[str]:
    return sorted(_application(d) for d in directives)


def _application(applied: Applied) -> str:
    if not applied.arguments:
        return f"@{applied.name}"
    arguments = ", ".join(f"{name}: {literal(value)}" for name, value in applied.arguments.items())
    return f"@{applied.name}({arguments})"


def _description(text: str | None, indent: str = "") -> str:
    if not text:
        return ""
    if is_printable_as_block_string(text):
        block = print_block_string(text)
        return "".join(f"{indent}{line}".rstrip() + "\n" for line in block.split("\n"))
    return f"{indent}{literal(text)}\n"


def _type(found: TypeDef) -> str:
    head = f"{_description(found.description)}{found.kind.value} {found.name}"
    if found.interfaces:
        head += f" implements {' & '.join(sorted(found.interfaces))}"
    lines = [head, *(f"  {text}" for text in _applied(found.directives))]
    if found.kind is Kind.UNION:
        separator = "\n" if found.directives else " "
        return (
            "\n".join(lines) + f"{separator}{'  ' if found.directives else ''}= " + " | ".join(found.members)
        )
    if found.kind is Kind.SCALAR:
        return "\n".join(lines)
    body = [_value(value) for value in found.values.values()] + [_field(f) for f in found.fields.values()]
    opening = "\n{\n" if found.directives else " {\n"
    return "\n".join(lines) + opening + "\n".join(body) + "\n}"


def _trailing(directives: Iterable[Applied]) -> str:
    return "".join(f" {text}" for text in _applied(directives))


def _value(value: EnumValue) -> str:
    return f"{_description(value.description, '  ')}  {value.name}{_trailing(value.directives)}"


def _field(found: Field) -> str:
    default = "" if isinstance(found.default, Missing) else f" = {literal(found.default)}"
    arguments = _arguments(found.arguments.values(), "  ")
    signature = f"  {found.name}{arguments}: {found.type}{default}"
    return f"{_description(found.description, '  ')}{signature}{_trailing(found.directives)}"


def _arguments(arguments: Iterable[Argument], indent: str) -> str:
    listed = list(arguments)
    if not listed:
        return ""
    if not any(a.description for a in listed):
        return f"({', '.join(_argument(a) for a in listed)})"
    inner = indent + "  "
    lines = [f"{_description(a.description, inner)}{inner}{_argument(a)}" for a in listed]
    return "(\n" + "\n".join(lines) + f"\n{indent})"


def _argument(argument: Argument) -> str:
    default = "" if isinstance(argument.default, Missing) else f" = {literal(argument.default)}"
    return f"{argument.name}: {argument.type}{default}{_trailing(argument.directives)}"


def _directive_definition(found: DirectiveDef) -> str:
    repeatable = " repeatable" if found.repeatable else ""
    places = " | ".join(found.locations)
    arguments = _arguments(found.arguments.values(), "")
    return f"{_description(found.description)}directive @{found.name}{arguments}{repeatable} on {places}"
