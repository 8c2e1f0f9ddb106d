"""The consent page's document: everything that the reader sees, in their language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from idp.domain.consent import decide
from idp.domain.lifetime import ServerLifetimes
from idp.domain.scope import as_report, resolve
from idp.domain.snapshot import ConsentDocument, ShownScope, Standing, document_from_dict
from idp.services.catalogue import bump_catalogue, words
from idp.services.client import load_client
from idp.services.consent import recall, record_decision, words_versions
from idp.services.consent_page import build_document
from idp.services.user import user_facts
from tests.factories import make_api, make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEB = "https://print.example.com/callback"


def page(
    user: Any,
    application: Any,
    *asked: str,
    language: str = "en",
    redirect_uri: str = WEB,
    judge: Any = lambda resolution: resolution,
) -> ConsentDocument:
    client = load_client(application.client_id)
    assert client is not None
    catalogue = client.catalogue()
    resolution = judge(
        resolve(
            requested=frozenset(asked),
            client=client.facts,
            user=user_facts(user, application, catalogue),
            sign_in=None,
            catalogue=catalogue,
            grant_type="authorization_code",
            now=NOW,
            lifetimes=ServerLifetimes(access=timedelta(minutes=10)),
        )
    )
    memory = recall(user, client)
    decision = decide(
        asked=resolution.granted,
        client=client.facts,
        catalogue=catalogue,
        words=words_versions(memory, language),
        remembered=memory.remembered,
        prompt=frozenset(),
        on_device=False,
        now=NOW,
    )
    return build_document(
        client=client,
        user=user,
        resolution=resolution,
        consent_decision=decision,
        catalogue=catalogue,
        words=words(language),
        redirect_uri=redirect_uri,
        now=NOW,
        language=language,
    )


def allow(user: Any, application: Any, document: ConsentDocument) -> None:
    record_decision(user, application, document.grantable(), allow=True, document=document, now=NOW)


def shown(document: ConsentDocument, name: str) -> ShownScope:
    return next(scope for scope in document.scopes if scope.name == name)


@pytest.fixture
def ada() -> Any:
    return make_user("ada")


def test_the_page_says_who_asks_as_whom_and_where_the_answer_goes(ada: Any) -> None:
    application = make_application(
        name="Photo Print",
        scopes=("a",),
        verified=True,
        environment="development",
        client_uri="https://print.example.com",
        policy_uri="javascript:alert(1)",
    )

    document = page(ada, application, "a")

    assert (document.account, document.language) == ("ada", "en")
    assert (document.return_host, document.on_device) == ("print.example.com", False)
    client = document.client
    assert (client.name, client.client_id) == ("Photo Print", application.client_id)
    assert (client.verified, client.development, client.first_party) == (True, True, False)
    assert (client.uri, client.policy_uri) == ("https://print.example.com", "")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/x", "http://[::1]/", "com.example.app:/x"])
def test_an_answer_that_stays_on_the_device_names_no_host(ada: Any, uri: str) -> None:
    document = page(ada, make_application(scopes=("a",)), "a", redirect_uri=uri)

    assert (document.on_device, document.return_host) == (True, "")


def test_permissions_are_grouped_by_api(ada: Any) -> None:
    make_scope("mail:read", api=make_api("https://mail", "Mail"))
    make_scope("photos:read")
    make_scope("photos:write")
    application = make_application(scopes=("photos:read", "photos:write", "mail:read"))

    document = page(ada, application, "photos:write", "photos:read", "mail:read")

    groups = [(api.name, [scope.name for scope in api.scopes]) for api in document.apis]
    assert groups == [("Mail", ["mail:read"]), ("Photos", ["photos:read", "photos:write"])]


def test_words_are_in_the_readers_language_or_the_nearest_there_is(ada: Any) -> None:
    scope = make_scope("a", title="See", description="All of it.")
    scope.texts.create(language="de", title="Ansehen", version=4)
    make_scope("b", title="Only English")
    bump_catalogue()

    document = page(ada, make_application(scopes=("a", "b")), "a", "b", language="de")

    german, english = shown(document, "a"), shown(document, "b")
    assert (german.title, german.language, german.words_version) == ("Ansehen", "de", 4)
    assert (english.title, english.language) == ("Only English", "en")


def test_a_scope_without_words_is_shown_under_its_name(ada: Any, settings: Any) -> None:
    settings.IDP = {"UNPOLICED_SCOPES": "pass_through"}
    make_scope("old", policy=None).texts.all().delete()
    bump_catalogue()

    old = shown(page(ada, make_application(), "old"), "old")

    assert (old.title, old.language, old.words_version) == ("old", "en", 0)


def test_what_is_new_stands_apart_from_what_was_allowed(ada: Any) -> None:
    application = make_application(scopes=("a", "b"))
    allow(ada, application, page(ada, application, "a"))

    document = page(ada, application, "a", "b")

    assert shown(document, "a").standing is Standing.ALLOWED
    assert shown(document, "b").standing is Standing.NEW


def test_what_this_account_cannot_give_is_listed_with_the_reason(ada: Any) -> None:
    make_scope("staff", policy=make_policy(groups=["staff"]))
    application = make_application(scopes=("a",), optional=("staff",))

    document = page(ada, application, "a", "staff")

    unavailable = shown(document, "staff")
    assert unavailable.standing is Standing.UNAVAILABLE
    assert unavailable.note
    assert "%(" not in unavailable.note
    assert not unavailable.optional
    assert document.grantable() == {"a"}


def test_what_would_be_refused_is_offered_while_the_site_only_reports(ada: Any) -> None:
    make_scope("staff", policy=make_policy(groups=["staff"]))
    application = make_application(scopes=("a",), optional=("staff",))

    document = page(ada, application, "a", "staff", judge=as_report)

    assert document.grantable() == {"a", "staff"}
    assert shown(document, "staff").note == ""


def test_only_optional_ones_have_a_switch_and_the_others_say_why(ada: Any) -> None:
    application = make_application(name="Print", scopes=("a",), optional=("b",))

    document = page(ada, application, "a", "b")

    required, optional = shown(document, "a"), shown(document, "b")
    assert (required.optional, optional.optional) == (False, True)
    assert required.note == "Required: Print does not work without it."
    assert optional.note == ""


def test_where_nothing_can_be_declined_nothing_needs_to_say_why(ada: Any) -> None:
    document = page(ada, make_application(scopes=("a",)), "a")

    assert shown(document, "a").note == ""


def test_what_was_declined_before_is_offered_switched_off(ada: Any) -> None:
    application = make_application(scopes=("a", "c"), optional=("b",))
    record_decision(ada, application, "a b", allow=True, declined=("b",), now=NOW)

    document = page(ada, application, "b", "c")

    assert not shown(document, "b").chosen
    assert shown(document, "c").chosen


@pytest.mark.parametrize("level", ["sensitive", "restricted"])
def test_a_sensitive_permission_says_why(ada: Any, level: str) -> None:
    make_scope("s", policy=make_policy(sensitivity=level))

    document = page(ada, make_application(scopes=("s",)), "s")

    assert shown(document, "s").sensitivity == level
    assert shown(document, "s").note


def test_a_permission_is_as_sensitive_as_what_it_includes(ada: Any) -> None:
    make_scope("read", title="Read", policy=make_policy(sensitivity="restricted"))
    make_scope("write", implies=("read",))

    write = shown(page(ada, make_application(scopes=("read", "write")), "write"), "write")

    assert write.sensitivity == "restricted"
    assert (write.implies, write.implied_scopes) == (("Read",), ("read",))


def test_changed_words_show_what_was_agreed_to_before(ada: Any) -> None:
    scope = make_scope("a", title="See")
    application = make_application(scopes=("a",))
    allow(ada, application, page(ada, application, "a"))
    scope.texts.update(title="See and share", version=2)
    bump_catalogue()

    changed = shown(page(ada, application, "a"), "a")

    assert changed.standing is Standing.CHANGED
    assert (changed.title, changed.previous_title) == ("See and share", "See")
    assert changed.note == "Its description has changed since you agreed."


def test_a_changed_policy_says_so(ada: Any) -> None:
    policy = make_policy()
    make_scope("a", policy=policy)
    application = make_application(scopes=("a",))
    allow(ada, application, page(ada, application, "a"))
    policy.revision = 2
    policy.save()
    bump_catalogue()

    changed = shown(page(ada, application, "a"), "a")

    assert (changed.policy_revision, changed.previous_title) == (2, "")
    assert changed.note == "The rules for it have changed since you agreed."


def test_a_permission_that_grew_says_so(ada: Any) -> None:
    make_scope("read")
    write = make_scope("write")
    application = make_application(scopes=("read", "write"))
    allow(ada, application, page(ada, application, "write"))
    write.implies.set(type(write).objects.filter(name="read"))
    bump_catalogue()

    changed = shown(page(ada, application, "write"), "write")

    assert changed.standing is Standing.CHANGED
    assert changed.note == "It includes more than when you agreed."


def test_the_end_by_policy_is_told(ada: Any) -> None:
    make_scope("a", policy=make_policy(consent_lifetime=timedelta(days=90)))

    assert page(ada, make_application(scopes=("a",)), "a").ends_at == "2026-05-30T12:00:00+00:00"


def test_without_an_end_none_is_told(ada: Any) -> None:
    document = page(ada, make_application(scopes=("a",)), "a")

    assert (document.ends_at, document.durations) == ("", ())


def test_the_reader_chooses_the_duration_where_a_policy_lets_them(ada: Any) -> None:
    make_scope("a", policy=make_policy(choose_duration=True))

    document = page(ada, make_application(scopes=("a",)), "a")

    assert document.durations == ("once", "30d", "until_revoked")


def test_the_document_survives_being_stored(ada: Any) -> None:
    document = page(ada, make_application(scopes=("a",), optional=("b",)), "a", "b")

    assert document_from_dict(document.as_dict()) == document
