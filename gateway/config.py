"""`gateway.yaml`: what one gateway does differently. Optional, strict, with `${VAR:-default}` in values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gateway.execution.breaker import BreakerRules
from gateway.execution.client import FetchRules
from gateway.execution.headers import HeaderRules
from gateway.operation.limits import OperationLimits
from gateway.operation.variables import VariableLimits
from kernel.settings import ConfigurationProblem, environment

__all__ = ["GatewayConfig", "SubgraphConfig", "read_config"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|KiB|MiB|GiB)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {
    "B": 1,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}


def _seconds(value: Any) -> float:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _SECONDS[match[2]]
    raise ValueError('must be a duration such as "5s" or "250ms"')


def _bytes(value: Any) -> int:
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        return int(float(match[1]) * _BYTES[match[2]])
    raise ValueError('must be a size such as "2MB" or "512KiB"')


Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Size = Annotated[int, BeforeValidator(_bytes), Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BreakerConfig(_Strict):
    """When a subgraph is no longer asked."""

    failures: int = Field(default=BreakerRules().failures, gt=0)
    open: Duration = BreakerRules().open_seconds

    def rules(self) -> BreakerRules:
        """As the breaker takes it."""
        return BreakerRules(self.failures, self.open)


class HeadersConfig(_Strict):
    """Headers of the requests to subgraphs. Nothing of the client's passes but what is named."""

    propagate: list[str] = Field(default_factory=lambda: list(HeaderRules().propagate))
    insert: dict[str, str] = Field(default_factory=dict)

    def rules(self) -> HeaderRules:
        """With lower-case names."""
        return HeaderRules(
            tuple(name.lower() for name in self.propagate),
            {name.lower(): value for name, value in self.insert.items()},
        )


class SubgraphConfig(_Strict):
    """How a subgraph is asked."""

    #: Wins over the supergraph's; SUBGRAPH_URL_<NAME> in the environment wins over this.
    url: str | None = None
    timeout: Duration = FetchRules().timeout_seconds
    retries: int = Field(default=FetchRules().retries, ge=0, le=5)
    max_answer: Size = FetchRules().max_answer_bytes
    share_in_flight: bool = True
    breaker: BreakerConfig = Field(default_factory=BreakerConfig)
    headers: HeadersConfig = Field(default_factory=HeadersConfig)

    def rules(self) -> FetchRules:
        """As the subgraph client takes it."""
        return FetchRules(
            timeout_seconds=self.timeout,
            retries=self.retries,
            max_answer_bytes=self.max_answer,
            share_in_flight=self.share_in_flight,
            breaker=self.breaker.rules(),
        )


class LimitsConfig(_Strict):
    """Bounds of operations and variables; names and defaults are those of the settings in the code."""

    max_tokens: int = Field(default=OperationLimits().max_tokens, gt=0)
    max_depth: int = Field(default=OperationLimits().max_depth, gt=0, le=100)
    max_introspection_depth: int = Field(default=OperationLimits().max_introspection_depth, gt=0, le=100)
    max_aliases: int = Field(default=OperationLimits().max_aliases, ge=0)
    max_root_fields: int = Field(default=OperationLimits().max_root_fields, gt=0)
    max_directives: int = Field(default=OperationLimits().max_directives, ge=0)
    max_selections: int = Field(default=OperationLimits().max_selections, gt=0)
    max_validation_errors: int = Field(default=OperationLimits().max_validation_errors, gt=0)
    max_variables_depth: int = Field(default=VariableLimits().max_variables_depth, gt=0)
    max_variables_nodes: int = Field(default=VariableLimits().max_variables_nodes, gt=0)
    max_variables_list: int = Field(default=VariableLimits().max_variables_list, gt=0)

    def operation(self) -> OperationLimits:
        """The bounds of operations."""
        names = OperationLimits.__dataclass_fields__
        return OperationLimits(**{name: getattr(self, name) for name in names})

    def variables(self) -> VariableLimits:
        """The bounds of variables."""
        names = VariableLimits.__dataclass_fields__
        return VariableLimits(**{name: getattr(self, name) for name in names})


