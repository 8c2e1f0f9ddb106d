"""The section ``clients`` of a file, under the names of RFC 7591 and OpenID registration."""

from __future__ import annotations

from typing import Any

from idp.management.manifest.entry import ClientEntry, SecretEntry
from idp.management.manifest.reader import (
    Reader,
    flag,
    seconds,
    table,
    tables,
    text,
    texts,
    whole,
)
from idp.services.client_scope import Choice
from idp.services.client_spec import ClientSpec

NOT_YET = (
    "application_type",
    "authorization_details_types",
    "authorization_signed_response_alg",
    "backchannel_client_notification_endpoint",
    "backchannel_token_delivery_mode",
    "default_acr_values",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "frontchannel_logout_uri",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "initiate_login_uri",
    "request_object_signing_alg",
    "request_uris",
    "require_auth_time",
    "require_signed_request_object",
    "response_types",
    "software_statement",
    "software_version",
    "tls_client_certificate_bound_access_tokens",
)
"""Registered names that would say something without any effect; they are refused."""


def read_client(reader: Reader) -> ClientEntry:
    """Return one entry of ``clients``; every absent key means what the reference says."""
    grant_types = reader.get("grant_types", texts)
    spec = ClientSpec(
        client_id=reader.need("client_id", text, ""),
        client_name=reader.need("client_name", text, ""),
        kind=reader.need("kind", text, "web"),
        environment=reader.get("environment", text, "production"),
        first_party=reader.get("first_party", flag, False),
        verified=reader.get("verified", flag, False),
        grant_types=None if grant_types is None else frozenset(grant_types),
        token_endpoint_auth_method=reader.get("token_endpoint_auth_method", text),
        redirect_uris=reader.get("redirect_uris", _raw_texts, ()),
        post_logout_redirect_uris=reader.get("post_logout_redirect_uris", _raw_texts, ()),
        allowed_origins=reader.get("allowed_origins", _raw_texts, ()),
        scopes=_read_scopes(reader.sub("scopes")),
        consent_mode=reader.get("consent_mode", text, ""),
        consent_lifetime=reader.get("consent_lifetime", seconds),
        access_token_lifetime=reader.get("access_token_lifetime", seconds),
        refresh_token_lifetime=reader.get("refresh_token_lifetime", seconds),
        refresh_token_idle_lifetime=reader.get("refresh_token_idle_lifetime", seconds),
        id_token_signed_response_alg=reader.get("id_token_signed_response_alg", text, ""),
        localhost_port=reader.get("localhost_port", flag, False),
        **_read_protocol(reader),
        client_uri=reader.get("client_uri", text, ""),
        logo_uri=reader.get("logo_uri", text, ""),
        policy_uri=reader.get("policy_uri", text, ""),
        tos_uri=reader.get("tos_uri", text, ""),
        contacts=reader.get("contacts", texts, ()),
        software_id=reader.get("software_id", text, ""),
    )
    secrets = _read_secrets(reader)
    for key in NOT_YET:
        if reader.has(key):
            reader.refuse(key, "This key is not supported yet; it would have no effect.")
    return ClientEntry(place=reader.place, spec=spec, secrets=secrets)


def _read_protocol(reader: Reader) -> dict[str, Any]:
    """Return what a client says of keys, identifiers and logout."""
    return {
        "userinfo_signed_response_alg": reader.get("userinfo_signed_response_alg", text, ""),
        "token_endpoint_auth_signing_alg": reader.get("token_endpoint_auth_signing_alg", text, ""),
        "jwks": reader.get("jwks", table),
        "jwks_uri": reader.get("jwks_uri", text, ""),
        "subject_type": reader.get("subject_type", _subject_type, ""),
        "sector_identifier_uri": reader.get("sector_identifier_uri", text, ""),
        "default_max_age": reader.get("default_max_age", whole),
        "require_pushed_authorization_requests": reader.get(
            "require_pushed_authorization_requests", flag, False
        ),
        "nonce_instead_of_pkce": reader.get("nonce_instead_of_pkce", flag, False),
        "access_token_format": reader.get("access_token_format", text, ""),
        "backchannel_logout_uri": reader.get("backchannel_logout_uri", text, ""),
        "backchannel_logout_session_required": reader.get(
            "backchannel_logout_session_required", flag, False
        ),
    }


def _subject_type(value: object) -> str:
    """Return a subject type; the name of the usual one says no more than its absence."""
    given = text(value)
    return "" if given == "public" else given


def _raw_texts(value: object) -> tuple[str, ...]:
    """Return a list of texts as they are; the rules of URIs say more than a type could."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return texts(value)


def _read_scopes(reader: Reader) -> dict[str, Choice]:
    required = reader.get("required", texts, ())
    optional = reader.get("optional", texts, ())
    default = reader.get("default", texts, ())
    reader.finish()
    for name in sorted(set(required) & set(optional)):
        reader.note("optional", "required_and_optional", f"{name} is listed as required as well.")
    return {
        name: Choice("optional" if name in optional else "required", name in default)
        for name in sorted({*required, *optional, *default})
    }


def _read_secrets(reader: Reader) -> tuple[SecretEntry, ...]:
    found: list[SecretEntry] = []
    for position, row in enumerate(reader.get("secrets", tables, [])):
        entry = Reader(row, reader.place, reader.problems, f"secrets[{position}].")
        label = entry.need("label", text, "")
        env = entry.get("env", text, "")
        entry.finish()
        if any(secret.label == label for secret in found):
            entry.note("label", "duplicate_label", "Another secret of the client has this label.")
        found.append(SecretEntry(label=label, env=env))
    return tuple(found)
