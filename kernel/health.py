"""`python -m kernel.health URL`: a container's health check, without a shell or curl in the image.

Exit code 0 when the URL answers 200, else 1 with the reason on standard error. Only the standard library is
imported: it runs every few seconds beside the service.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

__all__ = ["complaint", "main"]

#: Seconds for one answer, below the time-outs of container engines, so that the reason is seen.
ANSWER_SECONDS = 3.0
#: Seconds between two tries with `--wait`.
_PAUSE_SECONDS = 0.5


def complaint(url: str) -> str | None:
    """None when `GET url` answers 200, else why not. Only http is spoken: it asks its own machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return f"{url} is no http URL"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        text = answer.read(2000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {str(error) or type(error).__name__}"
    finally:
        connection.close()
    return None if answer.status == http.client.OK else f"{url}: {answer.status} {text}"


def main(arguments: Sequence[str]) -> int:
    """Ask once, or again for `--wait` seconds; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m kernel.health", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="Ask again for so long.")
    options = parser.parse_args(arguments)
    ends_at = time.monotonic() + options.wait
    while (problem := complaint(options.url)) is not None:
        if time.monotonic() >= ends_at:
            sys.stderr.write(f"{problem}\n")
            return 1
        time.sleep(_PAUSE_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
