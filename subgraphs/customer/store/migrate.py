"""Brings the schema to a revision, as the owner role."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from kernel.settings import ConfigurationProblem
from subgraphs.customer.store.engine import administering

__all__ = ["current", "downgrade", "head", "upgrade"]

_SCRIPTS = Path(__file__).parent.parent / "migrations"


async def upgrade(owner_url: str, revision: str = "head") -> str:
    """Run all revisions up to `revision` in one transaction; returns the one that is reached."""
    return await _run(owner_url, lambda config: command.upgrade(config, revision))


async def downgrade(owner_url: str, revision: str) -> str:
    """Take back all revisions after `revision` (`base`: all of them, data included) in one transaction."""
    return await _run(owner_url, lambda config: command.downgrade(config, revision))


async def current(owner_url: str) -> str:
    """The revision that the schema is at; `base` when there is none."""
    return await _run(owner_url, lambda _: None)


def head() -> str:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or "base"


async def _run(owner_url: str, step: Callable[[Config], None]) -> str:
    async with administering(owner_url) as engine, engine.begin() as connection:
        return await connection.run_sync(_step, step)


def _step(connection: Connection, step: Callable[[Config], None]) -> str:
    config = _config()
    config.attributes["connection"] = connection
    try:
        step(config)
    except CommandError as error:
        # Such as a revision that there is not.
        raise ConfigurationProblem(f"cannot migrate: {error}") from error
    context = MigrationContext.configure(connection, opts={"version_table_schema": "customer_graph"})
    return context.get_current_revision() or "base"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
