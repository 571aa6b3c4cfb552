"""Fixtures that several suites share."""

from tests.kit.stack import shared_stack, trusted_issuer

__all__ = ["shared_stack", "trusted_issuer"]