class DocumentsConfig(_Strict):
    """Documents by hash or id."""

    #: A manifest of trusted documents: a JSON object id → text, or Apollo's format.
    manifest: str | None = None
    #: Execute nothing but the manifest's documents.
    only_trusted: bool = False
    #: Documents that clients register by hash (APQ).
    max_registered: int = Field(default=1_000, ge=0)


class PlansConfig(_Strict):
    """Query planning."""

    #: Plans remembered; bounds memory.
    max_cached: int = Field(default=1_000, gt=0)
    #: Planning one operation may take that long.
    budget: Duration = 0.5
    max_fetches: int = Field(default=100, gt=0)
    #: Show plans to everybody who asks (`hive-expose-query-plan`), not only to holders of `expose_to_scope`.
    expose: bool = False
    expose_to_scope: str = "ops:read"
    #: Plans that a new supergraph prepares before it is served.
    warm: int = Field(default=100, ge=0)


class GatewayConfig(_Strict):
    """The whole file."""

    subgraphs: dict[str, SubgraphConfig] = Field(default_factory=dict)
    #: For subgraphs that have no entry of their own.
    all_subgraphs: SubgraphConfig = Field(default_factory=SubgraphConfig)
    limits: LimitsConfig = Field(default_factory=LimitsConfig)
    documents: DocumentsConfig = Field(default_factory=DocumentsConfig)
    plans: PlansConfig = Field(default_factory=PlansConfig)
    #: Labels of progressive overrides that are active.
    override_labels: list[str] = Field(default_factory=list)
    #: Connections kept to one subgraph; further requests wait for one.
    max_connections_per_subgraph: int = Field(default=100, gt=0)

    def of_subgraph(self, name: str) -> SubgraphConfig:
        """The rules of one subgraph."""
        return self.subgraphs.get(name, self.all_subgraphs)


def read_config(path: Path | None) -> GatewayConfig:
    """Read the file (None: all defaults); raises `ConfigurationProblem` that names the place."""
    if path is None:
        return GatewayConfig()
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationProblem(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(f"{path} is not valid YAML: {error}") from error
    expanded = _expand(document if document is not None else {}, environment(), path)
    try:
        return GatewayConfig.model_validate(expanded)
    except ValidationError as error:
        raise ConfigurationProblem(f"{path}: {'; '.join(map(_explain, error.errors()))}") from error


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def _expand(value: Any, variables: Mapping[str, str], path: Path) -> Any:
    """Replace `${VAR}` and `${VAR:-default}` in strings."""
    if isinstance(value, dict):
        return {key: _expand(item, variables, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, variables, path) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        found = variables.get(match[1]) or match[2]
        if found is None:
            raise ConfigurationProblem(f"{path}: set the environment variable {match[1]}")
        return found

    return _VARIABLE.sub(replace, value)


_MODELS: Mapping[str, type[BaseModel]] = {
    "": GatewayConfig,
    "limits": LimitsConfig,
    "documents": DocumentsConfig,
    "plans": PlansConfig,
    "all_subgraphs": SubgraphConfig,
    "subgraphs": SubgraphConfig,
    "headers": HeadersConfig,
    "breaker": BreakerConfig,
}


def _explain(problem: Mapping[str, Any]) -> str:
    place = [str(part) for part in problem["loc"]]
    if problem["type"] != "extra_forbidden":
        return f"{'.'.join(place) or 'the file'}: {problem['msg'].removeprefix('Value error, ')}"
    sections = [part for part in place[:-1] if part in _MODELS]
    known = list(_MODELS[sections[-1] if sections else ""].model_fields)
    close = get_close_matches(place[-1], known, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"
    return f"unknown key {'.'.join(place)}{hint}"
