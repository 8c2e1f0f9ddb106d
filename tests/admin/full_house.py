"""One of everything of which the desk has a page."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

from django.utils import timezone

from idp.conf import grant_model, id_token_model
from idp.models import (
    Authorization,
    BulkTask,
    ClientLogo,
    ClientPolicy,
    ClientScope,
    ClientSecret,
    ConsentScope,
    ConsentSnapshot,
    DeviceAuthorization,
    LogoutDelivery,
    RedirectUri,
    SecurityEvent,
    SignIn,
    SiteState,
)
from idp.services.client import disable_client
from idp.services.client_secret import issue_client_secret
from idp.services.key import rotate_key
from idp.services.redirect_uri import sync_redirect_uris
from tests.admin.conftest import make_house, page
from tests.admin.role_table import CALLBACK, Page
from tests.factories import make_application


def make_full_house() -> SimpleNamespace:
    """Return a house in which each page has a row to show and each action one to work on."""
    house = make_house()
    now = timezone.now()
    past = now - timezone.timedelta(days=91)
    ConsentScope.objects.update(since=past)
    Authorization.objects.update(created_at=past)
    RedirectUri.objects.update(
        findings=[{"code": "odd", "severity": "warning", "message": "Odd."}],
        created_at=past,
    )
    house.state, house.api = SiteState.objects.get(), house.scope.api
    house.client_policy = ClientPolicy.objects.get()
    house.held = ClientScope.objects.get()
    house.secret = ClientSecret.objects.get()
    issue_client_secret(house.application, label="beside")
    house.snapshot = ConsentSnapshot.objects.get()
    house.seen = SecurityEvent.objects.filter(kind="authorization.refused").get()
    later = now + timezone.timedelta(minutes=5)
    parties = {"user": house.user, "application": house.application}
    house.task = BulkTask.objects.create(
        kind="take_back", target={"scope": "photos:read"}, label="photos:read", position="consent:"
    )
    house.delivery = LogoutDelivery.objects.create(
        application=house.application, sid=uuid4(), created_at=now, next_at=now, state="failed"
    )
    house.logo = ClientLogo.objects.create(
        application=house.application,
        digest="0" * 64,
        content=b"",
        width=1,
        height=1,
        fetched_at=now,
    )
    house.code = grant_model().objects.create(
        **parties, code="sha256$x", expires=later, scope="photos:read"
    )
    house.id_token = id_token_model().objects.create(**parties, expires=later, scope="openid")
    house.sign_in = SignIn.objects.create(user=house.user, at=now, amr=["pwd"])
    Authorization.objects.update(sign_in=house.sign_in)
    house.device = DeviceAuthorization.objects.create(
        application=house.application, device_digest="d", user_code="BCDF-GHJK", expires_at=later
    )
    house.old_key = rotate_key("ES256", now=now)
    house.sandbox = make_application(
        "web", environment="development", redirect_uris="http://127.0.0.1:8000/callback"
    )
    house.sleeping = make_application("web")
    disable_client(house.sleeping, reason="asleep")
    sync_redirect_uris(house.sandbox, source="admin", now=now)
    two = (f"{CALLBACK}/one", f"{CALLBACK}/two")
    house.crowded = make_application("web", redirect_uris=two)
    sync_redirect_uris(house.crowded, source="admin", now=past)
    RedirectUri.objects.filter(application=house.crowded).update(created_at=past)
    return house


def address_of(name: str, page_of: Page, house: SimpleNamespace) -> str:
    """Return where a page of the table is."""
    return page(name, *page_of.args(house)) + page_of.query(house)
