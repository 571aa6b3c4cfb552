"""`@link`: which specifications a schema uses, and under which names.

See https://specs.apollo.dev/link/v1.0. Without a link to federation a schema is Federation 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.composition.codes import Code
from gateway.composition.model import Applied
from gateway.composition.result import Location, Report
from gateway.composition.specification import (
    FEDERATION,
    JOIN,
    LATEST_FEDERATION,
    LINK,
    SPECIFICATIONS,
    Version,
    federation_directives,
)
from gateway.composition.values import Const, EnumName, Struct

__all__ = ["Feature", "Links", "read_links"]

_VERSION = re.compile(r"v(\d+)\.(\d+)\Z")
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*\Z")
_LOCAL_NAME = re.compile(r"@?[_A-Za-z][_0-9A-Za-z]*\Z")
_APOLLO = "https://specs.apollo.dev/"


@dataclass(frozen=True, slots=True)
class Feature:
    """One linked specification."""

    identity: str
    name: str
    version: Version | None
    alias: str
    imports: dict[str, str]
    location: Location
    purpose: str | None = None
    url: str = ""

    def local(self, element: str) -> str:
        """What the schema calls the specification's `@directive` or `Type`."""
        if element in self.imports:
            return self.imports[element].lstrip("@")
        bare = element.lstrip("@")
        if element.startswith("@") and bare == self.name:
            return self.alias
        return f"{self.alias}__{bare}"


@dataclass(slots=True)
class Links:
    """All linked specifications of one schema."""

    features: list[Feature] = field(default_factory=list)
    _by_local: dict[str, tuple[Feature, str]] = field(default_factory=dict)

    @property
    def federation(self) -> Feature | None:
        """The link to federation; None makes the schema a Federation 1 one."""
        return self.of(FEDERATION)

    def of(self, identity: str) -> Feature | None:
        """The feature with that identity, if linked."""
        return next((f for f in self.features if f.identity == identity), None)

    def add(self, feature: Feature) -> None:
        """Make the feature's names known."""
        self.features.append(feature)
        for element, local in feature.imports.items():
            self._by_local[local] = (feature, element.lstrip("@"))

    def directive(self, local: str) -> tuple[Feature, str] | None:
        """The specification directive that `@local` means here."""
        return self._resolve(f"@{local}", local)

    def type(self, local: str) -> tuple[Feature, str] | None:
        """The specification type that `local` means here."""
        return self._resolve(local, local)

    def _resolve(self, key: str, bare: str) -> tuple[Feature, str] | None:
        found = self._by_local.get(key)
        if found is not None:
            return found
        prefix, separator, element = bare.partition("__")
        for feature in self.features:
            if separator and feature.alias == prefix:
                return feature, element
            if key.startswith("@") and bare == feature.alias and f"@{feature.name}" not in feature.imports:
                return feature, feature.name
        return None


def read_links(applied: list[Applied], report: Report) -> Links:
    """Resolve the `@link` applications on the schema element, reporting every faulty one."""
    links = Links()
    link_name = _link_directive(applied)
    if link_name is None:
        return links
    for application in applied:
        if application.name != link_name:
            continue
        feature = _feature(application, report)
        if feature is None:
            continue
        if links.of(feature.identity) is not None:
            report.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f'Duplicate @link of "{feature.identity}": link it once, with all its imports.',
                application.location,
            )
            continue
        if any(feature.alias == other.alias for other in links.features):
            report.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f'Two linked specifications have the name "{feature.alias}": give one another with `as:`.',
                application.location,
            )
            continue
        links.add(feature)
    if links.of(LINK) is None:
        links.add(Feature(LINK, "link", (1, 0), link_name, {}, applied[0].location))
    return links


def _link_directive(applied: list[Applied]) -> str | None:
    """The local name of `@link`: the application that links the link specification names it."""
    for application in applied:
        url = application.text("url")
        alias = application.text("as") or "link"
        if url.startswith(f"{LINK}/") and application.name == alias:
            return application.name
    return "link" if any(a.name == "link" for a in applied) else None


