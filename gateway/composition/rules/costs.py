"""`@cost` and `@listSize`: only where lists and prices are."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.composition.codes import Code
from gateway.composition.model import Applied, Field, Kind, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report
from gateway.composition.typeref import ListOf, is_list, named_type, nullable

__all__ = ["check_costs"]

Fault = tuple[Code, str]


def check_costs(subgraph: Subgraph, report: Report) -> None:
    """Report costs on interface fields, and list sizes that speak of no list or no such argument."""
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for field in owner.fields.values():
            coordinate = f"{owner.name}.{field.name}"
            cost = field.first("cost")
            if cost is not None and owner.kind is Kind.INTERFACE:
                report.error(
                    Code.COST_APPLIED_TO_INTERFACE_FIELD,
                    f'@cost cannot be on interface field "{coordinate}": put it on the implementations.',
                    cost.location,
                )
            size = field.first("listSize")
            for code, message in _faults(subgraph, owner, field, size) if size else ():
                report.error(code, message, size.location if size else owner.location)


def _faults(subgraph: Subgraph, owner: TypeDef, field: Field, size: Applied) -> Iterator[Fault]:
    coordinate = f"{owner.name}.{field.name}"
    sized = size.arguments.get("sizedFields")
    sized_names = [name for name in sized if isinstance(name, str)] if isinstance(sized, tuple) else []
    if not sized_names and not is_list(field.type):
        yield Code.LIST_SIZE_APPLIED_TO_NON_LIST, f'@listSize on "{coordinate}", which is no list.'
    assumed = size.arguments.get("assumedSize")
    if isinstance(assumed, int) and assumed < 0:
        yield Code.LIST_SIZE_INVALID_ASSUMED_SIZE, f'The assumed size of "{coordinate}" cannot be negative.'
    slicing = size.arguments.get("slicingArguments")
    for name in slicing if isinstance(slicing, tuple) else ():
        argument = field.arguments.get(str(name))
        if argument is None:
            yield (
                Code.LIST_SIZE_INVALID_SLICING_ARGUMENT,
                f'Slicing argument "{name}" is no argument of "{coordinate}".',
            )
        elif named_type(argument.type) != "Int" or isinstance(nullable(argument.type), ListOf):
            yield (
                Code.LIST_SIZE_INVALID_SLICING_ARGUMENT,
                f'Slicing argument "{coordinate}({name}:)" must be of type Int or Int!.',
            )
    target = subgraph.types.get(named_type(field.type))
    for name in sized_names:
        child = target.fields.get(name) if target else None
        if child is None:
            yield (
                Code.LIST_SIZE_INVALID_SIZED_FIELD,
                f'Sized field "{name}" of "{coordinate}" is no field of "{named_type(field.type)}".',
            )
        elif not is_list(child.type):
            yield (
                Code.LIST_SIZE_APPLIED_TO_NON_LIST,
                f'Sized field "{named_type(field.type)}.{name}" of "{coordinate}" is no list.',
            )
