"""The explorer page and its files: our own build, so that it works without a network."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

__all__ = ["SECURITY_HEADERS", "StaticFile", "StaticFiles"]

#: Everything from this origin: no foreign script, style or font, no frame around us, no other target.
#: The editor makes its styles and workers at run time, hence 'unsafe-inline' for styles and blob:;
#: its style sheets bring their fonts along, hence data:.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)

_NOT_BUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Graph explorer: not built</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}
code{background:#eee;padding:.1em .3em}</style>
<h1>The explorer is not built</h1>
<p>This gateway answers GraphQL here, but the explorer's files are not part of its installation.</p>
<p>In a clone of the repository <code>make ui</code> builds them (it needs Node.js); reload then.</p>
<p>Without it: POST <code>{"query": "{ __typename }"}</code> here as <code>application/json</code>.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file's bytes, type and validator."""

    body: bytes
    content_type: str
    etag: str
    #: The file's name holds a hash of its content: it may be kept for ever.
    immutable: bool = False


class StaticFiles:
    """The files of the build folder, read when first asked for. Nothing outside of it can be named."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: frozenset[str] | None = None
        self._read: dict[str, StaticFile] = {}

    def page(self) -> StaticFile:
        """The explorer page, or one that says how to build it."""
        return self.find("index.html") or _file(_NOT_BUILT, "text/html", immutable=False)

    def find(self, name: str) -> StaticFile | None:
        """A file by its path in the folder; None when there is none of exactly this name."""
        if name not in self._known():
            return None
        found = self._read.get(name)
        if found is None:
            content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            body = (self._folder / name).read_bytes()
            found = self._read[name] = _file(body, content_type, immutable=name.startswith("assets/"))
        return found

    def _known(self) -> frozenset[str]:
        # A table of what is there, so that a request's path never becomes a file's path.
        if not self._names:
            self._names = frozenset(
                path.relative_to(self._folder).as_posix()
                for path in self._folder.rglob("*")
                if path.is_file()
            )
        return self._names


def _file(body: bytes, content_type: str, *, immutable: bool) -> StaticFile:
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return StaticFile(body, content_type, f'"{sha256(body).hexdigest()[:32]}"', immutable)
