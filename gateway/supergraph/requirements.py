"""Who may read what: `@authenticated`, `@requiresScopes` and `@policy`, with their consequences.

The directives say it for single types and fields; what a caller needs to read a field follows from
more than the field itself (2025's access-control advisories are all of this kind):

- an object's field also asks what the same field asks on its interfaces (GHSA-mx7m-j9xf-62hw);
- an interface's field also asks what it asks on every implementer, and what the implementers
  themselves ask, because any of them may be behind it (GHSA-x33c-7c2v-mrj9);
- a field whose `@requires` or `@fromContext` reads others asks what those ask (GHSA-m8jr-fxqx-8xx6).

Scopes and policies are a disjunction of conjunctions: one of the sets must be held as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from graphql.language import ast

from gateway.supergraph.join import TypeTable
from gateway.supergraph.links import Links
from gateway.supergraph.values import arguments

__all__ = ["NO_REQUIREMENT", "AuthRequirements", "Requirement", "read_requirements"]

_Alternatives = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a caller must have. Nothing at all: `NO_REQUIREMENT`."""

    authenticated: bool = False
    #: One of these sets of scopes, whole; () asks for none.
    scopes: _Alternatives = ()
    #: One of these sets of policies, whole; () asks for none.
    policies: _Alternatives = ()

    def __bool__(self) -> bool:
        return self.authenticated or bool(self.scopes) or bool(self.policies)

    def both(self, other: Requirement) -> Requirement:
        """What meets both."""
        if not other or other == self:
            return self
        if not self:
            return other
        return Requirement(
            self.authenticated or other.authenticated,
            _both(self.scopes, other.scopes),
            _both(self.policies, other.policies),
        )


NO_REQUIREMENT = Requirement()


def _both(left: _Alternatives, right: _Alternatives) -> _Alternatives:
    if not left or not right:
        return left or right
    joined = {a | b for a, b in product(left, right)}
    minimal = [one for one in joined if not any(other < one for other in joined)]
    return tuple(sorted(minimal, key=lambda names: (len(names), sorted(names))))


@dataclass(frozen=True, slots=True)
class AuthRequirements:
    """Effective requirements, consequences included."""

    types: Mapping[str, Requirement] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], Requirement] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.types or self.fields)

    def of_type(self, name: str) -> Requirement:
        """What is needed to read an object of this type at all."""
        return self.types.get(name, NO_REQUIREMENT)

    def of_field(self, parent: str, name: str) -> Requirement:
        """What is needed to read this field (its parent's and its own type's needs not counted in,
        but for what stands behind an interface)."""
        return self.fields.get((parent, name), NO_REQUIREMENT)


def read_requirements(
    document: ast.DocumentNode,
    tables: Mapping[str, TypeTable],
    links: Links,
    contexts: Mapping[str, frozenset[str]],
) -> AuthRequirements:
    """Collect the directives under whatever names they have, and draw the consequences."""
    reader = _Reader(links)
    for node in document.definitions:
        if isinstance(node, ast.TypeDefinitionNode) and node.name.value in tables:
            reader.read(node)
    if not reader.types and not reader.fields:
        return AuthRequirements()
    return _Consequences(tables, contexts, reader.types, reader.fields).draw()


class _Reader:
    def __init__(self, links: Links) -> None:
        self._authenticated = links.directive("authenticated", "authenticated")
        self._scopes = links.directive("requiresScopes", "requiresScopes")
        self._policy = links.directive("policy", "policy")
        self.types: dict[str, Requirement] = {}
        self.fields: dict[tuple[str, str], Requirement] = {}

    def read(self, node: ast.TypeDefinitionNode) -> None:
        name = node.name.value
        own = self._requirement(node.directives)
        if own:
            self.types[name] = own
        if isinstance(node, ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode):
            for item in node.fields or ():
                own = self._requirement(item.directives)
                if own:
                    self.fields[name, item.name.value] = own

    def _requirement(self, nodes: Iterable[ast.DirectiveNode] | None) -> Requirement:
        found = NO_REQUIREMENT
        for node in nodes or ():
            if node.name.value == self._authenticated:
                found = found.both(Requirement(authenticated=True))
            elif node.name.value == self._scopes:
                found = found.both(Requirement(scopes=_alternatives(arguments(node).get("scopes"))))
            elif node.name.value == self._policy:
                found = found.both(Requirement(policies=_alternatives(arguments(node).get("policies"))))
        return found


def _alternatives(value: object) -> _Alternatives:
    groups = value if isinstance(value, list) else [value]
    return tuple(frozenset(map(str, group if isinstance(group, list) else [group])) for group in groups)


class _Consequences:
    """Draws effective requirements out of declared ones."""

    def __init__(
        self,
        tables: Mapping[str, TypeTable],
        contexts: Mapping[str, frozenset[str]],
        types: Mapping[str, Requirement],
        fields: Mapping[tuple[str, str], Requirement],
    ) -> None:
        self._tables, self._contexts, self._types, self._declared = tables, contexts, types, fields
        self._implementers: dict[str, list[TypeTable]] = {}
        for table in tables.values():
            for interface in table.interfaces:
                self._implementers.setdefault(interface, []).append(table)

    def draw(self) -> AuthRequirements:
        # Requirements only grow, and over a finite set of names, so this ends.
        current = {key: value for key, value in self._declared.items() if value}
        while True:
            following = {
                (table.name, name): self._field(table, name, current)
                for table in self._tables.values()
                for name in table.fields
            }
            following = {key: value for key, value in following.items() if value}
            if following == current:
                return AuthRequirements(dict(self._types), current)
            current = following

    def _field(
        self, table: TypeTable, name: str, current: Mapping[tuple[str, str], Requirement]
    ) -> Requirement:
        found = current.get((table.name, name), NO_REQUIREMENT)
        for interface in sorted(table.interfaces):
            found = found.both(self._declared.get((interface, name), NO_REQUIREMENT))
        if table.kind == "interface":
            for implementer in self._implementers.get(table.name, ()):
                found = found.both(self._types.get(implementer.name, NO_REQUIREMENT))
                found = found.both(current.get((implementer.name, name), NO_REQUIREMENT))
        for item in table.fields[name].graphs.values():
            if item.requires is not None:
                found = self._selection(table.name, item.requires.selection_set, found, current)
            for argument in item.context_arguments:
                for setter in sorted(self._contexts.get(argument.context, ())):
                    found = self._selection(setter, argument.selection.selection_set, found, current)
        return found

    def _selection(
        self,
        parent: str,
        selections: ast.SelectionSetNode,
        found: Requirement,
        current: Mapping[tuple[str, str], Requirement],
    ) -> Requirement:
        for item in selections.selections:
            if isinstance(item, ast.FieldNode):
                known = self._tables[parent].fields.get(item.name.value) if parent in self._tables else None
                if known is None:
                    continue
                found = found.both(current.get((parent, item.name.value), NO_REQUIREMENT))
                if item.selection_set is not None:
                    found = found.both(self._types.get(known.type.named, NO_REQUIREMENT))
                    found = self._selection(known.type.named, item.selection_set, found, current)
            elif isinstance(item, ast.InlineFragmentNode):
                narrowed = item.type_condition.name.value if item.type_condition else parent
                found = found.both(self._types.get(narrowed, NO_REQUIREMENT))
                found = self._selection(narrowed, item.selection_set, found, current)
        return found
