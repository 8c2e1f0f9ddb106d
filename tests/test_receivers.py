"""What other code stores past the services is seen all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from idp.models import Scope, ScopePolicy, ScopeText
from idp.services.catalogue import catalogue_version, current_catalogue, words
from tests.factories import make_api, make_application, make_policy, make_scope

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        lambda: Scope.objects.get(name="photos:read").save(),
        lambda: ScopePolicy.objects.get(name="photos").save(),
        lambda: ScopeText.objects.get(scope__name="photos:read").save(),
        lambda: make_api().save(),
        lambda: make_api().resource_servers.add(make_application("service").idp_policy),
        lambda: Scope.objects.get(name="photos:write").implies.clear(),
        lambda: Scope.objects.get(name="photos:write").delete(),
    ],
    ids=["scope", "policy", "words", "api", "resource server", "included", "deleted"],
)
def test_any_change_of_the_catalogue_gives_it_a_version(change: Callable[[], Any]) -> None:
    make_scope("photos:read", policy=make_policy("photos"))
    make_scope("photos:write", implies=("photos:read",))
    before = catalogue_version()
    change()
    assert catalogue_version() > before


def test_a_row_that_the_site_saved_by_itself_is_judged_by_at_once() -> None:
    scope = make_scope("photos:read")
    assert current_catalogue().scopes["photos:read"].active
    scope.active = False
    scope.save()
    ScopeText.objects.create(scope=scope, language="de", title="Fotos ansehen")
    assert not current_catalogue().scopes["photos:read"].active
    assert words("de")["photos:read"].title == "Fotos ansehen"