def _feature(application: Applied, report: Report) -> Feature | None:
    url, place = application.text("url"), application.location
    parsed = _parse_url(url)
    if parsed is None:
        report.error(
            Code.INVALID_LINK_IDENTIFIER,
            f'"{url}" does not identify a specification: expected a URL such as'
            ' "https://specs.apollo.dev/federation/v2.12".',
            place,
        )
        return None
    identity, name, version = parsed
    if not _version_known(identity, name, version, place, report):
        return None
    alias = application.text("as") or name
    if not _LOCAL_NAME.match(alias) or "__" in alias or alias.startswith(("_", "@")):
        report.error(
            Code.INVALID_LINK_DIRECTIVE_USAGE,
            f'"{alias}" cannot name the specification {identity}: give it a GraphQL name without "__" by'
            " `as:`.",
            place,
        )
        return None
    imports = _imports(application.arguments.get("import"), identity, place, report)
    purpose = application.arguments.get("for")
    purpose_name = purpose.name if isinstance(purpose, EnumName) else None
    feature = Feature(identity, name, version, alias, imports, place, purpose_name, url)
    return feature if _mandatory_known(feature, report) and _imports_exist(feature, report) else None


def _parse_url(url: str) -> tuple[str, str, Version | None] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.scheme or not parts.netloc:
        return None
    segments = [segment for segment in parts.path.split("/") if segment]
    version: Version | None = None
    if segments and (match := _VERSION.match(segments[-1])):
        version = (int(match[1]), int(match[2]))
        segments.pop()
    if not segments or not _NAME.match(segments[-1]):
        return None
    path = "/".join(segments)
    return f"{parts.scheme}://{parts.netloc}/{path}", segments[-1], version


def _version_known(
    identity: str, name: str, version: Version | None, place: Location, report: Report
) -> bool:
    newest = LATEST_FEDERATION if identity == FEDERATION else (1, 0) if identity == LINK else None
    if identity in SPECIFICATIONS:
        newest = SPECIFICATIONS[identity][0]
    if newest is None:
        return True
    floor = (2, 0) if identity == FEDERATION else (0, 0)
    if version is not None and floor <= version <= newest:
        return True
    written = f"v{version[0]}.{version[1]}" if version else "none"
    code = Code.UNKNOWN_FEDERATION_LINK_VERSION if identity == FEDERATION else Code.UNKNOWN_LINK_VERSION
    report.error(
        code,
        f"Unknown version {written} of the {name} specification: use one up to v{newest[0]}.{newest[1]}.",
        place,
    )
    return False


def _imports(value: Const, identity: str, place: Location, report: Report) -> dict[str, str]:
    imports: dict[str, str] = {}
    for item in value if isinstance(value, tuple) else ():
        if isinstance(item, str):
            element = alias = item
        elif isinstance(item, Struct) and isinstance(item.get("name"), str):
            element = str(item.get("name"))
            given = item.get("as")
            alias = given if isinstance(given, str) else element
        else:
            report.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f"An import from {identity} must be a name or {{name: …, as: …}}.",
                place,
            )
            continue
        if element.startswith("@") != alias.startswith("@") or not _LOCAL_NAME.match(alias):
            report.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f'Cannot import "{element}" from {identity} as "{alias}":'
                ' a directive keeps its "@", and a type has none.',
                place,
            )
            continue
        if imports.get(element, alias) != alias:
            report.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f'Cannot import "{element}" from {identity} as "{alias}" and as "{imports[element]}":'
                " keep one.",
                place,
            )
            continue
        imports[element] = alias
    return imports


def _mandatory_known(feature: Feature, report: Report) -> bool:
    """A specification that is needed for security or execution must be one that we understand."""
    known = feature.identity in (LINK, FEDERATION) or feature.identity in SPECIFICATIONS
    if feature.purpose is None or known:
        return True
    if feature.identity == JOIN:
        reason = (
            "This is a supergraph, which composition makes; give the subgraph's own schema"
            " (the answer to { _service { sdl } })."
        )
    else:
        reason = (
            f"{feature.identity} is linked with for: {feature.purpose}, but this composition does not know"
            " it; remove the link or its purpose."
        )
    report.error(Code.UNSUPPORTED_LINKED_FEATURE, reason, feature.location)
    return False


def _imports_exist(feature: Feature, report: Report) -> bool:
    if feature.identity == FEDERATION and feature.version is not None:
        names = {f"@{d.name}" for d in federation_directives(feature.version)}
        names |= {"FieldSet", "Scope", "Policy", "ContextFieldValue"}
    elif feature.identity in SPECIFICATIONS:
        names = {f"@{d.name}" for d in SPECIFICATIONS[feature.identity][1]} | {"Scope", "Policy"}
    else:
        return True
    unknown = [element for element in feature.imports if element not in names]
    for element in unknown:
        bare = element if element.startswith("@") else f"@{element}"
        advice = f'; did you mean "{bare}"?' if bare in names and bare != element else ""
        report.error(
            Code.INVALID_LINK_DIRECTIVE_USAGE,
            f'Cannot import "{element}": {feature.url} has no such element{advice}',
            feature.location,
        )
    return not unknown
