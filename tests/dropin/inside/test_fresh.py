"""A site without clients gets ``idp``: nobody can be disturbed, so the rules refuse at once."""

from __future__ import annotations

from idp.models import Scope, SiteState


def test_the_site_enforces_and_has_the_scopes_of_sign_in() -> None:
    assert SiteState.objects.get().mode == "enforce"
    assert set(Scope.objects.values_list("name", flat=True)) == {"openid", "profile", "email"}
