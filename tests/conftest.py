"""Fixtures that several suites share."""

from tests.kit.stack import shared_stack

__all__ = ["shared_stack"]
