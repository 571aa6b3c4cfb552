"""GraphQL over HTTP: methods, media types, statuses, conditional requests, persisted documents."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from gateway.web.persisted import DocumentStore
from tests.kit.gateway import InProcessGateway
from tests.unit.gateway.conftest import small_federation

RESPONSE = "application/graphql-response+json"
QUERY = "{ customer(id: 1) { name } }"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, application/json", RESPONSE),
        (f"application/json, {RESPONSE}", "application/json"),
        (f"application/json;q=0.5, {RESPONSE}", RESPONSE),
        (f"{RESPONSE};q=0.1, */*;q=0.9", "application/json"),
        ("text/html, application/json;q=0.9", "application/json"),
    ],
)
async def test_the_answer_has_the_accepted_media_type(
    gateway: InProcessGateway, accept: str, media_type: str
) -> None:
    """Negotiation by weight, then by name, then by order; the older type without a preference."""
    answer = await gateway.ask(QUERY, headers={"accept": accept})
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"


async def test_a_client_of_neither_type_is_told_so(gateway: InProcessGateway) -> None:
    """406, and nothing is executed."""
    assert (await gateway.ask(QUERY, headers={"accept": "image/png"})).status == 406
    assert gateway.transport.requests == []


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query Q($id: ID!) { customer(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("subscription { x }", {}, "UNSUPPORTED_OPERATION"),
        ("{ customer(id: 1) { ... @defer { id } } }", {}, "UNSUPPORTED_OPERATION"),
    ],
)
async def test_refused_operations_are_400_or_200_by_media_type(
    gateway: InProcessGateway, query: str, variables: dict[str, object], code: str
) -> None:
    """400 for the new media type, 200 for the old one; never a `data` entry."""
    for accept, status in ((RESPONSE, 400), ("application/json", 200)):
        answer = await gateway.ask(query, variables, headers={"accept": accept})
        assert (answer.status, answer.codes) == (status, [code])
        assert "data" not in answer.json


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"null",
        b'"text"',
        b'[{"query":"{__typename}"}]',
        b'{"query":"{__typename}","variables":{"a":NaN}}',
        b'{"query":"{__typename}","variables":{"a":Infinity}}',
        b'{"query":"{__typename}","variables":{"a":1e400}}',
        b'{"query":"{__typename}","query":"{__schema{types{name}}}"}',
        b'{"query":"{__typename}","variables":{"a":1,"a":2}}',
        b'{"query":"\\ud800"}',
        b'\xef\xbb\xbf{"query":"{__typename}"}',
        '{"query":"{__typename}"}'.encode("utf-16"),
        b'{"query":"\xff"}',
        b'{"query":1}',
        b'{"query":null}',
        b"{}",
        b'{"query":""}',
        b'{"query":"{__typename}","variables":[]}',
        b'{"query":"{__typename}","variables":"{}"}',
        b'{"query":"{__typename}","operationName":1}',
        b'{"query":"{__typename}","extensions":1}',
    ],
)
async def test_what_is_no_graphql_request_is_400_in_json(gateway: InProcessGateway, body: bytes) -> None:
    """Malformed bodies are the client's fault, told as JSON under either media type."""
    for accept in (RESPONSE, "application/json"):
        headers = {"content-type": "application/json", "accept": accept}
        answer = await gateway.send("POST", body, headers=headers)
        assert answer.status == 400
        assert answer.codes == ["BAD_REQUEST"]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/graphql",
    ],
)
async def test_other_content_types_are_415(gateway: InProcessGateway, content_type: str) -> None:
    """A form or plain text is what a foreign page can send, so its body is never read as a request."""
    body = orjson.dumps({"query": QUERY})
    assert (await gateway.send("POST", body, headers={"content-type": content_type})).status == 415


async def test_get_answers_queries_and_refuses_mutations(gateway: InProcessGateway) -> None:
    """Parameters from the query string, variables as JSON; writing by GET is 405."""
    answer = await gateway.get(
        query="query Q($id: ID!) { customer(id: $id) { name } }", variables='{"id":"2"}'
    )
    assert answer.data == {"customer": {"name": "Bruno"}}
    refused = await gateway.get(query='mutation { rename(id: 1, name: "x") { id } }')
    assert refused.status == 405
    assert refused.headers["allow"] == "POST"
    assert len(gateway.transport.requests) == 1
    for bad in ('{"id":', "[]", '{"a":1,"a":2}'):
        assert (await gateway.get(query=QUERY, variables=bad)).status == 400


async def test_a_get_that_a_foreign_page_can_send_is_refused(gateway: InProcessGateway) -> None:
    """Without a header that needs a preflight a GET is 415; any such header will do."""
    query = "query=%7B__typename%7D"
    assert (await gateway.send("GET", query_string=query)).status == 415
    plain = {"content-type": "text/plain"}
    assert (await gateway.send("GET", query_string=query, headers=plain)).status == 415
    for name in ("apollo-require-preflight", "graphql-client-name", "authorization"):
        assert (await gateway.send("GET", query_string=query, headers={name: "x"})).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405(gateway: InProcessGateway, method: str) -> None:
    """Only GET and POST mean something here."""
    assert (await gateway.send(method)).status == 405


