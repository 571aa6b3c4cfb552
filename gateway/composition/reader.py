"""From a subgraph's AST to its model: extensions folded in, names of specifications resolved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from graphql import language as ast

from gateway.composition.codes import Code
from gateway.composition.link import Links
from gateway.composition.model import (
    MISSING,
    ROOT_NAMES,
    Applied,
    Argument,
    DirectiveDef,
    EnumValue,
    Field,
    Kind,
    Schema,
    TypeDef,
)
from gateway.composition.result import Location, Report
from gateway.composition.specification import FEDERATION, FEDERATION_1_DIRECTIVES, LINK, SPECIFICATIONS
from gateway.composition.typeref import ListOf, Named, NonNull, TypeRef
from gateway.composition.values import constant

__all__ = ["SUBGRAPH_MACHINERY", "Subgraph", "read_schema_directives", "read_subgraph"]

# Types and query fields that the subgraph specification adds to every subgraph, never part of its API.
SUBGRAPH_MACHINERY = frozenset({"_Any", "_Entity", "_Service", "_FieldSet"})
_MACHINERY_FIELDS = frozenset({"_service", "_entities"})
_SPECIFICATION_IDENTITIES = frozenset({LINK, FEDERATION, *SPECIFICATIONS})
_FEDERATION_1_NAMES = frozenset(d.name for d in FEDERATION_1_DIRECTIVES)

# Written on a type (or one extension of it), these speak about the fields of that very block.
_INHERITED = frozenset({"shareable", "external"})

_KINDS: dict[type[ast.Node], Kind] = {
    ast.ScalarTypeDefinitionNode: Kind.SCALAR,
    ast.ScalarTypeExtensionNode: Kind.SCALAR,
    ast.ObjectTypeDefinitionNode: Kind.OBJECT,
    ast.ObjectTypeExtensionNode: Kind.OBJECT,
    ast.InterfaceTypeDefinitionNode: Kind.INTERFACE,
    ast.InterfaceTypeExtensionNode: Kind.INTERFACE,
    ast.UnionTypeDefinitionNode: Kind.UNION,
    ast.UnionTypeExtensionNode: Kind.UNION,
    ast.EnumTypeDefinitionNode: Kind.ENUM,
    ast.EnumTypeExtensionNode: Kind.ENUM,
    ast.InputObjectTypeDefinitionNode: Kind.INPUT,
    ast.InputObjectTypeExtensionNode: Kind.INPUT,
}


@dataclass(slots=True)
class Subgraph(Schema):
    """One subgraph's schema, with what composition knows of its owner."""

    name: str = ""
    url: str = ""
    graph: str = ""
    links: Links = field(default_factory=Links)
    federation_1: bool = False

    @property
    def whole(self) -> Location:
        """The subgraph as a place, for errors about no single line."""
        return Location(self.name)


def read_schema_directives(document: ast.DocumentNode, name: str) -> list[Applied]:
    """The directives on `schema` and `extend schema`, under the names that are written there."""
    found: list[Applied] = []
    for node in document.definitions:
        if isinstance(node, ast.SchemaDefinitionNode | ast.SchemaExtensionNode):
            found.extend(_raw(directive, name) for directive in node.directives or ())
    return found


def _raw(node: ast.DirectiveNode, subgraph: str) -> Applied:
    arguments = {a.name.value: constant(a.value) for a in node.arguments or ()}
    return Applied(node.name.value, arguments, _place(node, subgraph))


def _place(node: ast.Node, subgraph: str) -> Location:
    token = node.loc.start_token if node.loc else None
    return Location(subgraph, token.line, token.column) if token else Location(subgraph)


