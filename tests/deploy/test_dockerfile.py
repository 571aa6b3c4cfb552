"""deploy/Dockerfile and what it is given, without an engine: the linter, and what no linter looks at."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import GatewaySettings
from kernel.settings import ServiceSettings
from router.settings import RouterSettings
from subgraphs.activity.settings import ActivitySettings
from subgraphs.customer.settings import CustomerSettings
from subgraphs.rating.settings import RatingSettings
from tests.deploy import aws_templates
from tests.deploy.dockerfile import DOCKERFILE, ROOT, Stage, arguments, is_sent, stages

HADOLINT = Path(sys.executable).with_name("hadolint")
#: Each image's settings, which know the port that it listens on.
IMAGES: dict[str, type[ServiceSettings]] = {
    "customer": CustomerSettings,
    "rating": RatingSettings,
    "activity": ActivitySettings,
    "router": RouterSettings,
    "gateway": GatewaySettings,
}
STAGES = stages()
SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|CREDENTIAL|PRIVATE|_KEY\b", re.IGNORECASE)


@pytest.fixture(params=sorted(IMAGES))
def image(request: pytest.FixtureRequest) -> Stage:
    """One image after the other."""
    return STAGES[request.param]


def test_the_linter_has_nothing_to_say() -> None:
    """hadolint, with ShellCheck over each RUN; there is no exception to its rules."""
    done = subprocess.run([HADOLINT, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "hadolint ignore" not in DOCKERFILE.read_text(encoding="utf-8")


def test_the_targets_are_those_that_are_built_and_run() -> None:
    """By the compose file, by CodeBuild, and from ECR."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    built = [each["build"] for each in compose["services"].values() if "build" in each]
    assert {each["target"] for each in built} == set(IMAGES)
    assert {each["dockerfile"] for each in built} == {"deploy/Dockerfile"}
    phases = yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))["phases"]
    commands = "\n".join(command for phase in phases.values() for command in phase.get("commands", []))
    assert {frozenset(names.split()) for names in re.findall(r"for image in ([a-z ]+);", commands)} == {
        frozenset(IMAGES)
    }
    assert "--target authorizer " in commands
    repositories = [each for _, _, each in aws_templates.resources("AWS::ECR::Repository")]
    names = {
        str(each["Properties"]["RepositoryName"]).rpartition("/")[2].rstrip("'}") for each in repositories
    }
    assert names == set(IMAGES)
    assert {*IMAGES, "authorizer"} < set(STAGES)


def test_bases_are_chosen_by_arguments_with_a_pinned_default() -> None:
    """A build for production names them by digest; nobody builds on whatever is the latest."""
    defaults = arguments()
    assert set(defaults) == {"PYTHON_IMAGE", "NODE_IMAGE"}
    for value in defaults.values():
        assert re.fullmatch(r"[a-z]+:\d+(\.\d+)*-[a-z-]+", value)
    for stage in STAGES.values():
        assert stage.base in STAGES or stage.base in {*(f"${{{name}}}" for name in defaults), "scratch"}


def test_an_image_is_made_of_the_runtime_and_of_copies(image: Stage) -> None:
    """What builds stays where it was: only its tree is copied, and nothing runs after that."""
    assert image.parent is STAGES["runtime"]
    assert image.bottom() == "${PYTHON_IMAGE}"
    copies = [each for each in image.instructions if each.name == "COPY"]
    assert [each.options.get("from") for each in copies if "from" in each.options] == [f"{image.name}-tree"]
    assert not [each for each in image.instructions if each.name in {"RUN", "ADD", "USER", "SHELL"}]


def test_an_image_runs_as_nobody_and_without_a_shell(image: Stage) -> None:
    """A numeric user other than root, set before the entry point; signals reach the process."""
    names = [each.name for each in image.lineage()]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", image.last("USER").value)
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert image.last("ENTRYPOINT").exec_form() == ["customer-graph"]
    assert image.last("CMD").exec_form()[0] == image.name
    assert image.last("HEALTHCHECK").exec_form()[:3] == ["python", "-m", "kernel.health"]
    assert image.last("STOPSIGNAL").value == "SIGTERM"


