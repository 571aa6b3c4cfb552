"""Four subgraphs in one process, as fast as can be: an answer is computed once per request body.

Run: python -m bench.gateway.stub   (ports 4301 to 4304, see supergraph.yaml)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import uvicorn
import uvloop
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse

FOLDER = Path(__file__).parent
PORTS = {"accounts": 4301, "inventory": 4302, "products": 4303, "reviews": 4304}
USERS, PRODUCTS, REVIEWS_PER_PRODUCT = 6, 9, 3

Item = dict[str, Any]


def _users() -> dict[str, Item]:
    return {
        str(n): {"id": str(n), "name": f"Cliente {n}", "username": f"cliente{n}", "birthday": 19800101 + n}
        for n in range(1, USERS + 1)
    }


def _products() -> dict[str, Item]:
    return {
        str(n): {
            "upc": str(n),
            "name": f"Produto {n}",
            "price": 899 + n,
            "weight": 100 * n,
            "inStock": n % 3 != 0,
            "shippingEstimate": 10 * n,
        }
        for n in range(1, PRODUCTS + 1)
    }


def _reviews() -> list[Item]:
    return [
        {
            "id": f"{product}-{number}",
            "body": f"Avaliação {number} do produto {product}: chegou no prazo.",
            "product": str(product),
            "author": str((product * 7 + number * 5) % USERS + 1),
        }
        for product in range(1, PRODUCTS + 1)
        for number in range(REVIEWS_PER_PRODUCT)
    ]


class Data:
    """The demo's data, and how each subgraph resolves its fields."""

    def __init__(self) -> None:
        self.users, self.products, self.reviews = _users(), _products(), _reviews()

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """The default resolver of all four subgraphs."""
        name, parent = info.field_name, info.parent_type.name
        if name == "_entities":
            return [self.entity(key) for key in arguments["representations"]]
        if parent == "Query":
            if name == "users":
                return [{"__typename": "User", **user} for user in self.users.values()]
            if name == "topProducts":
                return [
                    {"__typename": "Product", **p} for p in list(self.products.values())[: arguments["first"]]
                ]
            return next(iter(self.users.values()))
        if name == "reviews":
            key = ("author", source["id"]) if parent == "User" else ("product", source["upc"])
            return [{"__typename": "Review", **item} for item in self.reviews if item[key[0]] == key[1]]
        if parent == "Review" and name == "author":
            return {"__typename": "User", **self.users[source["author"]]}
        if parent == "Review" and name == "product":
            return {"__typename": "Product", **self.products[source["product"]]}
        return source[name]

    def entity(self, key: Mapping[str, Any]) -> Item:
        """The entity that a representation stands for."""
        if key["__typename"] == "User":
            return {"__typename": "User", **self.users[key["id"]]}
        return {"__typename": "Product", **self.products[key["upc"]]}


def subgraph_schema(name: str) -> GraphQLSchema:
    """An executable schema of a subgraph's SDL."""
    text = (FOLDER / "subgraphs" / f"{name}.graphql").read_text("utf-8")
    sdl = text[text.index("type ") :]
    entities = [kind for kind in ("User", "Product") if f"type {kind} @key" in sdl]
    prelude = (
        "directive @key(fields: String!) repeatable on OBJECT directive @shareable on FIELD_DEFINITION "
        "directive @external on FIELD_DEFINITION directive @requires(fields: String!) on FIELD_DEFINITION "
        f"directive @provides(fields: String!) on FIELD_DEFINITION scalar _Any "
        f"union _Entity = {'|'.join(entities)} "
    )
    query = "extend type Query" if "type Query" in sdl else "type Query"
    return build_schema(prelude + sdl + query + " { _entities(representations: [_Any!]!): [_Entity]! }")


def application(name: str, data: Data) -> Callable[..., Any]:
    """A raw ASGI application with a memory of answers; at /served it tells how often it was asked."""
    schema = subgraph_schema(name)
    answers: dict[bytes, bytes] = {}
    served = 0

    def compute(body: bytes) -> bytes:
        request = orjson.loads(body)
        result = execute_sync(
            schema,
            parse(request["query"]),
            variable_values=request.get("variables"),
            field_resolver=data.resolve,
        )
        return orjson.dumps(result.formatted)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal served
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/served":
            answer = str(served).encode()
        else:
            served += 1
            answer = answers[body] if body in answers else compute(body)
            answers[body] = answer
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


async def serve() -> None:
    """Serve all four until interrupted."""
    data = Data()
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                application(name, data),
                port=port,
                lifespan="off",
                access_log=False,
                log_level="warning",
                loop="uvloop",
                http="httptools",
            )
        )
        for name, port in PORTS.items()
    ]
    await asyncio.gather(*(server.serve() for server in servers))


if __name__ == "__main__":
    uvloop.run(serve())