def read_subgraph(document: ast.DocumentNode, name: str, links: Links, report: Report) -> Subgraph:
    """Read a valid SDL document whose links are known.

    The report receives root types whose default name is taken by another type. Every subgraph has a
    query root, if only for the fields that the subgraph specification adds.
    """
    subgraph = Subgraph(name=name, links=links, federation_1=links.federation is None)
    reader = _Reader(subgraph, _root_renames(document, name, report), report)
    for node in document.definitions:
        reader.read(node)
    query = subgraph.types.get("Query")
    if query is not None and query.kind is Kind.OBJECT:
        for field_name in _MACHINERY_FIELDS:
            query.fields.pop(field_name, None)
    elif query is None:
        subgraph.types["Query"] = TypeDef("Query", subgraph.whole, kind=Kind.OBJECT)
    return subgraph


def _root_renames(document: ast.DocumentNode, name: str, report: Report) -> dict[str, str]:
    """Names of root types that are to be called Query, Mutation and Subscription."""
    renames: dict[str, str] = {}
    defined = {n.name.value: n for n in document.definitions if isinstance(n, ast.TypeDefinitionNode)}
    for node in document.definitions:
        if not isinstance(node, ast.SchemaDefinitionNode | ast.SchemaExtensionNode):
            continue
        for operation in node.operation_types or ():
            kind, type_name = operation.operation.value, operation.type.name.value
            wanted = ROOT_NAMES[kind]
            if type_name == wanted:
                continue
            if wanted in defined:
                report.error(
                    Code[f"ROOT_{kind.upper()}_USED"],
                    f'The schema has a type "{wanted}" that is not its {kind} root ("{type_name}" is):'
                    " rename one of them.",
                    _place(defined[wanted], name),
                )
                continue
            renames[type_name] = wanted
    return renames


