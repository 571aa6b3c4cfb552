"""GraphQL over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.kit.edge import GRAPHQL_JSON, call, send
from tests.unit.subgraphs.edge.shop import calls, shop

JSON = "application/json"
GOOD = json.dumps({"query": '{ echo(text: "oi") }'}).encode()


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, {JSON};q=0.9", JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"text/html, {JSON};q=0.1", JSON),
        (f"{JSON};q=0, */*", GRAPHQL_JSON),
    ],
)
async def test_the_media_type_is_negotiated(accept: str | None, media_type: str) -> None:
    """What the caller prefers; application/json when it does not care."""
    headers = {"content-type": JSON, **({"accept": accept} if accept else {})}
    answer = await send(shop(), headers=headers, body=GOOD)
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.data == {"echo": "'oi'"}


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "*/*;q=0", "application/json;q=x"])
async def test_a_caller_that_takes_neither_is_told_so(accept: str) -> None:
    """406, and nothing was executed."""
    answer = await send(shop(), headers={"content-type": JSON, "accept": accept}, body=GOOD)
    assert (answer.status, answer.code) == (406, "BAD_REQUEST")


REQUEST_ERRORS = {
    "{ echo": "GRAPHQL_PARSE_FAILED",
    "{ nope }": "GRAPHQL_VALIDATION_FAILED",
    "query ($d: Date!) { echo(on: $d) }": "BAD_USER_INPUT",
    "{ __schema { queryType { name } } }": "INTROSPECTION_DISABLED",
    "query A { broken } query B { broken }": "GRAPHQL_UNKNOWN_OPERATION_NAME",
}


@pytest.mark.parametrize("query", REQUEST_ERRORS)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL_JSON, 400), (JSON, 200)])
async def test_a_request_error_has_no_data(query: str, accept: str, status: int) -> None:
    """400 for clients of the new media type, 200 for the old one; no `data` entry in either."""
    answer = await call(shop(), query, accept=accept)
    assert answer.status == status
    assert answer.code == REQUEST_ERRORS[query]
    assert "data" not in answer.json


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, JSON])
async def test_an_execution_error_is_a_partial_answer(accept: str) -> None:
    """200 with `data`, in both media types."""
    answer = await call(shop(), "{ secret }", accept=accept)
    assert answer.status == 200
    assert answer.json["data"] == {"secret": None}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "",
        "application/json; charset=utf-16",
        "application/jsonp",
        "text/plain; application/json",
    ],
)
async def test_other_content_types_are_refused(content_type: str) -> None:
    """Among them all that a browser sends across sites without asking first."""
    answer = await send(shop(), headers={"content-type": content_type}, body=GOOD)
    assert (answer.status, answer.code) == (415, "BAD_REQUEST")


@pytest.mark.parametrize(
    "content_type", [JSON, "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
async def test_json_in_utf8_is_accepted(content_type: str) -> None:
    """In any spelling of it."""
    assert (await send(shop(), headers={"content-type": content_type}, body=GOOD)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"text"',
        b"[]",
        b'[{"query": "{ broken }"}]',
        b"{}",
        b'{"query": ""}',
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": ["{ broken }"]}',
        b'{"query": "{ broken }", "variables": []}',
        b'{"query": "{ broken }", "variables": "x"}',
        b'{"query": "{ broken }", "operationName": 1}',
        b'{"query": "{ broken }", "extensions": 1}',
        b'{"query": "{ broken }", "variables": {"a": NaN}}',
        b'{"query": "{ broken }", "variables": {"a": "\\ud800"}}',
        b'\xef\xbb\xbf{"query": "{ broken }"}',
        '{"query": "{ broken }"}'.encode("utf-16"),
        b'{"query": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
@pytest.mark.parametrize("accept", [GRAPHQL_JSON, JSON])
async def test_a_body_that_is_no_request_is_400(body: bytes, accept: str) -> None:
    """In both media types: there is no GraphQL request to answer."""
    answer = await send(shop(), headers={"content-type": JSON, "accept": accept}, body=body)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")


async def test_a_query_may_come_by_get() -> None:
    """With variables and an operation name."""
    parameters = {
        "query": "query A($t: String) { echo(text: $t) } query B { broken }",
        "variables": '{"t": "oi"}',
        "operationName": "A",
        "extensions": "{}",
    }
    answer = await send(shop(), method="GET", headers={}, parameters=parameters)
    assert (answer.status, answer.data) == (200, {"echo": "'oi'"})


async def test_a_mutation_may_not_come_by_get() -> None:
    """405, the allowed method named, and nothing executed."""
    mutation = 'mutation { touch(at: "2026-01-01T00:00:00Z") }'
    answer = await send(shop(), method="GET", headers={}, parameters={"query": mutation})
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert calls == []


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "query=",
        "variables={}",
        "query={broken}&variables=x",
        "query={broken}&variables=[]",
        "query={broken}&query={broken}",
        "query=%ff",
        "query={broken}&extensions=1",
        "&".join(f"a{n}=1" for n in range(50)),
    ],
)
async def test_a_query_string_that_is_no_request_is_400(parameters: str) -> None:
    """Whatever is wrong with it."""
    answer = await send(shop(), method="GET", headers={}, parameters=parameters)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
async def test_other_methods_are_405(method: str) -> None:
    """The allowed ones are named."""
    answer = await send(shop(), method=method, body=GOOD)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_both_paths_serve_the_graph(path: str) -> None:
    """The root as well."""
    assert (await send(shop(), path=path, body=GOOD)).status == 200


@pytest.mark.parametrize("path", ["/graphql/", "/graphiql", "/admin", "/.env", "//"])
async def test_nothing_else_is_served(path: str) -> None:
    """404, in JSON."""
    answer = await send(shop(), path=path, body=GOOD)
    assert (answer.status, answer.code) == (404, "BAD_REQUEST")
