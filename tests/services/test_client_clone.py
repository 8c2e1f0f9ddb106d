"""What comes along to production, and what stays behind."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest

from idp.models import ClientPolicy
from idp.services.client import default_policy
from idp.services.client_clone import changes_of, clone_client, plan_production
from idp.services.client_owner import owned_clients, owner_names, set_owners
from tests.factories import make_application, make_user

pytestmark = pytest.mark.django_db
GOOD = "https://app.example.com/callback"


def test_a_public_client_leaves_its_local_origin_behind_and_gets_no_secret(now: datetime) -> None:
    application = make_application(
        "spa", environment="development", redirect_uris=(GOOD, "http://localhost:5173/callback"),
        allowed_origins="https://app.example.com http://localhost:5173", verified=True,
    )  # fmt: skip
    plan = plan_production(application, now=now)
    assert plan.spec.allowed_origins == ("https://app.example.com",)
    assert plan.spec.redirect_uris == (GOOD,)
    assert [(gone.key, gone.value) for gone in plan.dropped] == [
        ("allowed_origins", "http://localhost:5173"),
        ("redirect_uris", "http://localhost:5173/callback"),
    ]
    assert all(reason.is_error for gone in plan.dropped for reason in gone.reasons)
    names = [change.field for change in changes_of(application, plan.spec)]
    assert {"client_id", "environment", "verified", "redirect_uris"} <= set(names)
    made, secret = clone_client(application, plan.spec, now=now)
    assert secret is None
    assert made.redirect_uris == GOOD


def test_an_address_for_logout_that_production_refuses_stays_behind(now: datetime) -> None:
    application = make_application(
        "web", environment="development", redirect_uris=GOOD,
        backchannel_logout_uri="http://127.0.0.1:8000/bye",
    )  # fmt: skip
    plan = plan_production(application, now=now)
    assert plan.spec.backchannel_logout_uri == ""
    assert [gone.key for gone in plan.dropped] == ["backchannel_logout_uri"]


def test_a_client_without_a_policy_row_has_no_owners_to_bring(now: datetime) -> None:
    application = make_application("web", redirect_uris=GOOD)
    ClientPolicy.objects.all().delete()
    application = type(application).objects.get(pk=application.pk)
    assert owner_names(default_policy(application)) == ((), ())
    made, secret = clone_client(application, plan_production(application, now=now).spec, now=now)
    assert secret
    assert owner_names(made.idp_policy) == ((), ())


def test_naming_the_same_owners_again_changes_nothing() -> None:
    application, owner = make_application("web"), make_user()
    assert [change.field for change in set_owners(application, users=[owner], groups=[])] == [
        "owner_users"
    ]
    assert set_owners(application, users=[owner], groups=[]) == []


def test_a_user_model_without_groups_owns_as_a_person() -> None:
    application, owner = make_application("web"), make_user()
    set_owners(application, users=[owner], groups=[])
    assert list(owned_clients(SimpleNamespace(pk=owner.pk))) == [application]
