"""Connected apps: a person sees their own apps alone, and takes access back at once."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import KeySet

from idp.conf import access_token_model, refresh_token_model
from idp.domain import ledger as rules
from idp.domain.snapshot import ConsentDocument, ShownApi, ShownClient, ShownScope
from idp.models import Consent, ConsentEvent
from idp.services.chosen import Chosen
from idp.services.consent import narrow_consent, record_decision, revoke_consent
from idp.services.consent_reach import Target
from idp.services.event import Origin
from idp.services.task import Order, begin_task
from tests.factories import grant, make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.services.test_consent import hold

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LIST = "/account/apps/"


@pytest.fixture
def ada() -> Any:
    return make_user("ada")


@pytest.fixture
def browser(ada: Any) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def app() -> Any:
    make_scope("photos", title="See your photos", description="All albums.")
    return make_application(
        client_id="photo-print", name="Photo Print", scopes=("photos",), optional=("mail",)
    )


def url(consent: Consent, rest: str = "") -> str:
    return f"{LIST}{consent.public_id}/{rest}"


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_list_shows_what_an_app_may_do_in_words(browser: Client, ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos", "mail")

    answer = browser.get(LIST)

    assert answer.status_code == 200
    shown = answer.context["apps"][0]
    assert (shown["name"], shown["summary"]) == ("Photo Print", ["Use mail", "See your photos"])
    assert shown["url"] == url(consent)
    assert "See your photos" in text(answer)


def test_an_empty_list_explains_itself(browser: Client) -> None:
    assert "No app has access" in text(browser.get(LIST))


def test_the_app_used_last_stands_first(browser: Client, ada: Any) -> None:
    now = timezone.now()
    old, new, unused = (make_application(name=name) for name in ("Old", "New", "Unused"))
    for application, used in ((old, 5), (new, 1), (unused, None)):
        consent = grant(ada, application, "a", now=now - 9 * DAY)
        if used:
            authorization = hold(ada, application, "a", now - 9 * DAY, consent)
            authorization.last_used_at = now - used * DAY
            authorization.save()

    names = [shown["name"] for shown in browser.get(LIST).context["apps"]]

    assert names == ["New", "Old", "Unused"]


@defect(23)
def test_what_ended_or_belongs_to_others_is_not_listed(browser: Client, ada: Any, app: Any) -> None:
    now = timezone.now()
    grant(make_user("bob"), app, "photos")
    revoke_consent(grant(ada, app, "photos"), now=now)
    grant(ada, make_application(), "a", duration="30d", now=now - 31 * DAY)

    assert browser.get(LIST).context["apps"] == []


def test_a_token_that_came_after_an_operator_took_back_keeps_its_app_listed(
    browser: Client, ada: Any, app: Any
) -> None:
    now = timezone.now()
    older_tokens(ada, app, "a")
    for model in (access_token_model(), refresh_token_model()):
        model.objects.update(created=now - DAY)
    begin_task(Order(kind="take_back", work=Target(application=app), label="", total=1), now=now)
    assert browser.get(LIST).context["apps"] == []

    older_tokens(ada, app, "b")
    assert [shown["name"] for shown in browser.get(LIST).context["apps"]] == ["Photo Print"]


@pytest.mark.parametrize("whose", ["client", "user", "everyone", "chosen"])
def test_what_an_operator_took_back_is_gone_before_it_is_written_down(
    browser: Client, ada: Any, app: Any, whose: str
) -> None:
    now = timezone.now()
    consent = grant(ada, app, "photos", now=now - DAY)
    hold(ada, app, "photos", now - DAY, consent)
    targets = {"client": {"application": app}, "user": {"user": ada}, "everyone": {}}
    chosen = Chosen(what="consent", keys=(consent.pk,))
    work = chosen if whose == "chosen" else Target(**targets[whose])
    kind = "revoke" if whose == "chosen" else "take_back"
    begin_task(Order(kind=kind, work=work, label="this", total=1), now=now)

    assert browser.get(LIST).context["apps"] == []
    shown = browser.get(url(consent)).context
    assert (shown["permissions"], shown["sessions"], shown["remove_url"]) == ([], [], "")


def test_a_scope_that_is_being_taken_back_is_not_listed(
    browser: Client, ada: Any, app: Any
) -> None:
    now = timezone.now()
    consent = grant(ada, app, "photos", "mail", now=now - DAY)
    only = grant(ada, make_application(), "mail", now=now - DAY)
    older_tokens(make_user("bob"), app)
    older_tokens(ada, make_application(name="Older"), "a", "mail photos")
    begin_task(Order(kind="take_back", work=Target(scope="mail"), label="", total=1), now=now + DAY)

    assert {shown["name"]: shown["summary"] for shown in browser.get(LIST).context["apps"]} == {
        "Photo Print": ["See your photos"],
        "Older": ["See your photos"],
    }
    assert [p["name"] for p in browser.get(url(consent)).context["permissions"]] == ["photos"]
    assert browser.get(url(only)).context["permissions"] == []


def test_ended_tokens_leave_an_app_without_sessions(browser: Client, ada: Any, app: Any) -> None:
    now = timezone.now()
    consent = grant(ada, app, "photos", now=now - DAY)
    hold(ada, app, "photos", now - timedelta(minutes=1), consent)
    assert len(browser.get(url(consent)).context["sessions"]) == 1
    order = Order(kind="end_tokens", work=Target(application=app), label="this", total=1)
    begin_task(order, now=now)

    shown = browser.get(url(consent)).context
    assert (len(shown["permissions"]), shown["sessions"]) == (1, [])


def test_many_apps_are_listed_by_pages_with_a_fixed_number_of_statements(
    browser: Client, ada: Any, app: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        grant(ada, make_application(scopes=("photos",)), "photos")
    browser.get(LIST)

    with django_assert_max_num_queries(9):
        first = browser.get(LIST)
    assert len(first.context["apps"]) == 50
    assert len(browser.get(LIST, {"page": 2}).context["apps"]) == 10
    assert browser.get(LIST, {"page": "x"}).status_code == 200


def test_the_page_of_an_app_tells_permissions_sessions_and_history(
    browser: Client, ada: Any, app: Any, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    consent = grant(ada, app, "photos", "mail", now=now)
    for _ in range(5):
        authorization = hold(ada, app, "photos", now, consent)
    authorization.address = "192.0.2.4"
    authorization.save()
    browser.get(url(consent))

    with django_assert_max_num_queries(12):
        answer = browser.get(url(consent))

    context = answer.context
    assert [p["title"] for p in context["permissions"]] == ["Use mail", "See your photos"]
    assert [bool(p["take_back_url"]) for p in context["permissions"]] == [True, False]
    assert len(context["sessions"]) == 5
    assert [entry["kind"] for entry in context["timeline"]] == ["granted"]
    assert context["timeline"][0]["by"] == "you"
    assert "192.0.2.4" in text(answer)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Firefox on Linux"),
        ("photo-print/2 (Windows)", "Windows"),
        ("photo-print/2", "photo-print/2"),
    ],
)
def test_a_session_is_called_by_the_browser_that_began_it(
    browser: Client, ada: Any, app: Any, user_agent: str, words: str
) -> None:
    consent = grant(ada, app, "photos")
    authorization = hold(ada, app, "photos", timezone.now(), consent)
    authorization.user_agent = user_agent
    authorization.save()
    assert words in text(browser.get(url(consent)))


def test_sessions_without_a_live_token_are_not_shown(browser: Client, ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos")
    hold(ada, app, "photos", timezone.now() - 3 * DAY, consent)

    assert browser.get(url(consent)).context["sessions"] == []


def test_a_removed_app_keeps_its_page_with_the_history(browser: Client, ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos")
    revoke_consent(consent, actor="operator", by="olga")

    answer = browser.get(url(consent))

    assert [entry["kind"] for entry in answer.context["timeline"]] == ["revoked", "granted"]
    assert answer.context["timeline"][0]["by"] == "an operator"
    assert answer.context["permissions"] == []
    assert not answer.context["remove_url"]
    assert browser.get(url(consent, "remove/")).status_code == 302


def test_an_app_whose_time_ran_out_says_so_before_the_ledger_does(
    browser: Client, ada: Any, app: Any
) -> None:
    consent = grant(ada, app, "photos", duration="30d", now=timezone.now() - 31 * DAY)

    timeline = browser.get(url(consent)).context["timeline"]

    assert [entry["kind"] for entry in timeline] == ["expired", "granted"]
    assert timeline[0]["at"] == consent.expires_at
    assert ConsentEvent.objects.count() == 1


def test_a_long_history_has_its_own_pages(
    browser: Client, ada: Any, app: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(55):
        consent = grant(ada, app, "photos")

    detail = browser.get(url(consent))
    assert len(detail.context["timeline"]) == 20
    browser.get(detail.context["timeline_url"])
    with django_assert_max_num_queries(9):
        first = browser.get(detail.context["timeline_url"])
    assert len(first.context["timeline"]) == 50
    second = browser.get(detail.context["timeline_url"], {"page": 2})
    assert second.context["timeline"][-1]["kind"] == "granted"


def test_the_client_id_leads_to_the_page(browser: Client, ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos")
    named = uuid.uuid4()
    other = grant(ada, make_application(client_id=str(named)), "a")
    by_address = make_application(client_id="https://app.example.com/client.json")
    third = grant(ada, by_address, "a")

    assert browser.get(f"{LIST}photo-print/").headers["Location"] == url(consent)
    assert browser.get(f"{LIST}{named}/").headers["Location"] == url(other)
    assert browser.get(f"{LIST}{by_address.client_id}/").headers["Location"] == url(third)


@pytest.mark.parametrize("rest", ["nobody", "%00", "a" * 3000, str(uuid.UUID(int=0)), "%ff"])
def test_an_unknown_client_is_not_found(browser: Client, rest: str) -> None:
    assert browser.get(f"{LIST}{rest}/").status_code == 404


PAGES = ["", "remove/", "permission/?scope=mail", "history/", "history.json", "receipts.json"]


@pytest.mark.parametrize("rest", PAGES)
def test_nobody_sees_or_changes_the_apps_of_others(browser: Client, app: Any, rest: str) -> None:
    theirs = grant(make_user("bob"), app, "photos", "mail")

    assert browser.get(url(theirs, rest)).status_code == 404
    assert browser.post(url(theirs, rest)).status_code in {404, 405}
    theirs.refresh_from_db()
    assert theirs.is_live(timezone.now())
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize("rest", PAGES)
def test_every_page_asks_for_sign_in_first(ada: Any, app: Any, rest: str) -> None:
    consent = grant(ada, app, "photos", "mail")

    for answer in (Client().get(url(consent, rest)), Client().get(LIST)):
        assert answer.status_code == 302
        assert "login" in answer.headers["Location"]


@defect(23)
@pytest.mark.parametrize("rest", PAGES)
def test_no_page_is_kept_or_framed_or_leaks_its_address(
    browser: Client, ada: Any, app: Any, rest: str
) -> None:
    answer = browser.get(url(grant(ada, app, "photos", "mail"), rest))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    if not rest.endswith("json"):
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_removing_asks_first_and_says_what_stops(browser: Client, ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos")
    hold(ada, app, "photos", timezone.now(), consent)

    answer = browser.get(url(consent, "remove/"))

    assert "It can no longer: See your photos" in text(answer)
    assert "signed out in 1 place" in text(answer)
    consent.refresh_from_db()
    assert consent.is_live(timezone.now())


@defect(23)
@requirement("RFC 6749 §10.2", "People can take access back.")
def test_removing_ends_every_token_and_is_recorded(browser: Client, ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos")
    hold(ada, app, "photos", timezone.now(), consent)

    answer = browser.post(url(consent, "remove/"), REMOTE_ADDR="192.0.2.8", follow=True)

    assert "Photo Print no longer has access." in text(answer)
    assert answer.context["apps"] == []
    assert not access_token_model().objects.exists()
    assert not refresh_token_model().objects.filter(revoked=None).exists()
    event = ConsentEvent.objects.latest("id")
    assert (event.kind, event.actor, event.reason) == ("revoked", "user", "removed_by_user")
    assert browser.post(url(consent, "remove/")).status_code == 302
    assert ConsentEvent.objects.count() == 2


def test_a_forged_form_changes_nothing(ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos", "mail")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)

    assert browser.post(url(consent, "remove/")).status_code == 403
    assert browser.post(url(consent, "permission/?scope=mail")).status_code == 403


def test_one_optional_permission_can_be_taken_back(browser: Client, ada: Any, app: Any) -> None:
    consent = grant(ada, app, "photos", "mail")
    authorization = hold(ada, app, "photos mail", timezone.now(), consent)
    back = url(consent, "permission/?scope=mail")
    assert "Use mail" in text(browser.get(back))

    assert browser.post(back).headers["Location"] == url(consent)

    authorization.refresh_from_db()
    assert (authorization.scopes, authorization.ended_at) == ("photos", None)
    assert access_token_model().objects.get().scope == "photos"
    assert browser.post(back).status_code == 404


@pytest.mark.parametrize("scope", ["photos", "unknown", "", "\x00", "mail mail"])
def test_what_is_required_or_not_held_cannot_be_taken_back(
    browser: Client, ada: Any, app: Any, scope: str
) -> None:
    consent = grant(ada, app, "photos", "mail")

    for method in (browser.get, browser.post):
        address = f"{url(consent, 'permission/')}?" + "scope=" + scope.replace("\x00", "%00")
        assert method(address).status_code == 404
    assert ConsentEvent.objects.count() == 1


def page_for(app: Any) -> ConsentDocument:
    shown = ShownScope("photos", "See all your pictures", "As it was worded then.")
    return ConsentDocument(
        client=ShownClient(app.client_id, "Photo Print, then"),
        account="ada",
        language="en",
        return_host="print.example.com",
        apis=(ShownApi("https://api.example.com/photos", "Photos", (shown,)),),
    )


def test_a_page_is_shown_as_it_stood_when_it_was_decided(
    browser: Client, ada: Any, app: Any
) -> None:
    consent = grant(ada, app, "photos", document=page_for(app))
    entry = browser.get(url(consent)).context["timeline"][0]

    answer = browser.get(entry["snapshot_url"])

    assert entry["scopes"] == ("See all your pictures",)
    for words in ("See all your pictures", "Photo Print, then", "print.example.com", "ada"):
        assert words in text(answer)
    assert 'name="decision"' not in text(answer)


def test_a_record_is_found_under_its_own_app_alone(browser: Client, ada: Any, app: Any) -> None:
    mine = grant(ada, app, "photos", document=page_for(app))
    other = grant(ada, make_application(), "a")
    bob = grant(make_user("bob"), app, "photos", document=page_for(app))
    theirs = ConsentEvent.objects.get(subject_key=bob.user.idp_subject.key)
    own = ConsentEvent.objects.get(client_id=app.client_id, subject_key=ada.idp_subject.key)
    bare = ConsentEvent.objects.get(client_id=other.application.client_id)

    assert browser.get(url(mine, f"history/{own.event_id}/")).status_code == 200
    for consent, event in ((mine, theirs), (other, own), (other, bare)):
        assert browser.get(url(consent, f"history/{event.event_id}/")).status_code == 404


def test_the_download_holds_the_whole_history_and_can_be_checked(
    browser: Client, ada: Any, app: Any
) -> None:
    origin = Origin("192.0.2.3", "Firefox", "r")
    consent = grant(ada, app, "photos", "mail", document=page_for(app), origin=origin)
    narrow_consent(consent, {"mail"})
    grant(ada, make_application(), "a")

    answer = browser.get(url(consent, "history.json"))
    data = json.loads(b"".join(answer.streaming_content))

    assert answer.headers["Content-Type"] == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert (data["account"], data["client_id"]) == ("ada", "photo-print")
    assert [event["kind"] for event in data["events"]] == ["granted", "narrowed"]
    assert data["events"][0]["address"] == "192.0.2.3"
    assert list(data["pages"]) == [data["events"][0]["page"]]
    beside = ("previous_digest", "digest", "address", "user_agent")
    for event in data["events"]:
        content = {key: value for key, value in event.items() if key not in beside}
        assert rules.Link(content, event["previous_digest"], event["digest"]).is_sound()


def test_receipts_are_signed_by_keys_that_anybody_can_read(
    browser: Client, ada: Any, app: Any
) -> None:
    consent = grant(ada, app, "photos", document=page_for(app))
    record_decision(ada, app, "mail", allow=False)
    answer = browser.get(url(consent, "receipts.json"))
    data = json.loads(b"".join(answer.streaming_content))
    keys = KeySet.import_key_set(Client().get(data["keys"]).json())

    (found,) = data["receipts"]
    receipt = jws.deserialize_compact(found["receipt"], keys, algorithms=["ES256"])

    claims = json.loads(receipt.payload)
    event = ConsentEvent.objects.get(kind="granted")
    assert receipt.headers()["typ"] == "consent-receipt+jwt"
    assert (claims["account"], claims["jti"]) == ("ada", str(event.event_id))
    assert claims["event"]["after"] == "photos"
    assert claims["page"]["apis"][0]["scopes"][0]["title"] == "See all your pictures"
    assert rules.Link(claims["event"], event.previous_digest, claims["digest"]).is_sound()


def older_tokens(user: Any, application: Any, prefix: str = "", scope: str = "photos") -> None:
    now = timezone.now()
    access = access_token_model().objects.create(
        user=user, application=application, token=f"{prefix}old", scope=scope, expires=now + DAY
    )
    refresh_token_model().objects.create(
        user=user, application=application, token=f"{prefix}older", access_token=access
    )


def test_clients_with_tokens_from_before_are_listed_and_can_be_removed(
    browser: Client, ada: Any, app: Any
) -> None:
    older_tokens(ada, app)
    older_tokens_of_bob = make_user("bob")
    access_token_model().objects.create(
        user=older_tokens_of_bob,
        application=app,
        token="bob",
        scope="photos",
        expires=timezone.now() + DAY,
    )

    shown = browser.get(LIST).context["apps"][0]
    assert (shown["name"], shown["summary"]) == ("Photo Print", ["See your photos"])
    assert browser.get(shown["url"]).status_code == 200
    assert browser.get(f"{LIST}photo-print/").headers["Location"] == shown["url"]
    assert browser.get(shown["remove_url"]).status_code == 200

    assert browser.post(shown["remove_url"]).status_code == 302

    assert access_token_model().objects.get().user == older_tokens_of_bob
    assert not refresh_token_model().objects.filter(revoked=None).exists()
    event = ConsentEvent.objects.get()
    assert (event.kind, event.scopes_before) == ("revoked", "photos")
    assert browser.get(LIST).context["apps"] == []
    assert browser.get(shown["url"]).status_code == 404


def test_a_client_with_consent_and_older_tokens_is_listed_once(
    browser: Client, ada: Any, app: Any
) -> None:
    grant(ada, app, "photos")
    older_tokens(ada, app)

    assert len(browser.get(LIST).context["apps"]) == 1


def test_the_address_of_an_older_app_says_nothing_and_is_no_ones_else(
    browser: Client, ada: Any, app: Any
) -> None:
    older_tokens(ada, app)
    address = browser.get(LIST).context["apps"][0]["url"]
    bob = Client()
    bob.force_login(make_user("bob"))

    assert bob.get(address).status_code == 404
    assert "photo-print" not in address


def test_a_refusal_alone_makes_no_connected_app(browser: Client, ada: Any, app: Any) -> None:
    record_decision(ada, app, "photos", allow=False)

    assert browser.get(LIST).context["apps"] == []


def test_a_name_from_outside_is_escaped_and_shows_no_hidden_characters(
    browser: Client, ada: Any
) -> None:
    application = make_application(name="<b>\u202eevil\u200b</b>")
    answer = browser.get(url(grant(ada, application, "a")))

    assert "&lt;b&gt;evil&lt;/b&gt;" in text(answer)
    assert "\u202e" not in text(answer)


def test_the_list_is_where_the_consent_page_links_to() -> None:
    assert reverse("idp:connected-apps") == LIST


def test_an_app_that_was_not_used_for_long_is_marked_as_such(browser: Client, ada: Any) -> None:
    words = "Not used for a long time"
    consent = grant(ada, make_application(), "a")
    assert words not in browser.get(LIST).content.decode()

    Consent.objects.update(decided_at=timezone.now(), created_at=timezone.now() - 91 * DAY)

    assert consent is not None
    assert words in browser.get(LIST).content.decode()
    record_decision(ada, consent.application, "a", allow=False)
    Consent.objects.update(last_used_at=timezone.now() - DAY)
    assert words not in browser.get(LIST).content.decode()
