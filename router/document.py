"""Strict reading of a YAML file: every complaint names file and line, unknown keys come with a suggestion."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from kernel.settings import ConfigurationProblem

__all__ = ["Section", "Value", "read_document"]

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>ms|s|m|h)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class _File:
    label: str
    variables: Mapping[str, str]

    def problem(self, node: yaml.Node, text: str) -> ConfigurationProblem:
        return ConfigurationProblem(f"{self.label}:{node.start_mark.line + 1}: {text}")


class Value:
    """One value of the file, read as what is asked for; every method may raise `ConfigurationProblem`."""

    def __init__(self, file: _File, node: yaml.Node, name: str) -> None:
        self._file = file
        self._node = node
        self._name = name

    @property
    def line(self) -> int:
        """Where it stands, from 1."""
        return self._node.start_mark.line + 1

    def problem(self, text: str) -> ConfigurationProblem:
        """A complaint about this value."""
        return self._file.problem(self._node, f"{self._name}: {text}")

    def text(self) -> str:
        """A non-empty text, `${VAR}` and `${VAR:-default}` put in."""
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.problem("must be a text")
        text: str = _VARIABLE.sub(self._variable, self._node.value)
        if not text:
            raise self.problem("must not be empty")
        return text

    def whole(self, *, least: int, most: int) -> int:
        """A whole number within bounds."""
        text = self.text()
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise self.problem(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    def truth(self) -> bool:
        """`true` or `false`."""
        text = self.text()
        if text not in ("true", "false"):
            raise self.problem(f"must be true or false, not {text!r}")
        return text == "true"

    def seconds(self, *, least: float, most: float) -> float:
        """A duration such as `500ms`, `5s`, `2m` or `1h`, in seconds."""
        text = self.text()
        match = _DURATION.fullmatch(text)
        if match is None:
            raise self.problem(f"must be a duration such as 500ms, 5s, 2m or 1h, not {text!r}")
        seconds = float(match["number"]) * _UNIT_SECONDS[match["unit"]]
        if not least <= seconds <= most:
            raise self.problem(f"must be from {least:g}s to {most:g}s, not {text!r}")
        return seconds

    def one_of(self, known: Collection[str], what: str) -> str:
        """One of the names that are known elsewhere."""
        text = self.text()
        if text not in known:
            raise self.problem(f"there is no {what} {text!r}{_suggestion(text, known)}")
        return text

    def section(self, known: Collection[str]) -> Section:
        """A mapping that has no other keys than `known`."""
        section = Section(self._file, self._node, self._name)
        for key, value in section.items():
            if key not in known:
                raise self._file.problem(
                    value.key_node, f"unknown key {key!r} in {self._name}{_suggestion(key, known)}"
                )
        return section

    def mapping(self) -> Section:
        """A mapping with free keys."""
        return Section(self._file, self._node, self._name)

    def sequence(self) -> Iterator[Value]:
        """The members of a non-empty list."""
        if not isinstance(self._node, yaml.SequenceNode) or not self._node.value:
            raise self.problem("must be a list with at least one member")
        for number, node in enumerate(self._node.value):
            yield Value(self._file, node, f"{self._name}[{number}]")

    def _variable(self, match: re.Match[str]) -> str:
        value = self._file.variables.get(match["name"]) or match["default"]
        if value is None:
            raise self.problem(f"set the environment variable {match['name']}, which has no default here")
        return value


class _Member(Value):
    """A value of a mapping, with the node of its key."""

    def __init__(self, file: _File, key_node: yaml.Node, node: yaml.Node, name: str) -> None:
        super().__init__(file, node, name)
        self.key_node = key_node


class Section:
    """A mapping whose keys are texts and occur once each."""

    def __init__(self, file: _File, node: yaml.Node, name: str) -> None:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise file.problem(node, f"{name}: must be a mapping with at least one key")
        self._file = file
        self._node = node
        self._name = name
        self._members: dict[str, _Member] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise file.problem(key_node, f"{name}: keys must be texts")
            if key_node.value in self._members:
                raise file.problem(key_node, f"{name}: the key {key_node.value!r} occurs twice")
            self._members[key_node.value] = _Member(
                file, key_node, value_node, f"{name}.{key_node.value}".removeprefix("the file.")
            )

    def items(self) -> Iterator[tuple[str, _Member]]:
        """All members, in the file's order."""
        yield from self._members.items()

    def get(self, key: str) -> Value | None:
        """The member, or None."""
        return self._members.get(key)

    def need(self, key: str) -> Value:
        """The member; raises `ConfigurationProblem` when there is none."""
        member = self._members.get(key)
        if member is None:
            raise self._file.problem(self._node, f"{self._name}: the key {key!r} is missing")
        return member

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        """The member as a whole number; `default` when there is none."""
        member = self.get(key)
        return default if member is None else member.whole(least=least, most=most)

    def seconds(self, key: str, default: float, *, least: float, most: float) -> float:
        """The member as a duration in seconds; `default` when there is none."""
        member = self.get(key)
        return default if member is None else member.seconds(least=least, most=most)

    def whole_seconds(self, key: str, default: int, *, least: int, most: int) -> int:
        """The member as a duration without a fraction of a second; `default` when there is none."""
        seconds = self.seconds(key, default, least=least, most=most)
        if seconds != int(seconds):
            raise self.need(key).problem("must be whole seconds")
        return int(seconds)


def read_document(path: Path, text: str, variables: Mapping[str, str]) -> Value:
    """The file's one document; raises `ConfigurationProblem` when it is not YAML."""
    file = _File(str(path), variables)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise ConfigurationProblem(f"{path}:{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigurationProblem(f"{path}: not YAML: {error}") from error
    if node is None:
        raise ConfigurationProblem(f"{path}: the file is empty")
    return Value(file, node, "the file")


def _suggestion(text: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(text, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known are {', '.join(sorted(known))}" if known else ""
