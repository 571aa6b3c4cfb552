"""Views: what `@provides` adds below one path."""

from __future__ import annotations

from gateway.plan.views import Views
from gateway.supergraph.fieldsets import FieldSet


def test_equal_views_are_one_object() -> None:
    """Identity is equality, so that states with equal views are equal."""
    views = Views()
    assert views.of(FieldSet("a b { c }")) is views.of(FieldSet("b { c } a"))
    assert views.of(None) is None


def test_views_join_deeply() -> None:
    """What either provides is provided, below common fields too."""
    views = Views()
    joined = views.join(views.of(FieldSet("a { x }")), views.of(FieldSet("a { y } b")))
    assert joined is views.of(FieldSet("a { x y } b"))


def test_narrowing_keeps_what_holds_for_the_type() -> None:
    """Fields for all, branches for the type and for its interfaces; other branches go."""
    views = Views()
    view = views.of(
        FieldSet("id ... on Dog { name } ... on Pet { age ... on Dog { bark } } ... on Cat { lives }")
    )
    assert views.narrow(view, "Dog", ["Pet"]) is views.of(FieldSet("id name age bark"))
    assert views.narrow(view, "Fish", []) is views.of(FieldSet("id"))
    assert views.narrow(views.of(FieldSet("... on Cat { lives }")), "Dog", ["Pet"]) is None
