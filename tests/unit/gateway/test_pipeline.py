"""The whole way of a request through the gateway, over subgraph doubles."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from gateway.engine import EngineRules
from gateway.execution.transport import HttpAnswer, HttpRequest, TransportFault
from gateway.web.exposure import Exposure
from tests.kit.gateway import InProcessGateway, json_answer, principal, until
from tests.unit.gateway.conftest import small_federation


async def test_an_answer_is_joined_from_two_subgraphs_in_selection_order(gateway: InProcessGateway) -> None:
    """Keys come in the order of the document, fragments included, whatever subgraph they came from."""
    answer = await gateway.ask(
        "query Q { customer(id: 1) { score ...F id } } fragment F on Customer { name rating { grade } }"
    )
    assert answer.status == 200
    assert answer.body == (
        b'{"data":{"customer":{"score":710,"name":"Ana","rating":{"grade":"B"},"id":"1"}}}'
    )


async def test_operators_see_how_often_a_plan_had_to_be_made(gateway: InProcessGateway) -> None:
    """An operation's plan is made once and remembered after that."""

    def counts() -> list[float]:
        sources = ("made", "remembered")
        return [REGISTRY.get_sample_value("gateway_plans_total", {"source": one}) or 0.0 for one in sources]

    before = counts()
    for _ in range(3):
        await gateway.ask("{ customers(first: 1) { id name } }")
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 2]


async def test_a_list_of_entities_is_one_request_to_each_subgraph(gateway: InProcessGateway) -> None:
    """Representations of a list go out together."""
    answer = await gateway.ask("{ customers { id score } }")
    assert answer.data == {"customers": [{"id": "1", "score": 710}, {"id": "2", "score": 480}]}
    assert answer.log["subgraph_requests"] == 2
    assert answer.log["involved_subgraphs"] == ["profile", "rating"]


async def test_a_subgraph_error_surfaces_at_the_clients_path(gateway: InProcessGateway) -> None:
    """An error below `_entities` is told at the object that it belongs to, with its service."""
    answer = await gateway.ask("{ customers(first: 3) { name rating { grade } } }")
    assert [customer["rating"] for customer in answer.data["customers"]] == [
        {"grade": "B"},
        None,
        None,
    ]
    (error,) = answer.errors
    assert error["message"] == "no rating"
    assert error["path"] == ["customers", 2, "rating"]
    assert error["extensions"] == {"code": "DOWNSTREAM_SERVICE_ERROR", "service": "rating"}


async def test_null_in_a_non_null_place_bubbles_to_the_nearest_nullable(gateway: InProcessGateway) -> None:
    """`score` is non-null and its list's items are too: with one missing, `data` itself is null."""
    answer = await gateway.ask("{ customers(first: 3) { name score } }")
    assert answer.data is None
    assert [error["message"] for error in answer.errors] == ["no score"]


async def test_mutations_run_in_series_and_their_entities_are_extended(gateway: InProcessGateway) -> None:
    """Each root field is asked in its order; an entity of its answer is joined like any other."""
    answer = await gateway.ask(
        'mutation { a: rename(id: 1, name: "Bia") { name score } b: rename(id: 2, name: "Cid") { name } }'
    )
    assert answer.data == {"a": {"name": "Bia", "score": 710}, "b": {"name": "Cid"}}


async def test_variables_reach_the_subgraph_as_they_were_sent(gateway: InProcessGateway) -> None:
    """A value goes to the subgraphs that use it; what the client left out is left to their defaults."""
    answer = await gateway.ask(
        "query Q($n: Int, $with: Boolean!) { customers(first: $n) { id name @include(if: $with) } }",
        {"n": 1, "with": True},
    )
    assert answer.data == {"customers": [{"id": "1", "name": "Ana"}]}
    without = await gateway.ask(
        "query Q($n: Int, $with: Boolean!) { customers(first: $n) { id name @include(if: $with) } }",
        {"n": 1, "with": False},
    )
    assert without.data == {"customers": [{"id": "1"}]}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, 'Variable "$id" of required type "ID!" was not provided.'),
        ({"id": None}, 'Variable "$id" of non-null type "ID!" must not be null.'),
        ({"id": {"$ne": 1}}, 'Variable "$id" got invalid value; ID cannot represent value.'),
    ],
)
async def test_wrong_variables_are_refused_before_anything_is_fetched(
    gateway: InProcessGateway, variables: dict[str, object], message: str
) -> None:
    """A value that the schema does not allow is BAD_USER_INPUT, without `data`."""
    answer = await gateway.ask("query Q($id: ID!) { customer(id: $id) { id } }", variables)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["message"] == message
    assert "data" not in answer.json
    assert gateway.transport.requests == []


