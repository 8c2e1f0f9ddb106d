"""What a change would take from whom, seen before it is made; and taking it from what exists."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from idp.conf import access_token_model
from idp.models import Authorization, ClientScope, Consent, ConsentEvent, IssuedToken, ScopePolicy
from idp.services.authorization import Granting, checksum, create_authorization
from idp.services.client_registration import delete_client, spec_of, update_client
from idp.services.impact import Impact, impact_of, losses, rehearse
from idp.services.rule_sweep import Range, sweep, sweep_step
from idp.services.scope import save_scope
from idp.services.scope_policy import save_policy
from idp.services.site import set_mode
from tests.factories import grant, make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(db: None) -> ScopePolicy:
    return make_policy("photos")


@pytest.fixture
def application(policy: ScopePolicy) -> Any:
    make_scope("photos:read", policy=policy)
    make_scope("mail:read")
    return make_application("web", name="Print", scopes=("photos:read", "mail:read"))


def authorize(user: Any, application: Any, *scopes: str, now: datetime) -> Authorization:
    consent = grant(user, application, *scopes, now=now)
    granting = Granting(user=user, application=application, scopes=scopes, consent=consent)
    authorization = create_authorization(granting, now=now)
    token = access_token_model().objects.create(
        user=user,
        application=application,
        token=f"token-{user.pk}",
        scope=" ".join(scopes),
        expires=now + timedelta(minutes=10),
    )
    IssuedToken.objects.create(
        checksum=checksum(token.token),
        kind="access",
        authorization=authorization,
        expires_at=token.expires,
    )
    return authorization


def foreseen(policy: ScopePolicy, now: datetime, **values: Any) -> Impact:
    for name, value in values.items():
        setattr(policy, name, value)
    return impact_of(rehearse(lambda: save_policy(policy)), now=now)


def test_a_group_rule_counts_those_outside_the_group_and_stores_nothing(
    policy: ScopePolicy, application: Any, now: datetime
) -> None:
    member, other = make_user("in", groups=("staff",)), make_user("out")
    for user in (member, other):
        authorize(user, application, "photos:read", "mail:read", now=now)

    impact = foreseen(policy, now, groups=["staff"])

    assert (impact.clients, impact.users, impact.consents) == (1, 1, 1)
    assert (impact.authorizations, impact.tokens, impact.asked_again) == (1, 1, 0)
    assert impact.examples == (str(Consent.objects.get(user=other)),)
    assert impact.exact
    assert ScopePolicy.objects.get(pk=policy.pk).groups is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("clients", "verified"), ("clients", "approved"), ("grant_types", ["client_credentials"])],
)
def test_a_rule_about_clients_counts_every_consent_of_theirs(
    policy: ScopePolicy, application: Any, now: datetime, field: str, value: Any
) -> None:
    for user in (make_user(), make_user()):
        authorize(user, application, "photos:read", now=now)
    impact = foreseen(policy, now, **{field: value})
    assert (impact.clients, impact.users, impact.consents) == (1, 2, 2)


def test_a_looser_rule_takes_nothing(policy: ScopePolicy, application: Any, now: datetime) -> None:
    authorize(make_user(), application, "photos:read", now=now)
    assert not foreseen(policy, now, description="Now with words").narrows


def test_a_change_of_meaning_counts_who_is_asked_again(
    policy: ScopePolicy, application: Any, now: datetime
) -> None:
    authorize(make_user(), application, "photos:read", now=now)
    authorize(make_user(), application, "mail:read", now=now)
    impact = foreseen(policy, now, sensitivity="restricted")
    assert (impact.consents, impact.asked_again) == (0, 1)


def test_including_a_guarded_scope_counts_those_who_may_not_give_it(
    application: Any, now: datetime
) -> None:
    make_scope("secret", policy=make_policy("guarded", groups=["staff"]))
    authorize(make_user(), application, "mail:read", now=now)
    scope = make_scope("x").__class__.objects.get(name="mail:read")
    impact = impact_of(rehearse(lambda: save_scope(scope, implies=["secret"])), now=now)
    assert impact.consents == 1


def test_taking_a_scope_from_a_client_counts_its_consents(application: Any, now: datetime) -> None:
    authorize(make_user(), application, "photos:read", "mail:read", now=now)
    spec = spec_of(application)
    less = replace(spec, scopes={n: c for n, c in spec.scopes.items() if n != "photos:read"})
    future = rehearse(lambda: update_client(application, less), applications=[application])
    impact = impact_of(future, now=now)
    assert (impact.clients, impact.consents) == (1, 1)
    assert [sorted(loss.scopes) for loss in losses(future, now=now)] == [["photos:read"]] * 2
    assert ClientScope.objects.filter(application=application).count() == 2


def test_removing_a_client_loses_everything(application: Any, now: datetime) -> None:
    authorize(make_user(), application, "photos:read", "mail:read", now=now)
    copy = type(application).objects.get(pk=application.pk)
    future = rehearse(lambda: delete_client(copy, reason="gone"), applications=[application])
    loss = next(iter(losses(future, now=now)))
    assert loss.scopes == {"photos:read", "mail:read"}
    assert type(application).objects.filter(pk=application.pk).exists()


def test_numbers_of_more_than_is_looked_at_are_at_least(
    policy: ScopePolicy, application: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idp.services.impact.MAX_CONSENTS", 2)
    for _ in range(3):
        grant(make_user(), application, "photos:read", now=now)
    impact = foreseen(policy, now, clients="verified")
    assert (impact.consents, impact.exact) == (2, False)


def tighten(policy: ScopePolicy, now: datetime) -> None:
    policy.groups = ["staff"]
    save_policy(policy, now=now)


def test_what_exists_is_narrowed_by_policy_and_the_rest_left(
    policy: ScopePolicy, application: Any, now: datetime
) -> None:
    member, other = make_user(groups=("staff",)), make_user()
    kept = authorize(member, application, "photos:read", "mail:read", now=now)
    narrowed = authorize(other, application, "photos:read", "mail:read", now=now)
    tighten(policy, now)

    steps = list(sweep(Range(scopes=frozenset({"photos:read"})), by="operator", now=now))

    assert sum(step.changed for step in steps) == 1
    kept.refresh_from_db()
    narrowed.refresh_from_db()
    assert (kept.scopes, narrowed.scopes) == ("mail:read photos:read", "mail:read")
    assert access_token_model().objects.get(user=other).scope == "mail:read"
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.actor, event.actor_name) == ("narrowed", "policy", "operator")
    assert event.reason == "policy_changed"


def test_a_sweep_goes_on_where_it_stopped_and_finds_nothing_twice(
    policy: ScopePolicy, application: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idp.services.rule_sweep.BATCH", 2)
    for _ in range(5):
        authorize(make_user(), application, "photos:read", "mail:read", now=now)
    tighten(policy, now)
    place = Range(scopes=frozenset({"photos:read"}))

    first = sweep_step(place, "consent:", now=now)
    assert (first.looked, first.changed) == (2, 2)
    # The page was closed; another operator begins anew.
    again = list(sweep(place, now=now))

    assert sum(step.changed for step in again) == 3
    assert ConsentEvent.objects.filter(kind="narrowed").count() == 5
    assert not any(step.changed for step in sweep(place, now=now))


@pytest.mark.parametrize("position", ["", "nonsense", "consent:x", "authorization:1", "token:-"])
def test_a_strange_position_breaks_nothing(
    policy: ScopePolicy, application: Any, now: datetime, position: str
) -> None:
    assert sweep_step(Range(), position, now=now).changed == 0


def test_where_rules_only_report_nothing_is_taken(
    policy: ScopePolicy, application: Any, now: datetime
) -> None:
    authorize(make_user(), application, "photos:read", now=now)
    tighten(policy, now)
    set_mode("report", by="operator", now=now)
    steps = sweep(Range(scopes=frozenset({"photos:read"})), now=now)
    assert not any(step.changed for step in steps)
    assert Consent.objects.live(now).count() == 1


def test_a_client_in_its_own_name_and_what_rests_on_no_consent_are_narrowed_too(
    policy: ScopePolicy, application: Any, now: datetime
) -> None:
    service = make_application("service", scopes=("photos:read", "mail:read"))
    user = make_user()
    granting = Granting(
        user=user, application=application, scopes=("photos:read", "mail:read"), consent=None
    )
    create_authorization(granting, now=now)
    access_token_model().objects.create(
        application=service,
        token="own",
        scope="mail:read photos:read",
        expires=now + timedelta(minutes=10),
    )
    policy.clients = "first_party"
    save_policy(policy, now=now)

    list(sweep(Range(scopes=frozenset({"photos:read"})), now=now))

    assert Authorization.objects.get().scopes == "mail:read"
    assert access_token_model().objects.get().scope == "mail:read"
