"""Scopes, policies, APIs and the queue of approvals at the desk."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from idp.conf import application_model
from idp.models import Api, ClientScope, Scope, ScopePolicy, SecurityEvent
from idp.services.catalogue import current_catalogue
from tests.admin.conftest import page, signed_in
from tests.factories import (
    add_scope,
    grant,
    make_api,
    make_application,
    make_policy,
    make_scope,
    make_user,
)

NO_TEXTS = {"texts-TOTAL_FORMS": "0", "texts-INITIAL_FORMS": "0"}


def _scope(**values: object) -> dict[str, object]:
    return {"api": make_api().pk, "active": "on", "public": "on", **NO_TEXTS, **values}


def _policy(name: str, **values: object) -> dict[str, object]:
    plain = {
        "name": name,
        "sensitivity": "basic",
        "clients": "any",
        "consent": "remember",
        "refresh": "on",
    }
    return {**plain, **values}


def test_a_scope_is_added_with_words_and_what_it_includes(desk: Client) -> None:
    included = make_scope("photos:read")
    before = current_catalogue().version
    sent = _scope(
        name="photos:write", policy=make_policy("plain").pk, implies=[included.pk],
        **{
            "texts-TOTAL_FORMS": "1", "texts-0-language": "en", "texts-0-title": "Add photos",
            "texts-0-description": "Also delete them.",
        },
    )  # fmt: skip
    answer = desk.post(page("idp_scope_add"), sent)
    assert answer.status_code == 302, answer.context["errors"]
    scope = Scope.objects.get(name="photos:write")
    assert [row.name for row in scope.implies.all()] == ["photos:read"]
    assert [(text.language, text.title) for text in scope.texts.all()] == [("en", "Add photos")]
    assert current_catalogue().version > before
    assert SecurityEvent.objects.filter(kind="scope.changed").exists()


def test_a_broken_name_says_which_character_and_loses_nothing(desk: Client) -> None:
    answer = desk.post(page("idp_scope_add"), _scope(name='photos"read'))
    assert answer.status_code == 200
    assert "QUOTATION MARK" in str(answer.context["adminform"].form.errors["name"])
    assert 'value="photos&quot;read"' in answer.text
    assert not Scope.objects.filter(name__contains='"').exists()


def test_a_circle_of_scopes_is_refused_at_its_field(desk: Client) -> None:
    reading = make_scope("photos:read")
    writing = make_scope("photos:write", implies=("photos:read",))
    sent = _scope(name="photos:read", policy=reading.policy_id, implies=[writing.pk])
    answer = desk.post(page("idp_scope_change", reading.pk), sent)
    assert "implies" in answer.context["adminform"].form.errors
    assert not reading.implies.exists()


def test_a_policy_is_saved_in_spans_groups_and_grant_types(desk: Client) -> None:
    make_user(groups=("staff",))
    sent = _policy(
        "fresh", groups=["staff"], grant_types=["authorization_code"], acr_values="urn:a\nurn:b",
        max_authentication_age_0="10", max_authentication_age_1="60",
    )  # fmt: skip
    answer = desk.post(page("idp_scopepolicy_add"), sent)
    assert answer.status_code == 302, answer.context["errors"]
    policy = ScopePolicy.objects.get(name="fresh")
    assert policy.groups == ["staff"]
    assert policy.grant_types == ["authorization_code"]
    assert policy.acr_values == ["urn:a", "urn:b"]
    assert policy.max_authentication_age == timezone.timedelta(minutes=10)


def test_saving_a_policy_unchanged_keeps_its_revision(desk: Client) -> None:
    policy = make_policy("plain")
    desk.post(page("idp_scopepolicy_change", policy.pk), _policy("plain", approver_differs="on"))
    policy.refresh_from_db()
    assert policy.revision == 1
    assert policy.groups is None
    assert policy.grant_types is None


def test_tightening_a_policy_first_shows_whom_it_takes_the_scope_from(
    desk: Client, house: SimpleNamespace
) -> None:
    make_user(groups=("staff",))
    sent = _policy("sensitive", sensitivity="sensitive", approver_differs="on", groups=["staff"])
    address = page("idp_scopepolicy_change", house.policy.pk)
    asked = desk.post(address, sent)
    assert "This change takes something away" in asked.text
    assert "anna → Photo Print" in asked.text
    house.policy.refresh_from_db()
    assert house.policy.groups is None
    hidden = dict(asked.context["hidden"])
    answer = desk.post(address, {**hidden, "confirmed": "yes"})
    assert answer.status_code == 302
    house.policy.refresh_from_db()
    assert house.policy.groups == ["staff"]
    assert "groups: – → staff" in LogEntry.objects.latest("pk").change_message


def test_loosening_a_policy_asks_nothing(desk: Client, house: SimpleNamespace) -> None:
    sent = _policy("sensitive", sensitivity="sensitive", description="Now with words")
    assert desk.post(page("idp_scopepolicy_change", house.policy.pk), sent).status_code == 302


def test_retiring_a_granted_scope_shows_its_impact(desk: Client, house: SimpleNamespace) -> None:
    sent = _scope(name="photos:read", policy=house.policy.pk)
    del sent["active"]
    assert (
        "Consents that lose a scope"
        in desk.post(page("idp_scope_change", house.scope.pk), sent).text
    )


def test_a_granted_scope_is_retired_rather_than_deleted(
    desk: Client, house: SimpleNamespace
) -> None:
    answer = desk.post(page("idp_scope_delete", house.scope.pk), {"post": "yes"}, follow=True)
    assert "retired" in answer.text
    assert not Scope.objects.get(pk=house.scope.pk).active


def test_what_scopes_follow_cannot_be_deleted_and_says_why(
    desk: Client, house: SimpleNamespace
) -> None:
    for name, row in (("idp_scopepolicy", house.policy), ("idp_api", house.scope.api)):
        answer = desk.post(page(f"{name}_delete", row.pk), {"post": "yes"}, follow=True)
        assert "photos:read" in answer.text
        assert type(row).objects.filter(pk=row.pk).exists()


def test_an_api_names_clients_and_scopes_to_those_alone_who_may_see_them(
    house: SimpleNamespace,
) -> None:
    api = house.scope.api
    api.resource_servers.add(house.application.idp_policy)
    opts = application_model()._meta
    clients = f"{opts.app_label}.view_{opts.model_name}"
    named = {}
    for more in ((), ("idp.view_scope",), (clients,)):
        shown = signed_in("idp.view_api", *more).get(page("idp_api_change", api.pk))
        assert shown.status_code == 200
        words = (house.scope.name, house.application.client_id, str(house.application))
        named[more] = [word in shown.text for word in words]

    assert named == {
        (): [False, False, False],
        ("idp.view_scope",): [True, False, False],
        (clients,): [False, True, True],
    }


def test_an_api_needs_an_absolute_identifier(desk: Client) -> None:
    answer = desk.post(page("idp_api_add"), {"name": "Photos", "identifier": "photos"})
    assert "identifier" in answer.context["adminform"].form.errors
    desk.post(page("idp_api_add"), {"name": "Photos", "identifier": "https://api.example.com/p"})
    assert Api.objects.filter(identifier="https://api.example.com/p").exists()


@pytest.fixture
def asked(db: None) -> ClientScope:
    """A request for a scope that waits."""
    make_scope("payments:read", policy=make_policy("restricted", clients="approved"))
    return add_scope(
        make_application("web"), "payments:read", state="requested", requested_by="berta",
        requested_at=timezone.now(), justification="Refunds",
    )  # fmt: skip


def test_a_request_is_approved_with_an_end(desk: Client, asked: ClientScope) -> None:
    sent = {"decision": "approve", "reason": "fine", "until_0": "2099-01-01", "until_1": "00:00"}
    assert desk.post(page("idp_clientscope_decide", asked.pk), sent).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.until.year) == ("approved", "operator", 2099)


def test_a_refusal_needs_a_reason(desk: Client, asked: ClientScope) -> None:
    address = page("idp_clientscope_decide", asked.pk)
    assert desk.post(address, {"decision": "refuse"}).context["form"].errors["reason"]
    desk.post(address, {"decision": "refuse", "reason": "not yours"})
    asked.refresh_from_db()
    assert (asked.state, asked.decision_reason) == ("refused", "not yours")


def test_whoever_asked_does_not_decide(asked: ClientScope, db: None) -> None:
    browser = signed_in("idp.decide_clientscope", "idp.view_clientscope")
    asked.requested_by = browser.get(page("index")).wsgi_request.user.get_username()
    asked.save()
    answer = browser.post(page("idp_clientscope_decide", asked.pk), {"decision": "approve"})
    assert "somebody else" in answer.text
    asked.refresh_from_db()
    assert asked.state == "requested"


def test_a_refused_event_leads_to_the_explanation_of_its_refusal(
    desk: Client, house: SimpleNamespace
) -> None:
    event = SecurityEvent.objects.get(kind="authorization.refused")
    shown = desk.get(page("idp_securityevent_change", event.pk)).text
    assert "client_id=photo-print&amp;scope=photos%3Awrite" in shown
    make_scope("photos:write")
    asked = {"client_id": "photo-print", "user": house.user.pk, "scope": "photos:write"}
    answer = desk.get(page("idp_explain"), asked)
    assert answer.context["verdict"][0] == "danger"
    assert "not_registered" in answer.text
    assert not SecurityEvent.objects.filter(kind__endswith="would_refuse").exists()


def test_a_granted_decision_names_every_rule(desk: Client, house: SimpleNamespace) -> None:
    grant(house.user, house.application, "photos:read")
    asked = {"client": house.application.pk, "user": house.user.pk, "scope": "photos:read"}
    answer = desk.get(page("idp_explain"), asked)
    assert answer.context["verdict"][0] == "good"
    assert "user eligible" in answer.text
    for address in (
        page("client_overview", house.application.pk),
        page("idp_user", house.user.pk),
        page("idp_scope_change", house.scope.pk),
    ):
        assert f'href="{address}"' in answer.text


@pytest.mark.parametrize(
    "asked",
    [{"scope": '"'}, {"client": "x"}, {"user": "x"}, {"auth_age": "-1"}, {"auth_age": "9" * 30},
     {"client_id": "nobody"}, {"client_id": "\x00"}, {"grant_type": "magic"}],
)  # fmt: skip
def test_the_explainer_answers_anything(
    desk: Client, house: SimpleNamespace, asked: dict[str, str]
) -> None:
    full = {"client": str(house.application.pk), **asked}
    if "client_id" in asked:
        del full["client"]
    assert desk.get(page("idp_explain"), full).status_code == 200


def test_a_site_without_groups_is_told_what_would_stand_there(desk: Client, db: None) -> None:
    assert "The site has no groups yet." in desk.get(page("idp_scopepolicy_add")).text
    make_user(groups=("staff",))
    assert "The site has no groups yet." not in desk.get(page("idp_scopepolicy_add")).text
