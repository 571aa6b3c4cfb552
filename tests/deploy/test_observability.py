"""deploy/observability: what is asked for exists, is scraped where it is, and every alert says what to do."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from gateway.settings import GatewaySettings
from kernel.settings import ServiceSettings
from router.settings import RouterSettings
from subgraphs.activity.settings import ActivitySettings
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.settings import CustomerSettings
from subgraphs.rating.settings import RatingSettings
from tests.deploy.promql import MODULES, asked, exported, families

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
PROCESSES: dict[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "customer": CustomerSettings,
    "rating": RatingSettings,
    "activity": ActivitySettings,
    "relay": RelaySettings,
    "router": RouterSettings,
}
PACKAGES = ("kernel", "gateway", "router", "subgraphs")


def _yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


PROMETHEUS = _yaml("deploy/observability/prometheus.yml")
COLLECTOR = _yaml("deploy/observability/otel-collector.yaml")
COMPOSE = _yaml("docker-compose.yml")
ALERTS = [rule for group in _yaml("deploy/observability/alerts.yml")["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "grafana/dashboards/customer-graph.json").read_text(encoding="utf-8"))
QUERIES = [(rule["alert"], rule["expr"]) for rule in ALERTS] + [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", [])
]


@cache
def sources() -> str:
    """All code that runs."""
    return "\n".join(
        path.read_text(encoding="utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    )


def test_every_module_with_metrics_is_known() -> None:
    """Else its metrics would be missing in the checks below."""
    owners = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"^(import|from) prometheus_client\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert owners == set(MODULES)


@pytest.mark.parametrize(("title", "expression"), QUERIES)
def test_what_is_asked_for_is_told(title: str, expression: str) -> None:
    """Metrics, labels and values of every alert and panel are those of the code."""
    query = asked(expression)
    assert query.matched, title
    labels: set[str] = set()
    for name, matched in query.matched:
        assert name in exported(), name
        assert matched <= exported()[name], name
        labels |= exported()[name]
    assert query.grouped <= labels
    for label, value in query.values:
        is_known = value.isdecimal() if label == "status" else f'"{value}"' in sources()
        assert is_known or value in PROCESSES, f"{label}={value}"


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    """What is worth counting is worth a look."""
    shown = {name for title, expression in QUERIES for name in asked(expression).names if _is_panel(title)}
    suffixes = {"counter": "_total", "histogram": "_bucket", "gauge": ""}
    assert {name + suffixes[kind] for name, (kind, _) in families().items()} <= shown


def test_every_metric_to_watch_has_an_alert() -> None:
    """The table of the run-book and the rules name the same metrics, and the metrics exist."""
    section = _sections()["what-to-watch"]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    watched = {name for row in rows for name in re.findall(r"`([a-z_]+)", row)}
    assert len(watched) > 10
    alerted = {name for rule in ALERTS for name in asked(rule["expr"]).names}
    for name in watched:
        assert {name, f"{name}_total", f"{name}_bucket"} & alerted, name


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_every_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """Its run-book is a section that exists; its summary uses labels that its expression keeps."""
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert file == "docs/operations.md"
    assert anchor in _sections()
    query = asked(rule["expr"])
    kept = query.grouped or set.intersection(*(set(exported()[name]) for name in query.names))
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= kept


def test_alerts_have_names_of_their_own() -> None:
    """Two alerts of one name would be one in a message."""
    names = [rule["alert"] for rule in ALERTS]
    assert len(names) == len(set(names))


def test_all_six_processes_are_scraped_where_they_listen() -> None:
    """Under the name and on the port that they have in the compose file, over a network in common."""
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in PROMETHEUS["scrape_configs"]}
    port = urlsplit(f"//{COLLECTOR['exporters']['prometheus']['endpoint']}").port
    assert targets == {
        **{name: [f"{name}:{one.model_fields['port'].default}"] for name, one in PROCESSES.items()},
        "otel-collector": [f"otel-collector:{port}"],
    }
    networks = set(COMPOSE["services"]["prometheus"]["networks"])
    for name in targets:
        assert networks & set(COMPOSE["services"][name]["networks"]), name


def test_the_files_are_where_the_containers_look() -> None:
    """The rules beside Prometheus's own file, the dashboard where Grafana's provider reads."""
    mounted = {
        each["source"]: each["target"]
        for name in ("prometheus", "otel-collector")
        for each in COMPOSE["services"][name]["configs"]
    }
    assert [mounted["alerts"]] == [
        str(Path(mounted["prometheus"]).parent / each) for each in PROMETHEUS["rule_files"]
    ]
    assert f"--config.file={mounted['prometheus']}" in COMPOSE["services"]["prometheus"]["command"]
    assert f"--config={mounted['otel-collector']}" in COMPOSE["services"]["otel-collector"]["command"]
    for name in mounted:
        assert (ROOT / COMPOSE["configs"][name]["file"]).is_file()
    provider = _yaml("deploy/observability/grafana/provisioning/dashboards/files.yaml")["providers"][0]
    volumes = [each.split(":") for each in COMPOSE["services"]["grafana"]["volumes"] if each.startswith("./")]
    assert {target: source for source, target, _ in volumes} == {
        "/etc/grafana/provisioning": "./deploy/observability/grafana/provisioning",
        provider["options"]["path"]: "./deploy/observability/grafana/dashboards",
    }


def test_the_collector_uses_all_that_it_has() -> None:
    """Whatever is defined is in a pipeline and the other way round; the compose file names its port."""
    pipelines = COLLECTOR["service"]["pipelines"].values()
    used = {name for pipeline in pipelines for names in pipeline.values() for name in names}
    kinds = ("receivers", "processors", "connectors", "exporters")
    assert used == {name for kind in kinds for name in COLLECTOR[kind]}
    endpoint = COLLECTOR["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert f"http://otel-collector:{endpoint.rpartition(':')[2]}" in compose


def test_panels_read_the_data_source_that_is_there_and_do_not_overlap() -> None:
    """By its uid; each panel has a title, an id and a place of its own."""
    (source,) = _yaml("deploy/observability/grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    host = urlsplit(source["url"])
    assert host.hostname in COMPOSE["services"]
    panels = DASHBOARD["panels"]
    read = {
        each["datasource"]["uid"]
        for panel in panels
        for each in [panel, *panel.get("targets", [])]
        if "datasource" in each
    }
    assert read == {source["uid"]}
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not own & cells, panel["title"]
        cells |= own


def _is_panel(title: str) -> bool:
    return any(panel["title"] == title for panel in DASHBOARD["panels"])


@cache
def _sections() -> dict[str, str]:
    """Sections of the run-book by their anchor, as git hosts make it."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    starts = [*re.finditer(r"^## (.+)$", text, re.MULTILINE)]
    ends = [*(found.start() for found in starts[1:]), len(text)]
    anchors = [re.sub(r"[^\w\- ]", "", found[1].lower()).replace(" ", "-") for found in starts]
    return {anchor: text[found.end() : end] for anchor, found, end in zip(anchors, starts, ends, strict=True)}
