"""Operation × condition values → normal form: fragments expanded, `@skip` and `@include` decided.

Conditions are decided before planning, so a plan has no branches and there is nothing to explode:
k Boolean variables give at most 2^k small plans, each made when it is first asked for, and the
values of `condition_variables` join the plan-cache key.

A fragment is expanded once per selection set and scope, however often it is spread (the rule of
CollectFields' visited fragments), so the work is bounded by the size of the result, not by the
number of ways through the fragments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from graphql.language import ast

from gateway.errors import ClientProblem, ErrorCode
from gateway.operation.arguments import field_arguments, print_value
from gateway.operation.directives import add_directives, directives_text
from gateway.operation.selection import Field, FieldArguments, NoArguments, SelectionSet
from gateway.supergraph.fieldsets import FieldSet
from gateway.supergraph.model import Supergraph

__all__ = ["NormalisedOperation", "condition_variables", "normalise", "normalise_field_set"]

OperationKind = Literal["query", "mutation", "subscription"]

#: Fields in a normal form, at most. Limits on the client's document come first and are much lower;
#: this one stops a normal form that grows through type conditions on interfaces with many types.
MAX_SELECTIONS = 100_000

_UNSUPPORTED_DIRECTIVES = ("defer", "stream")


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedOperation:
    """An operation under given condition values."""

    kind: OperationKind
    #: The root type.
    root: str
    selection: SelectionSet
    #: Declared variables: name → its definition as text (`$cpf: String! = "…"`), defaults included.
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    #: The client's directives on the operation: for the requests of its kind.
    directives: FieldArguments = NoArguments


def normalise(
    supergraph: Supergraph,
    document: ast.DocumentNode,
    operation: ast.OperationDefinitionNode,
    conditions: Mapping[str, bool],
) -> NormalisedOperation:
    """Normalise a valid operation; `conditions` holds a value for each of `condition_variables`.

    Raises `ClientProblem` with UNSUPPORTED_OPERATION for `@defer` and `@stream`, and with
    MAX_SELECTIONS_LIMIT when the normal form would have more than `MAX_SELECTIONS` fields.
    """
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, ast.FragmentDefinitionNode)
    }
    kind: OperationKind = operation.operation.value
    root = supergraph.roots[kind]
    api_types = frozenset(supergraph.api_schema.type_map)
    expansion = _Expansion(supergraph, fragments, conditions, api_types)
    return NormalisedOperation(
        kind=kind,
        root=root,
        selection=expansion.run(operation.selection_set, root),
        variables={
            node.variable.name.value: _declaration(node) for node in operation.variable_definitions or ()
        },
        name=operation.name.value if operation.name else None,
        directives=add_directives(NoArguments, operation.directives),
    )


def normalise_field_set(supergraph: Supergraph, fields: FieldSet, parent: str) -> SelectionSet:
    """Normalise a key, requirement or provision of `parent` over everything, inaccessible or not."""
    return _Expansion(supergraph, {}, {}, None).run(fields.selection_set, parent)


def condition_variables(
    document: ast.DocumentNode, operation: ast.OperationDefinitionNode
) -> tuple[str, ...]:
    """The variables in `@skip` and `@include` that the operation reaches, in order of appearance."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, ast.FragmentDefinitionNode)
    }
    found: dict[str, None] = {}
    reached: set[str] = set()
    pending = [operation.selection_set]
    while pending:
        for node in pending.pop().selections:
            for directive in node.directives or ():
                for argument in (
                    directive.arguments or () if directive.name.value in ("skip", "include") else ()
                ):
                    if isinstance(argument.value, ast.VariableNode):
                        found.setdefault(argument.value.name.value)
            if isinstance(node, ast.FragmentSpreadNode):
                name = node.name.value
                if name in fragments and name not in reached:
                    reached.add(name)
                    pending.append(fragments[name].selection_set)
            elif isinstance(node, ast.FieldNode | ast.InlineFragmentNode) and node.selection_set is not None:
                pending.append(node.selection_set)
    return tuple(found)


def _declaration(node: ast.VariableDefinitionNode) -> str:
    default = f" = {print_value(node.default_value, set())}" if node.default_value is not None else ""
    directives = directives_text(node.directives, set())
    return f"${node.variable.name.value}: {_type_text(node.type)}{default}{directives}"


