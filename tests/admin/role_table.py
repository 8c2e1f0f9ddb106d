"""Who may open and send which page of the desk: one line a page, and nothing may be missing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

from idp.models import RedirectUri

KEYS = {"v": "viewer", "h": "help_desk", "c": "client_manager", "a": "administrator"}
YES = {"confirmed": "yes", "reason": "because"}
CALLBACK = "https://client.example.com/callback"


class Page(NamedTuple):
    """One page.

    Attributes:
        reads: roles that may open it, by their first letters.
        writes: roles that may send it.
        args: what its address needs, from the house.
        query: what follows its address.
        sends: what is sent, which changes something; None where sending changes nothing.
    """

    reads: str
    writes: str
    args: Callable[[SimpleNamespace], tuple[Any, ...]] = lambda house: ()
    query: Callable[[SimpleNamespace], str] = lambda house: ""
    sends: Callable[[SimpleNamespace, Any, str], dict[str, Any]] | None = None


def _of(name: str) -> Callable[[SimpleNamespace], tuple[Any, ...]]:
    return lambda house: (getattr(house, name).pk,)


def _body(**values: Any) -> Callable[[SimpleNamespace, Any, str], dict[str, Any]]:
    return lambda house, browser, url: values


def _standard(model: str, row: str, *, reads: str, adds: str = "", **sends: Any) -> dict[str, Page]:
    """Return Django's five pages of a model; what is only read is neither added nor changed."""
    one = _of(row)
    return {
        f"{model}_changelist": Page(reads, reads),
        f"{model}_add": Page(adds, adds, sends=sends.get("add")),
        f"{model}_change": Page(reads, adds, one, sends=sends.get("change")),
        f"{model}_delete": Page(adds, adds, one, sends=sends.get("delete")),
        f"{model}_history": Page(reads, reads, one),
    }


def _with_nonce(**values: Any) -> Callable[[SimpleNamespace, Any, str], dict[str, Any]]:
    return lambda house, browser, url: {**values, "nonce": _nonce(browser, url)}


def _nonce(browser: Any, url: str) -> str:
    context = getattr(browser.get(url), "context_data", None)
    return str((context or {}).get("nonce", ""))


def _uri(house: SimpleNamespace) -> tuple[Any, ...]:
    row = RedirectUri.objects.filter(application=house.application).get()
    return house.application.pk, row.pk


SETTINGS = {
    "kind": "web",
    "environment": "production",
    "redirect_uris": f"{CALLBACK}\r\n{CALLBACK}/two",
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "client_secret_basic",
    "scopes:photos:read": "required",
}
POLICY = {"sensitivity": "basic", "clients": "any", "consent": "remember", "refresh": "on"}
TEXTS = {
    "texts-TOTAL_FORMS": "1",
    "texts-INITIAL_FORMS": "0",
    "texts-0-language": "en",
    "texts-0-title": "See it",
}

