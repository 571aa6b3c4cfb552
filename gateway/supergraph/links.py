"""Which names in the supergraph belong to which specification (link and core specs).

A supergraph says in `@link(url:, as:, import:, for:)` on its schema which specifications it uses
and under which names. Nothing here trusts a default name: `@requiresScopes` may be called
`@scopes`, and a security directive that is overlooked because of its name is an open door
(GHSA-g8jh-vg5j-4h3f). A feature that is marked mandatory (`for: SECURITY` or `EXECUTION`) and is
unknown here is refused, because ignoring it could change who may see what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql.language import ast

from gateway.errors import SupergraphProblem
from gateway.supergraph.values import arguments

__all__ = ["Feature", "Links", "read_links"]

_APOLLO = "https://specs.apollo.dev/"
_URL = re.compile(r"^(?P<identity>.*/(?P<name>[A-Za-z_][A-Za-z0-9_-]*))/v(?P<major>\d+)\.(?P<minor>\d+)/?$")

#: Mandatory features that this gateway honours, with the major and highest minor version known.
_HONOURED: Mapping[str, tuple[int, int]] = {
    "core": (0, 2),
    "link": (1, 0),
    "join": (0, 5),
    "tag": (0, 3),
    "inaccessible": (0, 2),
    "authenticated": (0, 1),
    "requiresScopes": (0, 1),
    "policy": (0, 1),
    "context": (0, 1),
    "cost": (0, 1),
}
#: Features of Apollo's that carry no promise for a gateway without their subsystem.
_HARMLESS = frozenset({"federation", "source", "cacheTag"})


@dataclass(frozen=True, slots=True)
class Feature:
    """One linked specification."""

    identity: str
    name: str
    version: tuple[int, int]
    #: The prefix of its elements in this document (`as`, or its own name).
    prefix: str
    #: Own element name (`@key`, `Scope`) → name in this document, without `@`.
    imports: Mapping[str, str]
    purpose: str | None = None

    def directive(self, own: str) -> str:
        """The name in this document of the feature's directive `@own`."""
        imported = self.imports.get(f"@{own}")
        if imported is not None:
            return imported
        return self.prefix if own == self.name else f"{self.prefix}__{own}"

    def type(self, own: str) -> str:
        """The name in this document of the feature's type `own`."""
        return self.imports.get(own, f"{self.prefix}__{own}")


@dataclass(frozen=True, slots=True)
class Links:
    """All specifications that a supergraph links, by their own names."""

    features: Mapping[str, Feature]
    #: Elements of linked specifications, by document name: never part of the API schema.
    owned_directives: frozenset[str]
    owned_types: frozenset[str]
    prefixes: frozenset[str] = field(default=frozenset())

    def directive(self, feature: str, own: str) -> str:
        """The document's name for a feature's directive; the default name when it is not linked."""
        known = self.features.get(feature)
        return (known or _unlinked(feature)).directive(own)

    def type(self, feature: str, own: str) -> str:
        """The document's name for a feature's type; the default name when it is not linked."""
        known = self.features.get(feature)
        return (known or _unlinked(feature)).type(own)

    def owns_type(self, name: str) -> bool:
        """Is this type a specification's rather than the graph's?"""
        return name in self.owned_types or (name.partition("__")[0] in self.prefixes and "__" in name)

    def owns_directive(self, name: str) -> bool:
        """Is this directive a specification's rather than the graph's?"""
        return name in self.owned_directives or (name.partition("__")[0] in self.prefixes and "__" in name)


def read_links(document: ast.DocumentNode) -> Links:
    """Read `@link` and `@core`; refuse malformed ones and unknown mandatory features."""
    found: dict[str, Feature] = {}
    for directive in _schema_directives(document):
        feature = _feature(directive)
        if feature is None:
            continue
        _refuse_unknown(feature)
        if feature.name in found and found[feature.name].identity == feature.identity:
            raise SupergraphProblem(f"schema: {feature.identity} is linked twice")
        # A foreign specification that shares the name of one of Apollo's must not shadow it.
        found.setdefault(feature.name if feature.identity.startswith(_APOLLO) else feature.identity, feature)
    return _links(found)


def _schema_directives(document: ast.DocumentNode) -> Iterable[ast.DirectiveNode]:
    for node in document.definitions:
        if isinstance(node, ast.SchemaDefinitionNode | ast.SchemaExtensionNode):
            yield from node.directives or ()


def _feature(directive: ast.DirectiveNode) -> Feature | None:
    given = arguments(directive)
    url = given.get("url", given.get("feature"))
    if not isinstance(url, str) or not ({"url", "feature"} & given.keys()):
        return None
    match = _URL.match(url)
    if match is None:
        return None  # a link without a version names no specification that has rules for us
    prefix = given.get("as")
    return Feature(
        identity=match["identity"],
        name=match["name"],
        version=(int(match["major"]), int(match["minor"])),
        prefix=prefix if isinstance(prefix, str) else match["name"],
        imports=_imports(given.get("import"), url),
        purpose=str(given["for"]) if given.get("for") is not None else None,
    )


def _imports(value: object, url: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for item in value if isinstance(value, list) else ():
        own, local = (item.get("name"), item.get("as")) if isinstance(item, dict) else (item, None)
        if not isinstance(own, str) or not own.lstrip("@"):
            raise SupergraphProblem(f"schema: @link of {url} imports something without a name")
        names[own] = (local if isinstance(local, str) else own).lstrip("@")
    return names


def _refuse_unknown(feature: Feature) -> None:
    known = _HONOURED.get(feature.name) if feature.identity.startswith(_APOLLO) else None
    version = ".".join(map(str, feature.version))
    if feature.name == "join" and known is not None and not _within(feature.version, known):
        raise SupergraphProblem(
            f"schema: join v{version} is not supported (v0.1 to v0.5 are); "
            "compose the supergraph with a version in this range"
        )
    if feature.purpose is None or (feature.identity.startswith(_APOLLO) and feature.name in _HARMLESS):
        return
    if known is None or not _within(feature.version, known):
        raise SupergraphProblem(
            f"schema: the supergraph needs {feature.identity}/v{version} for {feature.purpose}, "
            "which this gateway does not know; serving it could break what that feature promises"
        )


def _within(version: tuple[int, int], known: tuple[int, int]) -> bool:
    return version[0] == known[0] and version[1] <= known[1]


def _unlinked(name: str) -> Feature:
    return Feature(f"{_APOLLO}{name}", name, (0, 0), name, {})


def _links(found: Mapping[str, Feature]) -> Links:
    everything = [*found.values(), *(_unlinked(name) for name in ("join", "link", "core", "federation"))]
    directive_names: set[str] = set()
    type_names: set[str] = set()
    for feature in everything:
        directive_names.add(feature.prefix)
        directive_names.update(local for own, local in feature.imports.items() if own.startswith("@"))
        type_names.update(local for own, local in feature.imports.items() if not own.startswith("@"))
    for name in ("inaccessible", "tag", "authenticated", "requiresScopes", "policy", "listSize", "cost"):
        directive_names.add(name)
    return Links(
        found, frozenset(directive_names), frozenset(type_names), frozenset(f.prefix for f in everything)
    )
