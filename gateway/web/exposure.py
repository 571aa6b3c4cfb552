"""`hive-expose-query-plan`: whether a caller gets the query plan in `extensions.queryPlan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from kernel.auth import Principal

__all__ = ["Exposure", "PlanExposure"]

HEADER = "hive-expose-query-plan"


class PlanExposure(Enum):
    """What one request gets."""

    NONE = "none"
    #: The answer, and the plan beside it.
    PLAN = "plan"
    #: The plan alone: nothing is fetched.
    DRY_RUN = "dry-run"


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who may see plans: everybody, or holders of a scope. Others' headers are ignored."""

    everybody: bool = False
    scope: str = "ops:read"

    def asked(self, headers: Mapping[str, str], principal: Principal | None) -> PlanExposure:
        """What this request asks for and may have."""
        wish = headers.get(HEADER)
        if wish is None:
            return PlanExposure.NONE
        if not self.everybody and (principal is None or self.scope not in principal.scopes):
            return PlanExposure.NONE
        return {"true": PlanExposure.PLAN, "dry-run": PlanExposure.DRY_RUN}.get(
            wish.lower(), PlanExposure.NONE
        )