CLIENT = _of("application")
TABLE: dict[str, Page] = {
    **_standard("idp_authorization", "authorization", reads="vhca"),
    **_standard("idp_clientlogo", "logo", reads="vhca"),
    **_standard("idp_bulktask", "task", reads="vhca"),
    **_standard("idp_clientpolicy", "client_policy", reads="vhca"),
    **_standard("idp_clientscope", "held", reads="vhca"),
    **_standard("idp_consent", "consent", reads="vhca"),
    **_standard("idp_consentevent", "event", reads="vhca"),
    **_standard("idp_consentsnapshot", "snapshot", reads="vhca"),
    **_standard("idp_logoutdelivery", "delivery", reads="vhca"),
    **_standard("idp_deviceauthorization", "device", reads="vhca"),
    **_standard("idp_securityevent", "seen", reads="vhca"),
    **_standard("idp_signin", "sign_in", reads="vhca"),
    **_standard("idp_signingkey", "key", reads="vca"),
    **_standard("idp_sitestate", "state", reads="vca"),
    **_standard("oauth2_provider_accesstoken", "access", reads="vhca"),
    **_standard("oauth2_provider_refreshtoken", "refresh", reads="vhca"),
    **_standard("oauth2_provider_grant", "code", reads="vhca"),
    **_standard("oauth2_provider_idtoken", "id_token", reads="vhca"),
    **_standard(
        "idp_api", "api", reads="vhca", adds="a",
        add=_body(name="Maps", identifier="https://api.example.com/maps"),
        change=_body(name="Pictures", identifier="https://api.example.com/photos"),
    ),
    **_standard(
        "idp_scope", "scope", reads="vhca", adds="a",
        add=lambda house, browser, url: {
            "name": "maps:read", "api": house.api.pk, "policy": house.policy.pk, "active": "on",
            **TEXTS,
        },
        change=lambda house, browser, url: {
            "name": "photos:read", "api": house.api.pk, "policy": house.policy.pk, "active": "on",
            "default": "on", **TEXTS,
        },
    ),
    **_standard(
        "idp_scopepolicy", "policy", reads="vhca", adds="a",
        add=_body(name="new", **POLICY),
        change=_body(name="sensitive", description="Other words.", **POLICY),
    ),
    "idp_authorization_end": Page("hca", "hca", _of("authorization"), sends=_body(**YES)),
    "idp_find_token": Page("vhca", "vhca"),
    "idp_clientscope_ask": Page("ca", "ca", _of("held"), sends=_body(justification="We print.")),
    "idp_clientscope_decide": Page("a", "a", _of("held"), sends=_body(decision="approve")),
    "idp_clientlogo_fetch": Page("ca", "ca"),
    "idp_user": Page("vhca", "vhca", _of("user")),
    "idp_consent_revoke": Page("ha", "ha", _of("consent"), sends=_body(**YES)),
    "idp_consentevent_who": Page("vhca", "vhca"),
    "idp_securityevent_groups": Page("vhca", "vhca"),
    "oauth2_provider_accesstoken_revoke": Page("hca", "hca", _of("access"), sends=_body(**YES)),
    "oauth2_provider_refreshtoken_revoke": Page("hca", "hca", _of("refresh"), sends=_body(**YES)),
    "idp_take_back": Page(
        "ha", "ha", query=lambda house: "?client=photo-print", sends=_body(**YES)
    ),
    "idp_bulktask_work": Page("ha", "ha", _of("task"), sends=_body()),
    "idp_consentevent_export": Page("a", "a", lambda house: ("csv",)),
    "idp_explain": Page("vhca", "vhca"),
    "idp_sweep": Page(
        "a", "a", query=lambda house: f"?scope={house.scope.pk}", sends=_body()
    ),
    "idp_signingkey_retire": Page("a", "a", _of("old_key"), sends=_body(**YES)),
    "idp_signingkey_rotate": Page("a", "a", sends=_body(**YES)),
    "idp_sitestate_findings": Page("vca", "vca"),
    "idp_sitestate_mode": Page("vca", "a", sends=_body(**YES)),
    "client_changelist": Page("vhca", "vhca"),
    "client_add": Page(
        "ca", "ca",
        sends=_body(
            kind="web", client_name="Photo Book", client_id="photo-book", redirect_uris=CALLBACK,
            environment="production",
        ),
    ),
    "client_change": Page(
        "vhca", "ca", CLIENT, sends=_body(client_name="Photo Prints", **SETTINGS)
    ),
    "client_delete": Page("ca", "ca", CLIENT, sends=_body(**YES)),
    "client_history": Page("vhca", "vhca", CLIENT),
    "client_by_client_id": Page("vhca", "vhca", query=lambda house: "?client_id=photo-print"),
    "client_inspect_uris": Page("ca", "ca"),
    "client_overview": Page("vhca", "vhca", CLIENT),
    "client_export": Page("vhca", "vhca", CLIENT),
    "client_secrets": Page(
        "vca", "ca", CLIENT,
        sends=_with_nonce(**{"do": "issue", "issue-label": "second", "issue-lifetime": "30"}),
    ),
    "client_secret_revoke": Page(
        "ca", "ca", lambda house: (house.application.pk, house.secret.pk), sends=_body(**YES)
    ),
    "client_owners": Page("ca", "ca", CLIENT, sends=_body(users="anna", groups="")),
    "client_try": Page(
        "ca", "ca", CLIENT,
        sends=_with_nonce(user="anna", redirect_uri=CALLBACK, scope="photos:read"),
    ),
    "client_clone": Page(
        "ca", "ca", _of("sandbox"),
        sends=_body(**{**SETTINGS, "client_name": "Sandbox", "client_id": "from-sandbox"}),
    ),
    "client_disable": Page("ca", "ca", CLIENT, sends=_body(**YES)),
    "client_enable": Page("ca", "ca", _of("sleeping"), sends=_body(**YES)),
    "client_take_unused": Page(
        "a", "a", CLIENT, query=lambda house: "?scope=photos:read", sends=_body(**YES)
    ),
    "client_end_tokens": Page("hca", "hca", CLIENT, sends=_body(**YES)),
    "client_uri_accept": Page("ca", "ca", _uri, sends=_body(**YES)),
    "client_uri_remove": Page("ca", "ca", _uri, sends=_body(**YES)),
}  # fmt: skip

ACTIONS: dict[tuple[str, str], tuple[str, str]] = {
    ("client", "disable_selected"): ("application", "ca"),
    ("client", "remove_unused_addresses"): ("crowded", "ca"),
    ("idp_authorization", "end_selected"): ("authorization", "hca"),
    ("idp_deviceauthorization", "close_selected"): ("device", "hca"),
    ("idp_consent", "revoke_selected"): ("consent", "ha"),
    ("idp_logoutdelivery", "retry_selected"): ("delivery", "ha"),
    ("oauth2_provider_accesstoken", "revoke_selected"): ("access", "hca"),
    ("oauth2_provider_refreshtoken", "revoke_selected"): ("refresh", "hca"),
}
"""List and action to the row that it is tried on, and the roles that may."""
