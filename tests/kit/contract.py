"""What it means that an exported SDL honours a contract: all of it is there, and more may be.

Names, arguments, defaults, nullability, enum values, interfaces and federation directives of the contract
must be in the export as they stand. Further types, nullable arguments, fields and descriptions are welcome,
except on input types and arguments, where an addition must not be required.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from graphql import (
    DirectiveNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    ValueNode,
    parse,
    print_ast,
)

__all__ = ["assert_honours", "differences"]

_FEDERATION = frozenset(
    {
        "key",
        "requires",
        "provides",
        "external",
        "shareable",
        "inaccessible",
        "authenticated",
        "requiresScopes",
    }
)
_HasFields: TypeAlias = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode


def assert_honours(contract_sdl: str, exported_sdl: str) -> None:
    """Fail with one line for each difference."""
    found = differences(contract_sdl, exported_sdl)
    assert not found, "the exported SDL does not honour the contract:\n" + "\n".join(found)


def differences(contract_sdl: str, exported_sdl: str) -> list[str]:
    """What the contract says and the export does not, one line each; empty when it is honoured."""
    contract, exported = _types(contract_sdl), _types(exported_sdl)
    found = list(_link_differences(contract_sdl, exported_sdl))
    for name, wanted in contract.items():
        given = exported.get(name)
        if given is None:
            found.append(f"{name}: missing")
        elif type(given) is not type(wanted):
            found.append(f"{name}: a {given.kind}, not a {wanted.kind}")
        else:
            found.extend(_directive_differences(name, wanted.directives, given.directives))
            found.extend(_type_differences(wanted, given))
    return found


def _types(sdl: str) -> dict[str, TypeDefinitionNode]:
    return {node.name.value: node for node in parse(sdl).definitions if isinstance(node, TypeDefinitionNode)}


def _link_differences(contract_sdl: str, exported_sdl: str) -> Iterator[str]:
    """The federation version is the contract's, and every directive that the export applies is imported."""
    wanted, given = _federation_link(contract_sdl), _federation_link(exported_sdl)
    if wanted[0] != given[0]:
        yield f"@link: {given[0]}, not {wanted[0]}"
    for name in sorted(_applied_names(exported_sdl) - given[1]):
        yield f"@link: @{name} is applied and not imported"


def _federation_link(sdl: str) -> tuple[str | None, frozenset[str]]:
    for node in parse(sdl).definitions:
        if isinstance(node, (SchemaDefinitionNode, SchemaExtensionNode)):
            for directive in node.directives or ():
                arguments = {argument.name.value: argument.value for argument in directive.arguments or ()}
                url = print_ast(arguments["url"]).strip('"')
                if "/federation/" in url:
                    imports = getattr(arguments.get("import"), "values", ())
                    names = frozenset(print_ast(value).strip('"@') for value in imports)
                    return url, names
    return None, frozenset()


def _applied_names(sdl: str) -> frozenset[str]:
    names: set[str] = set()
    for definition in _types(sdl).values():
        members = [*(getattr(definition, "fields", None) or ()), *(getattr(definition, "values", None) or ())]
        for node in [definition, *members]:
            names.update(directive.name.value for directive in node.directives or ())
    return frozenset(names & _FEDERATION)


def _type_differences(wanted: TypeDefinitionNode, given: TypeDefinitionNode) -> Iterator[str]:
    name = wanted.name.value
    if isinstance(wanted, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
        assert isinstance(given, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode))
        yield from _missing(name, "interface", _names(wanted.interfaces), _names(given.interfaces))
        yield from _field_differences(wanted, given)
    elif isinstance(wanted, InputObjectTypeDefinitionNode):
        assert isinstance(given, InputObjectTypeDefinitionNode)
        yield from _input_differences(name, wanted.fields or (), given.fields or ())
    elif isinstance(wanted, EnumTypeDefinitionNode):
        assert isinstance(given, EnumTypeDefinitionNode)
        if _names(wanted.values) != _names(given.values):
            yield f"{name}: values {sorted(_names(given.values))}, not {sorted(_names(wanted.values))}"
    elif isinstance(wanted, UnionTypeDefinitionNode):
        assert isinstance(given, UnionTypeDefinitionNode)
        yield from _missing(name, "member", _names(wanted.types), _names(given.types))
    else:
        assert isinstance(wanted, ScalarTypeDefinitionNode)


def _field_differences(wanted: _HasFields, given: _HasFields) -> Iterator[str]:
    fields: dict[str, FieldDefinitionNode] = {field.name.value: field for field in given.fields or ()}
    for field in wanted.fields or ():
        place = f"{wanted.name.value}.{field.name.value}"
        match = fields.get(field.name.value)
        if match is None:
            yield f"{place}: missing"
            continue
        if print_ast(match.type) != print_ast(field.type):
            yield f"{place}: {print_ast(match.type)}, not {print_ast(field.type)}"
        yield from _input_differences(place, field.arguments or (), match.arguments or ())
        yield from _directive_differences(place, field.directives, match.directives)


def _input_differences(
    place: str, wanted: Iterable[InputValueDefinitionNode], given: Iterable[InputValueDefinitionNode]
) -> Iterator[str]:
    inputs = {value.name.value: value for value in given}
    for value in wanted:
        name = value.name.value
        match = inputs.pop(name, None)
        if match is None:
            yield f"{place}({name}:): missing"
            continue
        if print_ast(match.type) != print_ast(value.type):
            yield f"{place}({name}:): {print_ast(match.type)}, not {print_ast(value.type)}"
        has, wants = _default(match.default_value), _default(value.default_value)
        if has != wants:
            yield f"{place}({name}:): default {has}, not {wants}"
    for name, extra in inputs.items():
        if isinstance(extra.type, NonNullTypeNode) and extra.default_value is None:
            yield f"{place}({name}:): required, and not in the contract"


def _default(value: ValueNode | None) -> str | None:
    # `= null` on a nullable input says the same to a caller as no default.
    return None if value is None or isinstance(value, NullValueNode) else print_ast(value)


def _directive_differences(
    place: str, wanted: Iterable[DirectiveNode] | None, given: Iterable[DirectiveNode] | None
) -> Iterator[str]:
    """Federation directives must be equal both ways: one too many changes the graph as well."""
    wanted_set, given_set = _federation(wanted), _federation(given)
    for missing in sorted(wanted_set - given_set):
        yield f"{place}: lacks {missing}"
    for surplus in sorted(given_set - wanted_set):
        yield f"{place}: has {surplus}, not in the contract"


def _federation(directives: Iterable[DirectiveNode] | None) -> frozenset[str]:
    return frozenset(print_ast(node) for node in directives or () if node.name.value in _FEDERATION)


def _names(nodes: Iterable[object] | None) -> frozenset[str]:
    return frozenset(node.name.value for node in nodes or ())  # type: ignore[attr-defined]  # all are named


def _missing(place: str, what: str, wanted: frozenset[str], given: frozenset[str]) -> Iterator[str]:
    for name in sorted(wanted - given):
        yield f"{place}: lacks the {what} {name}"
