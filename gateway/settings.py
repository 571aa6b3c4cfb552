"""The gateway's settings: the environment, and one optional file (`gateway.yaml`, see `config`)."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field

from kernel.settings import ServiceSettings, environment

__all__ = ["GatewaySettings", "subgraph_urls_from_environment"]


class GatewaySettings(ServiceSettings):
    """The environment variables that the gateway reads, besides those of every service."""

    port: int = Field(default=4000, ge=0, le=65535)
    #: Path of the supergraph SDL. It is loaded again when it changes.
    gateway_supergraph: Path | None = None
    #: Path of gateway.yaml.
    gateway_config: Path | None = None
    #: False: nobody is authenticated here and access directives are left to the subgraphs, which get
    #: the client's authorization header as it came.
    gateway_auth: bool = True
    #: None: in development only.
    gateway_introspection: bool | None = None
    #: Seconds between two looks at the supergraph file.
    gateway_reload_seconds: float = Field(default=1.0, gt=0)

    @property
    def introspection(self) -> bool:
        """Whether clients may ask for the schema."""
        if self.gateway_introspection is not None:
            return self.gateway_introspection
        return self.environment == "development"


def subgraph_urls_from_environment(names: frozenset[str]) -> dict[str, str]:
    """URLs given by `SUBGRAPH_URL_<NAME>` (upper case, other characters as underscores), by subgraph name."""
    variables = {name.upper(): value for name, value in environment().items()}
    found = {}
    for name in names:
        value = variables.get(f"SUBGRAPH_URL_{re.sub('[^A-Z0-9]', '_', name.upper())}")
        if value:
            found[name] = value
    return found
