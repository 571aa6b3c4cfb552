"""Logins whose user and password come beside the database URL, as secret stores hand them out.

`X_DATABASE_URL` then names the role; `X_DATABASE_USER` and `X_DATABASE_PASSWORD` say who logs in. A rotation
that lets two users take turns gives the second one another name: it is a member of the role, and works as
the role.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from pydantic import SecretStr, model_validator

from kernel.settings import ServiceSettings

__all__ = ["DatabaseLogins", "with_login"]

_URL = "_database_url"


class DatabaseLogins(ServiceSettings):
    """Puts `…_database_user` and `…_database_password` into `…_database_url`, for every such URL."""

    @model_validator(mode="before")
    @classmethod
    def _log_in(cls, values: dict[str, Any]) -> dict[str, Any]:
        found = dict(values)
        for name in [name for name in found if name.endswith(_URL)]:
            prefix = name.removesuffix(_URL)
            user = _text(found.get(f"{prefix}_database_user"))
            password = _text(found.get(f"{prefix}_database_password"))
            if user or password:
                found[name] = with_login(_text(found[name]), user, password)
        return found


def with_login(url: str, user: str, password: str) -> str:
    """The URL with this user and password; an empty one leaves what is there.

    When the user is another than the URL's, the parameter `role` keeps the URL's: the role to work as.
    """
    parts = urlsplit(url)
    head, _, address = parts.netloc.rpartition("@")
    role, _, present = head.partition(":")
    chosen = quote(user, safe="") if user else role
    secret = quote(password, safe="") if password else present
    query = parse_qsl(parts.query)
    if role and chosen != role:
        query.append(("role", unquote(role)))
    login = f"{chosen}:{secret}" if secret else chosen
    return parts._replace(netloc=f"{login}@{address}", query=urlencode(query)).geturl()


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else ""
