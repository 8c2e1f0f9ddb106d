"""One device grant, step by step: the device on one side, the person's browser on the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.test import Client as Browser

from idp.domain.client import DEVICE_CODE
from idp.models import DeviceAuthorization
from tests.views.flow import TOKEN, basic, form_fields, post

ASK = "/o/device-authorization/"
PAGE = "/o/device/"


@dataclass
class DeviceFlow:
    """A device of a client, and a browser with its user."""

    application: Any
    user: Any = None
    browser: Browser = field(default_factory=Browser)

    def __post_init__(self) -> None:
        if self.user is not None:
            self.sign_in(self.user)

    def sign_in(self, user: Any) -> None:
        """Sign a user in to the browser."""
        self.browser.force_login(user, "django.contrib.auth.backends.ModelBackend")

    def send(self, path: str, **values: Any) -> Any:
        """Send a form as the client."""
        if self.application.plain_secret:
            return post(path, values, **basic(self.application))
        return post(path, {"client_id": self.application.client_id, **values})

    def codes(self, scope: str = "openid", **values: Any) -> dict[str, Any]:
        """Return the codes that the device gets."""
        response = self.send(ASK, scope=scope, **values)
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer

    def type(self, user_code: str) -> Any:
        """Type a code into the page."""
        return self.browser.post(PAGE, {"user_code": user_code})

    def decide(self, page: Any, decision: str = "allow", **changes: Any) -> Any:
        """Answer the page about a device as a browser would."""
        html = page.content.decode()
        assert 'name="decision"' in html, html[:3000]
        fields: dict[str, Any] = {**form_fields(html), "decision": decision, **changes}
        return self.browser.post(PAGE, fields)

    def allow(self, codes: dict[str, Any], **changes: Any) -> Any:
        """Type the code and allow what the page asks."""
        return self.decide(self.type(codes["user_code"]), **changes)

    def poll(self, codes: dict[str, Any], **changes: Any) -> Any:
        """Ask for the tokens."""
        return self.send(
            TOKEN, grant_type=DEVICE_CODE, **{"device_code": codes["device_code"], **changes}
        )

    def tokens(self, scope: str = "openid", **values: Any) -> dict[str, Any]:
        """Return the tokens of a whole grant."""
        codes = self.codes(scope)
        self.allow(codes, **values)
        response = self.poll(codes)
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer


def pass_time(seconds: int) -> None:
    """Let time pass for every device that asks."""
    back = timedelta(seconds=seconds)
    DeviceAuthorization.objects.update(
        created_at=F("created_at") - back,
        expires_at=F("expires_at") - back,
        polled_at=F("polled_at") - back,
        redeemed_at=F("redeemed_at") - back,
    )
