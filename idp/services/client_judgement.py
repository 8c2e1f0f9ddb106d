"""What the rules say about a client before it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from idp.conf import idp_settings
from idp.domain import jwk, origin, pkce
from idp.domain.client import Kind, inspect_client, inspect_name
from idp.domain.client_metadata import Metadata, inspect_metadata
from idp.domain.decision import Reason, Severity
from idp.domain.redirect_uri import shorten
from idp.models import ClientPolicy, Scope
from idp.services.change import Refused, fault, model_faults
from idp.services.client_spec import ClientSpec, policy_values
from idp.services.redirect_uri import PURPOSES, inspect_uris

ID_TOKEN_ALGORITHMS = ("RS256", "ES256", "EdDSA")
ASSERTION_ALGORITHMS = jwk.ALGORITHMS

# Which key has to change for a finding about a combination of facts.
_KEYS = {
    "auth_method_not_allowed": "token_endpoint_auth_method",
    "keys_missing": "token_endpoint_auth_method",
    "redirect_uris_not_for_kind": "redirect_uris",
    "redirect_uris_missing": "redirect_uris",
    "implicit_consent_for_third_party": "consent_mode",
    "implicit_consent_in_development": "consent_mode",
    "unknown_kind": "kind",
    "unknown_environment": "environment",
    "unknown_consent_mode": "consent_mode",
}


class ClientErrors(Refused):
    """A description of a client that breaks rules; ``errors`` are pairs of key and reason."""


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


def judge_client(spec: ClientSpec, *, before: ClientSpec | None = None, now: datetime) -> Judgement:
    """Return everything that the rules say about a description, all at once.

    Args:
        spec: the description.
        before: what the client is now, if it exists. What is wrong with it already only warns:
            nothing that runs breaks because somebody edits its name.
        now: the time.
    """
    problems = list(_findings(spec, now))
    if before is None:
        return Judgement(tuple(problems))
    known = {
        (key, reason.code, reason.message)
        for key, reason in _findings(before, now)
        if reason.is_error
    }
    return Judgement(
        tuple(
            (key, replace(reason, severity=Severity.WARNING))
            if reason.is_error and (key, reason.code, reason.message) in known
            else (key, reason)
            for key, reason in problems
        )
    )


def _findings(spec: ClientSpec, now: datetime) -> Iterator[tuple[str, Reason]]:
    choices = list(_bad_choices(spec))
    yield from choices
    if choices:
        return
    yield from _bad_facts(spec)
    yield from _bad_fields(spec)
    yield from _bad_uris(spec, now)
    yield from _bad_metadata(spec)
    for text in spec.allowed_origins:
        for reason in origin.inspect(text, spec.kind, spec.environment):
            yield "allowed_origins", _about(text, reason)
    yield from _scope_findings(spec)


def _bad_choices(spec: ClientSpec) -> Iterator[tuple[str, Reason]]:
    algorithms = ("", *ID_TOKEN_ALGORITHMS)
    modes = ClientPolicy.ConsentMode.values
    for key, choices in (
        ("kind", tuple(Kind)),
        ("environment", tuple(ClientPolicy.Environment.values)),
        ("consent_mode", tuple(modes)),
        ("id_token_signed_response_alg", algorithms),
        ("userinfo_signed_response_alg", algorithms),
        ("token_endpoint_auth_signing_alg", ("", *ASSERTION_ALGORITHMS)),
        ("subject_type", tuple(ClientPolicy.SubjectType.values)),
        ("access_token_format", tuple(ClientPolicy.TokenFormat.values)),
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
        has_keys=spec.jwks is not None or bool(spec.jwks_uri),
    ):
        yield _KEYS.get(reason.code, "grant_types"), reason
    if spec.nonce_instead_of_pkce:
        needed = pkce.inspect_client(spec.kind, spec.auth_method, spec.granted_types)
        if needed is not None:
            yield "nonce_instead_of_pkce", needed
    for reason in inspect_name(
        spec.client_name, idp_settings.site_name, first_party=spec.first_party
    ):
        yield "client_name", reason


def _bad_fields(spec: ClientSpec) -> Iterator[tuple[str, Reason]]:
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


def _bad_uris(spec: ClientSpec, now: datetime) -> Iterator[tuple[str, Reason]]:
    policy = ClientPolicy(kind=spec.kind, environment=spec.environment)
    for purpose, key in PURPOSES.items():
        uris: Iterable[str] = getattr(spec, key)
        for found in inspect_uris(
            uris, policy, purpose=purpose, allowed_origins=spec.allowed_origins, now=now
        ):
            for reason in found.findings:
                yield key, _about(found.uri, reason)


def _bad_metadata(spec: ClientSpec) -> Iterator[tuple[str, Reason]]:
    names = Metadata.__dataclass_fields__
    given = {name: getattr(spec, name) for name in names if name != "token_endpoint_auth_method"}
    metadata = Metadata(**given, token_endpoint_auth_method=spec.auth_method)
    yield from inspect_metadata(metadata, allowed_hosts=idp_settings.outbound_allowed_hosts)
    if spec.jwks is not None:
        for reason in jwk.inspect_jwks(spec.jwks):
            yield "jwks", reason


def _about(uri: str, reason: Reason) -> Reason:
    text = reason.text if reason.params else reason.text.replace("%", "%%")
    shown = shorten(uri)
    return replace(reason, text=f"%(uri)s: {text}", params={"uri": shown, **reason.params})


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
