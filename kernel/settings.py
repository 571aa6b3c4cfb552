"""Settings come from environment variables alone, typed, checked at start, and listed by class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kernel.auth import AuthConfig, Verifier

__all__ = [
    "ConfigurationProblem",
    "ServiceSettings",
    "environment",
    "load",
    "verifier_from",
]


class ConfigurationProblem(Exception):
    """The process cannot start as it was called; the text says what to do. Exit code 2."""


class _FileVariables(PydanticBaseSettingsSource):
    """`X_FILE` names a file with the value of X: container engines hand out secrets as files."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """The file's text without the line end; None when there is no `X_FILE`."""
        variable = f"{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        if not path:
            return None, field_name, False
        if os.environ.get(field_name.upper()):
            raise ConfigurationProblem(f"set {field_name.upper()} or {variable}, not both")
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationProblem(f"cannot read {path}, which {variable} names: {reason}") from error

    def __call__(self) -> dict[str, Any]:
        """Every field that has such a file."""
        values = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in values.items() if value is not None}


class ServiceSettings(BaseSettings):
    """What every serving process reads. A field's environment variable is its name in upper case.

    `<VARIABLE>_FILE` names a file that holds the value instead, for secrets.
    """

    model_config = SettingsConfigDict(
        extra="ignore", case_sensitive=False, frozen=True, populate_by_name=True
    )

    #: In production introspection, suggestions and HS256 are off.
    environment: Literal["production", "development"] = "production"
    log_format: Literal["json", "text"] = "json"
    log_level: str = "INFO"
    #: Where spans go, by OTLP over HTTP, such as http://collector:4318; nowhere when not set.
    otel_exporter_otlp_endpoint: str | None = None
    #: Loopback by default: listening to others is a decision.
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)

    #: A JWK set: a file's path or an http(s) URL.
    auth_jwks: str | None = None
    auth_issuer: str | None = None
    auth_audience: str = "customer-graph"
    #: Development only.
    auth_hs256_secret: SecretStr | None = None

    #: Bytes of a request's body; more is answered with 413.
    max_body_bytes: int = Field(default=1_048_576, gt=0)
    #: Bytes of all header names and values; more is answered with 431.
    max_header_bytes: int = Field(default=32_768, gt=0)
    max_header_count: int = Field(default=100, gt=0)
    #: Seconds for a whole body to arrive, against slow senders; 408 afterwards.
    body_timeout_seconds: float = Field(default=10.0, gt=0)
    #: Requests worked on at once; more are answered with 503 and Retry-After.
    max_in_flight: int = Field(default=256, gt=0)
    #: Open connections; uvicorn refuses more with 503.
    max_connections: int = Field(default=1_000, gt=0)
    #: Seconds for a whole request.
    request_timeout_seconds: float = Field(default=10.0, gt=0)
    #: Seconds that requests in flight get after SIGTERM.
    shutdown_grace_seconds: float = Field(default=20.0, ge=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options of the command line first, then files, then the environment."""
        files = _FileVariables(settings_cls)
        return init_settings, files, env_settings, dotenv_settings, file_secret_settings

    @model_validator(mode="after")
    def _hs256_is_for_development(self) -> Self:
        if self.auth_hs256_secret is not None and self.environment != "development":
            raise ValueError("AUTH_HS256_SECRET is for ENVIRONMENT=development only; use AUTH_JWKS")
        return self


S = TypeVar("S", bound=BaseSettings)


def load(cls: type[S], **overrides: Any) -> S:
    """Read the settings; `overrides` (command-line options that were given) win over the environment.

    Raises `ConfigurationProblem` which names each wrong or missing environment variable.
    """
    try:
        return cls(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise ConfigurationProblem(_explain(cls, error)) from error


def _explain(cls: type[BaseSettings], error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "missing":
            lines.append(f"set the environment variable {place}")
        elif place:
            lines.append(f"environment variable {place}: {problem['msg']}")
        else:
            lines.append(problem["msg"].removeprefix("Value error, "))
    return f"cannot start with these settings ({cls.__name__}): " + "; ".join(lines)


def verifier_from(settings: ServiceSettings) -> Verifier:
    """The token verifier that the settings describe; raises `ConfigurationProblem` when there is no key."""
    secret = settings.auth_hs256_secret
    if settings.auth_jwks is None and secret is None:
        raise ConfigurationProblem(
            "no key to verify tokens with: set AUTH_JWKS to a JWK set (file or URL) and AUTH_ISSUER"
        )
    if settings.auth_issuer is None:
        raise ConfigurationProblem("set AUTH_ISSUER to the issuer (iss) whose tokens are accepted")
    return Verifier(
        AuthConfig(
            issuer=settings.auth_issuer,
            audience=settings.auth_audience,
            jwks=settings.auth_jwks,
            hs256_secret=secret.get_secret_value() if secret is not None else None,
        )
    )


def environment() -> dict[str, str]:
    """A copy of the process environment, for `${VAR}` in files and for starting other processes."""
    return dict(os.environ)
