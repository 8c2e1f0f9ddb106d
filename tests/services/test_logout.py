"""Clients hear of the end of a session: who is told, what, and how often it is tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

from idp.conf import application_model
from idp.models import LogoutDelivery, SecurityEvent, SignIn
from idp.services.consent_change import Cause
from idp.services.consent_reach import Target
from idp.services.consent_sweep import begin_ending, begin_taking_back
from idp.services.doctor import examine
from idp.services.key import public_key_set
from idp.services.logout import logout_state, retry_deliveries
from idp.services.logout_delivery import ATTEMPTS, CLAIM, deliver_due, next_delay
from idp.services.purge import purge
from idp.services.subject_identifier import subject_for
from tests.factories import make_application, make_user
from tests.requirement import requirement
from tests.services.outbound_server import answer, serve
from tests.views.flow import Flow

pytestmark = pytest.mark.django_db

ISSUER = "http://127.0.0.1:8000/o"
ACCEPTED = b"HTTP/1.1 204 No Content\r\n\r\n"


def make_client(uri: str = "https://rp.example.com/logout", **policy: Any) -> Any:
    return make_application(scopes=("openid",), backchannel_logout_uri=uri, **policy)


@contextmanager
def receiver(settings: Any, content: bytes = ACCEPTED) -> Iterator[tuple[str, list[bytes]]]:
    with serve(answer(content)) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        yield f"http://127.0.0.1:{port}/logout", requests


def signed_out(application: Any, user: Any = None) -> Flow:
    """Let a user connect a client and sign out of the site, by the site's own page."""
    flow = Flow(application, user or make_user())
    flow.tokens("openid")
    flow.browser.logout()
    return flow


def claims_of(request: bytes, algorithm: str = "RS256", key: Any = None) -> tuple[Any, Any]:
    head, _gap, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /logout HTTP/1.1")
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    text = parse_qs(body.decode())["logout_token"][0]
    keys = key or KeySet.import_key_set(public_key_set())  # type: ignore[arg-type]
    token = jwt.decode(text, keys, algorithms=[algorithm])
    return token.header, token.claims


