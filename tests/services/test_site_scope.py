"""The scopes that a site's own code knows stand in the catalogue, and are only narrowed."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils.functional import lazystr

from idp.domain.catalogue import Unpoliced
from idp.models import SecurityEvent
from idp.services.catalogue import catalogue_version, current_catalogue, words
from idp.services.client import client_of
from idp.services.resolution import resolve_again, resolve_request
from idp.services.site import set_mode
from idp.services.site_scope import NO_OPINION, Offer, offer_to, offered, site_scopes
from tests.factories import make_application, make_scope

pytestmark = pytest.mark.django_db


class OwnScopes:
    """A backend that asks the database, and knows defaults by client alone."""

    def get_all_scopes(self) -> dict[str, Any]:
        catalogue_version()  # stands for a table of the site
        return {"notes": lazystr("Read your notes"), "tasks": "", "photos": "Photos of the site"}

    def get_available_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        return ["notes", "tasks"] if application is None or application.name == "A" else ["notes"]

    def get_default_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        return {"A": ["notes", "tasks"], "B": ["tasks"]}[application.name]


@pytest.fixture
def site() -> Any:
    had = {
        **settings.OAUTH2_PROVIDER,
        "IDP_SITE_SCOPES_BACKEND_CLASS": f"{__name__}.OwnScopes",
    }
    with override_settings(OAUTH2_PROVIDER=had):
        yield


def resolve(application: Any, requested: set[str] | None, offer: Offer = NO_OPINION) -> Any:
    return resolve_request(
        client_of(application),
        requested=None if requested is None else frozenset(requested),
        user=None,
        sign_in=None,
        grant_type="client_credentials",
        now=application.created,
        offer=offer,
    )


def test_a_new_site_knows_nothing_beside_the_catalogue():
    assert not site_scopes().scopes
    assert offer_to(make_application("service")) is NO_OPINION


def test_they_stand_beside_the_rows_without_api_and_policy(site):
    make_scope("photos", title="See your photos")
    scopes = current_catalogue().scopes
    assert (scopes["notes"].api, scopes["notes"].policy) == ("", None)
    assert scopes["photos"].policy is not None


def test_words_are_ours_then_those_of_the_site_then_the_name(site):
    make_scope("photos", title="See your photos")
    titles = {name: entry.title for name, entry in words("en").items()}
    assert titles["photos"] == "See your photos"
    assert titles["notes"] == "Read your notes"
    assert titles["tasks"] == "tasks"


def test_they_cost_no_statement_once_the_process_knows_them(site, django_assert_num_queries):
    version = catalogue_version()
    current_catalogue(version, unpoliced=Unpoliced.PASS_THROUGH)
    with django_assert_num_queries(0):
        scopes = current_catalogue(version, unpoliced=Unpoliced.PASS_THROUGH).scopes
    assert {"notes", "tasks"} <= set(scopes)


def test_a_changed_setting_is_seen_at_once(site):
    assert "notes" in current_catalogue().scopes
    without = {**settings.OAUTH2_PROVIDER, "IDP_SITE_SCOPES_BACKEND_CLASS": ""}
    with override_settings(OAUTH2_PROVIDER=without):
        assert "notes" not in current_catalogue().scopes


def test_what_the_site_withholds_from_a_client_is_unknown_to_its_request(site):
    offer = offer_to(make_application("service", name="B"))
    assert offer.withheld == {"tasks", "photos"}
    assert "tasks" not in offered(current_catalogue(), offer).scopes


def test_a_client_is_given_the_defaults_that_the_site_has_for_it(site):
    application = make_application("service", name="A")
    with override_settings(IDP={"UNPOLICED_SCOPES": "pass_through"}):
        assert resolve(application, None, offer_to(application)).granted == {"notes", "tasks"}


def test_a_default_that_the_site_does_not_offer_is_none(site):
    application = make_application("service", name="B")
    with override_settings(IDP={"UNPOLICED_SCOPES": "pass_through"}):
        assert resolve(application, None, offer_to(application)).error == "invalid_scope"


def test_an_offer_that_changes_nothing_leaves_the_catalogue_itself(site):
    catalogue = current_catalogue()
    assert offered(catalogue, NO_OPINION) is catalogue


def test_in_report_mode_an_unknown_scope_is_refused_and_no_other(site):
    application = make_application("service", name="A")
    set_mode("report")
    answer = resolve(application, {"notes", "nonsense"})
    assert (answer.error, answer.granted) == ("invalid_scope", set())
    assert resolve(application, {"notes"}).granted == {"notes"}


def test_in_report_mode_what_enforcing_would_refuse_is_told(site):
    application = make_application("service", name="A")
    set_mode("report")
    resolve(application, {"notes"})
    event = SecurityEvent.objects.get(kind="scope.would_refuse")
    assert [reason["code"] for reason in event.reasons] == ["client_not_trusted"]


def test_a_scope_that_the_site_forgot_is_kept_by_who_has_it_while_the_rules_report():
    application = make_application("service")
    set_mode("report")
    held = frozenset({"forgotten"})
    again = resolve_again(
        client_of(application),
        granted=held,
        since=None,
        user=None,
        grant_type="client_credentials",
        now=application.created,
    )
    assert again.granted == held
