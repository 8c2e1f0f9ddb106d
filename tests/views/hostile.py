"""Requests as nobody well-meaning sends them, for every address of the provider."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urljoin

from django.db.models import Sum
from django.test import Client as Browser

from idp.domain.client import DEVICE_CODE
from idp.models import SecurityEvent
from tests.thorough import share
from tests.views.flow import CHALLENGE, VERIFIER

# No server hands NUL on in a header, so that it stands in parameters, paths and bodies alone.

FORM = "application/x-www-form-urlencoded"
BACKCHANNEL = ("par", "device-authorization", "token", "revoke_token", "introspect", "userinfo")

ANYWHERE: Mapping[str, bytes] = {
    "empty": b"",
    "nul": b"a%00b",
    "line end": b"a%0d%0aSet-Cookie:%20a=b",
    "100 kB": b"A" * 100_000,
    "60 kB": b"A" * 60_000,
    "not UTF-8": b"%ff%fe",
    "raw bytes": b"\xff\xfe",
    "lone surrogate": b"%ed%a0%80",
    "malformed escape": b"%zz",
    "bidirectional": b"%e2%80%ae%f0%9f%92%a9",
    "format": b"%25(name)s%25s%25%25{0}{{7*7}}%2500",
    "markup": b"%22%3e%3cscript%3ealert(1)%3c/script%3e",
}
"""What any parameter may be instead of a good value, encoded as it is sent."""

NUMBERS: Mapping[str, bytes] = {
    "huge": b"9" * 400,
    "largest": b"9999999999",
    "negative": b"-1",
    "other digits": b"%d9%a3",
    "exponent": b"1e999",
}

OBJECTS: Mapping[str, bytes] = {
    "deep list": b"%5b" * 10_000,
    "deep object": quote_plus('{"a":' * 2_600).encode(),
    "not a number": quote_plus('{"a":NaN}').encode(),
    "infinite": quote_plus('{"a":1e999}').encode(),
    "nul": quote_plus('{"id_token":{"a\\u0000":{"value":"\\u0000"}}}').encode(),
    "surrogate": quote_plus('{"userinfo":{"\\ud800":{"value":"\\udfff"}}}').encode(),
    "wrong types": quote_plus('{"id_token":[1],"userinfo":"x","a":null}').encode(),
    "huge number": quote_plus('{"a":%s}' % ("9" * 5_000)).encode(),
    "no object": b"1",
}

TOKENS: Mapping[str, bytes] = {
    "of no algorithm": b"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "a list": b"W10.W10.W10",
    "nothing": b"e30.e30.e30",
    "deep": b"W1tb" * 3_000 + b".e30.e30",
    "deep inside": b"e30." + b"W1tb" * 3_000 + b".e30",
    "encrypted": b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0.a.b.c.d",
    "cut": b"eya.b",
}

ADDRESSES: Mapping[str, bytes] = {
    "path": b"../../../../etc/passwd",
    "elsewhere": b"https://evil.example/",
    "without scheme": b"//evil.example/",
    "script": b"javascript:alert(1)",
    "broken": b"https://[",
    "spaces": b"+++",
    "port": b"https://client.example.com:99999/callback",
}

SPECIAL: Mapping[str, Mapping[str, bytes]] = {
    "max_age": NUMBERS,
    "page": NUMBERS,
    "claims": OBJECTS,
    "registration": OBJECTS,
    "id_token_hint": TOKENS,
    "request": TOKENS,
    "access_token": TOKENS,
    "refresh_token": TOKENS,
    "token": TOKENS,
    "redirect_uri": ADDRESSES,
    "post_logout_redirect_uri": ADDRESSES,
    "redirect_uris": ADDRESSES,
    "request_uri": ADDRESSES,
    "resource": ADDRESSES,
    "next": ADDRESSES,
    "scope": {"many words": b"a+" * 1_900, "spaces": b"+++", "quotes": b"a%22b%5c"},
    "prompt": {"all": b"none+login+consent", "many words": b"a+" * 90},
}
"""What parameters of a kind may be as well."""

HEADERS: Mapping[str, str] = {
    "nothing": "",
    "space": " ",
    "bytes": "\xff\xfe\x80",
    "long": "A" * 100_000,
    "many": "a," * 5_000,
    "format": "%s%n%(x)s{0}",
    "markup": '"><script>alert(1)</script>',
    "number": "-1",
    "huge number": "9" * 5_000,
    "quality": "en;q=1e999,*;q=-1,de;q=",
}

HEADER_NAMES = (
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    "HTTP_FORWARDED",
    "HTTP_IF_NONE_MATCH",
    "HTTP_ORIGIN",
    "HTTP_RANGE",
    "HTTP_REFERER",
    "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_REQUEST_ID",
    "REMOTE_ADDR",
)

AUTHORIZATIONS = (
    "Basic",
    "Basic ",
    "basic !!!!",
    "Basic =",
    "Basic Og==",
    "Basic AAAA",
    "Basic //79",
    "Basic JTAwOiUwMA==",
    "Basic JXp6OiV6eg==",
    "Basic 4pmlOuKZpQ==",
    "Basic " + "QUFB" * 20_000,
    "Bearer",
    "Bearer ",
    "Bearer a b",
    "Bearer eya.b.c",
    "Bearer eyJhbGciOiJub25lIn0.eyJhdWQiOm51bGx9.",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOjF9.eA",
    "Bearer W10.W10.W10",
    "Bearer \xff",
    "Bearer " + "A" * 100_000,
    "Bearer =, Bearer =",
    "DPoP x",
    "Digest username=x",
    "Negotiate",
)

COOKIES = (
    'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"',
    "sessionid=" + "a" * 5_000,
    "sessionid=\xff\xfe\x80\x81\x82\x83\x84\x85\x86",
    'idp_browser="\\000"',
    "idp_browser=" + "-" * 43,
    'csrftoken="\\000"',
    'messages="\\000"',
    "messages=%5B%5B",
    'django_language="\\000"',
    "=;;=,;",
    "a" * 20_000,
)

BODIES: Mapping[str, tuple[str, bytes]] = {
    "JSON": ("application/json", b'{"grant_type": "refresh_token"}'),
    "deep JSON": ("application/json", b"[" * 60_000),
    "broken JSON": ("application/json", b'{"a": "\\ud800", "\x00'),
    "XML": ("application/xml", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    "no type": ("", b"a=b"),
    "several parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="nonce"\r\n\r\na\x00b\r\n--x--\r\n',
    ),
    "no boundary": ("multipart/form-data", b"--x"),
    "odd boundary": ("multipart/form-data; boundary=\xff", b"--x"),
    "part of a file": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="\x00"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n=\r\n--x--\r\n",
    ),
    "other character set": (f"{FORM}; charset=utf-16", b"a\x00=\x00b\x00"),
    "unknown character set": (f"{FORM}; charset=none-such", b"a=b"),
    "too many": (FORM, b"&".join(b"a%d=b" % number for number in range(5_000))),
    "too many of one": (FORM, b"scope=a&" * 3_000),
    "no names": (FORM, b"=&=&&=a&%00=b"),
    "too large": (FORM, b"a=" + b"b" * 3_000_000),
    "semicolons": (FORM, b"a=b;c=d"),
}

METHODS = (
    "HEAD",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "get",
    "\xff",
    "A" * 99,
)


@dataclass(frozen=True)
class Place:
    """One address, the methods that it answers, and the parameters of a good request there."""

    name: str
    path: str
    method: str = "GET"
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_backchannel(self) -> bool:
        return self.name.split(" ")[0] in BACKCHANNEL

    def __str__(self) -> str:
        return f"{self.method} {self.name}"

    def send(self, browser: Browser, raw: bytes, **extra: Any) -> Any:
        """Send a request whose parameters are these bytes, in the query or in the body."""
        if self.method == "GET":
            extra.setdefault("QUERY_STRING", raw.decode("latin-1"))
            raw = b""
        content_type = extra.pop("CONTENT_TYPE", FORM)
        return browser.generic(
            self.method, self.path, raw, content_type, **{**self.headers, **extra}
        )

    def good(self, *, without: str = "") -> bytes:
        kept = {name: value for name, value in self.parameters.items() if name != without}
        return urlencode(kept).encode()

    def attacks(self) -> Iterator[tuple[str, bytes]]:
        """Give a name and the parameters of each attack: one value of a good request is bad.

        Of the values that any parameter may be, neighbours share: see ``tests.thorough``.
        """
        for turn, name in enumerate(self.parameters, start=len(str(self))):
            rest, key = self.good(without=name), quote_plus(name).encode()
            anywhere = share(ANYWHERE.items(), of=3, turn=turn)
            for what, value in (*anywhere, *SPECIAL.get(name, {}).items()):
                yield f"{name} is {what}", rest + b"&" + key + b"=" + value
            yield f"{name} comes twice", rest + b"&%b=a&%b=b" % (key, key)
            yield f"{name} is left out", rest
            yield f"{name} has an index", rest + b"&%b[]=a&%b[0]=b" % (key, key)
        for what in ("nul", "100 kB", "not UTF-8"):
            yield f"an unknown name is {what}", self.good() + b"&unknown%00=" + ANYWHERE[what]


def places(application: Any, tokens: Mapping[str, str], nonce: str, app_id: Any) -> list[Place]:
    """Return every address of the provider and of the sample API.

    Args:
        application: a client.
        tokens: the answer to its exchange.
        nonce: of a consent page that waits for its decision.
        app_id: identifier of the client among the user's connected apps.
    """
    one = f"/account/apps/{app_id}/"
    client = {"client_id": application.client_id, "client_secret": application.plain_secret}
    uri = application.redirect_uris
    authorization = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": uri,
        "scope": "openid photos:read",
        "state": "st",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "response_mode": "query",
        "prompt": "consent",
        "max_age": "600",
        "claims": '{"id_token": {"auth_time": null}}',
        "resource": "https://api.example.com/photos",
        "login_hint": "ada",
        "ui_locales": "de en",
        "acr_values": "1",
        "display": "page",
        "id_token_hint": "e30.e30.e30",
        "request": "",
        "request_uri": "",
        "registration": "",
    }
    ending = {
        "id_token_hint": tokens.get("id_token", ""),
        "client_id": application.client_id,
        "post_logout_redirect_uri": uri,
        "state": "st",
        "logout_hint": "ada",
    }
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {tokens.get('access_token', '')}"}
    code = {
        "grant_type": "authorization_code",
        "code": "idpc_nothing",
        "redirect_uri": uri,
        "code_verifier": VERIFIER,
        **client,
    }
    page = {"page": "1"}
    made = {"name": "x", "redirect_uris": uri, "client_id": "x"}
    waiting = {"request": nonce}
    decision = {"nonce": nonce, "decision": "allow", "scope": "openid", "duration": "once"}
    known = {"token": tokens.get("access_token", ""), "token_type_hint": "access_token", **client}
    return [
        Place("authorize", "/o/authorize/", "GET", authorization),
        Place("authorize", "/o/authorize/", "POST", authorization),
        Place("authorize decide", "/o/authorize/decide/", "POST", decision),
        Place("authorize resume", "/o/authorize/resume/", "GET", waiting),
        Place("authorize switch", "/o/authorize/switch/", "GET", waiting),
        Place("par", "/o/par/", "POST", {**authorization, **client}),
        Place(
            "device-authorization",
            "/o/device-authorization/",
            "POST",
            {"scope": "openid", "resource": "https://api.example.com/photos", **client},
        ),
        Place("device", "/o/device/", "GET", {"user_code": "BBBB-BBBB"}),
        Place("device", "/o/device/", "POST", {"user_code": "BBBB-BBBB"}),
        Place("device decision", "/o/device/", "POST", decision),
        Place(
            "token for a device",
            "/o/token/",
            "POST",
            {"grant_type": DEVICE_CODE, "device_code": "idpd_nothing", **client},
        ),
        Place("token for a code", "/o/token/", "POST", code),
        Place(
            "token for a refresh token",
            "/o/token/",
            "POST",
            {"grant_type": "refresh_token", "refresh_token": "r", "scope": "openid", **client},
        ),
        Place(
            "token for a client",
            "/o/token/",
            "POST",
            {"grant_type": "client_credentials", "scope": "photos:read", **client},
        ),
        Place(
            "token for a password",
            "/o/token/",
            "POST",
            {"grant_type": "password", "username": "ada", "password": "x", **client},
        ),
        Place("revoke_token", "/o/revoke_token/", "POST", {**known, "token": "unknown"}),
        Place("introspect", "/o/introspect/", "POST", known),
        Place("userinfo", "/o/userinfo/", "GET", {"schema": "openid"}, bearer),
        Place("userinfo", "/o/userinfo/", "POST", {"access_token": tokens.get("access_token", "")}),
        Place("logout", "/o/logout/", "GET", ending),
        Place("logout", "/o/logout/", "POST", ending),
        Place("logout confirm", "/o/logout/confirm/", "POST", {**ending, "decision": "deny"}),
        *[Place("discovery", path, "GET", {"resource": "acct:ada@example.com"}) for path in FORMS],
        Place("applications", "/o/applications/", "GET", page),
        Place("registration of an application", "/o/applications/register/", "POST", made),
        Place("authorized tokens", "/o/authorized_tokens/", "GET", page),
        Place("end of an authorized token", "/o/authorized_tokens/1/delete/", "POST", page),
        Place("dynamic registration", "/o/register/", "POST", made),
        Place("registered client", "/o/register/x/", "GET", page),
        Place("connected apps", "/account/apps/", "GET", page),
        Place("connected app", f"/account/apps/{application.client_id}/", "GET", page),
        *[Place("connected app's page", f"{one}{end}", "GET", page) for end in PAGES],
        Place("connected app's end", f"{one}remove/", "POST", {"x": "y"}),
        Place("connected app's permission", f"{one}permission/", "GET", {"scope": "openid"}),
        Place("sign-in", "/account/login/", "GET", {"next": "/"}),
        Place("photos", "/api/photos/", "GET", page, bearer),
        Place("photos", "/api/photos/", "POST", {"title": "x", "place": "y"}, bearer),
        Place("profile", "/api/user-profile/", "GET", page, bearer),
        Place("reports", "/api/reports/", "GET", page, bearer),
    ]


PAGES = ("", "history/", "history.json", "history/00000000-0000-0000-0000-000000000000/")
"""What there is beneath a connected app."""

FORMS = (
    "/o/.well-known/openid-configuration",
    "/o/.well-known/openid-configuration/",
    "/o/.well-known/oauth-authorization-server",
    "/o/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/o",
    "/.well-known/openid-configuration/o",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/api/photos",
)

TAILS = (
    "%00",
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",
    "%2e%2e/%2e%2e/",
    "..",
    "//evil.example/",
    "%5b",
    "[",
    "https:/[",
    "%0d%0aa:b",
    "%e2%80%ae",
    "9" * 400,
    "-1",
    "A" * 20_000,
    "%25zz",
    "a;b=c",
    "a?b#c",
    "00000000-0000-0000-0000-000000000000",
)
"""Ends of a path."""

STEMS = (
    "/o/applications/",
    "/o/authorized_tokens/",
    "/o/register/",
    "/o/.well-known/",
    "/.well-known/oauth-authorization-server/",
    "/.well-known/openid-configuration/",
    "/.well-known/oauth-protected-resource/",
    "/account/apps/",
    "/api/photos/",
    "/o/",
    "/",
)


def faults_of(response: Any, place: Place, registered: str) -> list[str]:
    """Return what is wrong with an answer, whatever the request was."""
    found = []
    if response.status_code >= 500:
        found.append(f"status {response.status_code}")
    target = response.get("Location", "")
    followed = urljoin(f"http://testserver{place.path}", target.replace("\\", "/"))
    proven = followed == registered or followed.startswith((f"{registered}?", "http://testserver/"))
    if target and not proven:
        found.append(f"redirect to {target[:80]}")
    if any(char in str(response.headers) for char in ("\r\nSet-Cookie: a=b", "\x00")):
        found.append("header injected")
    body = b"".join(response.streaming_content) if response.streaming else response.content
    is_page = response.get("Content-Type", "").startswith("text/html")
    if is_page and b"<script>alert(1)" in body:
        found.append("markup echoed")
    if place.is_backchannel:
        found += _not_for_clients(response)
    return found


def _not_for_clients(response: Any) -> Iterator[str]:
    if response.status_code == 204:
        return  # of a preflight, which says itself how long it holds
    if response.get("Cache-Control") != "no-store":
        yield f"{response.status_code} may be kept: {response.get('Cache-Control')}"
    if not response.content:
        return
    if response["Content-Type"] != "application/json":
        yield f"{response.status_code} is {response['Content-Type']}"
    elif response.status_code >= 400 and "error" not in json.loads(response.content):
        yield f"{response.status_code} without an error code"


def is_refusal(response: Any) -> bool:
    """Return whether the authorization endpoint refused."""
    return response.status_code >= 400 or "error=" in response.get("Location", "")


def events() -> int:
    """Return how often anything was recorded for the operator."""
    return SecurityEvent.objects.aggregate(total=Sum("count"))["total"] or 0
