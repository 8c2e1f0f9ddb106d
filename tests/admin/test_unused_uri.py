"""Addresses that nobody uses, and those of development in production, found and taken away."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from idp.conf import application_model
from idp.models import ClientPolicy, RedirectUri
from idp.services.redirect_uri import sync_redirect_uris
from tests.admin.conftest import page, signed_in
from tests.factories import make_application

OLD = "https://client.example.com/old"
KEPT = "https://client.example.com/kept"


def _client_with_an_unused_address():
    application = make_application("web", redirect_uris=f"{OLD} {KEPT}")
    sync_redirect_uris(application, source="admin")
    past = timezone.now() - timedelta(days=120)
    RedirectUri.objects.filter(application=application).update(created_at=past)
    RedirectUri.objects.filter(uri=KEPT).update(last_used_at=timezone.now())
    return application


def _remove(browser: Client, application, **more: str):
    values = {
        "action": "remove_unused_addresses",
        "_selected_action": str(application.pk),
        "index": "0",
        **more,
    }
    return browser.post(page("client_changelist"), values)


def test_the_action_names_what_it_removes_before_it_does(desk: Client) -> None:
    application = _client_with_an_unused_address()
    answer = _remove(desk, application)
    assert OLD in answer.text
    assert KEPT not in answer.text
    application.refresh_from_db()
    assert OLD in application.redirect_uris


def test_the_action_removes_what_was_not_used_and_keeps_the_rest(desk: Client) -> None:
    application = _client_with_an_unused_address()
    _remove(desk, application, confirmed="yes", reason="tidy up")
    application.refresh_from_db()
    assert application.redirect_uris == KEPT


def test_who_may_only_look_removes_nothing(db: None) -> None:
    application = _client_with_an_unused_address()
    meta = application_model()._meta
    browser = signed_in(f"{meta.app_label}.view_{meta.model_name}")
    _remove(browser, application, confirmed="yes")
    application.refresh_from_db()
    assert OLD in application.redirect_uris


def test_an_owner_who_may_look_at_all_clients_removes_from_their_own_alone(db: None) -> None:
    own, other = _client_with_an_unused_address(), _client_with_an_unused_address()
    meta = application_model()._meta
    browser = signed_in(f"{meta.app_label}.view_{meta.model_name}")
    user = get_user_model().objects.get(pk=browser.session["_auth_user_id"])
    ClientPolicy.objects.get(application=own).owner_users.add(user)
    for application in (own, other):
        _remove(browser, application, confirmed="yes", reason="tidy up")
        application.refresh_from_db()
    assert OLD not in own.redirect_uris
    assert OLD in other.redirect_uris


def test_a_development_address_in_production_is_found_and_marked(desk: Client) -> None:
    application = make_application(
        "web", environment="development", redirect_uris="http://127.0.0.1:8000/callback"
    )
    ClientPolicy.objects.filter(application=application).update(environment="production")
    sync_redirect_uris(application_model().objects.get(pk=application.pk), source="admin")
    other = make_application("web", name="Somebody else")
    shown = desk.get(page("client_changelist"), {"finding": "development"})
    assert application.name in shown.text
    assert other.name not in shown.text
    overview = desk.get(page("client_overview", application.pk))
    assert "Development address in production" in overview.text
