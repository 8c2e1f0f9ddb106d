"""Users hear by mail of new clients and of new sensitive scopes; no mail holds an answer up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import translation

from idp import signals
from idp.models import Consent
from idp.services import notice
from idp.services.consent import record_decision, revoke_consent
from idp.services.notice import wait_for_notices
from project import mail as mail_settings
from tests.factories import add_scope, grant, make_application, make_policy, make_scope, make_user
from tests.views.flow import Flow, location


def send_through(settings: Any, backend: str) -> None:
    """Let mail go through a backend, under the name that this version of Django has."""
    if mail_settings.HAS_MAILERS:
        settings.MAILERS = {"default": {"BACKEND": backend}}
    else:
        settings.EMAIL_BACKEND = backend


# A notice goes out once the transaction is over, so that there must be one that ends.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _on(settings: Any) -> Iterator[None]:
    settings.IDP = {**settings.IDP, "NOTICES": True, "SITE_NAME": "Example"}
    yield
    wait_for_notices()


@pytest.fixture
def ada() -> Any:
    return make_user("ada", email="ada@example.com")


@pytest.fixture
def client() -> Any:
    make_scope("photos:read", title="See your photos")
    make_scope("health", title="See your health", policy=make_policy(sensitivity="sensitive"))
    make_scope("everything", title="Do everything", implies=("health",))
    application = make_application(name="Photo Print", scopes=("photos:read",))
    add_scope(application, "health")
    add_scope(application, "everything")
    return application


@pytest.fixture
def sent(mailoutbox: Any) -> Any:
    """The mails, once all of them were sent."""

    def read() -> list[Any]:
        wait_for_notices()
        return list(mailoutbox)

    return read


def test_the_first_grant_to_a_client_is_told_once(ada: Any, client: Any, sent: Any) -> None:
    grant(ada, client, "photos:read")
    grant(ada, client, "photos:read")

    [mail] = sent()
    assert mail.to == ["ada@example.com"]
    assert mail.subject == "Photo Print has access to your account"
    assert "You allowed “Photo Print” to use your account." in mail.body
    assert "- See your photos" in mail.body


def test_the_link_leads_to_a_page_that_asks_for_sign_in(ada: Any, client: Any, sent: Any) -> None:
    grant(ada, client, "photos:read")

    [mail] = sent()
    consent = Consent.objects.get()
    path = f"/account/apps/{consent.public_id}/"
    address = f"http://127.0.0.1:8000{path}"
    html, kind = mail.alternatives[0]
    assert kind == "text/html"
    assert address in mail.body
    assert f'<a href="{address}">' in html
    stranger = Flow(client).browser
    assert stranger.get(path)["Location"] == f"/account/login/?next={path}"
    owner = Flow(client, ada).browser
    assert owner.get(path).status_code == 200
    assert Consent.objects.get().status == "active", "looking at it changed nothing"


def test_a_site_whose_address_is_not_set_says_it_without_a_link(
    ada: Any, client: Any, sent: Any, settings: Any
) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": ""}
    grant(ada, client, "photos:read")

    [mail] = sent()
    assert "http" not in mail.body
    assert "remove the app from those with access to your account" in mail.body


@pytest.mark.parametrize("scope", ["health", "everything"])
def test_a_new_sensitive_scope_is_told_also_one_that_is_included(
    ada: Any, client: Any, sent: Any, scope: str
) -> None:
    grant(ada, client, "photos:read")
    grant(ada, client, scope)

    assert [mail.subject for mail in sent()] == [
        "Photo Print has access to your account",
        "Photo Print may do more with your account",
    ]


def test_a_new_plain_scope_a_renewal_and_a_refusal_are_not_told(
    ada: Any, client: Any, sent: Any
) -> None:
    add_scope(client, "plain")
    grant(ada, client, "health")
    grant(ada, client, "plain")
    grant(ada, client, "health")
    record_decision(ada, client, "everything", allow=False)

    assert len(sent()) == 1


def test_a_client_that_comes_back_is_told_for_what_is_sensitive(
    ada: Any, client: Any, sent: Any
) -> None:
    for scope in ("photos:read", "health"):
        consent = grant(ada, client, scope)
        assert consent is not None
        revoke_consent(consent)
    grant(ada, client, "photos:read")

    assert len(sent()) == 2


def test_nothing_is_sent_where_the_site_did_not_ask_for_it(
    ada: Any, client: Any, sent: Any, settings: Any
) -> None:
    settings.IDP = {name: value for name, value in settings.IDP.items() if name != "NOTICES"}
    heard: list[dict[str, Any]] = []

    def listen(**news: Any) -> None:
        heard.append(news)

    signals.notice_raised.connect(listen)
    try:
        grant(ada, client, "photos:read", "health")
    finally:
        signals.notice_raised.disconnect(listen)

    assert sent() == []
    assert (heard[0]["first"], heard[0]["sensitive"]) == (True, {"health"})
    assert heard[0]["consent"].user == ada


@pytest.mark.parametrize("fields", [{"email": ""}, {"email": "a@example.com", "is_active": False}])
def test_nobody_is_written_to_without_an_address_or_an_account(
    client: Any, sent: Any, fields: dict[str, Any]
) -> None:
    grant(make_user(**fields), client, "photos:read")

    assert sent() == []


def test_nothing_is_sent_of_a_grant_that_was_rolled_back(ada: Any, client: Any, sent: Any) -> None:
    @transaction.atomic
    def fail() -> None:
        grant(ada, client, "photos:read")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert sent() == []


def test_names_cannot_break_out_of_subject_or_page(ada: Any, client: Any, sent: Any) -> None:
    type(client).objects.filter(pk=client.pk).update(name="A\r\nBcc: all@example.com <b>x</b>")
    client.refresh_from_db()
    grant(ada, client, "photos:read")

    [mail] = sent()
    assert mail.subject == "ABcc: all@example.com <b>x</b> has access to your account"
    assert mail.bcc == []
    assert "<b>" not in mail.alternatives[0][0]
    assert "<b>x</b>" in mail.body, "plain text stays plain"


def test_it_is_written_in_the_language_of_the_reader(ada: Any, client: Any, sent: Any) -> None:
    with translation.override("ar"):
        grant(ada, client, "photos:read")

    [mail] = sent()
    assert '<html lang="ar" dir="rtl">' in mail.alternatives[0][0]


class Broken(EmailBackend):
    """A mail server that refuses."""

    def send_messages(self, messages: Any) -> int:
        raise OSError("refused")


class Slow(EmailBackend):
    """A mail server that takes its time."""

    free = threading.Event()

    def send_messages(self, messages: Any) -> int:
        self.free.wait(10)
        return int(super().send_messages(messages))


def test_a_mail_server_that_refuses_fails_no_answer_and_is_logged_without_the_address(
    ada: Any, client: Any, sent: Any, settings: Any, caplog: Any
) -> None:
    send_through(settings, f"{__name__}.Broken")
    flow = Flow(client, ada)

    assert location(flow.decide(flow.start("photos:read")))["code"]

    sent()
    assert "a notice could not be sent" in caplog.text
    assert "ada@example.com" not in caplog.text


def test_a_slow_mail_server_holds_no_answer_up_and_cannot_fill_the_memory(
    ada: Any, client: Any, sent: Any, settings: Any, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(notice, "_places", threading.BoundedSemaphore(2))
    send_through(settings, f"{__name__}.Slow")
    Slow.free.clear()
    others = [make_user(email=f"{number}@example.com") for number in range(2)]
    for user in (ada, *others):
        grant(user, client, "photos:read")

    assert "one was dropped" in caplog.text
    Slow.free.set()
    assert [mail.to for mail in sent()] == [["ada@example.com"], ["0@example.com"]]
