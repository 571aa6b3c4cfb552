"""Loads applicants through the gateway's own mutations: each once, however often it is interrupted."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from devstack import applicants
from devstack.applicants import Applicant
from devstack.client import GraphQLClient, RequestFailed
from devstack.clock import today
from devstack.layout import DataFolder, write_atomically
from kernel.settings import ConfigurationProblem

__all__ = ["Loaded", "Seeder", "write_map"]

#: Applicants that are loaded at once. More would only queue up before the databases of one machine.
CONCURRENCY: Final = 4
#: Mutations in one document; the gateway takes up to 20 root fields.
MUTATIONS_PER_DOCUMENT: Final = 16

_REGISTER = """
mutation Register($input: RegisterCustomerInput!) {
  registerCustomer(input: $input) {
    customer { id debts { id creditor amount contractedOn dueOn } }
    userErrors { code message path }
  }
}
"""
_BY_CPF = "query ByCpf($cpf: String!) { customerByCpf(cpf: $cpf) { id } }"
_INPUTS = {
    "settleDebt": "SettleDebtInput",
    "recordCardPurchase": "RecordCardPurchaseInput",
    "recordBureauQuery": "RecordBureauQueryInput",
    "recordMovement": "RecordMovementInput",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """An applicant that is in the graph."""

    applicant: int
    customer_id: str
    #: Of the columns that were loaded: the same number with other columns is another person.
    fingerprint: str


class Seeder:
    """Loads into the stack of one data folder, which remembers who was loaded."""

    def __init__(self, folder: DataFolder, url: str, token: str) -> None:
        self._folder = folder
        self._url = url
        self._token = token
        self._loaded = {row.applicant: row for row in _read_loaded(folder.seeded)}
        #: The day that all dates of the inputs are counted from.
        self.first_day = _first_day(folder)

    @property
    def loaded(self) -> Sequence[Loaded]:
        """Everybody who was loaded, in that order."""
        return tuple(self._loaded.values())

    def missing(self, wanted: Sequence[Applicant]) -> list[Applicant]:
        """Those who are not loaded yet.

        Raises ConfigurationProblem when a number was loaded before with other columns.
        """
        for applicant in wanted:
            known = self._loaded.get(applicant.number)
            if known is not None and known.fingerprint != _fingerprint(applicant):
                raise ConfigurationProblem(
                    f"applicant {applicant.number} was loaded before with other columns; give it another "
                    "number, or start with an empty folder (`customer-graph devstack reset`)"
                )
        return [applicant for applicant in wanted if applicant.number not in self._loaded]

    def remember(self, applicant: Applicant, customer_id: str) -> Loaded:
        """Write down that this applicant is in the graph."""
        row = Loaded(applicant.number, customer_id, _fingerprint(applicant))
        self._loaded[row.applicant] = row
        with self._folder.seeded.open("a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if file.tell() == 0:
                writer.writerow(("applicant", "customerId", "fingerprint"))
            writer.writerow((row.applicant, row.customer_id, row.fingerprint))
        return row

    def forget(self) -> None:
        """Take nobody for loaded; loading again then relies on the idempotency keys alone."""
        self._loaded.clear()

    async def load(self, wanted: Sequence[Applicant], on_loaded: Callable[[Loaded], None]) -> None:
        """Load those who are missing; `on_loaded` is called after each.

        Raises RequestFailed when the graph refuses one of them; those before it stay loaded.
        """
        waiting = asyncio.Queue[Applicant]()
        for applicant in self.missing(wanted):
            waiting.put_nowait(applicant)

        async def work(client: GraphQLClient) -> None:
            while not waiting.empty():
                applicant = waiting.get_nowait()
                customer_id = await self._load_one(client, applicant)
                on_loaded(self.remember(applicant, customer_id))

        async with GraphQLClient(self._url) as client:
            try:
                async with asyncio.TaskGroup() as tasks:
                    for number in range(CONCURRENCY):
                        tasks.create_task(work(client), name=f"devstack.seed-{number}")
            except* RequestFailed as failures:
                raise failures.exceptions[0] from failures

    async def _load_one(self, client: GraphQLClient, applicant: Applicant) -> str:
        data = await client.data(
            _REGISTER, {"input": applicants.registration(applicant, self.first_day)}, self._token
        )
        payload = data["registerCustomer"]
        codes = [error["code"] for error in payload["userErrors"]]
        if codes == ["DUPLICATE_CPF"]:
            # Loaded into this database from another data folder; repeating its activity would double it.
            return await self._find(client, applicant)
        customer = _accepted(payload, f"applicant {applicant.number}")["customer"]
        customer_id: str = customer["id"]
        mutations = [
            *applicants.follow_ups(applicant, self.first_day, customer),
            *applicants.activity(applicant, self.first_day, customer_id),
        ]
        for start in range(0, len(mutations), MUTATIONS_PER_DOCUMENT):
            await self._send(client, mutations[start : start + MUTATIONS_PER_DOCUMENT])
        return customer_id

    async def _find(self, client: GraphQLClient, applicant: Applicant) -> str:
        data = await client.data(_BY_CPF, {"cpf": applicants.cpf(applicant)}, self._token)
        customer_id: str = data["customerByCpf"]["id"]
        return customer_id

    async def _send(self, client: GraphQLClient, mutations: Sequence[tuple[str, dict[str, Any]]]) -> None:
        document, variables = batch(mutations)
        data = await client.data(document, variables, self._token)
        for alias, payload in data.items():
            _accepted(payload, alias)


def batch(mutations: Sequence[tuple[str, dict[str, Any]]]) -> tuple[str, dict[str, Any]]:
    """One document that runs the mutations in their order, and its variables."""
    variables = {f"i{position}": fields for position, (_, fields) in enumerate(mutations)}
    heads = ", ".join(f"$i{position}: {_INPUTS[name]}!" for position, (name, _) in enumerate(mutations))
    fields = "\n".join(
        f"  m{position}: {name}(input: $i{position}) {{ userErrors {{ code message path }} }}"
        for position, (name, _) in enumerate(mutations)
    )
    return f"mutation Load({heads}) {{\n{fields}\n}}", variables


def write_map(path: Path, rows: Sequence[Loaded]) -> None:
    """Write which applicant became which customer: CSV with the columns `applicant,customerId`."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("applicant", "customerId"))
        writer.writerows((row.applicant, row.customer_id) for row in rows)


