"""Compares the schema of a release with the deployed one, as clients see it.

    check-schema.py deployed/api.graphql schema/api.graphql --operations examples/queries

Exit code 1 when a client could break: a change that takes something away, or an operation that is known but
not valid any more. `--accept TEXT` names a change that was agreed upon, as it is printed. What is only
dangerous (a new value of an enum) is printed and accepted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from graphql import (
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    parse,
    validate,
)
from graphql.error import GraphQLError


def breaking(old: GraphQLSchema, new: GraphQLSchema, accepted: Sequence[str]) -> list[str]:
    """What a client of `old` could miss in `new`, without what was agreed upon."""
    found = [change.description for change in find_breaking_changes(old, new)]
    return sorted(text for text in found if text not in accepted)


def invalid(schema: GraphQLSchema, folder: Path) -> list[str]:
    """Operations of the folder that the schema would refuse, with the reason."""
    found = []
    for path in sorted(folder.rglob("*.graphql")):
        try:
            problems = validate(schema, parse(path.read_text(encoding="utf-8")))
        except GraphQLError as error:
            problems = [error]
        found += [f"{path.name}: {problem.message}" for problem in problems]
    return found


def main(arguments: Sequence[str]) -> int:
    """Print what was found; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("deployed", type=Path)
    parser.add_argument("release", type=Path)
    parser.add_argument(
        "--operations", type=Path, help="Folder of operations that clients are known to send."
    )
    parser.add_argument("--accept", action="append", default=[], metavar="TEXT")
    options = parser.parse_args(arguments)
    old, new = (
        build_schema(path.read_text(encoding="utf-8")) for path in (options.deployed, options.release)
    )
    for change in find_dangerous_changes(old, new):
        sys.stdout.write(f"dangerous: {change.description}\n")
    problems = [f"breaking: {text}" for text in breaking(old, new, options.accept)]
    if options.operations is not None:
        problems += [f"invalid: {text}" for text in invalid(new, options.operations)]
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
