"""Which scopes are really used: counted once an hour, missed after 90 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from idp.models import Authorization, ConsentScope, ScopeUse
from idp.services.authorization import Granting, create_authorization
from idp.services.scope_use import (
    consents_with,
    record_scope_use,
    unused_consents,
    unused_scopes,
)
from tests.factories import grant, make_api, make_application, make_scope, make_user
from tests.views.flow import Flow, basic, bearer, post

pytestmark = pytest.mark.django_db


def authorize(user: Any, application: Any, *scopes: str, now: datetime) -> Authorization:
    consent = grant(user, application, *scopes, now=now)
    granting = Granting(user=user, application=application, scopes=scopes, consent=consent)
    authorization = create_authorization(granting, now=now)
    Authorization.objects.filter(pk=authorization.pk).update(created_at=now)
    return authorization


@pytest.fixture
def application(db: None) -> Any:
    return make_application("web", scopes=("openid", "photos:read", "photos:write"))


def test_the_same_scope_within_the_hour_is_written_once(
    application: Any, now: datetime, django_assert_num_queries: Any
) -> None:
    family = authorize(make_user(), application, "photos:read", now=now).pk
    record_scope_use(family, ["photos:read"], now=now)
    with django_assert_num_queries(0):
        record_scope_use(family, ["photos:read"], now=now + timedelta(minutes=20))
    row = ScopeUse.objects.get()
    assert (row.hours, row.last_at) == (1, now)


def test_each_hour_in_use_counts(application: Any, now: datetime) -> None:
    family = authorize(make_user(), application, "photos:read", now=now).pk
    for hour in range(3):
        record_scope_use(family, ["photos:read"], now=now + timedelta(hours=hour))
    row = ScopeUse.objects.get()
    assert (row.hours, row.first_at, row.last_at) == (3, now, now + timedelta(hours=2))


def test_another_process_does_not_count_the_same_hour_again(
    application: Any, now: datetime
) -> None:
    from idp.services import scope_use

    family = authorize(make_user(), application, "photos:read", now=now).pk
    record_scope_use(family, ["photos:read"], now=now)
    scope_use._noted.clear()  # as in a process that knows nothing yet
    record_scope_use(family, ["photos:read"], now=now + timedelta(minutes=5))
    assert ScopeUse.objects.get().hours == 1


def test_a_scope_that_was_given_and_never_used_for_90_days_is_found(
    application: Any, now: datetime
) -> None:
    used, idle = make_user(), make_user()
    long_ago = now - timedelta(days=91)
    for user in (used, idle):
        authorize(user, application, "openid", "photos:read", "photos:write", now=long_ago)
    family = Authorization.objects.get(user=used)
    record_scope_use(family.pk, ["photos:read"], now=now - timedelta(days=10))

    assert unused_scopes(application, now) == {"photos:write": 2, "photos:read": 1}
    assert unused_scopes(application, now, limit=1) == {"photos:write": 1}, "of the oldest"
    keys = consents_with(application, "photos:read").values_list("pk", flat=True)
    assert [row.user for row in unused_consents(keys, "photos:read", now)] == [idle]


def test_a_use_longer_ago_than_90_days_does_not_count(application: Any, now: datetime) -> None:
    long_ago = now - timedelta(days=200)
    family = authorize(make_user(), application, "photos:read", now=long_ago).pk
    record_scope_use(family, ["photos:read"], now=now - timedelta(days=91))
    assert unused_scopes(application, now) == {"photos:read": 1}


@pytest.mark.parametrize("age", [0, 89])
def test_what_was_given_lately_is_not_called_unused(
    application: Any, now: datetime, age: int
) -> None:
    authorize(make_user(), application, "photos:read", now=now - timedelta(days=age))
    assert unused_scopes(application, now) == {}


def test_a_consent_older_than_any_record_of_use_is_not_called_unused(
    application: Any, now: datetime
) -> None:
    authorize(make_user(), application, "photos:read", now=now)
    ConsentScope.objects.update(since=now - timedelta(days=400))
    assert unused_scopes(application, now) == {}


def test_a_call_of_the_api_counts_the_scope_that_it_needed() -> None:
    make_scope("account:read")
    make_scope("account:write", implies=("account:read",))
    flow = Flow(
        make_application("web", scopes=("openid", "account:write", "photos:read")), make_user("ada")
    )
    token = flow.tokens("openid account:write photos:read")["access_token"]
    assert Browser().get("/api/user-profile/", **bearer(token)).status_code == 200
    assert list(ScopeUse.objects.values_list("scope", flat=True)) == ["account:write"]


def test_a_refused_call_counts_nothing() -> None:
    make_scope("account:read")
    flow = Flow(make_application("web", scopes=("openid", "account:read")), make_user("ada"))
    token = flow.tokens("openid")["access_token"]
    assert Browser().get("/api/user-profile/", **bearer(token)).status_code == 403
    assert not ScopeUse.objects.exists()


def test_introspection_by_a_resource_server_counts_the_scopes_of_its_api() -> None:
    make_scope("photos:read")
    make_scope("mail:read", api=make_api("https://mail.example.com", "Mail"))
    server = make_application("service")
    make_api().resource_servers.add(server.idp_policy)
    flow = Flow(make_application("web", scopes=("photos:read", "mail:read")), make_user("ada"))
    token = flow.tokens("photos:read mail:read")["access_token"]
    post("/o/introspect/", {"token": token}, **basic(flow.application))
    assert not ScopeUse.objects.exists()
    assert post("/o/introspect/", {"token": token}, **basic(server)).json()["active"]
    assert list(ScopeUse.objects.values_list("scope", flat=True)) == ["photos:read"]