@requirement(
    "OpenID Connect Back-Channel Logout §2.4",
    "A logout token has its claims, its event and no nonce.",
)
@requirement("OpenID Connect Back-Channel Logout §2.5", "It is posted to the client's address.")
def test_a_client_gets_a_signed_word_of_the_session_that_ended(settings: Any) -> None:
    with receiver(settings) as (uri, requests):
        flow = signed_out(make_client(uri))
        (row,) = deliver_due()

    header, claims = claims_of(requests[0])
    sign_in = SignIn.objects.get()
    assert header["typ"] == "logout+jwt"
    assert claims == {
        "iss": ISSUER,
        "aud": flow.application.client_id,
        "sub": str(flow.user.pk),
        "sid": str(sign_in.sid),
        "iat": claims["iat"],
        "exp": claims["iat"] + 120,
        "jti": claims["jti"],
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    assert (row.state, row.attempts, row.answer) == ("delivered", 1, "")
    assert sign_in.ended_at is not None
    assert list(deliver_due()) == []


@requirement(
    "OpenID Connect Back-Channel Logout §2.4",
    "It is signed as the client's ID tokens are.",
)
def test_the_word_is_signed_as_the_clients_id_tokens_are(settings: Any) -> None:
    with receiver(settings) as (uri, requests):
        signed_out(make_client(uri, id_token_signed_response_alg="ES256"))
        list(deliver_due())
        first = claims_of(requests[0], "ES256")[0]
        application = make_client(uri)
        signed_out(application)
        application_model().objects.filter(pk=application.pk).update(
            algorithm="HS256", client_secret="s" * 64
        )
        list(deliver_due())

    assert first["alg"] == "ES256"
    assert claims_of(requests[1], "HS256", OctKey.import_key("s" * 64))[0]["alg"] == "HS256"


def test_a_client_with_pairwise_subjects_hears_its_own(settings: Any) -> None:
    with receiver(settings) as (uri, requests):
        flow = signed_out(make_client(uri, subject_type="pairwise"))
        list(deliver_due())

    subject = claims_of(requests[0])[1]["sub"]
    assert subject == subject_for(flow.application, flow.user)
    assert subject != str(flow.user.pk)


@requirement(
    "OpenID Connect Back-Channel Logout §2.3",
    "Clients that the session signed in to are told.",
)
def test_only_clients_that_learned_of_this_session_are_told() -> None:
    user = make_user()
    told, other_browser, silent, unfinished, no_openid = (
        make_client(),
        make_client(),
        make_application(scopes=("openid",)),
        make_client(),
        make_application(scopes=("photos",), backchannel_logout_uri="https://rp.example.com/"),
    )
    flow = Flow(told, user)
    flow.tokens("openid")
    flow.tokens("openid")
    for application, scope in ((silent, "openid"), (no_openid, "photos")):
        same_browser = Flow(application, None, flow.browser)
        same_browser.tokens(scope)
    Flow(unfinished, None, flow.browser).code("openid")
    Flow(other_browser, user).tokens("openid")

    flow.browser.logout()

    assert [row.application_id for row in LogoutDelivery.objects.all()] == [told.pk]


def test_signing_in_again_in_between_forgets_no_client() -> None:
    user, first, second = make_user(), make_client(), make_client()
    flow = Flow(first, user)
    flow.tokens("openid")
    flow.browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    Flow(second, None, flow.browser).tokens("openid")

    flow.browser.logout()

    rows = LogoutDelivery.objects.all()
    assert {row.application_id for row in rows} == {first.pk, second.pk}
    assert len({row.sid for row in rows}) == 2
    assert not SignIn.objects.filter(ended_at=None).exists()


@requirement("OpenID Connect Back-Channel Logout §2.5", "A message that failed is sent again.")
@pytest.mark.parametrize(
    ("content", "answered"),
    [
        (b"HTTP/1.1 503 Busy\r\n\r\n", "503"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "302"),
        (b"", "outbound_failed"),
    ],
)
def test_a_client_that_does_not_answer_well_is_asked_again_later(
    settings: Any, content: bytes, answered: str
) -> None:
    with receiver(settings, content) as (uri, _requests):
        signed_out(make_client(uri))
        before = timezone.now()
        (row,) = deliver_due()

    row.refresh_from_db()
    assert (row.state, row.attempts, row.answer) == ("waiting", 1, answered)
    assert timedelta(seconds=22) < row.next_at - before < timedelta(seconds=40)
    assert list(deliver_due()) == []
    assert SecurityEvent.objects.get(kind="logout.not_delivered").client_id == (
        row.application.client_id
    )


def test_a_client_that_refuses_is_not_asked_again(settings: Any) -> None:
    with receiver(settings, b"HTTP/1.1 400 Bad Request\r\n\r\n{}") as (uri, _requests):
        signed_out(make_client(uri))
        (row,) = deliver_due()

    row.refresh_from_db()
    assert (row.state, row.answer) == ("failed", "400")
    assert SecurityEvent.objects.get(kind="logout.given_up").severity == "error"


def test_attempts_are_bounded_and_an_operator_may_have_them_made_anew(settings: Any) -> None:
    with receiver(settings, b"HTTP/1.1 500 No\r\n\r\n") as (uri, requests):
        signed_out(make_client(uri))
        for _ in range(ATTEMPTS + 1):
            LogoutDelivery.objects.update(next_at=timezone.now())
            list(deliver_due())
        assert LogoutDelivery.objects.get().state == "failed"
        assert len(requests) == ATTEMPTS

        assert retry_deliveries(LogoutDelivery.objects.all(), by="test", now=timezone.now()) == 1
        (row,) = deliver_due()

    assert (row.state, row.attempts) == ("waiting", 1)


def test_delays_double_and_are_spread() -> None:
    assert next_delay(1, 0.5) == timedelta(seconds=30)
    assert next_delay(4, 0.5) == timedelta(seconds=240)
    assert next_delay(1, 0.0) < next_delay(1, 1.0)
    whole = sum((next_delay(number, 1.0) for number in range(1, ATTEMPTS)), timedelta())
    assert whole < timedelta(hours=2)


@requirement("OpenID Connect Back-Channel Logout §4", "No address inside is ever asked.")
def test_a_private_address_is_never_asked() -> None:
    signed_out(make_client("https://169.254.169.254/latest"))

    (row,) = deliver_due()

    assert (row.state, row.answer) == ("waiting", "outbound_private")


def test_a_client_that_cannot_be_reached_holds_up_nobody_else(settings: Any) -> None:
    with receiver(settings) as (uri, requests):
        gone = make_client("https://169.254.169.254/")
        user = make_user()
        for _ in range(3):
            signed_out(gone, user)
        signed_out(make_client(uri), user)
        rows = list(deliver_due())

    assert sorted(row.state for row in rows) == ["delivered", "waiting"]
    assert len(requests) == 1


def test_a_client_without_an_address_any_more_is_given_up() -> None:
    application = make_client()
    signed_out(application)
    application.idp_policy.backchannel_logout_uri = ""
    application.idp_policy.save()

    (row,) = deliver_due()

    assert (row.state, row.answer) == ("failed", "logout_no_address")


def test_what_a_dead_worker_had_taken_is_due_again(settings: Any) -> None:
    with receiver(settings) as (uri, requests):
        signed_out(make_client(uri))
        LogoutDelivery.objects.update(attempts=1, next_at=timezone.now() + CLAIM)
        assert list(deliver_due()) == []
        LogoutDelivery.objects.update(next_at=timezone.now())
        (row,) = deliver_due()

    assert (row.state, row.attempts, len(requests)) == ("delivered", 2, 1)


def test_a_worker_that_is_told_to_stop_leaves_the_rest() -> None:
    signed_out(make_client())

    assert list(deliver_due(lambda: True)) == []
    assert LogoutDelivery.objects.get().attempts == 0


def test_a_message_outlives_its_user(settings: Any) -> None:
    with receiver(settings) as (uri, requests):
        flow = signed_out(make_client(uri))
        key = flow.user.pk
        flow.user.delete()
        list(deliver_due())

    assert claims_of(requests[0])[1]["sub"] == str(key)


def test_the_state_of_delivery_is_counted() -> None:
    now = timezone.now()
    application = make_client()
    signed_out(application)
    assert (logout_state(now).waiting, logout_state(now).late) == (1, 0)
    assert logout_state(now + timedelta(minutes=6)).late == 1
    LogoutDelivery.objects.update(state="failed", ended_at=now)
    state = logout_state(now)
    assert (state.waiting, state.oldest, state.failed) == (0, None, 1)


def test_the_doctor_misses_a_worker_and_tells_what_was_given_up() -> None:
    late = timezone.now() + timedelta(minutes=6)
    signed_out(make_client())
    assert "logout_late" in {finding.code for finding in examine(late)}
    LogoutDelivery.objects.update(state="failed", ended_at=late)
    assert "logout_failed" in {finding.code for finding in examine(late)}


def test_old_messages_are_purged_and_waiting_ones_are_not() -> None:
    now = timezone.now()
    for number in range(2):
        signed_out(make_client())
        if number == 0:
            LogoutDelivery.objects.update(state="delivered", ended_at=now)

    assert dict(purge(now + timedelta(days=91)))["sign-out messages"] == 1
    assert LogoutDelivery.objects.get().state == "waiting"


def by_hand() -> Cause:
    return Cause(actor="operator", at=timezone.now())


def switch_off(user: Any) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize(
    "happens",
    [
        switch_off,
        lambda user: user.delete(),
        lambda user: begin_taking_back(Target(user=user), by_hand()),
        lambda user: begin_ending(Target(user=user), by_hand()),
    ],
    ids=["switched off", "deleted", "all taken back", "all tokens ended"],
)
def test_clients_hear_when_a_user_loses_access(happens: Any) -> None:
    flow = Flow(make_client(), make_user())
    flow.tokens("openid")
    subject = subject_for(flow.application, flow.user)

    happens(flow.user)

    row = LogoutDelivery.objects.get()
    assert (row.subject, row.issuer, row.state) == (subject, ISSUER, "waiting")
    assert not SignIn.objects.filter(ended_at=None).exists()


def test_a_change_of_a_user_who_stays_tells_nobody() -> None:
    flow = Flow(make_client(), make_user())
    flow.tokens("openid")

    flow.user.first_name = "Anna"
    flow.user.save()
    begin_taking_back(Target(user=flow.user, scope="openid"), by_hand())

    assert not LogoutDelivery.objects.exists()


def test_without_a_known_issuer_nobody_can_be_told(settings: Any) -> None:
    flow = Flow(make_client(), make_user())
    flow.tokens("openid")
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": ""}

    switch_off(flow.user)

    assert not LogoutDelivery.objects.exists()
    assert SignIn.objects.get().ended_at is not None