async def test_unknown_paths_are_404(gateway: InProcessGateway) -> None:
    """Nothing else is served, and no path leads into the file system."""
    for path in ("/nothing", "/explorer/", "/explorer/../app.py", "/explorer//etc/passwd"):
        assert (await gateway.send("GET", path=path)).status == 404


async def test_an_unchanged_answer_is_304_without_a_body(gateway: InProcessGateway) -> None:
    """The ETag is strong, quoted, stable, on GET and POST; it changes with the data and the media type."""
    first = await gateway.ask(QUERY)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    assert etag.endswith('"')
    assert first.headers["vary"] == "accept, authorization"
    again = await gateway.ask(QUERY, headers={"if-none-match": f'"other", {etag}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    by_get = await gateway.get(query=QUERY, headers={"if-none-match": f"W/{etag}"})
    assert by_get.status == 304
    other = await gateway.ask("{ customer(id: 2) { name } }", headers={"if-none-match": etag})
    assert other.status == 200
    other_type = await gateway.ask(QUERY, headers={"if-none-match": etag, "accept": RESPONSE})
    assert other_type.status == 200


async def test_mutations_and_partial_answers_have_no_etag(gateway: InProcessGateway) -> None:
    """Only a complete answer to a query may be kept."""
    mutation = await gateway.ask('mutation { rename(id: 1, name: "x") { id } }')
    partial = await gateway.ask("{ customers(first: 3) { rating { grade } } }")
    assert "etag" not in mutation.headers
    assert partial.errors
    assert "etag" not in partial.headers


def _hashed(text: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}


async def test_automatic_persisted_queries(gateway: InProcessGateway) -> None:
    """Unknown hash, then text with hash, then the hash alone by POST and by GET."""
    body = orjson.dumps({"extensions": _hashed(QUERY)})
    headers = {"content-type": "application/json"}
    assert (await gateway.send("POST", body, headers=headers)).codes == ["PERSISTED_QUERY_NOT_FOUND"]
    assert (await gateway.ask(QUERY, extensions=_hashed(QUERY))).data == {"customer": {"name": "Ana"}}
    assert (await gateway.send("POST", body, headers=headers)).data == {"customer": {"name": "Ana"}}
    by_get = await gateway.get(extensions=orjson.dumps(_hashed(QUERY)).decode())
    assert by_get.data == {"customer": {"name": "Ana"}}


async def test_a_wrong_hash_registers_nothing(gateway: InProcessGateway) -> None:
    """Nobody can put another text behind a hash."""
    answer = await gateway.ask("{ __typename }", extensions=_hashed(QUERY))
    assert (answer.status, answer.codes) == (400, ["PERSISTED_QUERY_HASH_MISMATCH"])
    body = orjson.dumps({"extensions": _hashed(QUERY)})
    again = await gateway.send("POST", body, headers={"content-type": "application/json"})
    assert again.codes == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_trusted_documents_alone_are_executed_in_that_mode() -> None:
    """By id or by equal text; any other text is refused."""
    store = DocumentStore({"perfil": QUERY}, only_trusted=True)
    gateway = InProcessGateway(small_federation(), documents=store)
    headers = {"content-type": "application/json"}
    by_id = await gateway.send("POST", orjson.dumps({"documentId": "perfil"}), headers=headers)
    assert by_id.data == {"customer": {"name": "Ana"}}
    assert (await gateway.ask(QUERY)).data == {"customer": {"name": "Ana"}}
    assert (await gateway.ask("{ customer(id: 1) { id } }")).codes == ["PERSISTED_QUERY_NOT_SUPPORTED"]
    unknown = await gateway.send("POST", orjson.dumps({"documentId": "x"}), headers=headers)
    assert unknown.codes == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_browsers_get_the_explorer_with_a_content_security_policy(tmp_path: Path) -> None:
    """The page and its files come from our own build, and nothing else may be loaded."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Explorer</title>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("1")
    gateway = InProcessGateway(small_federation(), files=tmp_path)
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = await gateway.send("GET", headers=browser)
    assert (page.status, page.body) == (200, b"<title>Explorer</title>")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    script = await gateway.send("GET", path="/explorer/assets/app-1a2b.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    known = {**browser, "if-none-match": page.headers["etag"]}
    assert (await gateway.send("GET", headers=known)).status == 304


async def test_without_a_build_the_page_says_how_to_make_one(gateway: InProcessGateway) -> None:
    """A helpful page instead of an error."""
    page = await gateway.send("GET", headers={"accept": "text/html"})
    assert page.status == 200
    assert b"make ui" in page.body
