"""Rules that only the merged schema can break."""
