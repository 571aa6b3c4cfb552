"""deploy/Dockerfile and .dockerignore as data."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

__all__ = ["DOCKERFILE", "ROOT", "Instruction", "Stage", "arguments", "is_sent", "stages"]

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_OPTION = re.compile(r"--([a-z-]+)=(\S+)\s*")


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined: `COPY --from=a b c` has the option from=a and the value `b c`."""

    name: str
    options: dict[str, str]
    value: str

    @property
    def words(self) -> list[str]:
        """The value's words."""
        return self.value.split()

    def exec_form(self) -> list[str]:
        """The words of an exec form; raises AssertionError for a shell's command line."""
        text = self.value.removeprefix("CMD ") if self.name == "HEALTHCHECK" else self.value
        assert text.startswith("["), f"{self.name} would need a shell: {text}"
        return [str(word) for word in json.loads(text)]


@dataclass
class Stage:
    """One FROM and what follows it."""

    name: str
    base: str
    platform: str | None
    instructions: list[Instruction] = field(default_factory=list)
    parent: Stage | None = None

    def lineage(self) -> Iterator[Instruction]:
        """All instructions that make the image, those of the stages below first."""
        if self.parent is not None:
            yield from self.parent.lineage()
        yield from self.instructions

    def last(self, name: str) -> Instruction:
        """The instruction that is in force; raises KeyError when there is none."""
        found = [each for each in self.lineage() if each.name == name]
        if not found:
            raise KeyError(f"{self.name} has no {name}")
        return found[-1]

    def bottom(self) -> str:
        """The image below all stages."""
        return self.base if self.parent is None else self.parent.bottom()


def stages() -> dict[str, Stage]:
    """The stages by name, in their order."""
    found: dict[str, Stage] = {}
    current: Stage | None = None
    for each in _instructions(DOCKERFILE.read_text(encoding="utf-8")):
        if each.name == "FROM":
            base, keyword, name = each.words
            assert keyword == "AS", each.value
            current = Stage(name, base, each.options.get("platform"), parent=found.get(base))
            found[name] = current
        elif current is not None:
            current.instructions.append(each)
    return found


def arguments() -> dict[str, str]:
    """The build arguments before the first stage, with their defaults."""
    values: dict[str, str] = {}
    for each in _instructions(DOCKERFILE.read_text(encoding="utf-8")):
        if each.name != "ARG":
            break
        name, _, value = each.value.partition("=")
        values[name] = value
    return values


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, rest = line.strip().partition(" ")
        rest, options = rest.strip(), {}
        while option := _OPTION.match(rest):
            options[option[1]] = option[2]
            rest = rest[option.end() :]
        yield Instruction(name.upper(), options, " ".join(rest.split()))


def is_sent(path: str) -> bool:
    """Whether the builder gets `path`: the last pattern of .dockerignore that fits it or a parent decides."""
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = True
    above = [path, *(str(parent) for parent in PurePosixPath(path).parents if str(parent) != ".")]
    for line in patterns:
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        wanted = pattern.startswith("!")
        if any(_fits(each, pattern.lstrip("!")) for each in above):
            sent = wanted
    return sent


def _fits(path: str, pattern: str) -> bool:
    """Go's filepath.Match with `**/` in front; no other form of ** is in use."""
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(path.rpartition("/")[2], pattern.removeprefix("**/"))
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)
