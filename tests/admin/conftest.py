"""A desk with something on it: one of everything, and people with different permissions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from idp.conf import access_token_model, application_model, refresh_token_model
from idp.domain.decision import Reason, Severity
from idp.domain.snapshot import ConsentDocument, ShownApi, ShownClient, ShownScope
from idp.models import Authorization, ConsentEvent, IssuedToken
from idp.services.authorization import Granting, checksum, create_authorization
from idp.services.event import Origin, record_event
from idp.services.key import signing_key
from idp.services.redirect_uri import sync_redirect_uris
from idp.services.site import site_state
from tests.factories import grant, make_application, make_policy, make_scope, make_user

PLAIN = "a-token-that-must-be-nowhere"
OPTS = application_model()._meta
APP = f"{OPTS.app_label}_{OPTS.model_name}"


def page(name: str, *args: object) -> str:
    """Return the address of an admin page; ``client_…`` stands for the client's model."""
    return reverse(
        f"admin:{name.replace('client_', f'{APP}_', 1) if name.startswith('client_') else name}",
        args=args,
    )


@pytest.fixture
def operator(db: None) -> Any:
    """Who may do everything."""
    return make_user("operator", is_staff=True, is_superuser=True)


@pytest.fixture
def desk(operator: Any) -> Client:
    """A browser in which the operator is signed in."""
    client = Client()
    client.force_login(operator)
    return client


def signed_in(*permissions: str) -> Client:
    """Return a browser of a member of staff with some permissions, as ``app.codename``."""
    user = make_user(is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def house(db: None) -> SimpleNamespace:
    """One of everything."""
    return make_house()


def make_house() -> SimpleNamespace:
    """Return one of everything, as services make it."""
    now = timezone.now()
    site_state()
    policy = make_policy("sensitive", sensitivity="sensitive")
    scope = make_scope("photos:read", policy=policy, title="See your photos")
    user = make_user("anna", email="anna@example.com")
    application = make_application(
        "web", name="Photo Print", client_id="photo-print", scopes=("photos:read",)
    )
    sync_redirect_uris(application, source="admin", now=now)
    document = ConsentDocument(
        client=ShownClient("photo-print", "Photo Print"),
        account="anna",
        language="en",
        return_host="client.example.com",
        apis=(
            ShownApi(
                "https://api.example.com/photos",
                "Photos",
                (ShownScope("photos:read", "See your photos"),),
            ),
        ),
    )
    origin = Origin("192.0.2.7", "Browser", "ref-1")
    consent = grant(user, application, "photos:read", document=document, origin=origin)
    authorization = create_authorization(
        Granting(
            user=user,
            application=application,
            scopes=("photos:read",),
            consent=consent,
            code="the-code",
            redirect_uri="https://client.example.com/callback",
        ),
        origin=origin,
        now=now,
    )
    Authorization.objects.filter(pk=authorization.pk).update(redeemed_at=now)
    access = access_token_model().objects.create(
        user=user,
        application=application,
        token=PLAIN,
        scope="photos:read",
        expires=now + timezone.timedelta(minutes=10),
    )
    refresh = refresh_token_model().objects.create(
        user=user,
        application=application,
        token=f"{PLAIN}-refresh",
        access_token=access,
        token_family=authorization.pk,
    )
    for kind, token in (("access", access), ("refresh", refresh)):
        IssuedToken.objects.create(
            checksum=token.token_checksum, kind=kind, authorization=authorization
        )
    record_event(
        "authorization.refused",
        client_id="photo-print",
        user=user,
        origin=origin,
        reasons=[
            Reason(
                "not_registered",
                Severity.ERROR,
                "The scope %(scope)s is not registered.",
                "RFC 6749 §3.3",
                {"scope": "photos:write"},
            )
        ],
        detail={"scope": "photos:write", "grant_type": "authorization_code"},
        now=now,
    )
    return SimpleNamespace(
        policy=policy,
        scope=scope,
        user=user,
        application=application,
        consent=consent,
        authorization=authorization,
        access=access,
        refresh=refresh,
        key=signing_key(now=now),
        event=ConsentEvent.objects.latest("pk"),
        checksum=checksum,
    )
