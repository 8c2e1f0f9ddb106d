"""What a token may do now, read in one statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from idp.conf import access_token_model
from idp.models import (
    Authorization,
    ClientPolicy,
    ClientScope,
    Consent,
    ConsentScope,
    IssuedToken,
    Scope,
    SiteState,
    Subject,
)
from idp.services.access import Access, Refusal, checksum_of, judge_access_token
from idp.services.catalogue import bump_catalogue, current_catalogue
from idp.services.site import set_mode, site_state
from tests.factories import make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db

TOKEN = "a-token-that-nobody-guesses"


class Grant:
    """A token with all that stands behind it."""

    def __init__(self, *scopes: str, kind: str = "web", groups: tuple[str, ...] = ()) -> None:
        site_state()
        set_mode("enforce")
        now = timezone.now()
        self.user = make_user(groups=groups) if kind == "web" else None
        self.application = make_application(kind, scopes=scopes)
        self.token = access_token_model().objects.create(
            user=self.user,
            application=self.application,
            token=TOKEN,
            scope=" ".join(scopes),
            expires=now + timedelta(minutes=10),
        )
        if self.user:
            self._authorize(scopes, now)
        current_catalogue()

    def _authorize(self, scopes: tuple[str, ...], now: datetime) -> None:
        self.consent = Consent.objects.create(user=self.user, application=self.application)
        for scope in scopes:
            ConsentScope.objects.create(consent=self.consent, scope=scope, state="granted")
        self.authorization = Authorization.objects.create(
            user=self.user,
            application=self.application,
            consent=self.consent,
            scopes=" ".join(scopes),
            auth_time=now - timedelta(minutes=1),
            acr="pwd",
        )
        IssuedToken.objects.create(
            checksum=checksum_of(TOKEN), kind="access", authorization=self.authorization
        )

    def update(self, what: Any, **fields: Any) -> None:
        type(what).objects.filter(pk=what.pk).update(**fields)


def judged(now: datetime | None = None) -> Access | Refusal:
    return judge_access_token(checksum_of(TOKEN), now)


def access() -> Access:
    found = judged()
    assert isinstance(found, Access)
    return found


def refusal() -> str:
    found = judged()
    assert isinstance(found, Refusal)
    return found.reason.code


def test_everything_about_a_token_is_one_statement(django_assert_num_queries: Any) -> None:
    Grant("photos:read")
    with django_assert_num_queries(1):
        found = judged()
        assert isinstance(found, Access)
        assert found.user.username
        assert found.client_id


def test_a_token_says_who_and_what() -> None:
    grant = Grant("photos:read")
    found = access()
    assert (found.user, found.application) == (grant.user, grant.application)
    assert found.authorization_id == grant.authorization.pk
    assert found.scopes == {"photos:read"}
    assert found.expires_at == grant.token.expires
    assert found.sign_in is not None
    assert found.sign_in.acr == "pwd"
    assert timezone.now() - found.sign_in.at > timedelta(seconds=59)


def test_an_unknown_token_is_refused() -> None:
    assert refusal() == "token_unknown"


def test_a_token_ends() -> None:
    grant = Grant("photos:read")
    assert isinstance(judged(grant.token.expires), Refusal)


def test_a_disabled_client_holds_no_token() -> None:
    grant = Grant("photos:read")
    ClientPolicy.objects.filter(application=grant.application).update(status="disabled")
    assert refusal() == "client_disabled"


def test_a_disabled_user_gives_no_access() -> None:
    grant = Grant("photos:read")
    grant.update(grant.user, is_active=False)
    assert refusal() == "user_inactive"


def test_an_ended_authorization_takes_its_token_along() -> None:
    grant = Grant("photos:read")
    grant.update(grant.authorization, ended_at=timezone.now())
    assert refusal() == "authorization_ended"


@pytest.mark.parametrize("party", ["user", "client", "consent"])
def test_a_raised_epoch_ends_what_was_issued_before(party: str) -> None:
    grant = Grant("photos:read")
    if party == "user":
        Subject.objects.update_or_create(user=grant.user, defaults={"epoch": 1})
    elif party == "client":
        ClientPolicy.objects.filter(application=grant.application).update(epoch=1)
    else:
        grant.update(grant.consent, epoch=1)
    assert isinstance(judged(), Refusal)


def test_a_revoked_consent_takes_its_token_along() -> None:
    grant = Grant("photos:read")
    grant.update(grant.consent, status="revoked")
    assert refusal() == "consent_revoked"


def test_an_expired_consent_takes_its_token_along() -> None:
    grant = Grant("photos:read")
    grant.update(grant.consent, expires_at=timezone.now() - timedelta(seconds=1))
    assert refusal() == "consent_expired"


def test_a_scope_that_was_taken_back_is_gone() -> None:
    grant = Grant("photos:read", "account:read")
    ConsentScope.objects.filter(consent=grant.consent, scope="photos:read").update(state="narrowed")
    assert access().scopes == {"account:read"}


def test_a_retired_scope_is_gone() -> None:
    Grant("photos:read", "account:read")
    Scope.objects.filter(name="photos:read").update(active=False)
    bump_catalogue()
    assert access().scopes == {"account:read"}


def test_a_scope_that_the_client_lost_is_gone() -> None:
    grant = Grant("photos:read", "account:read")
    ClientScope.objects.filter(application=grant.application, scope__name="photos:read").delete()
    assert access().scopes == {"account:read"}


def test_whoever_leaves_the_group_loses_the_scope() -> None:
    make_scope("staff:read", policy=make_policy("staff", groups=["staff"]))
    grant = Grant("staff:read", "account:read", groups=("staff",))
    assert access().scopes == {"staff:read", "account:read"}
    grant.user.groups.remove(Group.objects.get(name="staff"))
    assert access().scopes == {"account:read"}


def test_what_a_scope_includes_takes_effect_but_is_not_carried() -> None:
    make_scope("photos:read")
    make_scope("photos:write", implies=("photos:read",))
    Grant("photos:write")
    found = access()
    assert found.scopes == {"photos:write"}
    assert found.effective == {"photos:write", "photos:read"}


def test_a_site_that_reports_takes_nothing_away() -> None:
    Grant("photos:read")
    ClientScope.objects.all().delete()
    assert access().scopes == frozenset()
    set_mode("report")
    assert access().scopes == {"photos:read"}
    assert not access().enforcing


def test_a_service_needs_no_authorization() -> None:
    Grant("reports:read", kind="service")
    found = access()
    assert (found.user, found.authorization_id, found.sign_in) == (None, None, None)
    assert found.scopes == {"reports:read"}


def test_a_token_from_before_these_records_still_works() -> None:
    grant = Grant("photos:read")
    grant.authorization.delete()
    assert access().authorization_id is None


def test_a_client_without_a_policy_row_is_judged_strictly_and_does_not_crash() -> None:
    grant = Grant("photos:read")
    ClientPolicy.objects.filter(application=grant.application).delete()
    assert isinstance(judged(), Access)


def test_a_token_without_a_client_may_do_nothing_where_rules_refuse() -> None:
    grant = Grant("photos:read")
    grant.authorization.delete()
    grant.update(grant.token, application=None)
    assert access().scopes == frozenset()


def test_a_site_without_its_state_row_gets_one() -> None:
    Grant("photos:read")
    SiteState.objects.all().delete()
    assert isinstance(judged(), Access)
    assert SiteState.objects.exists()
