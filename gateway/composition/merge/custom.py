"""`@composeDirective`: custom directives of linked specifications that the supergraph keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.composition.codes import Code, HintCode
from gateway.composition.link import Feature
from gateway.composition.merge.directives import BUILT_IN_DIRECTIVES, MERGED_SPECIFICATIONS
from gateway.composition.merge.state import NOWHERE, Merge, listed
from gateway.composition.model import Applied, Argument, DirectiveDef
from gateway.composition.reader import Subgraph
from gateway.composition.result import Location
from gateway.composition.specification import FEDERATION, LINK, SPECIFICATIONS, Version
from gateway.composition.values import literal

__all__ = ["compose_custom_directives", "custom_links"]


@dataclass(slots=True)
class _Composed:
    """A directive that at least one subgraph asks to keep."""

    feature: Feature
    element: str
    users: list[tuple[Subgraph, Feature, Location]] = field(default_factory=list)


def compose_custom_directives(merge: Merge) -> None:
    """Fill `merge.composed` (local name → subgraphs' names) and define the directives in the result.

    Reports names that are no custom directive of a linked specification, or mean different things.
    """
    composed: dict[str, _Composed] = {}
    for subgraph in merge.subgraphs:
        for applied in subgraph.applied:
            if applied.known and applied.name == "composeDirective":
                _take(merge, subgraph, applied, composed)
    _check_versions(merge, composed)
    for name, entry in composed.items():
        newest = max(entry.users, key=lambda user: user[1].version or (0, 0))
        definition = newest[0].directives[name]
        merge.merged.directives[name] = _copy(definition)
        merge.composed[name] = frozenset(user[0].name for user in entry.users)


def _take(merge: Merge, subgraph: Subgraph, applied: Applied, composed: dict[str, _Composed]) -> None:
    written = applied.text("name")
    fault = _fault(subgraph, written)
    if fault:
        merge.report.error(Code.DIRECTIVE_COMPOSITION_ERROR, fault, applied.location)
        return
    name = written.removeprefix("@")
    resolved = subgraph.links.directive(name)
    if resolved is None:
        return
    for argument in subgraph.directives[name].arguments.values():
        if argument.has("inaccessible"):
            merge.report.error(
                Code.DISALLOWED_INACCESSIBLE,
                f'"{written}" is composed, so its argument "{argument.name}" cannot be @inaccessible.',
                argument.location,
            )
    feature, element = resolved
    entry = composed.setdefault(name, _Composed(feature, element))
    if (entry.feature.identity, entry.element) != (feature.identity, element):
        merge.report.error(
            Code.DIRECTIVE_COMPOSITION_ERROR,
            f'Composed directive "{written}" is not linked by the same specification in every subgraph:'
            f" {entry.feature.identity} and {feature.identity}.",
            applied.location,
            entry.users[0][2],
        )
        return
    for other, twin in composed.items():
        if other != name and (twin.feature.identity, twin.element) == (feature.identity, element):
            merge.report.error(
                Code.DIRECTIVE_COMPOSITION_ERROR,
                f'Composed directive "@{element}" has different names across subgraphs: "@{other}" and'
                f' "@{name}". Import it under one name.',
                applied.location,
                twin.users[0][2],
            )
    entry.users.append((subgraph, feature, applied.location))


def _fault(subgraph: Subgraph, written: str) -> str:
    """Why the name cannot be composed; empty when it can."""
    place = f'in subgraph "{subgraph.name}"'
    if not written:
        return f"@composeDirective {place} names no directive."
    if not written.startswith("@"):
        return f'@composeDirective "{written}" {place} must have a leading "@".'
    name = written[1:]
    resolved = subgraph.links.directive(name)
    if resolved is not None and resolved[0].identity in (FEDERATION, LINK, *SPECIFICATIONS):
        return f'"{written}" {place} belongs to {resolved[0].identity} and has its own rules.'
    if name in BUILT_IN_DIRECTIVES or (name in subgraph.directives and resolved is None):
        return f'"{written}" {place} cannot be composed: it is no member of a specification that is linked.'
    if name not in subgraph.directives:
        return f'There is no directive definition for @composeDirective "{written}" {place}.'
    if name in MERGED_SPECIFICATIONS:
        return f'"{written}" {place} has the name of a specification\'s directive: import it under another.'
    return ""


def _check_versions(merge: Merge, composed: dict[str, _Composed]) -> None:
    """Different major versions of one specification do not mix."""
    used: dict[str, set[str]] = {}
    for entry in composed.values():
        used.setdefault(entry.feature.identity, set()).update(user[0].name for user in entry.users)
    majors: dict[str, dict[int, list[tuple[str, Location]]]] = {}
    for subgraph in merge.subgraphs:
        for feature in subgraph.links.features:
            known = feature.identity in (FEDERATION, LINK, *SPECIFICATIONS)
            if not known and feature.version is not None:
                same = majors.setdefault(feature.identity, {}).setdefault(feature.version[0], [])
                same.append((subgraph.name, feature.location))
    for identity, versions in majors.items():
        if len(versions) < 2:
            continue
        places = [place for users in versions.values() for _, place in users]
        composing = [m for m, users in versions.items() if any(n in used.get(identity, ()) for n, _ in users)]
        if len(composing) > 1:
            merge.report.error(
                Code.DIRECTIVE_COMPOSITION_ERROR,
                f"{identity} is composed from different major versions"
                f" ({', '.join(f'v{major}' for major in sorted(composing))}): link the same one.",
                places,
            )
        else:
            merge.report.hint(
                HintCode.DIRECTIVE_COMPOSITION_INFO,
                f"{identity} is linked in different major versions across subgraphs"
                f" ({listed(name for users in versions.values() for name, _ in users)}).",
                places,
            )


def _copy(definition: DirectiveDef) -> DirectiveDef:
    arguments = {
        a.name: Argument(a.name, NOWHERE, a.description, type=a.type, default=a.default)
        for a in definition.arguments.values()
    }
    return DirectiveDef(
        definition.name,
        NOWHERE,
        definition.description,
        arguments=arguments,
        locations=tuple(sorted(definition.locations)),
        repeatable=definition.repeatable,
    )


def custom_links(merge: Merge) -> list[str]:
    """`@link`s of the specifications that composed directives come from, newest version, sorted."""
    features: dict[str, tuple[Version, str]] = {}
    imports: dict[str, dict[str, str]] = {}
    for name, users in merge.composed.items():
        for subgraph in merge.subgraphs:
            resolved = subgraph.links.directive(name) if subgraph.name in users else None
            if resolved is None:
                continue
            feature, element = resolved
            version = feature.version or (0, 0)
            features[feature.identity] = max(
                features.get(feature.identity, ((0, 0), "")), (version, feature.url)
            )
            imports.setdefault(feature.identity, {})[element] = name
    links = []
    for identity, (_, url) in sorted(features.items()):
        items = [
            f'"@{element}"' if element == name else f'{{name: "@{element}", as: "@{name}"}}'
            for element, name in sorted(imports[identity].items())
        ]
        links.append(f"@link(url: {literal(url)}, import: [{', '.join(items)}])")
    return links
