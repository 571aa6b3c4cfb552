"""`@key`, `@requires`, `@provides`: their field sets must select what exists and what makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.composition.codes import Code
from gateway.composition.facts import Facts
from gateway.composition.fieldset import (
    FieldSelection,
    FieldSetSyntaxError,
    Selection,
    parse_field_set,
    print_field_set,
)
from gateway.composition.model import BUILT_IN_SCALARS, Applied, Field, Kind, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report
from gateway.composition.typeref import named_type

__all__ = ["check_field_sets", "selection_faults"]

Fault = tuple[Code, str]


def check_field_sets(subgraph: Subgraph, facts: Facts, report: Report) -> None:
    """Report every faulty field set of the subgraph."""
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for key in owner.all("key"):
            _check_key(subgraph, owner, key, report)
        for field in owner.fields.values():
            for requires in field.all("requires"):
                _check_requires(_Use(subgraph, facts, owner, field, requires), report)
            for provides in field.all("provides"):
                _check_provides(_Use(subgraph, facts, owner, field, provides), report)


@dataclass(frozen=True, slots=True)
class _Use:
    """`@requires` or `@provides` on a field."""

    subgraph: Subgraph
    facts: Facts
    owner: TypeDef
    field: Field
    applied: Applied

    @property
    def title(self) -> str:
        return f'On field "{self.owner.name}.{self.field.name}", @{self.applied.name}'


def _check_key(subgraph: Subgraph, owner: TypeDef, key: Applied, report: Report) -> None:
    federation = subgraph.links.federation
    if owner.kind is Kind.INTERFACE and federation and (federation.version or (2, 0)) < (2, 3):
        report.error(
            Code.KEY_UNSUPPORTED_ON_INTERFACE,
            f'@key on interface "{owner.name}" needs federation v2.3 or later in the @link.',
            key.location,
        )
        return
    selections = _parsed(key, f'On type "{owner.name}", @key', report)
    if selections is None:
        return
    title = f'On type "{owner.name}", @key(fields: "{print_field_set(selections)}")'
    for code, message in selection_faults(subgraph, selections, owner.name, "KEY"):
        report.error(code, f"{title}: {message}", key.location)
    for code, message in _key_faults(subgraph, selections, owner.name):
        report.error(code, f"{title}: {message}", key.location)


def _parsed(applied: Applied, title: str, report: Report) -> tuple[Selection, ...] | None:
    family = applied.name.upper()
    fields = applied.arguments.get("fields")
    if not isinstance(fields, str):
        report.error(
            Code[f"{family}_INVALID_FIELDS_TYPE"],
            f"{title}: the fields argument must be a string that selects fields.",
            applied.location,
        )
        return None
    try:
        return parse_field_set(fields)
    except FieldSetSyntaxError as error:
        report.error(
            Code[f"{family}_INVALID_FIELDS"], f'{title}(fields: "{fields}"): {error}', applied.location
        )
        return None


def selection_faults(
    subgraph: Subgraph, selections: tuple[Selection, ...], base: str, family: str
) -> Iterator[Fault]:
    """What is wrong with a selection on `base`, whatever the directive; `family` begins the codes."""
    invalid = Code[f"{family}_INVALID_FIELDS"]
    owner = subgraph.types[base]
    for selection in selections:
        if selection.directives:
            told = ", ".join(f"@{name}" for name in selection.directives)
            yield Code[f"{family}_DIRECTIVE_IN_FIELDS_ARG"], f"directives cannot be used in it: {told}."
        if isinstance(selection, FieldSelection):
            yield from _field_faults(subgraph, owner, selection, family)
            continue
        condition = selection.condition or base
        target = subgraph.types.get(condition)
        if target is None or not target.kind.is_composite:
            yield (
                invalid,
                f'a fragment cannot be on "{condition}", which is no composite type of the subgraph.',
            )
        elif not subgraph.runtime_types(base) & subgraph.runtime_types(condition):
            yield invalid, f'a fragment on "{condition}" can never apply to "{base}".'
        else:
            yield from selection_faults(subgraph, selection.children, condition, family)


def _field_faults(
    subgraph: Subgraph, owner: TypeDef, selection: FieldSelection, family: str
) -> Iterator[Fault]:
    invalid = Code[f"{family}_INVALID_FIELDS"]
    if selection.name == "__typename":
        return
    field = owner.fields.get(selection.name)
    if field is None:
        advice = ""
        if subgraph.federation_1 is False:
            advice = " (if it is defined in another subgraph, add it here with @external)"
        yield invalid, f'cannot query field "{selection.name}" on type "{owner.name}"{advice}.'
        return
    yield from _argument_faults(owner, field, selection, family)
    target = subgraph.types.get(named_type(field.type))
    composite = target is not None and target.kind.is_composite
    if target is not None and composite and selection.children:
        yield from selection_faults(subgraph, selection.children, target.name, family)
    elif composite:
        yield (
            invalid,
            f'field "{owner.name}.{field.name}" of type "{field.type}" needs a selection of subfields.',
        )
    elif selection.children:
        yield invalid, f'field "{owner.name}.{field.name}" of type "{field.type}" has no subfields.'


def _argument_faults(owner: TypeDef, field: Field, selection: FieldSelection, family: str) -> Iterator[Fault]:
    coordinate = f"{owner.name}.{field.name}"
    if family in ("KEY", "PROVIDES") and field.arguments:
        yield Code[f"{family}_FIELDS_HAS_ARGS"], f'field "{coordinate}" has arguments and cannot be included.'
        return
    given = {name for name, _ in selection.arguments}
    invalid = Code[f"{family}_INVALID_FIELDS"]
    for name in sorted(given - set(field.arguments)):
        yield invalid, f'unknown argument "{name}" on field "{coordinate}".'
    for argument in field.arguments.values():
        if argument.is_required and argument.name not in given:
            yield invalid, f'argument "{coordinate}({argument.name}:)" is required but was not given.'


def _key_faults(subgraph: Subgraph, selections: tuple[Selection, ...], base: str) -> Iterator[Fault]:
    """Keys identify: an abstract value cannot be compared across subgraphs."""
    for selection in selections:
        if not isinstance(selection, FieldSelection):
            yield from _key_faults(subgraph, selection.children, selection.condition or base)
            continue
        field = subgraph.field(base, selection.name)
        if field is None:
            continue
        target = subgraph.types.get(named_type(field.type))
        if target is not None and target.kind in (Kind.INTERFACE, Kind.UNION):
            yield (
                Code.KEY_FIELDS_SELECT_INVALID_TYPE,
                f'field "{base}.{field.name}" is of {target.kind.noun} "{target.name}", which a key'
                " cannot have.",
            )
        elif target is not None:
            yield from _key_faults(subgraph, selection.children, target.name)


def _check_requires(use: _Use, report: Report) -> None:
    if use.owner.kind is Kind.INTERFACE:
        report.error(
            Code.REQUIRES_UNSUPPORTED_ON_INTERFACE,
            f"{use.title}: fields of an interface are not resolved, so they cannot require anything.",
            use.applied.location,
        )
        return
    _check_externals(use, use.owner.name, report)


def _check_provides(use: _Use, report: Report) -> None:
    if use.owner.kind is Kind.INTERFACE:
        report.error(
            Code.PROVIDES_UNSUPPORTED_ON_INTERFACE,
            f"{use.title}: fields of an interface are not resolved, so they cannot provide anything.",
            use.applied.location,
        )
        return
    base = named_type(use.field.type)
    target = use.subgraph.types.get(base)
    if base in BUILT_IN_SCALARS or target is None or not target.kind.is_composite:
        report.error(
            Code.PROVIDES_ON_NON_OBJECT_FIELD,
            f'{use.title}: the field has type "{use.field.type}", which has no fields to provide.',
            use.applied.location,
        )
        return
    _check_externals(use, base, report)


def _check_externals(use: _Use, base: str, report: Report) -> None:
    selections = _parsed(use.applied, use.title, report)
    if selections is None:
        return
    family = use.applied.name.upper()
    title = f'{use.title}(fields: "{print_field_set(selections)}")'
    faults = list(selection_faults(use.subgraph, selections, base, family))
    for code, message in faults:
        report.error(code, f"{title}: {message}", use.applied.location)
    if faults:
        return
    for owner, name in _own_leaves(use, selections, base, external_above=False):
        fake = (
            " (it is a key field of an extension, which counts as resolved here though marked @external)"
            if _marked_external(use.subgraph, owner, name)
            else ""
        )
        report.error(
            Code[f"{family}_FIELDS_MISSING_EXTERNAL"],
            f'{title}: field "{owner}.{name}" is resolved by this subgraph already{fake}; drop it from the'
            " selection or mark it @external.",
            use.applied.location,
        )


def _marked_external(subgraph: Subgraph, owner: str, name: str) -> bool:
    field = subgraph.field(owner, name)
    return field is not None and field.has("external")


def _own_leaves(
    use: _Use, selections: tuple[Selection, ...], base: str, *, external_above: bool
) -> Iterator[tuple[str, str]]:
    """Selected leaves that are neither external nor below something external."""
    for selection in selections:
        if not isinstance(selection, FieldSelection):
            yield from _own_leaves(
                use, selection.children, selection.condition or base, external_above=external_above
            )
            continue
        field = use.subgraph.field(base, selection.name)
        if field is None:
            continue
        external = external_above or _is_external(use, base, selection.name)
        if selection.children:
            yield from _own_leaves(use, selection.children, named_type(field.type), external_above=external)
        elif not external:
            yield base, selection.name


def _is_external(use: _Use, owner: str, name: str) -> bool:
    """External itself or, for an interface's field, in some implementation."""
    if (owner, name) in use.facts.external:
        return True
    if use.subgraph.types[owner].kind is not Kind.INTERFACE:
        return False
    return any((t, name) in use.facts.external for t in use.subgraph.implementers(owner))