async def test_introspection_is_answered_beside_data(gateway: InProcessGateway) -> None:
    """`__schema` and `__type` never reach a subgraph, and the rest of the operation does."""
    answer = await gateway.ask(
        "query Q($n: String!) { customer(id: 1) { name } __type(name: $n) { name kind } t: __typename }",
        {"n": "Rating"},
    )
    assert answer.data == {
        "customer": {"name": "Ana"},
        "__type": {"name": "Rating", "kind": "OBJECT"},
        "t": "Query",
    }


async def test_introspection_is_refused_where_it_is_off() -> None:
    """In production the schema is not told, nor are names suggested."""
    gateway = InProcessGateway(small_federation(), rules=EngineRules())
    assert (await gateway.ask("{ __schema { queryType { name } } }")).codes == ["INTROSPECTION_DISABLED"]
    answer = await gateway.ask("{ custome { id } }")
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert "customer" not in answer.errors[0]["message"]


async def test_a_protected_field_is_null_for_who_may_not_see_it(gateway: InProcessGateway) -> None:
    """The rest is answered; the field was not even fetched; the error has code and path."""
    query = "{ customer(id: 1) { name cpf } }"
    answer = await gateway.ask(query)
    assert answer.data == {"customer": {"name": "Ana", "cpf": None}}
    assert answer.errors == [
        {
            "message": "Unauthorized field or type",
            "path": ["customer", "cpf"],
            "extensions": {"code": "UNAUTHORIZED_FIELD_OR_TYPE"},
        }
    ]
    assert b"cpf" not in gateway.transport.requests[0].body
    allowed = await gateway.ask(query, caller=principal("customer:pii"))
    assert allowed.data == {"customer": {"name": "Ana", "cpf": "52998224725"}}
    assert "errors" not in allowed.json
    assert (await gateway.ask(query)).data == answer.data, "another's rights do not stick"


async def test_a_protected_non_null_field_nulls_its_parent(gateway: InProcessGateway) -> None:
    """Bubbling is decided by the API schema for refused fields as well."""
    answer = await gateway.ask("{ customer(id: 1) { birthDate } }")
    assert answer.data == {"customer": None}
    assert answer.errors[0]["path"] == ["customer", "birthDate"]
    assert (await gateway.ask("{ customer(id: 1) { birthDate } }", caller=principal())).data == {
        "customer": {"birthDate": "1990-05-17"}
    }


async def test_a_protected_root_field_is_not_fetched(gateway: InProcessGateway) -> None:
    """With nothing left to ask, no subgraph is asked."""
    answer = await gateway.ask("{ pipeline { behind } }")
    assert answer.data == {"pipeline": None}
    assert answer.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    assert gateway.transport.requests == []


async def test_a_subgraph_that_cannot_be_reached_costs_only_its_fields(gateway: InProcessGateway) -> None:
    """Partial data, one error for the failed fetch, no ETag, and no text of ours or a library's."""

    async def unreachable(_: HttpRequest) -> HttpAnswer:
        raise TransportFault("secret-host refused", unsent=True)

    gateway.transport.instead["rating"] = unreachable
    answer = await gateway.ask("{ customers { name rating { grade } } }")
    assert answer.data == {"customers": [{"name": "Ana", "rating": None}, {"name": "Bruno", "rating": None}]}
    assert answer.codes == ["SUBREQUEST_HTTP_ERROR"]
    assert answer.errors[0]["path"] == ["customers"]
    assert b"secret-host" not in answer.body
    assert "etag" not in answer.headers


