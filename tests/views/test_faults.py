"""Every fault of the table in the docs gets the answer that stands there."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import transaction
from django.test import Client as Browser

from idp.domain.client import DEVICE_CODE
from idp.services.client import disable_client
from tests.factories import make_application, make_policy, make_scope, make_user
from tests.requirement import requirement
from tests.thorough import share
from tests.views.device_flow import DeviceFlow, pass_time
from tests.views.faults import FAULTS, NEVER, PAGE, Fault
from tests.views.flow import VERIFIER, Flow, basic, bearer, form_fields

pytestmark = pytest.mark.django_db

WITHOUT = {"token": {"invalid_request"}, "token, device_code": {"authorization_pending"}}
"""What good requests of an endpoint are told, where it is not success."""
FORM = "application/x-www-form-urlencoded"
CALLBACK = "https://app.wanderer-photos.com/callback"
BYE = "https://client.example.com/bye"


@pytest.fixture(autouse=True)
def _registration_is_on(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    }


class World:
    """A client of each kind, a user, and everything that they may hold."""

    language = "en"

    def __init__(self) -> None:
        for name in ("mail:read", "photos:read", "reports:read", "account:read"):
            make_scope(name)
        make_scope("staff:read", policy=make_policy(groups=["staff"]))
        self.web = make_application(
            "web",
            scopes=("openid", "photos:read", "account:read", "staff:read"),
            post_logout_redirect_uris=BYE,
        )
        self.flow = Flow(self.web, make_user("ada"))

    def flow_of(self, kind: str, *scopes: str) -> Flow:
        return Flow(make_application(kind, scopes=scopes), make_user())

    @cached_property
    def tokens(self) -> dict[str, Any]:
        return self.flow.tokens("openid photos:read")

    @cached_property
    def foreign(self) -> dict[str, Any]:
        return self.flow_of("web", "openid").tokens()

    @cached_property
    def service(self) -> Any:
        return make_application("service", scopes=("reports:read",))

    @cached_property
    def device(self) -> DeviceFlow:
        return DeviceFlow(make_application("device", scopes=("openid",)), self.flow.user)

    @cached_property
    def public(self) -> Any:
        return make_application("spa", scopes=("openid",))

    @cached_property
    def disabled(self) -> Any:
        application = make_application("web", scopes=("openid",))
        disable_client(application, reason="test")
        return application

    @property
    def strangers(self) -> dict[str, str]:
        """Senders that are other clients, and how these are named."""
        return {"unknown": "unknown", "disabled": self.disabled.client_id}

    def value(self, name: str) -> str:
        """Return what a row of the table calls ``$name``."""
        found: dict[str, Callable[[], str]] = {
            "disabled_id": lambda: self.disabled.client_id,
            "public_id": lambda: self.public.client_id,
            "foreign_hint": lambda: Flow(self.web, make_user()).tokens()["id_token"],
            "foreign_refresh": lambda: self.foreign["refresh_token"],
            "foreign_code": lambda: self.flow_of("web", "openid").code(),
            "used_code": self._used_code,
            "access_token": lambda: self.tokens["access_token"],
            "id_token": lambda: self.tokens["id_token"],
            "foreign_device_code": self._foreign_device_code,
            "old_device_code": self._old_device_code,
            "refused_device_code": self._refused_device_code,
        }
        return found[name]()

    def _used_code(self) -> str:
        code = self.flow.code()
        assert self.flow.exchange(code).status_code == 200
        return code

    def _foreign_device_code(self) -> str:
        other = DeviceFlow(make_application("device", scopes=("openid",)))
        return str(other.codes()["device_code"])

    def _old_device_code(self) -> str:
        codes = self.device.codes()
        pass_time(3_600)
        return str(codes["device_code"])

    def _refused_device_code(self) -> str:
        codes = self.device.codes()
        self.device.allow(codes, decision="deny")
        return str(codes["device_code"])

    def sender(self, name: str) -> dict[str, str]:
        """Return the headers of who sends a request."""
        made: dict[str, Callable[[], dict[str, str]]] = {
            "nobody": dict,
            "stranger": dict,
            "client": lambda: basic(self.web),
            "web": lambda: basic(self.web),
            "service": lambda: basic(self.service),
            "unknown": lambda: {"HTTP_AUTHORIZATION": f"Basic {_pair('unknown:x')}"},
            "wrong": lambda: basic(self.web, "wrong"),
            "disabled": lambda: basic(self.disabled),
            "garbled": lambda: {"HTTP_AUTHORIZATION": "Basic !!"},
            "bearer": lambda: bearer(self.tokens["access_token"]),
            "dead bearer": lambda: bearer("idpa_dead"),
            "id token": lambda: bearer(self.tokens["id_token"]),
            "narrow bearer": lambda: bearer(self.flow.tokens("account:read")["access_token"]),
            "service bearer": self._service_bearer,
        }
        return made[name]()

    def _service_bearer(self) -> dict[str, str]:
        answer = Flow(self.service).token(grant_type="client_credentials", scope="reports:read")
        return bearer(answer.json()["access_token"])

    def good(self, endpoint: str) -> tuple[str, str, dict[str, Any], str]:
        """Return method, path, parameters and sender of a good request."""
        asked = {"scope": "openid photos:read"}
        made: dict[str, Callable[[], tuple[str, str, dict[str, Any], str]]] = {
            "authorization": lambda: (
                "GET",
                "/o/authorize/",
                self.flow.parameters(**asked),
                "user",
            ),
            "authorization, decision": lambda: (
                "POST",
                "/o/authorize/decide/",
                self._decision(),
                "user",
            ),
            "pushed authorization request": lambda: (
                "POST",
                "/o/par/",
                self.flow.parameters(**asked),
                "client",
            ),
            "token": lambda: ("POST", "/o/token/", {"grant_type": "refresh_token"}, "client"),
            "token, authorization_code": lambda: (
                "POST",
                "/o/token/",
                self._exchange(),
                "client",
            ),
            "token, refresh_token": lambda: (
                "POST",
                "/o/token/",
                {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]},
                "client",
            ),
            "token, client_credentials": lambda: (
                "POST",
                "/o/token/",
                {"grant_type": "client_credentials", "scope": "reports:read"},
                "service",
            ),
            "token, device_code": lambda: (
                "POST",
                "/o/token/",
                {
                    "grant_type": DEVICE_CODE,
                    "device_code": self.device.codes()["device_code"],
                    "client_id": self.device.application.client_id,
                },
                "nobody",
            ),
            "device authorization": lambda: (
                "POST",
                "/o/device-authorization/",
                {"client_id": self.device.application.client_id, "scope": "openid"},
                "nobody",
            ),
            "revocation": lambda: ("POST", "/o/revoke_token/", {"token": "x"}, "client"),
            "introspection": lambda: ("POST", "/o/introspect/", {"token": "x"}, "client"),
            "userinfo": lambda: ("GET", "/o/userinfo/", {}, "bearer"),
            "sign-out": lambda: (
                "GET",
                "/o/logout/",
                {
                    "id_token_hint": self.tokens["id_token"],
                    "client_id": self.web.client_id,
                    "post_logout_redirect_uri": BYE,
                    "state": "s",
                },
                "user",
            ),
            "registration": lambda: (
                "POST",
                "/o/register/",
                {
                    "redirect_uris": ["https://app.wanderer-photos.com/callback"],
                    "client_name": "Wanderer",
                },
                "nobody",
            ),
            "discovery": lambda: ("GET", "/o/.well-known/openid-configuration", {}, "nobody"),
            "sample API": lambda: ("GET", "/api/photos/", {}, "bearer"),
        }
        return made[endpoint]()

    def _decision(self) -> dict[str, Any]:
        page = self.flow.start("openid", prompt="consent")
        return {**form_fields(page.content.decode()), "decision": "allow"}

    def _exchange(self) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": self.flow.code(),
            "redirect_uri": self.flow.redirect_uri,
            "code_verifier": VERIFIER,
        }


def _pair(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def send(world: World, endpoint: str, fault: Fault | None) -> Any:
    """Send the good request of an endpoint, with a fault or without."""
    method, path, fields, sender = world.good(endpoint)
    fault = fault or Fault("none", 200, "")
    for name, value in fault.changes.items():
        known = isinstance(value, str) and value.startswith("$")
        fields[name] = world.value(str(value)[1:]) if known else value
    sender = fault.sender or sender
    headers = {} if sender == "user" else world.sender(sender)
    headers["HTTP_ACCEPT_LANGUAGE"] = world.language
    browser = world.flow.browser if sender == "user" else Browser()
    if sender in world.strangers and endpoint == "pushed authorization request":
        fields["client_id"] = world.strangers[sender]
    path = fields.pop("/", path)
    extra = fields.pop("?", "")
    again = fields.pop("again", "")
    fields = {name: value for name, value in fields.items() if value is not None}
    if endpoint == "registration" and fault.method == "GET":
        return browser.get("/o/register/unknown/", **headers)
    method = fault.method or method
    body, content_type = urlencode(fields, doseq=True), FORM
    if endpoint == "registration":
        body, content_type = json.dumps(fields), "application/json"
    if fault.raw is not None:
        body, content_type = fault.raw[0], fault.raw[1] or FORM
    if method == "GET":
        return browser.get(f"{path}?{body}", **headers)
    path = f"{path}?{extra}" if extra else path
    if again:
        browser.generic(method, path, body, content_type, **headers)
    return browser.generic(method, path, body, content_type, **headers)


def told(response: Any) -> str:
    """Return the error code that an answer carries, wherever it stands."""
    if response.status_code == 302:
        (error,) = parse_qs(urlsplit(response["Location"]).query).get("error", [""])
        return error
    kind = response.get("Content-Type", "")
    if kind.startswith("text/html"):
        return PAGE if response.content else ""
    found: str = json.loads(response.content or b"{}").get("error", "")
    return found


def description(response: Any) -> str:
    """Return in which words a client is told what is wrong, or an empty text."""
    if response.status_code == 302:
        query = parse_qs(urlsplit(response["Location"]).query)
        return query.get("error_description", [""])[0]
    if response.get("Content-Type") != "application/json":
        return ""
    fields = json.loads(response.content or b"{}")
    challenge = response.get("WWW-Authenticate", "")
    return fields.get("error_description", "") + challenge


def wrong(endpoint: str, fault: Fault, response: Any) -> list[str]:
    """Return how an answer differs from the one in the table."""
    expected = {**({} if endpoint in NEVER else {"Cache-Control": "no-store"}), **fault.headers}
    if response.status_code == 405 and not fault.error:
        expected.pop("Cache-Control", None)
    found = []
    if (response.status_code, told(response)) != (fault.status, fault.error):
        found.append(f"{response.status_code} {told(response)}: {response.content[:300]!r}")
    found += [
        f"{name}: {response.get(name)}"
        for name, value in expected.items()
        if not response.get(name, "").startswith(value)
    ]
    return [f"{fault.what}: {difference}" for difference in found]


@pytest.mark.parametrize("endpoint", FAULTS)
def test_each_fault_gets_the_answer_of_the_table(endpoint: str) -> None:
    world, differences = World(), []
    for fault in (None, *FAULTS[endpoint]):
        with transaction.atomic():
            response = send(world, endpoint, fault)
            if fault is not None:
                differences += wrong(endpoint, fault, response)
            elif told(response) not in WITHOUT.get(endpoint, {"", PAGE}):
                differences.append(f"without a fault: {response.content[:300]!r}")
            transaction.set_rollback(True)
        world.__dict__ = {name: world.__dict__[name] for name in ("web", "flow")}
        world.flow.browser.force_login(world.flow.user, "django.contrib.auth.backends.ModelBackend")
    assert differences == []


@requirement("RFC 6749 §5.2", "error_description is ASCII without quotes, in every language.")
@pytest.mark.parametrize("endpoint", sorted(set(FAULTS) - {"sign-out"}))
def test_what_is_wrong_is_told_in_english_whoever_asks(endpoint: str) -> None:
    world, told_anything = World(), False
    told = [fault for fault in FAULTS[endpoint] if fault.error != PAGE and fault.status != 200]
    for fault in share(told, of=3):
        with transaction.atomic():
            world.language = "ar"
            words = description(send(world, endpoint, fault))
            transaction.set_rollback(True)
        told_anything |= bool(words)
        assert _ASCII.fullmatch(words.replace('"', "'")), (fault.what, words)
        assert not _FOREIGN.search(words), (fault.what, words)
        world.__dict__ = {name: world.__dict__[name] for name in ("web", "flow")}
        world.flow.browser.force_login(world.flow.user, "django.contrib.auth.backends.ModelBackend")
    assert told_anything


@requirement("RFC 6749 §5.2", "error_description is ASCII without quotes, in every language.")
@pytest.mark.parametrize("language", ["de", "ar"])
def test_what_a_field_of_ours_refuses_is_told_in_english(language: str) -> None:
    document = {"client_name": "Wanderer", "redirect_uris": [CALLBACK]}
    document["client_uri"] = "https://-wanderer-/"
    told_in = {
        name: Browser()
        .post(
            "/o/register/",
            json.dumps(document),
            content_type="application/json",
            HTTP_ACCEPT_LANGUAGE=name,
        )
        .json()["error_description"]
        for name in ("en", language)
    }
    assert told_in[language] == told_in["en"]
    assert "Enter a valid URL." in told_in["en"]


_ASCII = re.compile(r"[ !#-\[\]-~']*")
_FOREIGN = re.compile(r"\?{3}|\b(nicht|ist|wird|und|Sie|kein|keine|muss|für|eine|einen)\b")
