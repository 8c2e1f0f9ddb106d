"""Decisions about a client: what is stored, what is written down, what ends."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from idp import signals
from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.domain import ledger as rules
from idp.domain.snapshot import ConsentDocument, ShownApi, ShownClient, ShownScope, Standing
from idp.models import (
    Authorization,
    Consent,
    ConsentEvent,
    ConsentEvidence,
    ConsentScope,
    ConsentSnapshot,
    ConsentUse,
)
from idp.services import consent as service
from idp.services import ledger
from idp.services.authorization import Granting, checksum, create_authorization
from idp.services.client import client_of
from idp.services.event import Origin
from tests.factories import add_scope, make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def ada() -> Any:
    return make_user("ada")


@pytest.fixture
def client() -> Any:
    return make_application(scopes=("a", "b"), optional=("c",))


def decide(user: Any, application: Any, scopes: str, at: Any, **options: Any) -> Consent | None:
    allow = options.pop("allow", True)
    return service.record_decision(user, application, scopes, allow, now=at, **options)


def kinds(user: Any) -> list[str]:
    events = ConsentEvent.objects.filter(subject_key=user.idp_subject.key).order_by("sequence")
    return [event.kind for event in events]


def last_event() -> ConsentEvent:
    return ConsentEvent.objects.latest("id")


def states(consent: Consent) -> dict[str, str]:
    return dict(consent.scopes.values_list("scope", "state"))


def hold(user: Any, application: Any, scopes: str, at: Any, consent: Any = None) -> Any:
    """Give a client an authorization with an access and a refresh token."""
    authorization = create_authorization(
        Granting(
            user=user,
            application=application,
            scopes=scopes.split(),
            consent=consent,
            code=f"code-{uuid.uuid4()}",
        ),
        now=at,
    )
    token = f"token-{uuid.uuid4()}"
    access = access_token_model().objects.create(
        user=user, application=application, token=token, scope=scopes, expires=at + DAY
    )
    refresh_token_model().objects.create(
        user=user,
        application=application,
        token=f"refresh-{uuid.uuid4()}",
        access_token=access,
        token_family=authorization.pk,
    )
    authorization.tokens.create(checksum=checksum(token), kind="access", expires_at=at + DAY)
    return authorization


def test_allowing_stores_the_consent_and_writes_one_event(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "a b", now)

    assert consent is not None
    assert consent.is_live(now)
    assert states(consent) == {"a": "granted", "b": "granted"}
    event = ConsentEvent.objects.get()
    assert (event.kind, event.actor, event.client_id) == ("granted", "user", client.client_id)
    assert (event.scopes_before, event.scopes_after, event.at) == ("", "a b", now)


def test_allowing_more_adds_to_what_was_allowed(ada: Any, client: Any, now: Any) -> None:
    decide(ada, client, "a", now)
    consent = decide(ada, client, "b", now + DAY)

    assert kinds(ada) == ["granted", "extended"]
    assert (last_event().scopes_before, last_event().scopes_after) == ("a", "a b")
    assert dict(consent.scopes.values_list("scope", "since")) == {"a": now, "b": now + DAY}
    assert consent.created_at == now


def test_allowing_the_same_again_renews(ada: Any, client: Any, now: Any) -> None:
    decide(ada, client, "a", now)
    consent = decide(ada, client, "a", now + DAY)

    assert kinds(ada) == ["granted", "renewed"]
    assert consent.decided_at == now + DAY
    assert consent.scopes.get().since == now


def test_refusing_is_written_down_and_changes_nothing(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "a", now)
    before = Consent.objects.values().get()

    answer = decide(ada, client, "a b", now + DAY, allow=False)

    assert answer is None
    assert Consent.objects.values().get() == before
    assert states(consent) == {"a": "granted"}
    event = last_event()
    assert (event.kind, event.declined) == ("declined", "a b")
    assert event.scopes_before == event.scopes_after == "a"


def test_refusing_the_first_time_leaves_no_consent(ada: Any, client: Any, now: Any) -> None:
    decide(ada, client, "a", now, allow=False)

    assert not Consent.objects.exists()
    assert kinds(ada) == ["declined"]


def test_refusing_a_page_refuses_what_stood_on_it(ada: Any, client: Any, now: Any) -> None:
    shown = (ShownScope("a", "A"), ShownScope("b", "B", standing=Standing.UNAVAILABLE))
    page = ConsentDocument(
        client=ShownClient("x", "X"), account="", language="en", apis=(ShownApi("", "", shown),)
    )

    decide(ada, client, "", now, allow=False, document=page)

    assert last_event().declined == "a"


def test_what_was_declined_beside_a_yes_is_remembered(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "a c", now, declined=("c",))

    assert states(consent) == {"a": "granted", "c": "declined"}
    memory = service.remembered(ada, client, now)
    assert memory.declined == {"c"}
    assert memory.granted.keys() == {"a"}
    assert last_event().declined == "c"


def test_declining_what_was_granted_takes_it_out_of_live_tokens(
    ada: Any, client: Any, now: Any
) -> None:
    consent = decide(ada, client, "a c", now)
    authorization = hold(ada, client, "a c", now, consent)

    decide(ada, client, "a", now, declined=("c",))

    authorization.refresh_from_db()
    assert (authorization.scopes, authorization.ended_at) == ("a", None)
    assert access_token_model().objects.get().scope == "a"
    assert kinds(ada) == ["granted", "narrowed"]


def test_allowing_nothing_is_a_refusal(ada: Any, client: Any, now: Any) -> None:
    assert decide(ada, client, "c", now, declined=("c",)) is None

    assert not Consent.objects.exists()
    assert kinds(ada) == ["declined"]


def test_declining_all_that_was_granted_ends_the_consent(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "c", now)

    assert decide(ada, client, "", now, declined=("c",)) is None

    consent.refresh_from_db()
    assert consent.status == "revoked"
    assert kinds(ada) == ["granted", "revoked"]


def test_once_is_not_carried_into_a_later_yes(ada: Any, client: Any, now: Any) -> None:
    decide(ada, client, "a", now, duration="once")

    consent = decide(ada, client, "b", now + timedelta(minutes=1))

    assert states(consent) == {"a": "narrowed", "b": "granted"}
    assert last_event().scopes_after == "b"


def test_once_ends_with_the_access_token(ada: Any, client: Any, now: Any, settings: Any) -> None:
    settings.IDP = {"ACCESS_TOKEN_LIFETIME": 600}

    consent = decide(ada, client, "a", now, duration="once")

    assert consent.expires_at == now + timedelta(seconds=600)
    assert last_event().duration == "once"


def test_thirty_days_end_after_thirty_days(ada: Any, client: Any, now: Any) -> None:
    assert decide(ada, client, "a", now, duration="30d").expires_at == now + 30 * DAY


def test_until_revoked_has_no_end(ada: Any, client: Any, now: Any) -> None:
    assert decide(ada, client, "a", now).expires_at is None


def test_what_was_not_on_the_page_never_lasts_longer(ada: Any, client: Any, now: Any) -> None:
    decide(ada, client, "a", now, duration="30d")

    consent = decide(ada, client, "b", now + DAY)

    assert consent.expires_at == now + 30 * DAY


def test_the_whole_page_answered_anew_gets_a_new_end(ada: Any, client: Any, now: Any) -> None:
    decide(ada, client, "a", now, duration="30d")

    consent = decide(ada, client, "a b", now + DAY, duration="30d")

    assert consent.expires_at == now + 31 * DAY


def test_the_strictest_of_policy_client_site_and_caller_ends_the_consent(
    ada: Any, now: Any, settings: Any
) -> None:
    make_scope("p", policy=make_policy(consent_lifetime=20 * DAY))
    client = make_application(scopes=("p",), consent_lifetime=25 * DAY)
    assert decide(ada, client, "p", now).expires_at == now + 20 * DAY
    assert decide(ada, client, "p", now, expires_at=now + DAY).expires_at == now + DAY
    client.idp_policy.consent_lifetime = 10 * DAY
    client.idp_policy.save()
    assert decide(ada, client, "p", now).expires_at == now + 10 * DAY

    settings.IDP = {"CONSENT_LIFETIME": 3600}
    assert decide(ada, client, "p", now).expires_at == now + timedelta(hours=1)


def lifetime_of(user: Any, application: Any, scopes: frozenset[str]) -> int | None:
    return 60 if user.get_username() == "ada" and scopes == {"a"} else None


def test_the_site_may_compute_the_lifetime(ada: Any, client: Any, now: Any, settings: Any) -> None:
    settings.IDP = {"CONSENT_LIFETIME": f"{__name__}.lifetime_of"}

    assert decide(ada, client, "a", now).expires_at == now + timedelta(seconds=60)
    assert decide(make_user(), client, "a", now).expires_at is None


def test_a_yes_after_the_end_starts_anew_and_the_ledger_tells_both(
    ada: Any, client: Any, now: Any
) -> None:
    consent = decide(ada, client, "a", now, duration="30d")
    later = now + 31 * DAY

    again = decide(ada, client, "b", later)

    assert again.pk == consent.pk
    assert states(again) == {"a": "narrowed", "b": "granted"}
    assert again.created_at == later
    assert again.epoch == consent.epoch + 1
    assert kinds(ada) == ["granted", "expired", "granted"]


def test_a_consent_that_ran_out_is_written_off_once(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "a", now, duration="30d")
    hold(ada, client, "a", now, consent)
    assert service.expire_consent(consent, now=now + 29 * DAY) is None

    event = service.expire_consent(consent, now=now + 30 * DAY)

    assert (event.kind, event.actor) == ("expired", "system")
    assert service.expire_consent(consent, now=now + 30 * DAY) is None
    assert not Authorization.objects.live(now + 30 * DAY).exists()


def test_revoking_ends_every_token_of_the_pair_and_no_other(
    ada: Any, client: Any, now: Any
) -> None:
    consent, bob, other = decide(ada, client, "a", now), make_user("bob"), make_application()
    mine = hold(ada, client, "a", now, consent)
    kept = [hold(bob, client, "a", now), hold(ada, other, "a", now)]
    legacy = access_token_model().objects.create(
        user=ada, application=client, token="old", scope="a", expires=now + DAY
    )
    grant_model().objects.create(
        user=ada, application=client, code="old", expires=now + DAY, redirect_uri="https://x"
    )

    event = service.revoke_consent(consent, reason="user_removed", now=now)

    mine.refresh_from_db()
    assert (mine.ended_at, mine.ended_reason) == (now, "consent_revoked")
    assert not access_token_model().objects.filter(pk=legacy.pk).exists()
    assert not grant_model().objects.exists()
    live_refresh = refresh_token_model().objects.filter(revoked=None)
    assert set(live_refresh.values_list("token_family", flat=True)) == {a.pk for a in kept}
    assert access_token_model().objects.count() == 2
    assert (event.scopes_before, event.scopes_after) == ("a", "")


def test_revoking_raises_the_epoch_and_happens_once(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "a", now)

    assert service.revoke_consent(consent, reason="why", now=now) is not None
    assert service.revoke_consent(consent, now=now) is None

    stored = Consent.objects.get()
    assert (stored.status, stored.epoch, stored.ended_reason) == ("revoked", 1, "why")
    assert states(stored) == {"a": "narrowed"}
    assert kinds(ada) == ["granted", "revoked"]


def test_allowing_again_after_a_removal_is_a_new_grant(ada: Any, client: Any, now: Any) -> None:
    service.revoke_consent(decide(ada, client, "a b", now), now=now)

    consent = decide(ada, client, "a", now + DAY)

    assert kinds(ada) == ["granted", "revoked", "granted"]
    assert states(consent) == {"a": "granted", "b": "narrowed"}
    assert (consent.epoch, consent.created_at, consent.ended_at) == (1, now + DAY, None)


def test_narrowing_takes_scopes_out_of_what_the_client_holds(
    ada: Any, client: Any, now: Any
) -> None:
    consent = decide(ada, client, "a b c", now)
    both, only = hold(ada, client, "a c", now, consent), hold(ada, client, "c", now, consent)
    foreign = hold(make_user(), client, "a c", now)

    event = service.narrow_consent(consent, {"c", "unknown"}, now=now)

    assert (event.kind, event.scopes_before, event.scopes_after) == ("narrowed", "a b c", "a b")
    both.refresh_from_db()
    only.refresh_from_db()
    foreign.refresh_from_db()
    assert (both.scopes, both.ended_at) == ("a", None)
    assert only.ended_reason == "narrowed"
    assert foreign.scopes == "a c"
    held = access_token_model().objects.filter(user=ada).values_list("scope", flat=True)
    assert list(held) == ["a"]
    assert service.narrow_consent(consent, {"c"}, now=now) is None


def test_narrowing_shrinks_tokens_that_are_older_than_the_records(
    ada: Any, client: Any, now: Any
) -> None:
    consent = decide(ada, client, "a c", now)
    for text in ("a c", "c"):
        access_token_model().objects.create(
            user=ada, application=client, token=text, scope=text, expires=now + DAY
        )

    service.narrow_consent(consent, {"c"}, now=now)

    assert [token.scope for token in access_token_model().objects.all()] == ["a"]


def test_taking_back_everything_revokes(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "a", now)

    assert service.narrow_consent(consent, {"a"}, now=now).kind == "revoked"


def test_an_operator_is_named_with_the_reason(ada: Any, client: Any, now: Any) -> None:
    consent = decide(ada, client, "a", now)

    event = service.revoke_consent(consent, actor="operator", by="olga", reason="reported", now=now)

    assert (event.actor, event.actor_name, event.reason) == ("operator", "olga", "reported")


def test_the_page_is_kept_with_the_event_and_the_scopes(ada: Any, client: Any, now: Any) -> None:
    shown = ShownScope(
        "a",
        "Fotos ansehen",
        words_version=3,
        language="de",
        policy="basic",
        policy_revision=2,
        optional=True,
        implied_scopes=("a:list",),
    )
    page = ConsentDocument(
        client=ShownClient(client.client_id, client.name),
        account="ada",
        language="de",
        apis=(ShownApi("x", "X", (shown,)),),
    )

    consent = decide(ada, client, "a", now, document=page)

    snapshot = ConsentSnapshot.objects.get()
    row = consent.scopes.get()
    assert last_event().snapshot_digest == row.snapshot_digest == snapshot.digest
    assert (row.title, row.words_version, row.words_language) == ("Fotos ansehen", 3, "de")
    assert (row.policy, row.policy_revision, row.optional) == ("basic", 2, True)
    assert row.implied == ["a:list"]


def test_without_a_page_the_present_words_and_policy_are_noted(ada: Any, now: Any) -> None:
    make_scope("r", title="Read")
    make_scope("w", implies=("r",), title="Write", policy=make_policy("strict", revision=4))
    client = make_application(scopes=("w",))

    row = decide(ada, client, "w", now).scopes.get()

    assert (row.title, row.words_version, row.words_language) == ("Write", 1, "en")
    assert (row.policy, row.policy_revision, row.implied) == ("strict", 4, ["r"])
    assert row.optional is False


def test_a_scope_outside_the_catalogue_can_be_allowed(ada: Any, client: Any, now: Any) -> None:
    assert decide(ada, client, "legacy", now).scopes.get().title == "legacy"


def test_the_words_are_compared_in_the_language_in_which_they_were_read(ada: Any, now: Any) -> None:
    scope = make_scope("p")
    scope.texts.create(language="de", title="Deutsch", version=7)
    from idp.services.catalogue import bump_catalogue

    bump_catalogue()
    client = make_application(scopes=("p",))
    shown = ShownScope("p", "Deutsch", words_version=7, language="de", policy="basic")
    page = ConsentDocument(
        client=ShownClient("x", "X"), account="", language="de", apis=(ShownApi("", "", (shown,)),)
    )
    decide(ada, client, "p", now, document=page)

    versions = service.words_versions(service.recall(ada, client_of(client)), "en")

    assert versions["p"] == 7


def test_what_was_never_decided_is_not_remembered(ada: Any, client: Any, now: Any) -> None:
    assert service.remembered(ada, client, now) is None


def test_what_was_revoked_is_remembered_as_such(ada: Any, client: Any, now: Any) -> None:
    service.revoke_consent(decide(ada, client, "a", now), now=now)

    memory = service.remembered(ada, client, now)

    assert (memory.live, dict(memory.granted)) == (False, {})


def test_recalling_costs_one_statement(
    ada: Any, client: Any, now: Any, django_assert_num_queries: Any
) -> None:
    decide(ada, client, "a b", now)
    known = client_of(client)
    known.catalogue()

    with django_assert_num_queries(1):
        memory = service.recall(ada, known)

    assert memory.titles == {"a": "Use a", "b": "Use b"}


def test_extra_values_of_the_site_are_kept_with_the_event(ada: Any, client: Any, now: Any) -> None:
    decide(ada, client, "a", now, extra={"team": "blue"})

    event = last_event()

    assert event.extra == {"team": "blue"}
    assert ledger.link(event).is_sound()


def test_a_view_of_the_host_site_records_by_position(ada: Any, client: Any) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9", HTTP_USER_AGENT="Lynx")

    consent = service.record_decision(ada, client, ["a"], True, request, {"form": 3})  # noqa: FBT003

    assert consent.is_live(consent.decided_at)
    evidence = ConsentEvidence.objects.get()
    assert (evidence.ip_address, evidence.user_agent) == ("192.0.2.9", "Lynx")


def test_the_origin_that_the_caller_knows_wins(ada: Any, client: Any, now: Any) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9")

    decide(ada, client, "a", now, request=request, origin=Origin("192.0.2.1", request_id="r"))

    assert ConsentEvidence.objects.get().ip_address == "192.0.2.1"
    assert last_event().request_id == "r"


def test_an_unknown_duration_is_refused(ada: Any, client: Any, now: Any) -> None:
    with pytest.raises(ValueError, match="forever"):
        decide(ada, client, "a", now, duration="forever")


def test_silent_uses_are_counted_by_day_outside_the_ledger(
    ada: Any, client: Any, now: Any, django_assert_num_queries: Any
) -> None:
    consent = decide(ada, client, "a", now)
    service.record_silent_use(consent, now)
    consent.refresh_from_db()
    with django_assert_num_queries(1):
        service.record_silent_use(consent, now)
    service.record_silent_use(consent, now + DAY)

    counts = ConsentUse.objects.order_by("day").values_list("day", "count")

    assert list(counts) == [(now.date(), 2), ((now + DAY).date(), 1)]
    consent.refresh_from_db()
    assert consent.last_used_at == now + DAY
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("signal", "act"),
    [
        (signals.consent_granted, lambda u, c, at: decide(u, c, "a", at)),
        (signals.consent_declined, lambda u, c, at: decide(u, c, "a", at, allow=False)),
        (
            signals.consent_narrowed,
            lambda u, c, at: service.narrow_consent(decide(u, c, "a b", at), {"b"}, now=at),
        ),
        (
            signals.consent_revoked,
            lambda u, c, at: service.revoke_consent(decide(u, c, "a", at), now=at),
        ),
    ],
)
def test_each_change_is_announced_once_it_is_committed(
    ada: Any,
    client: Any,
    now: Any,
    signal: Any,
    act: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    heard: list[dict[str, Any]] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)
        raise RuntimeError("a receiver of the host site breaks")

    signal.connect(listen, weak=False)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            act(ada, client, now)
            assert heard == []
    finally:
        signal.disconnect(listen)

    assert len(heard) == 1
    assert heard[0]["event"] == last_event()


def test_the_chain_holds_through_all_changes(ada: Any, client: Any, now: Any) -> None:
    add_scope(client, "d")
    consent = decide(ada, client, "a b c", now)
    decide(ada, client, "d", now, allow=False)
    service.narrow_consent(consent, {"c"}, now=now)
    decide(ada, client, "d", now)
    service.revoke_consent(consent, now=now)

    check = rules.verify(ledger.link(e) for e in ConsentEvent.objects.order_by("sequence"))

    assert list(check) == []
    assert check.count == 5
    assert ConsentScope.objects.filter(state="granted").count() == 0


def test_a_first_yes_costs_a_fixed_number_of_statements(
    ada: Any, client: Any, now: Any, django_assert_max_num_queries: Any
) -> None:
    decide(make_user(), client, "a", now)

    with django_assert_max_num_queries(20):
        decide(ada, client, "a b c", now)
