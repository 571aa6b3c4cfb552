"""The merged types without their contents: names, kinds, keys, interfaces, union members."""

from __future__ import annotations

from gateway.composition.codes import Code, HintCode
from gateway.composition.fieldset import parse_field_set, print_field_set
from gateway.composition.merge.state import NOWHERE, Merge, Source, join, listed
from gateway.composition.model import Applied, Kind, TypeDef

__all__ = ["merge_shells"]


def merge_shells(merge: Merge) -> None:
    """Put an empty merged type for every name into the result, with its join directives.

    Reports types of different kinds, extensions without a base, interfaces known as objects only.
    """
    for subgraph in merge.subgraphs:
        for found in subgraph.types.values():
            merge.sources.setdefault(found.name, []).append(Source(subgraph, found))
    for name, sources in merge.sources.items():
        kind = _kind(merge, name, sources)
        if kind is None:
            continue
        _check_base(merge, name, sources)
        shell = TypeDef(name, NOWHERE, kind=kind)
        merge.merged.types[name] = shell
        for source in sources:
            shell.directives += _join_types(source)
            _merge_interfaces(shell, source)
        if kind is Kind.UNION:
            _merge_members(merge, shell, sources)
        _hint_entity(merge, name, sources)


def _kind(merge: Merge, name: str, sources: list[Source]) -> Kind | None:
    kinds: dict[Kind, list[Source]] = {}
    for source in sources:
        kind = Kind.INTERFACE if source.type.is_interface_object else source.type.kind
        kinds.setdefault(kind, []).append(source)
    if len(kinds) > 1:
        told = " but ".join(
            f"{_noun(found[0])} in subgraph{'s' if len(found) > 1 else ''}"
            f" {listed(s.subgraph.name for s in found)}"
            for found in kinds.values()
        )
        merge.report.error(
            Code.TYPE_KIND_MISMATCH,
            f'Type "{name}" has mismatched kind: it is defined as {told}. Rename it in one of them.',
            (s.type.location for s in sources),
        )
        return None
    if all(source.type.is_interface_object for source in sources):
        merge.report.error(
            Code.INTERFACE_OBJECT_USAGE_ERROR,
            f'Type "{name}" is declared with @interfaceObject in all the subgraphs that define it'
            f" ({listed(s.subgraph.name for s in sources)}): one subgraph must define it as an interface.",
            (s.type.location for s in sources),
        )
        return None
    return next(iter(kinds))


def _noun(source: Source) -> str:
    suffix = " (with @interfaceObject)" if source.type.is_interface_object else ""
    return f"{source.type.kind.noun}{suffix}"


def _check_base(merge: Merge, name: str, sources: list[Source]) -> None:
    if any(source.type.defined for source in sources) or name in ("Query", "Mutation", "Subscription"):
        return
    merge.report.error(
        Code.EXTENSION_WITH_NO_BASE,
        f'Type "{name}" is only ever extended: no subgraph defines it. Drop "extend" in one of them.',
        (source.type.location for source in sources),
    )


def _join_types(source: Source) -> list[Applied]:
    found, subgraph = source.type, source.subgraph
    interface_object = True if found.is_interface_object else None
    keys = found.all("key")
    if not keys:
        return [join("type", subgraph, isInterfaceObject=interface_object)]
    return [
        join(
            "type",
            subgraph,
            key=print_field_set(parse_field_set(key.text("fields"))),
            extension=True if key.on_extension else None,
            resolvable=False if key.arguments.get("resolvable") is False else None,
            isInterfaceObject=interface_object,
        )
        for key in keys
    ]


def _merge_interfaces(shell: TypeDef, source: Source) -> None:
    for interface in source.type.interfaces:
        shell.interfaces[interface] = NOWHERE
        shell.directives.append(join("implements", source.subgraph, interface=interface))


def _merge_members(merge: Merge, shell: TypeDef, sources: list[Source]) -> None:
    for source in sources:
        for member in source.type.members:
            shell.members[member] = NOWHERE
            shell.directives.append(join("unionMember", source.subgraph, member=member))
    for member in shell.members:
        without = [s.subgraph.name for s in sources if member not in s.type.members]
        if without:
            having = [s.subgraph.name for s in sources if member in s.type.members]
            merge.report.hint(
                HintCode.INCONSISTENT_UNION_MEMBER,
                f'Union type "{shell.name}" includes member type "{member}" in subgraph {listed(having)}'
                f" but not in {listed(without)}.",
                (s.type.location for s in sources),
            )


def _hint_entity(merge: Merge, name: str, sources: list[Source]) -> None:
    if merge.merged.types[name].kind is not Kind.OBJECT or name in ("Query", "Mutation", "Subscription"):
        return
    with_key = [s.subgraph.name for s in sources if s.type.has("key")]
    without = [s.subgraph.name for s in sources if not s.type.has("key")]
    if with_key and without:
        merge.report.hint(
            HintCode.INCONSISTENT_ENTITY,
            f'Type "{name}" is declared as an entity (has a @key) in some but not all defining subgraphs:'
            f" it has no @key in {listed(without)}.",
            (s.type.location for s in sources if not s.type.has("key")),
        )
