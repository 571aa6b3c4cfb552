"""Federation 1 subgraphs made into Federation 2 ones, without changing what they resolve.

Federation 1 said less: extensions own nothing, externals may be unused, every value type is shared.
Each step below is one such habit put into Federation 2 words. The order matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.composition.codes import Code, HintCode
from gateway.composition.facts import Coordinate, gather_facts, selected_fields
from gateway.composition.fieldset import (
    FieldSelection,
    FieldSetSyntaxError,
    Selection,
    parse_field_set,
    print_field_set,
)
from gateway.composition.model import Applied, Field, Kind, TypeDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Report
from gateway.composition.specification import SPECIFICATIONS
from gateway.composition.typeref import named_type
from gateway.composition.values import Const, EnumName

__all__ = ["hint_upgrades", "normalise_field_sets", "upgrade_subgraphs"]

_ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def upgrade_subgraphs(subgraphs: Sequence[Subgraph], report: Report) -> None:
    """Upgrade the Federation 1 ones among the subgraphs, in place."""
    old = [subgraph for subgraph in subgraphs if subgraph.federation_1]
    if not old:
        return
    _check_bases(subgraphs, old, report)
    for subgraph in old:
        _unmark_externals(subgraph, subgraphs)
        _trim_field_sets(subgraph)
        _make_definitions(subgraph)
        _remove_unused_externals(subgraph, report)
        _drop_tags_on_externals(subgraph, subgraphs)
    for subgraph in old:
        _share(subgraph, subgraphs)


def hint_upgrades(subgraphs: Sequence[Subgraph], report: Report) -> None:
    """Tell of Federation 2 subgraphs that link a specification newer than their federation version."""
    for subgraph in subgraphs:
        federation = subgraph.links.federation
        if federation is None or federation.version is None:
            continue
        needed = max(
            (
                definition.since
                for feature in subgraph.links.features
                for definition in SPECIFICATIONS.get(feature.identity, ((0, 0), ()))[1]
            ),
            default=federation.version,
        )
        if needed > federation.version:
            report.hint(
                HintCode.IMPLICITLY_UPGRADED_FEDERATION_VERSION,
                f'Subgraph "{subgraph.name}" links federation'
                f" v{federation.version[0]}.{federation.version[1]} but"
                f" uses a specification of v{needed[0]}.{needed[1]}: it is composed as the latter.",
                federation.location,
            )


def normalise_field_sets(subgraph: Subgraph) -> None:
    """`fields: ["id", "name"]` and `fields: id`, which Federation 1 took, as strings."""
    if not subgraph.federation_1:
        return
    for owner in subgraph.types.values():
        applications = [*owner.directives, *(d for f in owner.fields.values() for d in f.directives)]
        for applied in applications:
            if applied.known and "fields" in applied.arguments:
                applied.arguments["fields"] = _as_string(applied.arguments["fields"])


def _as_string(value: Const) -> Const:
    if isinstance(value, EnumName):
        return value.name
    if isinstance(value, tuple):
        parts = [_as_string(item) for item in value]
        return (
            " ".join(p for p in parts if isinstance(p, str))
            if all(isinstance(p, str) for p in parts)
            else value
        )
    return value


def _check_bases(subgraphs: Sequence[Subgraph], old: list[Subgraph], report: Report) -> None:
    defined = {t.name for s in subgraphs for t in s.types.values() if t.defined} | _ROOTS
    for subgraph in old:
        for found in subgraph.types.values():
            if found.name not in defined:
                report.error(
                    Code.EXTENSION_WITH_NO_BASE,
                    f'Type "{found.name}" is only ever extended: no subgraph defines it. Drop "extend" in one'
                    " of them.",
                    found.location,
                )


def _unmark_externals(subgraph: Subgraph, subgraphs: Sequence[Subgraph]) -> None:
    """Externals on interfaces and whole types meant nothing; key fields of extensions are resolved."""
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        owner.drop("external")
        for field in owner.fields.values():
            if owner.kind is Kind.INTERFACE:
                field.drop("external")
            field.directives = [d for d in field.directives if not (d.known and d.inherited)]
        if owner.extended and not owner.defined:
            for type_name, field_name in _extension_keys(subgraph, owner, subgraphs):
                found = subgraph.field(type_name, field_name)
                if found is not None:
                    found.drop("external")


def _extension_keys(
    subgraph: Subgraph, owner: TypeDef, subgraphs: Sequence[Subgraph]
) -> Iterator[Coordinate]:
    keys = owner.all("key")
    if not keys:
        others = (s.types.get(owner.name) for s in subgraphs if s is not subgraph)
        keys = next((found for t in others if t and (found := t.all("key"))), [])[:1]
    for key in keys:
        selections = _parsed(key)
        if selections:
            yield from selected_fields(subgraph, selections, owner.name)


def _parsed(applied: Applied) -> tuple[Selection, ...] | None:
    try:
        return parse_field_set(applied.text("fields"))
    except FieldSetSyntaxError:
        return None  # reported by the rules


def _trim_field_sets(subgraph: Subgraph) -> None:
    """Without what the subgraph resolves anyway, without directives where they had no effect."""
    external = gather_facts(subgraph).external
    for owner in subgraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        if owner.kind is Kind.INTERFACE:
            owner.drop("key")
        for field in owner.fields.values():
            target = subgraph.types.get(named_type(field.type))
            if owner.kind is Kind.INTERFACE:
                field.drop("requires")
                field.drop("provides")
                continue
            if target is None or not target.kind.is_composite:
                field.drop("provides")
            _trim(subgraph, field, "requires", (owner.name, external))
            _trim(subgraph, field, "provides", (named_type(field.type), external))


def _trim(subgraph: Subgraph, field: Field, name: str, scope: tuple[str, set[Coordinate]]) -> None:
    base, external = scope
    applied = field.first(name)
    selections = _parsed(applied) if applied else None
    if applied is None or selections is None:
        return
    try:
        kept = _external_only(subgraph, selections, base, external)
    except KeyError:
        return  # names an unknown field: reported by the rules
    if not kept:
        field.drop(name)
    else:
        applied.arguments["fields"] = print_field_set(kept)


def _external_only(
    subgraph: Subgraph, selections: tuple[Selection, ...], base: str, external: set[Coordinate]
) -> tuple[Selection, ...]:
    kept: list[Selection] = []
    for selection in selections:
        if not isinstance(selection, FieldSelection):
            condition = selection.condition or base
            children = _external_only(subgraph, selection.children, condition, external)
            if children:
                kept.append(replace(selection, children=children))
            continue
        field = subgraph.types[base].fields[selection.name]
        implementers = subgraph.implementers(base) if subgraph.types[base].kind is Kind.INTERFACE else [base]
        if any((owner, selection.name) in external for owner in implementers):
            kept.append(selection)
        elif selection.children:
            children = _external_only(subgraph, selection.children, named_type(field.type), external)
            if children:
                kept.append(replace(selection, children=children))
    return tuple(kept)


def _make_definitions(subgraph: Subgraph) -> None:
    for found in subgraph.types.values():
        found.defined, found.extended = True, False
        for applied in found.directives:
            applied.on_extension = False


def _remove_unused_externals(subgraph: Subgraph, report: Report) -> None:
    facts = gather_facts(subgraph)
    for owner in list(subgraph.of_kind(Kind.OBJECT)):
        unused = [name for name in owner.fields if (owner.name, name) in facts.external - facts.used]
        for name in unused:
            del owner.fields[name]
        if unused and not owner.fields:
            report.error(
                Code.TYPE_WITH_ONLY_UNUSED_EXTERNAL,
                f'Type "{owner.name}" has only unused @external fields in Federation 1 subgraph'
                f' "{subgraph.name}": remove the type there.',
                owner.location,
            )


def _drop_tags_on_externals(subgraph: Subgraph, subgraphs: Sequence[Subgraph]) -> None:
    """A tag on an external copy is a repetition of the same tag on the field itself."""
    for owner in subgraph.of_kind(Kind.OBJECT):
        for field in owner.fields.values():
            if not field.has("external"):
                continue
            elsewhere = [
                tag.arguments
                for other in subgraphs
                if other is not subgraph and (found := other.field(owner.name, field.name)) is not None
                for tag in found.all("tag")
            ]
            field.directives = [
                d for d in field.directives if not (d.known and d.name == "tag" and d.arguments in elsewhere)
            ]


def _share(subgraph: Subgraph, subgraphs: Sequence[Subgraph]) -> None:
    """Whole value types, and entity or root fields that another subgraph resolves too."""
    facts = gather_facts(subgraph)
    others = [(s, gather_facts(s)) for s in subgraphs if s is not subgraph]
    for owner in subgraph.of_kind(Kind.OBJECT):
        if owner.name == "Subscription":
            continue
        by_field = owner.has("key") or owner.name in _ROOTS
        if not by_field and not any(owner.name in s.types for s, _ in others):
            continue
        for field in owner.fields.values():
            coordinate = (owner.name, field.name)
            if coordinate in facts.keys or coordinate in facts.external:
                continue
            if by_field and not any(
                s.field(*coordinate) is not None and f.is_resolved(*coordinate) for s, f in others
            ):
                continue
            field.directives.append(Applied("shareable", {}, field.location, known=True))
