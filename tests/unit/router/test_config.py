"""The routing table: what is read, and how every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.settings import ConfigurationProblem
from router.config import load_table, parse_table

PATH = Path("conf/router.yaml")
GOOD = """version: 1
targets:
  rating:
    url: http://rating/graphql
queues:
  customer-rating.fifo:
    routes:
      - on: customer.profile.v1
        to: rating
        mutation: applyProfile
        arguments: {event: "{eventId: id}"}
"""


def test_defaults_are_those_of_the_handbook() -> None:
    """A table that says only what it must gets the documented defaults."""
    table = parse_table(PATH, GOOD, {})
    target, queue = table.targets["rating"], table.queues["customer-rating.fifo"]
    assert (target.timeout, target.concurrency, target.breaker_failures) == (5.0, 40, 5)
    assert target.ready_url == "http://rating/health/ready"
    assert target.schema == Path("conf/schema/rating.graphql")
    assert (queue.visibility, queue.max_receives, queue.wait) == (30, 5, 5)
    assert (queue.backoff_base, queue.backoff_cap) == (1.0, 60.0)


def test_a_short_visibility_shortens_the_wait() -> None:
    """A message that comes at the end of a long poll must have time left."""
    text = GOOD.replace("    routes:", "    visibility_timeout: 6s\n    routes:")
    assert parse_table(PATH, text, {}).queues["customer-rating.fifo"].wait == 3


def test_committed_table_is_right() -> None:
    """The repository's own `router.yaml` reads, with four routes."""
    table = load_table(Path(__file__).resolve().parents[3] / "router.yaml", {})
    assert sum(len(queue.routes) for queue in table.queues.values()) == 4


def test_variables_are_put_in() -> None:
    """`${VAR}` is the environment's value; `${VAR:-default}` falls back, also for an empty one."""
    text = GOOD.replace("http://rating/graphql", "${RATING_URL:-http://fallback/graphql}")
    assert parse_table(PATH, text, {}).targets["rating"].url == "http://fallback/graphql"
    assert parse_table(PATH, text, {"RATING_URL": ""}).targets["rating"].url == "http://fallback/graphql"
    given = parse_table(PATH, text, {"RATING_URL": "https://rating.example/graphql"})
    assert given.targets["rating"].url == "https://rating.example/graphql"


def test_variable_cannot_bring_in_structure() -> None:
    """What a variable holds is a text, whatever it looks like."""
    text = GOOD.replace("http://rating/graphql", "${RATING_URL}")
    with pytest.raises(ConfigurationProblem, match="must be an http or https URL"):
        parse_table(PATH, text, {"RATING_URL": "{url: http://evil}"})


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("5s", 5.0), ("0.25s", 0.25), ("1m", 60.0)], ids=lambda value: value
)
def test_durations(text: str, seconds: float) -> None:
    """Durations have a unit."""
    table = parse_table(PATH, GOOD.replace("    url:", f"    breaker_cooldown: {text}\n    url:"), {})
    assert table.targets["rating"].breaker_cooldown == seconds


MISTAKES = {
    "unknown key with suggestion": (
        ("url:", "urll:"),
        ":4: unknown key 'urll' in targets.rating; did you mean 'url'?",
    ),
    "unknown key of a queue": (("routes:", "visibility: 3s\n    routes:"), ":7: unknown key 'visibility'"),
    "unknown key of a route": (("to: rating", "to: rating\n        tu: x"), ":10: unknown key 'tu'"),
    "unknown top key": (("version: 1", "version: 1\nfoo: 1"), ":2: unknown key 'foo' in the file"),
    "wrong version": (("version: 1", "version: 2"), ":1: version: must be a whole number from 1 to 1"),
    "missing key": (
        ("        mutation: applyProfile\n", ""),
        ":8: queues.customer-rating.fifo.routes[0]: the key 'mutation' is missing",
    ),
    "unknown target": (
        ("to: rating", "to: ratting"),
        ":9: queues.customer-rating.fifo.routes[0].to: there is no target 'ratting'; did you mean 'rating'?",
    ),
    "no duration": (
        ("    url:", "    timeout: 5\n    url:"),
        ":4: targets.rating.timeout: must be a duration such as",
    ),
    "too long": (("    url:", "    timeout: 2h\n    url:"), "must be from 0.1s to 60s"),
    "time-out above visibility": (
        ("    url:", "    timeout: 45s\n    url:"),
        "must exceed its targets' timeout (45s)",
    ),
    "wait above half of the visibility": (
        ("    routes:", "    visibility_timeout: 9s\n    wait: 5s\n    routes:"),
        "visibility_timeout (9s) must be at least twice the wait (5s)",
    ),
    "no whole seconds": (
        ("    routes:", "    visibility_timeout: 4500ms\n    routes:"),
        "must be whole seconds",
    ),
    "no URL": (
        ("http://rating/graphql", "rating:4002"),
        ":4: targets.rating.url: must be an http or https URL",
    ),
    "missing variable": (("http://rating/graphql", "${NOWHERE}"), "set the environment variable NOWHERE"),
    "no FIFO queue": (("customer-rating.fifo:", "customer-rating:"), "must end with .fifo"),
    "bad expression": (
        ('"{eventId: id}"', '"{eventId: "'),
        ":11: queues.customer-rating.fifo.routes[0].arguments.event: not a JMESPath",
    ),
    "key twice": (("version: 1", "version: 1\nversion: 1"), ":2: the file: the key 'version' occurs twice"),
    "list for mapping": (
        ("  rating:\n    url: http://rating/graphql", "  - rating"),
        ":3: targets: must be a mapping",
    ),
    "no routes": (("    routes:", "    routes: []\n    max_receives: 3\n    x:"), "unknown key 'x'"),
    "no YAML": (("version: 1", "version: ["), "not YAML"),
    "no truth value": (
        ("to: rating", "to: rating\n        purge_dead_letters: maybe"),
        "must be true or false",
    ),
}


@pytest.mark.parametrize(("change", "complaint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_told_with_file_and_line(change: tuple[str, str], complaint: str) -> None:
    """Nothing that is not understood is passed over."""
    assert change[0] in GOOD
    with pytest.raises(ConfigurationProblem) as refused:
        parse_table(PATH, GOOD.replace(*change, 1), {})
    assert str(refused.value).startswith("conf/router.yaml:")
    assert complaint in str(refused.value)


def test_event_type_has_one_route_a_queue() -> None:
    """A second route for the same event would make the first one a matter of luck."""
    route = GOOD[GOOD.index("      - on") :]
    with pytest.raises(ConfigurationProblem, match=":12: .* has a route already, on line 8"):
        parse_table(PATH, GOOD + route, {})


def test_missing_file_says_what_to_set(tmp_path: Path) -> None:
    """Where the table should be is named, and the variable that says so."""
    with pytest.raises(ConfigurationProblem, match="set ROUTER_CONFIG"):
        load_table(tmp_path / "nowhere.yaml", {})


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are one clear complaint."""
    path = tmp_path / "router.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationProblem, match="not UTF-8"):
        load_table(path, {})
