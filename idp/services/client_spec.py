"""A client as an operator describes it, and what the rules say about the description."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from idp.conf import idp_settings
from idp.domain import origin
from idp.domain.client import DEVICE_CODE, KINDS, Kind, inspect_client, inspect_name
from idp.domain.decision import Reason, Severity
from idp.models import ClientPolicy, Scope
from idp.services.change import Refused, fault, model_faults
from idp.services.client_scope import Choice
from idp.services.redirect_uri import PURPOSES, inspect_uris, registered_uris

ID_TOKEN_ALGORITHMS = ("RS256", "ES256", "EdDSA")

POLICY_FIELDS = (
    "kind",
    "environment",
    "first_party",
    "verified",
    "consent_mode",
    "consent_lifetime",
    "access_token_lifetime",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
    "id_token_signed_response_alg",
    "localhost_port",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "software_id",
)
"""Fields of a specification that stand in the policy row under the same name."""

# A finding about a combination of facts, and the key that has to change; otherwise it is the kind.
_KEYS = {
    "redirect": "redirect_uris",
    "grant": "grant_types",
    "auth": "token_endpoint_auth_method",
    "consent": "consent_mode",
    "first_party": "first_party",
    "environment": "environment",
    "key": "jwks",
    "name": "client_name",
}


class ClientErrors(Refused):
    """A description of a client that breaks rules; ``errors`` are pairs of key and reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSpec:
    """What a client is to be, under the names of RFC 7591 wherever one exists.

    Attributes:
        client_id: identifier on the wire; empty for a new one.
        client_name: its name for people.
        kind, environment: as in ``idp.domain.client``.
        first_party, verified: how far the site trusts it.
        grant_types: None for what the kind implies.
        token_endpoint_auth_method: None for what the kind implies.
        redirect_uris, post_logout_redirect_uris, allowed_origins: as entered.
        scopes: name to how the client holds it.
        consent_mode: a ``ClientPolicy.ConsentMode``.
        consent_lifetime, access_token_lifetime, refresh_token_lifetime,
            refresh_token_idle_lifetime: upper bounds; None for no opinion.
        id_token_signed_response_alg: empty for RS256.
        localhost_port: whether any port of ``localhost`` matches (native clients and agents).
        client_uri, logo_uri, policy_uri, tos_uri: links about the client.
        contacts: addresses of the people behind it.
        software_id: which software it runs.
        owner: the user that it belongs to, or None; a change leaves it alone.
    """

    client_id: str = ""
    client_name: str = ""
    kind: str = "web"
    environment: str = "production"
    first_party: bool = False
    verified: bool = False
    grant_types: frozenset[str] | None = None
    token_endpoint_auth_method: str | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    scopes: Mapping[str, Choice] = field(default_factory=lambda: MappingProxyType({}))
    consent_mode: str = ""
    consent_lifetime: timedelta | None = None
    access_token_lifetime: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    refresh_token_idle_lifetime: timedelta | None = None
    id_token_signed_response_alg: str = ""
    localhost_port: bool = False
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    software_id: str = ""
    owner: Any = None

    @property
    def granted_types(self) -> frozenset[str]:
        """Return the grant types, those that the kind implies included."""
        return KINDS[Kind(self.kind)].grant_types if self.grant_types is None else self.grant_types

    @property
    def auth_method(self) -> str:
        """Return the token endpoint authentication method, given or implied."""
        return self.token_endpoint_auth_method or KINDS[Kind(self.kind)].default_auth_method

    @property
    def public(self) -> bool:
        """Return whether the client keeps no secret (RFC 6749 §2.1)."""
        return self.auth_method == "none"

    @property
    def toolkit_flow(self) -> str:
        """Return the one flow by which the toolkit's row names what the client does."""
        types = self.granted_types
        if "authorization_code" in types:
            return "authorization-code"
        return DEVICE_CODE if DEVICE_CODE in types else "client-credentials"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say about a description: pairs of key and reason."""

    findings: tuple[tuple[str, Reason], ...]

    @property
    def errors(self) -> tuple[tuple[str, Reason], ...]:
        """Return what refuses the description."""
        return tuple(found for found in self.findings if found[1].is_error)

    @property
    def warnings(self) -> tuple[tuple[str, Reason], ...]:
        """Return what an operator should know."""
        return tuple(found for found in self.findings if found[1].severity is Severity.WARNING)


def judge_client(spec: ClientSpec, application: Any = None, *, now: datetime) -> Judgement:
    """Return everything that the rules say about a description, all at once.

    Args:
        spec: the description.
        application: the client's row where it exists. URIs that it has already, under the same
            kind and environment, are not refused: nothing that runs breaks by editing a name.
        now: the time.
    """
    problems = list(_bad_choices(spec))
    if problems:
        return Judgement(tuple(problems))
    problems += _bad_facts(spec)
    problems += _bad_fields(spec, application)
    problems += _bad_uris(spec, application, now)
    for text in spec.allowed_origins:
        found = origin.inspect(text, spec.kind, spec.environment)
        problems += (("allowed_origins", reason) for reason in found)
    problems += _scope_findings(spec)
    return Judgement(tuple(problems))


def policy_values(spec: ClientSpec) -> dict[str, Any]:
    """Return the fields of the policy row that a description stands for."""
    return {
        **{name: getattr(spec, name) for name in POLICY_FIELDS},
        "grant_types": sorted(spec.granted_types),
        "token_endpoint_auth_method": spec.auth_method,
        "contacts": list(spec.contacts),
    }


def _bad_choices(spec: ClientSpec) -> Iterator[tuple[str, Reason]]:
    algorithms = ("", *ID_TOKEN_ALGORITHMS)
    modes = ClientPolicy.ConsentMode.values
    for key, choices in (
        ("kind", tuple(Kind)),
        ("environment", tuple(ClientPolicy.Environment.values)),
        ("consent_mode", tuple(modes)),
        ("id_token_signed_response_alg", algorithms),
    ):
        value = getattr(spec, key)
        if value not in choices:
            text = "%(value)s is none of %(choices)s."
            known = ", ".join(choice for choice in choices if choice)
            yield key, fault("unknown_value", text, value=value, choices=known)


def _bad_facts(spec: ClientSpec) -> Iterator[tuple[str, Reason]]:
    for reason in inspect_client(
        kind=spec.kind,
        environment=spec.environment,
        grant_types=spec.grant_types,
        token_endpoint_auth_method=spec.token_endpoint_auth_method,
        redirect_uris=spec.redirect_uris,
        first_party=spec.first_party,
        consent_mode=spec.consent_mode,
    ):
        keys = (key for part, key in _KEYS.items() if part in reason.code)
        yield next(keys, "kind"), reason
    for reason in inspect_name(
        spec.client_name, idp_settings.site_name, first_party=spec.first_party
    ):
        yield "client_name", reason


def _bad_fields(spec: ClientSpec, application: Any) -> Iterator[tuple[str, Reason]]:
    if spec.client_id and not (spec.client_id.isascii() and spec.client_id.isprintable()):
        text = "A client id is made of printable ASCII characters."
        yield "client_id", fault("bad_client_id", text, "RFC 6749 A.1")
    if len(spec.client_id) > 255:
        yield "client_id", fault("too_long", "A client id has at most 255 characters.")
    policy = ClientPolicy(**policy_values(spec))
    for key, reason in model_faults(policy, exclude=("application",)):
        yield key, reason
    for key in (
        "consent_lifetime",
        "access_token_lifetime",
        "refresh_token_lifetime",
        "refresh_token_idle_lifetime",
    ):
        value = getattr(spec, key)
        if value is not None and value <= timedelta(0):
            yield key, fault("not_positive", "A lifetime is longer than nothing.")


def _bad_uris(spec: ClientSpec, application: Any, now: datetime) -> Iterator[tuple[str, Reason]]:
    policy = ClientPolicy(kind=spec.kind, environment=spec.environment)
    for purpose, key in PURPOSES.items():
        kept = _kept_uris(spec, application, purpose)
        uris: Iterable[str] = getattr(spec, key)
        for found in inspect_uris(
            uris, policy, purpose=purpose, allowed_origins=spec.allowed_origins, now=now
        ):
            for reason in found.findings:
                severity = Severity.WARNING if found.uri in kept and reason.is_error else None
                yield key, _about(found.uri, reason, severity)


def _kept_uris(spec: ClientSpec, application: Any, purpose: str) -> frozenset[str]:
    policy = getattr(application, "idp_policy", None)
    if policy is None or (policy.kind, policy.environment) != (spec.kind, spec.environment):
        return frozenset()
    return frozenset(registered_uris(application, purpose))


def _about(uri: str, reason: Reason, severity: Severity | None) -> Reason:
    text = reason.text if reason.params else reason.text.replace("%", "%%")
    return Reason(
        reason.code,
        severity or reason.severity,
        f"%(uri)s: {text}",
        reason.reference,
        {"uri": uri, **reason.params},
        reason.suggestion,
    )


def _scope_findings(spec: ClientSpec) -> Iterator[tuple[str, Reason]]:
    rows = {
        row.name: row
        for row in Scope.objects.filter(name__in=list(spec.scopes)).select_related("policy")
    }
    for name in spec.scopes:
        row = rows.get(name)
        if row is None:
            text = "There is no scope %(scope)s."
            yield "scopes", fault("unknown_scope", text, "RFC 6749 §3.3", scope=name)
        elif row.policy is not None and row.policy.clients == "approved":
            text = "The scope %(scope)s waits for an approval."
            yield "scopes", _warning("approval_missing", text, name)
        elif row.policy is not None and not _trusted(row.policy.clients, spec):
            text = "The client is not trusted enough for the scope %(scope)s and will not get it."
            yield "scopes", _warning("client_not_trusted", text, name)


def _trusted(clients: str, spec: ClientSpec) -> bool:
    if clients == "verified":
        return spec.verified or spec.first_party
    return clients != "first_party" or spec.first_party


def _warning(code: str, text: str, scope: str) -> Reason:
    return Reason(code, Severity.WARNING, text, params={"scope": scope})