async def test_a_slow_subgraph_is_given_up_in_time() -> None:
    """A fetch ends at its limit; the answer says which subgraph was late."""
    gateway = InProcessGateway(small_federation())
    gateway.fetching = replace(gateway.fetching, timeout_seconds=0.01)
    gateway.pipeline.engine = gateway.engine(gateway.federation.supergraph)
    never = asyncio.Event()

    async def hang(_: HttpRequest) -> HttpAnswer:
        await never.wait()
        raise AssertionError("unreachable")

    gateway.transport.instead["rating"] = hang
    answer = await gateway.ask("{ customer(id: 1) { name rating { grade } } }")
    assert answer.data == {"customer": {"name": "Ana", "rating": None}}
    assert answer.codes == ["SUBGRAPH_REQUEST_TIMEOUT"]
    assert answer.errors[0]["extensions"]["service"] == "rating"


async def test_a_mutation_of_unknown_outcome_stops_the_ones_after_it(gateway: InProcessGateway) -> None:
    """It is not sent again, its error says that the outcome is unknown, and nothing more is written."""
    sent: list[bytes] = []

    async def cut(request: HttpRequest) -> HttpAnswer:
        sent.append(request.body)
        raise TransportFault("closed")

    gateway.transport.instead["profile"] = cut
    answer = await gateway.ask('mutation { rename(id: 1, name: "Bia") { id } }')
    assert len(sent) == 1
    assert "unknown" in answer.errors[0]["message"]
    assert answer.data == {"rename": None}


async def test_wrong_shapes_are_faults_not_crashes(gateway: InProcessGateway) -> None:
    """Whatever kind of value a subgraph sends where another is promised becomes null and an error."""

    async def nonsense(_: HttpRequest) -> HttpAnswer:
        return json_answer({"data": {"customer": {"id": ["x"], "name": {"__proto__": 1}, "state": "AC"}}})

    gateway.transport.instead["profile"] = nonsense
    answer = await gateway.ask("{ customer(id: 1) { state name } }")
    assert answer.data == {"customer": None}
    assert answer.codes == ["DOWNSTREAM_SERVICE_ERROR"]
    assert answer.errors[0]["path"] == ["customer", "name"]


async def test_an_enum_value_outside_the_api_becomes_null_silently(gateway: InProcessGateway) -> None:
    """Clients never see a value that their schema does not have."""

    async def unknown_state(_: HttpRequest) -> HttpAnswer:
        return json_answer({"data": {"customer": {"state": "AC"}}})

    gateway.transport.instead["profile"] = unknown_state
    answer = await gateway.ask("{ customer(id: 1) { state } }")
    assert answer.json == {"data": {"customer": {"state": None}}}


async def test_the_query_plan_is_shown_to_who_may_see_it(gateway: InProcessGateway) -> None:
    """By scope or by setting; a dry run fetches nothing."""
    wish = {"hive-expose-query-plan": "true"}
    assert "extensions" not in (await gateway.ask("{ customer(id: 1) { id } }", headers=wish)).json
    shown = await gateway.ask("{ customer(id: 1) { id } }", headers=wish, caller=principal("ops:read"))
    assert shown.json["extensions"]["queryPlan"]["kind"] == "QueryPlan"
    open_gateway = InProcessGateway(small_federation(), exposure=Exposure(everybody=True))
    dry = await open_gateway.ask("{ customer(id: 1) { id } }", headers={"hive-expose-query-plan": "dry-run"})
    assert dry.json["data"] is None
    assert dry.json["extensions"]["queryPlan"]
    assert open_gateway.transport.requests == []


