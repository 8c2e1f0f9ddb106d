"""Which objects of the desk are neighbours: each pair leads from one to the other, and back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.models import (
    Authorization,
    BulkTask,
    ClientLogo,
    ClientScope,
    Consent,
    ConsentEvent,
    DeviceAuthorization,
    LogoutDelivery,
    SecurityEvent,
    SignIn,
    SigningKey,
)
from idp.services.authorization import CODE_PREFIX, Granting, checksum, create_authorization
from idp.services.client_owner import set_owners
from idp.services.event import record_event
from idp.services.key import signing_key
from tests.admin.conftest import page
from tests.admin.full_house import make_full_house
from tests.factories import grant, make_application, make_scope, make_user

NEIGHBOURS: dict[str, str] = {
    "client": (
        "policy scope held secrets consent authorization access refresh code device delivery "
        "event seen logo task api owner"
    ),
    "user": "consent authorization access refresh code device sign_in event seen task",
    "scope": "policy api held consent authorization event wider task",
    "policy": "held",
    "consent": "authorization event access refresh device",
    "authorization": "access refresh code device sign_in event replayed",
    "event": "snapshot seen",
    "sign_in": "delivery",
    "old_key": "announced new_key",
}
"""An object to its neighbours, each pair once; every one holds in both directions."""

LISTS: dict[str, Any] = {
    "access": access_token_model(),
    "announced": SecurityEvent,
    "authorization": Authorization,
    "client": ClientScope,
    "code": grant_model(),
    "consent": Consent,
    "delivery": LogoutDelivery,
    "device": DeviceAuthorization,
    "event": ConsentEvent,
    "held": ClientScope,
    "logo": ClientLogo,
    "new_key": SigningKey,
    "old_key": SigningKey,
    "refresh": refresh_token_model(),
    "replayed": SecurityEvent,
    "seen": SecurityEvent,
    "sign_in": SignIn,
    "task": BulkTask,
}
"""The list in which an object may stand instead, filtered so that no stranger is in it."""


def make_neighbours() -> SimpleNamespace:
    """Return the full house with its objects tied together, and strangers beside them."""
    house, now = make_full_house(), timezone.now()
    house.client = house.application
    house.wider = make_scope("photos:all", policy=house.policy, implies=("photos:read",))
    house.owner = make_user("olga")
    set_owners(house.client, users=[house.owner], groups=())
    house.api.resource_servers.add(house.client_policy)
    LogoutDelivery.objects.update(sid=house.sign_in.sid)
    house.device.user, house.device.authorization = house.user, house.authorization
    house.device.save()
    grant_model().objects.update(code=f"{CODE_PREFIX}{checksum('the-code')}")
    keys = {"user": str(house.user.pk), "application": str(house.client.pk)}
    BulkTask.objects.update(target={**keys, "scope": "photos:read"})
    detail = {"authorization": str(house.authorization.pk)}
    record_event("token.replayed", client_id="photo-print", detail=detail)
    house.replayed = SecurityEvent.objects.get(kind="token.replayed")
    house.announced = SecurityEvent.objects.get(kind="key.announced")
    house.old_key = SigningKey.objects.get(kid=house.announced.detail["kid"])
    house.new_key = signing_key("ES256")
    # A client whose name and id begin like those of the other, and a user of it.
    house.strange_user = make_user("annabel")
    house.strange_client = make_application("web", name="Photo Print 2", client_id="photo-print-2")
    parties = {"user": house.strange_user, "application": house.strange_client}
    house.strange_consent = grant(house.strange_user, house.strange_client, "photos:all")
    house.strange_authorization = create_authorization(
        Granting(**parties, scopes=("photos:all",), consent=house.strange_consent), now=now
    )
    return house


def addresses(house: SimpleNamespace, name: str) -> list[str]:
    """Return where an object has its page: the one to open first, then what leads there too."""
    if name == "client":
        short = f"{page('client_by_client_id')}?client_id={house.client.client_id}"
        return [page("client_overview", house.client.pk), short]
    if name == "secrets":
        return [page("client_secrets", house.client.pk)]
    row = getattr(house, name)
    if name in {"user", "owner"}:
        return [page("idp_user", row.pk)]
    return [page(f"{row._meta.app_label}_{row._meta.model_name}_change", row.pk)]
