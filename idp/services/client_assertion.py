"""Client assertions: proven with the client's own keys, and counted once in all processes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import IntegrityError, transaction
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from idp.domain import jwk
from idp.models import UsedAssertion
from idp.services.client_key import key_sets

if TYPE_CHECKING:
    from idp.domain.client_assertion import Assertion
    from idp.models import ClientPolicy

METHOD = "private_key_jwt"


def prove_assertion(assertion: Assertion, policy: ClientPolicy, now: datetime) -> str:
    """Return why an assertion does not prove that the client sent it now, or an empty text.

    Keys may be fetched from the client's address: no transaction may be open that holds locks.

    Args:
        assertion: with claims that were judged already.
        policy: of the client that it names.
        now: the time.

    Source: RFC 7523 §3; OpenID Connect Core §9.
    """
    if policy.token_endpoint_auth_method not in ("", METHOD):
        return "method_not_registered"
    registered = policy.token_endpoint_auth_signing_alg
    if registered not in ("", assertion.algorithm):
        return "assertion_algorithm"
    if not _is_signed(assertion, policy):
        return "wrong_signature"
    return "" if use_assertion(assertion, policy.application.client_id) else "assertion_used"


def use_assertion(assertion: Assertion, client_id: str) -> bool:
    """Return whether this is the first use of an assertion; of several at once, one is the first.

    Source: RFC 7523 §3, item 7; OpenID Connect Core §9, ``jti``.
    """
    digest = hashlib.sha256(f"{client_id}\x00{assertion.jti}".encode("utf-8", "surrogatepass"))
    try:
        with transaction.atomic():
            UsedAssertion(digest.hexdigest(), assertion.usable_until).save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _is_signed(assertion: Assertion, policy: ClientPolicy) -> bool:
    """Return whether one of the client's keys made the signature.

    A set that was fetched is fetched again, at most once a minute, where no key of it fits.
    """
    for keys in key_sets(policy):
        found = jwk.candidates(keys, assertion.algorithm, assertion.kid)
        if any(_verifies(key, assertion) for key in found):
            return True
        if any("kid" in key for key in found) and assertion.kid is not None:
            return False
    return False


def _verifies(key: Mapping[str, Any], assertion: Assertion) -> bool:
    try:
        imported = import_key({name: key[name] for name in _MEMBERS if name in key})
        registry = _Signatures(algorithms=[assertion.algorithm])
        jws.deserialize_compact(assertion.text, imported, registry=registry)
    except (JoseError, ValueError, TypeError):
        return False
    return True


class _Signatures(jws.JWSRegistry):
    """The signatures that clients may use, and no others.

    ``EdDSA`` is the name of Ed25519 that OpenID clients know; the library would warn of it at each
    use, because RFC 9864 has a better one.
    """

    algorithms: ClassVar = {  # type: ignore[misc]
        name: copy(jws.JWSRegistry.algorithms[name]) for name in jwk.ALGORITHMS
    }


_Signatures.algorithms["EdDSA"].security_warning = None

_MEMBERS = ("kty", "crv", "x", "y", "n", "e")