def _accepted(payload: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    errors = payload["userErrors"]
    if errors:
        raise RequestFailed(f"{what} was refused: {errors[0]['code']} {errors[0]['message']}")
    return payload


def _fingerprint(applicant: Applicant) -> str:
    # What became of the loan does not enter the graph, so a file without it holds the same people.
    fields = {
        name: str(getattr(applicant, name)) for name in Applicant.__dataclass_fields__ if name != "repaid"
    }
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


def _read_loaded(path: Path) -> list[Loaded]:
    try:
        text = path.read_text()
    except FileNotFoundError:
        return []
    complete, _, torn = text.rpartition("\n")
    if torn:
        # A kill in the middle of a write; that applicant is loaded again, with the same idempotency keys.
        write_atomically(path, f"{complete}\n" if complete else "")
    return [Loaded(int(row[0]), row[1], row[2]) for row in list(csv.reader(complete.splitlines()))[1:]]


def _first_day(folder: DataFolder) -> date:
    """The day that all dates are counted from: that of the first load, so that a repeated one repeats it."""
    try:
        return date.fromisoformat(json.loads(folder.seed.read_text())["today"])
    except FileNotFoundError:
        first_day = today()
        write_atomically(folder.seed, json.dumps({"today": first_day.isoformat()}) + "\n")
        return first_day
