"""Text to syntax tree, within a bound on its tokens."""

from __future__ import annotations

from graphql import DocumentNode, GraphQLSyntaxError, parse

from gateway.errors import ClientProblem, ErrorCode, Refusal

__all__ = ["parse_document"]


def parse_document(text: str, *, max_tokens: int) -> DocumentNode:
    """Parse an executable document; raises `Refusal` (GRAPHQL_PARSE_FAILED, MAX_TOKENS_LIMIT).

    The parser stops at the token that is one too many, so an oversized document costs no more than
    one of the permitted size. Comments are no tokens and have the same bound of their own.
    """
    try:
        return parse(
            text,
            max_lexical_tokens=max_tokens,
            max_comments=max_tokens,
            allow_empty_selection_sets=False,
        )
    except GraphQLSyntaxError as error:
        message = error.message.removeprefix("Syntax Error: ")
        locations = tuple((place.line, place.column) for place in error.locations or ())
        if message.startswith("Document contains more than"):
            limit = f"The document has more tokens than the limit of {max_tokens} (max_tokens)."
            raise Refusal(ClientProblem(ErrorCode.MAX_TOKENS_LIMIT, limit)) from error
        raise Refusal(
            ClientProblem(ErrorCode.GRAPHQL_PARSE_FAILED, f"Syntax Error: {message}", locations=locations)
        ) from error
    except RecursionError as error:
        # graphql-core bounds nesting at 200, but from a deep stack Python's own limit may come first.
        raise Refusal(
            ClientProblem(ErrorCode.GRAPHQL_PARSE_FAILED, "The document is nested too deeply.")
        ) from error
