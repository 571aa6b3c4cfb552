"""Plans for people (`to_text`) and for tools (`to_json`, in the shape of Apollo's query plans)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.plan.nodes import (
    EntityCall,
    EntityTarget,
    FetchNode,
    Key,
    PathSegment,
    QueryPlan,
    RepresentationField,
    RepresentationSpec,
)

__all__ = ["to_json", "to_text"]

#: A JSON value.
Json = object


def to_text(plan: QueryPlan) -> str:
    """One paragraph per fetch, dependencies first: who is asked, after what, for which objects."""
    if not plan.fetches:
        return "nothing to fetch\n"
    return "\n".join(_paragraph(fetch) for fetch in plan.fetches)


def _paragraph(fetch: FetchNode) -> str:
    after = f" after {', '.join(map(str, fetch.depends_on))}" if fetch.depends_on else ""
    lines = [f"fetch {fetch.id} {fetch.subgraph}{after}"]
    if fetch.path:
        lines.append(f"  into {_path_text(fetch.path)}")
    for call in fetch.calls:
        label = "" if len(fetch.calls) == 1 else f"{call.key} "
        for target in call.targets:
            specs = " | ".join(_spec_text(spec) for spec in target.specs)
            lines.append(f"  {label}for {_path_text(target.path)} by {specs}")
        for index, context in enumerate(call.contexts):
            path = _path_text(call.targets[0].path[: context.depth]) or "the root"
            lines.append(f"  {label}with {index}: {context.type} of {path} {_fields_text(context.fields)}")
    lines.append(f"  {fetch.operation}")
    return "\n".join(lines) + "\n"


def _spec_text(spec: RepresentationSpec) -> str:
    typename = spec.typename or "(own type)"
    only = f" for {'|'.join(sorted(spec.on))}" if spec.on is not None and spec.on != {typename} else ""
    return f"{typename}{only} {_fields_text(spec.fields)}"


def _fields_text(fields: Iterable[RepresentationField]) -> str:
    return f"{{ {' '.join(_field_text(field) for field in fields)} }}"


def _field_text(field: RepresentationField) -> str:
    text = field.name if field.key == field.name else f"{field.name}={field.key}"
    if field.fields:
        text += f" {_fields_text(field.fields)}"
    return text if field.on is None else f"... on {'|'.join(sorted(field.on))} {{ {text} }}"


def _path_text(path: Iterable[PathSegment]) -> str:
    return ".".join(_path_json(path))


def _path_json(path: Iterable[PathSegment]) -> list[str]:
    """Response keys; `@` for each list, `|[A,B]` for a type condition."""
    segments: list[str] = []
    for segment in path:
        if isinstance(segment, Key):
            segments += [segment.name, *["@"] * segment.lists]
        else:
            segments.append(f"|[{','.join(sorted(segment.names))}]")
    return segments


def to_json(plan: QueryPlan) -> dict[str, Json]:
    """The plan as `extensions.queryPlan` shows it: `Sequence` of `Parallel` of `Fetch` and `Flatten`.

    The real order is finer (a fetch waits for those it depends on, not for a whole wave), so each
    fetch also has an `id` and `dependsOn`. A request with entities of several places is a `BatchFetch`.
    """
    waves = [_wrap("Parallel", [_fetch_json(fetch) for fetch in wave]) for wave in _waves(plan.fetches)]
    node = _wrap("Sequence", waves)
    return {"kind": "QueryPlan"} if node is None else {"kind": "QueryPlan", "node": node}


def _wrap(kind: str, nodes: Sequence[Json]) -> Json:
    if len(nodes) <= 1:
        return nodes[0] if nodes else None
    return {"kind": kind, "nodes": list(nodes)}


def _waves(fetches: Iterable[FetchNode]) -> list[list[FetchNode]]:
    levels: dict[int, int] = {}
    waves: list[list[FetchNode]] = []
    for fetch in fetches:
        level = 1 + max((levels[other] for other in fetch.depends_on), default=-1)
        levels[fetch.id] = level
        if level == len(waves):
            waves.append([])
        waves[level].append(fetch)
    return waves


def _fetch_json(fetch: FetchNode) -> Json:
    node: dict[str, Json] = {
        "kind": "Fetch",
        "serviceName": fetch.subgraph,
        "variableUsages": list(fetch.variables),
        "operation": fetch.operation,
        "operationKind": fetch.kind,
        "id": str(fetch.id),
        "dependsOn": [str(other) for other in fetch.depends_on],
    }
    contexts = [context for call in fetch.calls for context in _contexts_json(call)]
    if contexts:
        node["contexts"] = contexts
    targets = [target for call in fetch.calls for target in call.targets]
    if not targets:
        return {"kind": "Flatten", "path": _path_json(fetch.path), "node": node} if fetch.path else node
    if len(targets) == 1:
        node["requires"] = _requires_json(targets[0])
        return {"kind": "Flatten", "path": _path_json(targets[0].path), "node": node}
    return {**node, "kind": "BatchFetch", "calls": [_call_json(call) for call in fetch.calls]}


def _call_json(call: EntityCall) -> Json:
    return {
        "alias": call.key,
        "representations": call.variable,
        "targets": [
            {"path": _path_json(target.path), "requires": _requires_json(target)} for target in call.targets
        ],
    }


def _contexts_json(call: EntityCall) -> list[Json]:
    return [
        {
            "alias": call.key,
            "index": index,
            "type": context.type,
            "path": _path_json(call.targets[0].path[: context.depth]),
            "selections": [_field_json(field) for field in context.fields],
        }
        for index, context in enumerate(call.contexts)
    ]


def _requires_json(target: EntityTarget) -> list[Json]:
    return [
        {
            "kind": "InlineFragment",
            "typeCondition": spec.typename,
            "selections": [{"kind": "Field", "name": "__typename"}, *map(_field_json, spec.fields)],
        }
        for spec in target.specs
    ]


def _field_json(field: RepresentationField) -> Json:
    node: dict[str, Json] = {"kind": "Field", "name": field.name}
    if field.key != field.name:
        node["alias"] = field.key
    if field.fields:
        node["selections"] = [_field_json(inner) for inner in field.fields]
    if field.on is None:
        return node
    return {"kind": "InlineFragment", "typeCondition": "|".join(sorted(field.on)), "selections": [node]}