class _Reader:
    """Reads definitions one after the other into a subgraph."""

    def __init__(self, subgraph: Subgraph, renames: dict[str, str], report: Report) -> None:
        self._report = report
        self._subgraph = subgraph
        self._renames = renames
        self._block = 0

    def read(self, node: ast.DefinitionNode) -> None:
        """Take up one definition; those of specifications are left out."""
        match node:
            case ast.DirectiveDefinitionNode() if not self._known_directive(node.name.value):
                self._read_directive(node)
            case ast.SchemaDefinitionNode() | ast.SchemaExtensionNode():
                self._subgraph.applied.extend(self._directives(node.directives))
                description = getattr(node, "description", None)
                if description is not None:
                    self._subgraph.description = description.value
            case ast.TypeDefinitionNode() | ast.TypeExtensionNode() if not self._known_type(node.name.value):
                self._read_type(node)
            case _:
                pass

    def _known_directive(self, name: str) -> bool:
        if self._subgraph.federation_1 and name in _FEDERATION_1_NAMES:
            return True
        found = self._subgraph.links.directive(name)
        return found is not None and found[0].identity in _SPECIFICATION_IDENTITIES

    def _known_type(self, name: str) -> bool:
        if name in SUBGRAPH_MACHINERY or (self._subgraph.federation_1 and name == "FieldSet"):
            return True
        found = self._subgraph.links.type(name)
        return found is not None and found[0].identity in _SPECIFICATION_IDENTITIES

    def _place(self, node: ast.Node) -> Location:
        return _place(node, self._subgraph.name)

    def _read_type(self, node: ast.TypeDefinitionNode | ast.TypeExtensionNode) -> None:
        is_extension = isinstance(node, ast.TypeExtensionNode)
        name = self._renames.get(node.name.value, node.name.value)
        self._block += 1
        directives = self._directives(node.directives, on_extension=is_extension)
        found = self._subgraph.types.get(name)
        if found is None:
            found = TypeDef(name, self._place(node), kind=_KINDS[type(node)], defined=False)
            self._subgraph.types[name] = found
        elif found.kind is not _KINDS[type(node)]:
            self._report.error(
                Code.INVALID_GRAPHQL,
                f'"{name}" is a {found.kind.noun} and cannot be extended as a {_KINDS[type(node)].noun}.',
                self._place(node),
            )
            return
        by_directive = any(d.known and d.name == "extends" for d in directives)
        if is_extension or by_directive:
            found.extended = True
        else:
            found.defined = True
            found.location = self._place(node)
        if isinstance(node, ast.TypeDefinitionNode) and node.description:
            found.description = node.description.value
        found.directives.extend(d for d in directives if not (d.known and d.name == "extends"))
        if by_directive:
            for directive in found.directives:
                directive.on_extension = True
        self._read_body(found, node, [d for d in directives if d.known and d.name in _INHERITED])

    def _read_body(self, found: TypeDef, node: ast.DefinitionNode, inherited: list[Applied]) -> None:
        for interface in getattr(node, "interfaces", None) or ():
            found.interfaces[interface.name.value] = self._place(interface)
        for member in getattr(node, "types", None) or ():
            found.members[self._renames.get(member.name.value, member.name.value)] = self._place(member)
        for value in getattr(node, "values", None) or ():
            found.values[value.name.value] = EnumValue(
                value.name.value,
                self._place(value),
                _text(value.description),
                self._directives(value.directives),
            )
        for child in getattr(node, "fields", None) or ():
            if child.name.value.startswith("__"):
                continue
            read = self._read_field(child)
            read.directives += [replace(d, inherited=True) for d in inherited if not read.has(d.name)]
            found.fields[child.name.value] = read

    def _read_field(self, node: ast.FieldDefinitionNode | ast.InputValueDefinitionNode) -> Field:
        result = Field(
            node.name.value,
            self._place(node),
            _text(node.description),
            self._directives(node.directives),
            type=self._reference(node.type),
        )
        if isinstance(node, ast.InputValueDefinitionNode):
            result.default = constant(node.default_value) if node.default_value else MISSING
        else:
            result.arguments = self._arguments(node.arguments)
        return result

    def _arguments(self, nodes: Iterable[ast.InputValueDefinitionNode] | None) -> dict[str, Argument]:
        return {
            node.name.value: Argument(
                node.name.value,
                self._place(node),
                _text(node.description),
                self._directives(node.directives),
                type=self._reference(node.type),
                default=constant(node.default_value) if node.default_value else MISSING,
            )
            for node in nodes or ()
        }

    def _read_directive(self, node: ast.DirectiveDefinitionNode) -> None:
        name = node.name.value
        self._subgraph.directives[name] = DirectiveDef(
            name,
            self._place(node),
            _text(node.description),
            arguments=self._arguments(node.arguments),
            locations=tuple(place.value for place in node.locations),
            repeatable=node.repeatable,
        )

    def _reference(self, node: ast.TypeNode) -> TypeRef:
        if isinstance(node, ast.NonNullTypeNode):
            inner = self._reference(node.type)
            return inner if isinstance(inner, NonNull) else NonNull(inner)
        if isinstance(node, ast.ListTypeNode):
            return ListOf(self._reference(node.type))
        assert isinstance(node, ast.NamedTypeNode)
        return Named(self._renames.get(node.name.value, node.name.value))

    def _directives(
        self, nodes: Iterable[ast.DirectiveNode] | None, *, on_extension: bool = False
    ) -> list[Applied]:
        found: list[Applied] = []
        for node in nodes or ():
            applied = _raw(node, self._subgraph.name)
            applied.on_extension = on_extension
            applied.block = self._block
            self._canonicalise(applied)
            found.append(applied)
        return found

    def _canonicalise(self, applied: Applied) -> None:
        if self._subgraph.federation_1 and applied.name in _FEDERATION_1_NAMES:
            applied.known = True
            return
        resolved = self._subgraph.links.directive(applied.name)
        if resolved is not None and resolved[0].identity in _SPECIFICATION_IDENTITIES:
            applied.name = resolved[1]
            applied.known = True


def _text(node: ast.StringValueNode | None) -> str | None:
    return node.value if node else None
