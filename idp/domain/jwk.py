"""Public keys of clients: what a JWK Set may hold, and which key may have signed what."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures that clients may use; never ``none``, never one made with a shared secret."""

MAX_KEYS = 20
MAX_CHARACTERS = 64 * 1024
"""Of the whole set, written as JSON."""
RSA_BITS = (2048, 4096)
MAX_KID = 255

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
# Length in bytes of each coordinate, by type and curve.
_CURVES = MappingProxyType({("EC", "P-256"): 32, ("OKP", "Ed25519"): 32})
_FITS = MappingProxyType(
    {
        "RSA": frozenset({"RS256", "PS256"}),
        "EC": frozenset({"ES256"}),
        "OKP": frozenset({"EdDSA"}),
    }
)


def inspect_jwks(value: Any) -> list[Reason]:
    """Return what is wrong with a JWK Set of a client; no error among it means that it serves.

    Args:
        value: as decoded from JSON.

    Returns:
        Errors for what is no set of public keys, and for private members, which nobody but the
        client may hold. A key that we cannot use only warns where another one serves: sets at
        an address of the client hold keys for others too (RFC 7517 §5).

    Source: RFC 7517 §§4, 5; RFC 7518 §6; RFC 8037 §2.
    """
    shape = _shape_fault(value)
    if shape is not None:
        return [shape]
    findings: list[Reason] = []
    usable = 0
    for number, key in enumerate(value["keys"], 1):
        if isinstance(key, Mapping) and _PRIVATE & key.keys():
            findings.append(_error("private_key", number=number))
            continue
        fault = _key_fault(key)
        usable += not fault
        if fault:
            findings.append(_warning(fault, number=number))
    findings += _repeated(value["keys"])
    if not usable:
        findings.append(_error("no_usable_key", algorithms=", ".join(ALGORITHMS)))
    return findings


def candidates(value: Any, algorithm: str, kid: str | None) -> list[Mapping[str, Any]]:
    """Return the keys of a set that may have made a signature.

    Args:
        value: the set, as decoded from JSON; one with faults gives what is usable in it.
        algorithm: one of ``ALGORITHMS``, of the signature.
        kid: key id in its header; None leaves the choice to what fits, as does a key without one.

    Source: RFC 7515 §4.1.4, appendix D; OpenID Connect Core §10.1.
    """
    if _shape_fault(value) is not None:
        return []
    return [
        key
        for key in value["keys"]
        if not _key_fault(key)
        and not _PRIVATE & key.keys()
        and algorithm in _FITS[key["kty"]]
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid", kid) == kid)
    ]


def _shape_fault(value: Any) -> Reason | None:
    if not isinstance(value, Mapping) or not isinstance(value.get("keys"), list):
        return _error("not_a_set")
    if not 1 <= len(value["keys"]) <= MAX_KEYS:
        return _error("number_of_keys", limit=MAX_KEYS)
    try:
        size = len(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        return _error("not_a_set")
    return _error("set_too_large", limit=MAX_CHARACTERS) if size > MAX_CHARACTERS else None


def _key_fault(key: Any) -> str:
    """Return the code of what keeps a key from being used, or an empty text."""
    if not isinstance(key, Mapping):
        return "not_a_key"
    kind = key.get("kty")
    if not isinstance(kind, str) or kind not in _FITS:
        return "key_type"
    if not _for_signatures(key):
        return "key_use"
    if str(key.get("alg", next(iter(_FITS[kind])))) not in _FITS[kind]:
        return "key_algorithm"
    if "kid" in key and not (isinstance(key["kid"], str) and 0 < len(key["kid"]) <= MAX_KID):
        return "key_id"
    return _rsa_fault(key) if kind == "RSA" else _curve_fault(key)


def _for_signatures(key: Mapping[str, Any]) -> bool:
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    )


def _rsa_fault(key: Mapping[str, Any]) -> str:
    modulus, exponent = _number(key.get("n")), _number(key.get("e"))
    if modulus is None or exponent is None or not modulus % 2:
        return "key_value"
    # A long exponent costs as much to verify with as a private one to sign.
    if not RSA_BITS[0] <= modulus.bit_length() <= RSA_BITS[1]:
        return "key_size"
    return "" if exponent % 2 and 3 <= exponent < 2**32 else "key_value"


def _curve_fault(key: Mapping[str, Any]) -> str:
    kind = key["kty"]
    length = _CURVES.get((kind, str(key.get("crv"))))
    if length is None:
        return "key_curve"
    coordinates = ("x", "y") if kind == "EC" else ("x",)
    values = [_bytes(key.get(name)) for name in coordinates]
    return (
        "" if all(value is not None and len(value) == length for value in values) else "key_value"
    )


def _number(text: Any) -> int | None:
    value = _bytes(text)
    return int.from_bytes(value, "big") if value else None


def _bytes(text: Any) -> bytes | None:
    """Return what a base64url text without padding stands for, or None (RFC 7515 §2)."""
    if not isinstance(text, str) or len(text) > 2000 or not text.isascii() or "=" in text:
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _repeated(keys: Sequence[Any]) -> Iterator[Reason]:
    ids = [key["kid"] for key in keys if isinstance(key, Mapping) and "kid" in key]
    if len({str(kid) for kid in ids}) < len(ids):
        yield _warning("key_id_repeated")


def _error(code: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, _TEXTS[code], "RFC 7517 §§4, 5", params)


def _warning(code: str, **params: object) -> Reason:
    return Reason(code, Severity.WARNING, _TEXTS[code], "RFC 7517 §§4, 5", params)


_TEXTS = MappingProxyType(
    {
        "not_a_set": "It is not a JWK Set: a JSON object with a list named “keys”.",
        "number_of_keys": "A JWK Set holds 1 to %(limit)s keys.",
        "set_too_large": "The JWK Set is longer than %(limit)s characters.",
        "private_key": (
            "Key %(number)s holds private members. Replace that key: only its owner may know it."
        ),
        "no_usable_key": "No key of the set can verify a signature with %(algorithms)s.",
        "not_a_key": "Key %(number)s is not a JSON object.",
        "key_type": "Key %(number)s is of a type that is not used here (RSA, EC and OKP are).",
        "key_use": "Key %(number)s is not meant for verifying signatures.",
        "key_algorithm": "Key %(number)s is meant for an algorithm that is not used here.",
        "key_id": "Key %(number)s has a kid that is no text of at most 255 characters.",
        "key_value": "Key %(number)s has values that are no such key.",
        "key_size": "Key %(number)s does not have 2048 to 4096 bits.",
        "key_curve": "Key %(number)s is on a curve that is not used here (P-256 and Ed25519 are).",
        "key_id_repeated": "Several keys have the same kid.",
    }
)
