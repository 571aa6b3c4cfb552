"""Settings of the Lambda authorizer, without pydantic: a function starts the faster the less it imports."""

from __future__ import annotations

import os

from kernel.auth import AuthConfig

__all__ = ["authorizer_config"]


def authorizer_config() -> AuthConfig:
    """`AUTH_JWKS`, `AUTH_ISSUER` and `AUTH_AUDIENCE` (by default "customer-graph").

    Raises ValueError that names a missing one; the function then fails, and API Gateway refuses.
    """
    jwks, issuer = (os.environ.get(name, "") for name in ("AUTH_JWKS", "AUTH_ISSUER"))
    for name, value in (("AUTH_JWKS", jwks), ("AUTH_ISSUER", issuer)):
        if not value:
            raise ValueError(f"set the environment variable {name} of the function")
    return AuthConfig(issuer, os.environ.get("AUTH_AUDIENCE") or "customer-graph", jwks)
