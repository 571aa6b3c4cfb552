"""From a validated operation to the shape of its answer (GraphQL 6.3.2, CollectFields)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    is_specified_scalar_type,
)

from gateway.operation.conditions import is_selected
from gateway.operation.document import Document
from gateway.response.shape import (
    AbstractShape,
    AnyShape,
    EnumShape,
    FieldShape,
    ListShape,
    ObjectShape,
    RefusedShape,
    ScalarShape,
    Shape,
    TypenameShape,
)

__all__ = ["ShapeRequest", "shape_of"]

_Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(frozen=True, slots=True)
class ShapeRequest:
    """Everything that an answer's shape depends on."""

    schema: GraphQLSchema
    document: Document
    operation: OperationDefinitionNode
    #: Values of the variables that decide `@skip` and `@include`.
    conditions: Mapping[str, bool]
    #: Ids of the field nodes that the caller may not see (`authorise`).
    refused: Container[int] = frozenset()


def shape_of(request: ShapeRequest) -> ObjectShape:
    """The shape of the operation's `data`."""
    root = request.schema.get_root_type(request.operation.operation)
    if root is None:
        raise AssertionError("a validated operation has its root type")
    return _Collector(request).object_shape(root, [request.operation.selection_set], static=True)


_SCALARS = {
    "Boolean": ScalarShape("bool"),
    "Float": ScalarShape("float"),
    "ID": ScalarShape("str"),
    "Int": ScalarShape("int"),
    "String": ScalarShape("str"),
}


class _Collector:
    def __init__(self, request: ShapeRequest) -> None:
        self._request = request
        self._schema = request.schema
        # Runtime types for which the same is selected share a shape, so an interface with a hundred
        # implementers costs as many shapes as there are different selections.
        self._objects: dict[tuple[object, ...], ObjectShape] = {}
        self._composites: dict[tuple[object, ...], Shape] = {}
        self._enums: dict[str, EnumShape] = {}

    def object_shape(
        self, runtime: _Composite, selection_sets: Iterable[SelectionSetNode], *, static: bool
    ) -> ObjectShape:
        """`static`: the position's type is this object type, so `__typename` needs no data."""
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in selection_sets:
            self._collect(runtime, selection_set.selections, grouped, visited)
        key = (
            runtime.name if static else None,
            *(
                (name, *map(id, nodes), str(self._definition(runtime, nodes[0]).type))
                for name, nodes in grouped.items()
            ),
        )
        known = self._objects.get(key)
        if known is None:
            known = ObjectShape(
                tuple(self._field_shape(runtime, name, nodes, static) for name, nodes in grouped.items())
            )
            self._objects[key] = known
        return known

    def _collect(
        self,
        runtime: _Composite,
        selections: Iterable[SelectionNode],
        grouped: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for selection in selections:
            if not is_selected(selection, self._request.conditions):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                grouped.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(condition.name.value, runtime):
                    self._collect(runtime, selection.selection_set.selections, grouped, visited)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                visited.add(selection.name.value)
                fragment = self._request.document.fragments[selection.name.value]
                if self._applies(fragment.type_condition.name.value, runtime):
                    self._collect(runtime, fragment.selection_set.selections, grouped, visited)

    def _applies(self, condition: str, runtime: _Composite) -> bool:
        if condition == runtime.name:
            return True
        declared = self._schema.get_type(condition)
        if isinstance(declared, (GraphQLInterfaceType, GraphQLUnionType)) and isinstance(
            runtime, (GraphQLObjectType, GraphQLInterfaceType)
        ):
            return self._schema.is_sub_type(declared, runtime)
        return False

    def _definition(self, parent: _Composite, node: FieldNode) -> GraphQLField:
        definition = self._schema.get_field(parent, node.name.value)
        if definition is None:
            raise AssertionError("a validated operation selects known fields only")
        return definition

    def _field_shape(self, parent: _Composite, key: str, nodes: list[FieldNode], static: bool) -> FieldShape:
        name = nodes[0].name.value
        if name == "__typename":
            return FieldShape(
                key, TypenameShape(parent.name if static else None), True, f"{parent.name}.{name}"
            )
        declared = self._definition(parent, nodes[0]).type
        non_null = isinstance(declared, GraphQLNonNull)
        visible = [node for node in nodes if id(node) not in self._request.refused]
        shape = self._shape(declared, visible) if visible else RefusedShape()
        if name in ("__schema", "__type"):
            shape = AnyShape()
        return FieldShape(key, shape, non_null, f"{parent.name}.{name}")

    def _shape(self, declared: GraphQLOutputType, nodes: list[FieldNode]) -> Shape:
        if isinstance(declared, GraphQLNonNull):
            return self._shape(declared.of_type, nodes)
        if isinstance(declared, GraphQLList):
            item = declared.of_type
            return ListShape(self._shape(item, nodes), isinstance(item, GraphQLNonNull))
        if isinstance(declared, GraphQLEnumType):
            known = self._enums.get(declared.name)
            if known is None:
                known = self._enums[declared.name] = EnumShape(frozenset(declared.values))
            return known
        if isinstance(declared, (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)):
            return self._composite(declared, nodes)
        return _SCALARS[declared.name] if is_specified_scalar_type(declared) else AnyShape()

    def _composite(self, declared: _Composite, nodes: list[FieldNode]) -> Shape:
        key = (declared.name, *map(id, nodes))
        known = self._composites.get(key)
        if known is not None:
            return known
        selection_sets = [node.selection_set for node in nodes if node.selection_set is not None]
        shape: Shape
        if isinstance(declared, GraphQLObjectType):
            shape = self.object_shape(declared, selection_sets, static=True)
        else:
            shape = AbstractShape(
                by_type={
                    possible.name: self.object_shape(possible, selection_sets, static=False)
                    for possible in self._schema.get_possible_types(declared)
                },
                unknown=self.object_shape(declared, selection_sets, static=False),
            )
        self._composites[key] = shape
        return shape
