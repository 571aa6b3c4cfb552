"""kernel.settings: what is wrong is named by its environment variable."""

from __future__ import annotations

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
