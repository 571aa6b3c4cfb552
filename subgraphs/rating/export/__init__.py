"""Streaming all feature rows into a file: bounded memory, and able to go on where a run ended."""

from subgraphs.rating.export.run import Extraction, Progress, extract, start

__all__ = ["Extraction", "Progress", "extract", "start"]