def test_an_image_exposes_and_checks_the_port_that_it_listens_on(image: Stage) -> None:
    """The default of its settings, on all interfaces."""
    port = IMAGES[image.name].model_fields["port"].default
    assert image.last("EXPOSE").value == str(port)
    assert image.last("HEALTHCHECK").exec_form()[-1] == f"http://127.0.0.1:{port}/health"
    assert "HOST=0.0.0.0" in " ".join(each.value for each in image.lineage() if each.name == "ENV")


def test_an_image_says_what_it_is(image: Stage) -> None:
    """The Open Container Initiative's labels, and the version of the project."""
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", image.last("LABEL").value))
    assert labels == {"title", "description", "licenses", "version", "revision", "created"}
    project = re.search(
        r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert project
    versions = [each.value for each in image.lineage() if each.name == "ARG"]
    assert f"VERSION={project[1]}" in versions


def test_no_secret_is_an_argument_or_a_variable() -> None:
    """Both can be read out of an image by anybody who has it."""
    for stage in STAGES.values():
        for each in stage.instructions:
            if each.name in {"ARG", "ENV"}:
                assert not SECRET.search(each.value), each.value


def test_every_source_exists_and_is_sent_to_the_builder() -> None:
    """A build would end at the first COPY of something that .dockerignore keeps away."""
    sources = [
        source.rstrip("/")
        for stage in STAGES.values()
        for each in stage.instructions
        if each.name == "COPY" and "from" not in each.options
        for source in each.words[:-1]
    ]
    assert len(sources) > 10
    for source in sources:
        assert (ROOT / source).exists(), source
        files = [ROOT / source] if (ROOT / source).is_file() else _files(ROOT / source)
        assert any(is_sent(str(file.relative_to(ROOT))) for file in files), source


def test_copies_from_stages_name_stages_above() -> None:
    """A stage can only copy from one that is made before it."""
    above: set[str] = set()
    for name, stage in STAGES.items():
        for each in stage.instructions:
            assert each.options.get("from", name) in {*above, name}
        above.add(name)


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".env", ".data/keys/key", ".venv/bin/python", "tests/kit/tokens.py", "docs/deploy.md",
        "ui/node_modules/a/index.js", "kernel/__pycache__/auth.pyc", "gateway/web/static/index.html",
        "deploy/cloudformation/data.yaml", "deploy/compose/elasticmq.conf", "dist/authorizer.zip",
    ],
)  # fmt: skip
def test_the_builder_is_not_sent_what_no_image_needs(path: str) -> None:
    """History, data, keys, tests, build output."""
    assert not is_sent(path)


def test_scripts_of_stages_are_there() -> None:
    """Each `deploy/…` that a RUN names is in the tree, and executable unless Python is given it."""
    scripts = 0
    for stage in STAGES.values():
        for each in stage.instructions:
            words = each.words if each.name == "RUN" else []
            for before, word in zip(["", *words], words, strict=False):
                if word.startswith("deploy/") and not word.endswith(".lock"):
                    scripts += 1
                    assert before == "python" or os.access(ROOT / word, os.X_OK), word
    assert scripts == 8


def test_issuers_of_the_database_are_where_the_tasks_look() -> None:
    """CodeBuild puts the file into the folder that the images copy; PGSSLROOTCERT names it."""
    (copied,) = [
        each.words
        for each in STAGES["runtime"].instructions
        if each.name == "COPY" and each.words[0] == "deploy/certificates/"
    ]
    named = {
        value for name in aws_templates.NAMES for value in _values(aws_templates.load(name), "PGSSLROOTCERT")
    }
    assert named == {f"{copied[1]}rds-ca.pem"}
    assert "--output deploy/certificates/rds-ca.pem" in (ROOT / "buildspec.yml").read_text(encoding="utf-8")
    assert is_sent("deploy/certificates/rds-ca.pem")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _values(node: Any, name: str) -> list[str]:
    """The values of all environment variables `name` in a template."""
    if isinstance(node, dict):
        if node.get("Name") == name:
            return [node["Value"]]
        return [value for each in node.values() for value in _values(each, name)]
    return [value for each in node for value in _values(each, name)] if isinstance(node, list) else []