async def test_the_log_line_names_the_operation_and_no_values(gateway: InProcessGateway) -> None:
    """Names, kinds and counts; neither document nor variables."""
    answer = await gateway.ask(
        "query Perfil($id: ID!) { customer(id: $id) { name } }",
        {"id": "1"},
        operationName="Perfil",
        headers={"graphql-client-name": "painel", "graphql-client-version": "3"},
    )
    assert answer.log["operation_name"] == "Perfil"
    assert answer.log["operation_type"] == "query"
    assert answer.log["client_name"] == "painel"
    assert answer.log["error_count"] == 0
    assert "customer" not in str(answer.log)


async def test_callers_headers_reach_subgraphs_by_rule_only(gateway: InProcessGateway) -> None:
    """The token passes, trace headers are ours, and a header that a subgraph might trust does not pass."""
    await gateway.ask(
        "{ customer(id: 1) { id } }",
        headers={"authorization": "Bearer t", "x-internal-user": "root", "cookie": "a=b"},
    )
    sent = gateway.transport.requests[0].headers
    assert sent["authorization"] == "Bearer t"
    assert set(sent) == {"authorization", "x-request-id", "traceparent"}


async def test_equal_queries_in_flight_share_one_request(gateway: InProcessGateway) -> None:
    """Ten equal requests of one caller are one fetch; another caller's is its own."""
    go = asyncio.Event()

    async def wait(request: HttpRequest) -> HttpAnswer:
        await go.wait()
        return json_answer({"data": {"customer": {"name": request.headers.get("authorization", "nobody")}}})

    gateway.transport.instead["profile"] = wait
    await_all = asyncio.gather(
        *(gateway.ask("{ customer(id: 1) { name } }", headers={"authorization": "A"}) for _ in range(10)),
        gateway.ask("{ customer(id: 1) { name } }", headers={"authorization": "B"}),
    )
    await until(lambda: len(gateway.transport.requests) == 2)
    go.set()
    answers = await await_all
    assert [answer.data["customer"]["name"] for answer in answers] == ["A"] * 10 + ["B"]
    assert len(gateway.transport.requests) == 2


async def test_a_follower_goes_on_when_the_one_who_asked_is_gone(gateway: InProcessGateway) -> None:
    """A client that disconnects does not take the shared answer of others with it."""
    go = asyncio.Event()

    async def wait(_: HttpRequest) -> HttpAnswer:
        await go.wait()
        return json_answer({"data": {"customer": {"name": "Ana"}}})

    gateway.transport.instead["profile"] = wait
    leader = asyncio.create_task(gateway.ask("{ customer(id: 1) { name } }"))
    await until(lambda: bool(gateway.transport.requests))
    follower = asyncio.create_task(gateway.ask("{ customer(id: 1) { name } }"))
    for _ in range(10):
        await asyncio.sleep(0)
    leader.cancel()
    await until(lambda: len(gateway.transport.requests) == 2)
    go.set()
    assert (await follower).data == {"customer": {"name": "Ana"}}
    with pytest.raises(asyncio.CancelledError):
        await leader


async def test_each_caller_gets_the_plan_of_its_own_rights() -> None:
    """Two hundred interleaved requests of two callers: nobody is answered with another's rights."""
    gateway = InProcessGateway(small_federation())
    query = "{ customer(id: 1) { cpf } }"
    callers = [principal("customer:pii"), None] * 100
    answers = await asyncio.gather(*(gateway.ask(query, caller=caller) for caller in callers))
    for caller, answer in zip(callers, answers, strict=True):
        assert answer.data["customer"]["cpf"] == ("52998224725" if caller else None)


async def test_operations_of_one_document_keep_apart(gateway: InProcessGateway) -> None:
    """The same text with another operationName is another operation."""
    text = "query A { customer(id: 1) { name } } query B { customer(id: 2) { name } }"
    assert (await gateway.ask(text, operationName="A")).data["customer"]["name"] == "Ana"
    assert (await gateway.ask(text, operationName="B")).data["customer"]["name"] == "Bruno"
    for name in (None, "C"):
        assert (await gateway.ask(text, operationName=name)).codes == ["GRAPHQL_UNKNOWN_OPERATION_NAME"]
