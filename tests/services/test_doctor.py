"""The doctor: everything that it can say can happen, and nothing else is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.utils import timezone

from idp.management.manifest.drift import drift
from idp.models import (
    ClientPolicy,
    ClientSecret,
    Consent,
    LedgerCheck,
    LogoutDelivery,
    RedirectUri,
    ScopePolicy,
    SecurityEvent,
    SigningKey,
    SiteState,
    UsedAssertion,
)
from idp.models.append_only import remove
from idp.services.attention import FRESH, needs
from idp.services.doctor import examine, remember_examination
from idp.services.doctor_code import Code
from idp.services.doctor_finding import TEXTS
from idp.services.event import record_event
from idp.services.key import signing_key
from idp.services.role import update_roles
from idp.services.site import set_mode, site_state
from tests.factories import (
    add_scope,
    grant,
    make_application,
    make_policy,
    make_scope,
    make_user,
    register_broken_uris,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OLD = 200 * DAY
Build = Callable[[Any, Path], object]


def setting(**values: Any) -> Build:
    """Set settings of Django."""
    return lambda settings, _tmp: [setattr(settings, name, v) for name, v in values.items()]


def own(**values: Any) -> Build:
    """Set keys of ``IDP``."""
    return lambda settings, _tmp: setattr(settings, "IDP", {**settings.IDP, **values})


def toolkit(**values: Any) -> Build:
    """Set keys of ``OAUTH2_PROVIDER``."""
    return lambda settings, _tmp: setattr(
        settings, "OAUTH2_PROVIDER", {**settings.OAUTH2_PROVIDER, **values}
    )


def data(build: Callable[[Any], object]) -> Build:
    """Make rows, at the time that is passed."""
    return lambda _settings, _tmp: build(timezone.now())


def file(text: str) -> Build:
    """Write the file that is applied."""

    def build(settings: Any, tmp: Path) -> None:
        path = tmp / "site.toml"
        path.write_text(text, encoding="utf-8")
        own(APPLIED_FILE=str(path))(settings, tmp)

    return build


def no_proxy(settings: Any, _tmp: Path) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def refuse(now: Any) -> None:
    for _time in range(10):
        record_event("token.refused", client_id="printer", severity="warning", now=now)


def doubtful_address(now: Any) -> None:
    application = make_application(redirect_uris=("https://client.shop-photos.com/callback",))
    application.redirect_uris = "https://client.shop-photos.com/callback?next=/"
    application.save()
    findings = [{"severity": "warning"}]
    RedirectUri.objects.filter(application=application).update(findings=findings)


def unused_address(now: Any) -> None:
    application = make_application(
        redirect_uris=("https://a.shop-photos.com/", "https://b.shop-photos.com/")
    )
    RedirectUri.objects.filter(application=application).update(created_at=now - OLD)


def bare_client(now: Any) -> None:
    ClientPolicy.objects.filter(application=make_application()).delete()


def mute_client(now: Any) -> None:
    make_application("service")
    ClientSecret.objects.all().delete()


def ending_secret(now: Any) -> None:
    make_application("service")
    ClientSecret.objects.update(expires_at=now + 3 * DAY)


def lost_client(now: Any) -> None:
    application = make_application()
    type(application).objects.filter(pk=application.pk).update(redirect_uris="")


def idle_client(now: Any) -> None:
    make_application()
    ClientPolicy.objects.update(created_at=now - OLD)


def twins(now: Any) -> None:
    make_application(name="Photo Print", verified=True)
    make_application(name="PhotoPrint", source="registration")


def waiting_request(now: Any) -> None:
    make_scope("a")
    add_scope(make_application(), "a", state="requested")


def locked_key(settings: Any, tmp: Path) -> None:
    signing_key()
    own(KEY_ENCRYPTION_KEYS=["another secret altogether"])(settings, tmp)


def old_key(now: Any) -> None:
    signing_key()
    SigningKey.objects.update(activated_at=now - OLD)


def broken_ledger(now: Any) -> None:
    LedgerCheck.objects.create(started_at=now, finished_at=now, broken=1)


def old_ledger(now: Any) -> None:
    make_scope("a")
    grant(make_user(), make_application(), "a", now=now - 8 * DAY)


def unused_consent(now: Any) -> None:
    make_scope("a")
    grant(make_user(), make_application(), "a", now=now - OLD)
    Consent.objects.update(decided_at=now - OLD, last_used_at=None)


def message(state: str) -> Build:
    def build(now: Any) -> None:
        LogoutDelivery.objects.create(
            application=make_application(),
            sid=uuid4(),
            created_at=now - DAY,
            next_at=now,
            state=state,
            ended_at=now if state == "failed" else None,
        )

    return data(build)


def expired_rows(now: Any) -> None:
    UsedAssertion.objects.create(digest="one", expires_at=now - OLD)


def changed_role(now: Any) -> None:
    update_roles()
    group = Group.objects.order_by("name").first()
    assert group is not None
    group.permissions.clear()


def lost_permission(now: Any) -> None:
    Permission.objects.filter(codename="view_consent").delete()


def policy_for_nobody(now: Any) -> None:
    make_scope("a", policy=make_policy("crew", groups=["Astronauts"]))


PROVOKED: dict[Code, Build] = {
    Code.DEBUG_ON: setting(DEBUG=True),
    Code.ANY_HOST: setting(ALLOWED_HOSTS=["*"]),
    Code.SHORT_SECRET_KEY: setting(SECRET_KEY="short"),
    Code.NO_HTTPS: setting(SECURE_SSL_REDIRECT=False),
    Code.NO_HSTS: setting(SECURE_HSTS_SECONDS=0),
    Code.COOKIES_WITHOUT_HTTPS: setting(SESSION_COOKIE_SECURE=False),
    Code.ISSUER_WITHOUT_HTTPS: toolkit(OIDC_ISS_ENDPOINT="http://login.shop-photos.com/o"),
    Code.ISSUER_UNSET: toolkit(OIDC_ISS_ENDPOINT=""),
    Code.PROXY_NOT_COUNTED: no_proxy,
    Code.WEAK_LIFETIME: own(ACCESS_TOKEN_LIFETIME=86_400),
    Code.NOT_WIRED: setting(OAUTH2_PROVIDER={}),
    Code.NOT_HARDENED: toolkit(PKCE_REQUIRED=False),
    Code.REPORTING: data(lambda now: set_mode("report")),
    Code.TOKEN_REPLAYED: data(lambda now: record_event("token.replayed", now=now)),
    Code.REFUSALS_REPEAT: data(refuse),
    Code.REDIRECT_URI_BROKEN: data(
        lambda now: register_broken_uris(make_application(), "http://shop-photos.com/callback")
    ),
    Code.REDIRECT_URI_DOUBTFUL: data(doubtful_address),
    Code.REDIRECT_URI_UNUSED: data(unused_address),
    Code.REDIRECT_URI_DRIFT: data(
        lambda now: (make_application(), RedirectUri.objects.all().delete())
    ),
    Code.CLIENT_WITHOUT_POLICY: data(bare_client),
    Code.CLIENT_WITHOUT_SECRET: data(mute_client),
    Code.CLIENT_UNREACHABLE: data(lost_client),
    Code.CLIENT_UNUSED: data(idle_client),
    Code.NAME_BORROWED: data(twins),
    Code.PKCE_WAIVED: data(lambda now: make_application(nonce_instead_of_pkce=True)),
    Code.SECRET_EXPIRING: data(ending_secret),
    Code.APPROVAL_WAITING: data(waiting_request),
    Code.SCOPE_WITHOUT_POLICY: data(lambda now: make_scope("bare", policy=None)),
    Code.SCOPE_WITHOUT_WORDS: data(lambda now: make_scope("mute").texts.all().delete()),
    Code.SCOPE_NOT_IN_CATALOGUE: toolkit(SCOPES={"elsewhere": "?"}),
    Code.POLICY_FOR_NOBODY: data(policy_for_nobody),
    Code.ROLE_MISSING: data(lambda now: None),
    Code.ROLE_CHANGED: data(changed_role),
    Code.PERMISSION_MISSING: data(lost_permission),
    Code.FILE_UNREADABLE: file("[[policies]]\nname = 1"),
    Code.FILE_DRIFT: file('[[policies]]\nname = "strict"'),
    Code.KEY_MISSING: data(lambda now: None),
    Code.KEY_UNREADABLE: locked_key,
    Code.KEY_OLD: data(old_key),
    Code.TRIGGERS_MISSING: data(lambda now: remove(connection)),
    Code.LEDGER_BROKEN: data(broken_ledger),
    Code.LEDGER_UNVERIFIED: data(old_ledger),
    Code.CONSENTS_UNUSED: data(unused_consent),
    Code.LOGOUT_LATE: message("waiting"),
    Code.LOGOUT_FAILED: message("failed"),
    Code.PURGE_OVERDUE: data(expired_rows),
    Code.NOT_EXAMINED: data(lambda now: site_state()),
}
"""How each finding is provoked."""


def found(settings: Any) -> set[Code]:
    """Everything that is found by looking, and what the start page shows of it."""
    now = timezone.now()
    name = settings.IDP.get("APPLIED_FILE", "")
    everything = [*examine(now), *(drift(name, now) if name else ())]
    said = {Code(each.code) for each in everything}
    unseen = {need.code for need in needs(now)} - said
    remember_examination(everything, now)
    assert said - FRESH <= {need.code for need in needs(now)}, "the start page shows them too"
    return said | unseen


@pytest.mark.parametrize("code", Code)
def test_each_finding_can_be_provoked(code: Code, settings: Any, tmp_path: Path) -> None:
    PROVOKED[code](settings, tmp_path)

    assert code in found(settings)


def test_a_site_in_good_order_is_told_nothing(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = True
    settings.CSRF_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS = True, 3600
    site_state()
    update_roles()
    signing_key()
    make_scope("a", title="See it")

    assert found(settings) == {Code.NOT_EXAMINED}


def test_each_finding_has_words_that_take_its_names() -> None:
    assert set(TEXTS) == set(Code)
    for words in TEXTS.values():
        assert words.title
        assert words.message.format(subject="s", detail="d")
        assert words.remedy.format(subject="s", detail="d")


def test_the_start_page_is_told_what_the_doctor_found_last_and_when() -> None:
    now = timezone.now()
    for number in range(25):
        make_scope(f"mute{number}").texts.all().delete()
    remember_examination(examine(now), now)

    [need] = [need for need in needs(now) if need.code is Code.SCOPE_WITHOUT_WORDS]

    assert (need.count, len(need.first), need.at) == (25, 20, now)
    assert Code.NOT_EXAMINED not in {need.code for need in needs(now)}
    assert Code.NOT_EXAMINED in {need.code for need in needs(now + 8 * DAY)}


def test_what_stands_on_the_start_page_takes_one_statement(
    django_assert_num_queries: Any,
) -> None:
    site_state()
    with django_assert_num_queries(1):
        needs(timezone.now())


def test_a_code_of_another_version_is_left_out() -> None:
    site_state()
    now = timezone.now()
    SiteState.objects.update(
        examined_at=now, examination={"of_tomorrow": {"count": 1, "first": [["a", "b"]]}}
    )

    assert all(need.code in Code for need in needs(now))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"token_endpoint_auth_method": "private_key_jwt"}, "it proves itself by a key"),
        ({"grant_types": ["refresh_token"]}, "no grant type that begins"),
    ],
)
def test_the_doctor_says_why_a_client_can_never_succeed(fields: dict[str, Any], why: str) -> None:
    ClientPolicy.objects.filter(application=make_application()).update(**fields)

    [each] = [f for f in examine(timezone.now()) if f.code == Code.CLIENT_UNREACHABLE]

    assert why in each.message


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"permission": "idp.fly"}, "no permission idp.fly"),
        ({"user_check": "nowhere.at_all"}, "nowhere.at_all cannot be imported"),
    ],
)
def test_the_doctor_says_why_nobody_meets_a_policy(fields: dict[str, str], why: str) -> None:
    make_scope("a", policy=make_policy("crew"))
    ScopePolicy.objects.filter(name="crew").update(**fields)

    [each] = [f for f in examine(timezone.now()) if f.code == Code.POLICY_FOR_NOBODY]

    assert why in each.message


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    [each] = drift(str(tmp_path / "none.toml"), timezone.now())

    assert each.code == Code.FILE_UNREADABLE
    assert not SecurityEvent.objects.exists()