def _type_text(node: ast.TypeNode) -> str:
    if isinstance(node, ast.NonNullTypeNode):
        return f"{_type_text(node.type)}!"
    if isinstance(node, ast.ListTypeNode):
        return f"[{_type_text(node.type)}]"
    return node.name.value if isinstance(node, ast.NamedTypeNode) else ""


class _Expansion:
    """One run over one selection."""

    def __init__(
        self,
        supergraph: Supergraph,
        fragments: Mapping[str, ast.FragmentDefinitionNode],
        conditions: Mapping[str, bool],
        visible: frozenset[str] | None,
    ) -> None:
        self._supergraph = supergraph
        self._types = supergraph.types
        self._fragments = fragments
        self._conditions = conditions
        #: Object types that a fragment may narrow to; None: all of them.
        self._visible = visible
        self._order = 0
        self._visited: set[tuple[int, str | None, str]] = set()

    def run(self, selections: ast.SelectionSetNode, parent: str) -> SelectionSet:
        target = SelectionSet(parent)
        self._collect(selections, None, target)
        return target

    def _collect(self, selections: ast.SelectionSetNode, scope: str | None, target: SelectionSet) -> None:
        for node in selections.selections:
            if node.directives and not self._included(node.directives):
                continue
            if isinstance(node, ast.FieldNode):
                self._field(node, scope, target)
            elif isinstance(node, ast.FragmentSpreadNode):
                name = node.name.value
                visit = (id(target), scope, name)
                if visit not in self._visited:
                    self._visited.add(visit)
                    fragment = self._fragments[name]
                    self._narrow(fragment.type_condition.name.value, fragment.selection_set, scope, target)
            elif isinstance(node, ast.InlineFragmentNode):
                if node.type_condition is None:
                    self._collect(node.selection_set, scope, target)
                else:
                    self._narrow(node.type_condition.name.value, node.selection_set, scope, target)

    def _field(self, node: ast.FieldNode, scope: str | None, target: SelectionSet) -> None:
        key = node.alias.value if node.alias else node.name.value
        fields = target.scopes.get(scope)
        if fields is None:
            fields = target.scopes[scope] = {}
        known = fields.get(key)
        if known is None:
            known = fields[key] = self._new_field(node, key, scope or target.type)
        elif node.directives:
            known.arguments = add_directives(known.arguments, node.directives)
        if known.selection is not None and node.selection_set is not None:
            self._collect(node.selection_set, None, known.selection)

    def _new_field(self, node: ast.FieldNode, key: str, parent: str) -> Field:
        self._order += 1
        if self._order > MAX_SELECTIONS:
            raise ClientProblem(
                ErrorCode.MAX_SELECTIONS_LIMIT, f"The operation expands to more than {MAX_SELECTIONS} fields."
            )
        name = node.name.value
        if name.startswith("__"):
            return Field(key, name, field_arguments(None), parent, None, self._order)
        type_ref = self._types[parent].fields[name].type
        selection = None if node.selection_set is None else SelectionSet(type_ref.named)
        arguments = add_directives(field_arguments(node.arguments), node.directives)
        return Field(key, name, arguments, parent, type_ref, self._order, selection)

    def _narrow(
        self, condition: str, selections: ast.SelectionSetNode, scope: str | None, target: SelectionSet
    ) -> None:
        current = scope or target.type
        table = self._types[current]
        if condition == current or condition in table.interfaces:
            self._collect(selections, scope, target)
        elif table.kind == "object":
            if current in self._supergraph.possible_types(condition):
                self._collect(selections, scope, target)
        else:
            for name in self._supergraph.common_types(current, condition):
                if self._visible is None or name in self._visible:
                    self._collect(selections, name, target)

    def _included(self, directives: Iterable[ast.DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name in ("skip", "include"):
                if self._condition(directive) == (name == "skip"):
                    return False
            elif name in _UNSUPPORTED_DIRECTIVES:
                raise ClientProblem(
                    ErrorCode.UNSUPPORTED_OPERATION,
                    f"@{name} is not supported: the answer would have to come in parts.",
                )
        return True

    def _condition(self, directive: ast.DirectiveNode) -> bool:
        value = next(item.value for item in directive.arguments or () if item.name.value == "if")
        if isinstance(value, ast.VariableNode):
            return self._conditions[value.name.value]
        return isinstance(value, ast.BooleanValueNode) and value.value
