"""kernel.settings: what is wrong is named by its environment variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.settings import ConfigurationProblem, ServiceSettings, load, verifier_from


def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message leads to the variable that must be changed."""
    monkeypatch.setenv("MAX_BODY_BYTES", "many")
    with pytest.raises(ConfigurationProblem, match="MAX_BODY_BYTES"):
        load(ServiceSettings)


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line is the last word; an option that was not given changes nothing."""
    monkeypatch.setenv("PORT", "4000")
    assert load(ServiceSettings, port=4100).port == 4100
    assert load(ServiceSettings, port=None).port == 4000


def test_the_development_algorithm_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared secret cannot slip into production."""
    monkeypatch.setenv("AUTH_HS256_SECRET", "x" * 40)
    with pytest.raises(ConfigurationProblem, match="AUTH_JWKS") as problem:
        load(ServiceSettings)
    assert "x" * 40 not in str(problem.value)


def test_without_keys_nothing_starts() -> None:
    """Authentication is on by default, so a missing key set is an error and not an open door."""
    with pytest.raises(ConfigurationProblem, match="AUTH_JWKS"):
        verifier_from(load(ServiceSettings))


def test_a_value_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`X_FILE` names a file with the value of X, without its line end."""
    file = tmp_path / "issuer"
    file.write_text("https://issuer.test\n")
    monkeypatch.setenv("AUTH_ISSUER_FILE", str(file))
    assert load(ServiceSettings).auth_issuer == "https://issuer.test"
    assert load(ServiceSettings, auth_issuer="given").auth_issuer == "given"


def test_a_value_has_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two places for one value, and a file that cannot be read, are told by the variables' names."""
    monkeypatch.setenv("AUTH_ISSUER_FILE", str(tmp_path / "missing"))
    with pytest.raises(ConfigurationProblem, match="missing, which AUTH_ISSUER_FILE names: No such file"):
        load(ServiceSettings)
    monkeypatch.setenv("AUTH_ISSUER", "other")
    with pytest.raises(ConfigurationProblem, match="set AUTH_ISSUER or AUTH_ISSUER_FILE, not both"):
        load(ServiceSettings)
