"""Private keys at rest: encrypted under keys of the site that can themselves be changed."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.db import transaction
from joserfc.jwk import Key, import_key

from idp.conf import idp_settings
from idp.models import SigningKey
from idp.services.event import record_event


class KeyUnavailable(RuntimeError):
    """A private key cannot be decrypted with any key that the site has."""


def seal(key: Key) -> tuple[str, str]:
    """Return a private key under the newest of ``KEY_ENCRYPTION_KEYS``, and the id of that one."""
    newest = idp_settings.key_encryption_keys[0]
    private = json.dumps(key.as_dict(private=True)).encode()
    return _fernet(newest).encrypt(private).decode("ascii"), _key_id(newest)


def private_jwk(key: SigningKey) -> Key:
    """Return the private key, decrypted.

    Raises:
        KeyUnavailable: none of ``KEY_ENCRYPTION_KEYS`` opens it.
    """
    return _opened(key.kid, key.private_key, tuple(idp_settings.key_encryption_keys))


@transaction.atomic
def reencrypt_keys() -> int:
    """Encrypt every private key under the newest of ``KEY_ENCRYPTION_KEYS``; return how many.

    Afterwards the older ones can be dropped from the setting.

    Raises:
        KeyUnavailable: a key cannot be opened; none is changed.
    """
    newest = _key_id(idp_settings.key_encryption_keys[0])
    count = 0
    for row in SigningKey.objects.select_for_update().exclude(encryption_key_id=newest):
        row.private_key, row.encryption_key_id = seal(private_jwk(row))
        row.save(update_fields=("private_key", "encryption_key_id"))
        count += 1
    if count:
        record_event("key.reencrypted", severity="info", detail={"keys": count})
    return count


@lru_cache(maxsize=8)
def _fernet(secret: str) -> Fernet:
    derived = hashlib.scrypt(secret.encode(), salt=b"idp.signing-key", n=2**14, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(derived))


def _key_id(secret: str) -> str:
    return hashlib.sha256(b"idp.signing-key.id" + secret.encode()).hexdigest()[:16]


@lru_cache(maxsize=32)
def _opened(kid: str, sealed: str, secrets: tuple[str, ...]) -> Key:
    for secret in secrets:
        try:
            private = _fernet(secret).decrypt(sealed.encode("ascii"))
        except InvalidToken:
            continue
        return _imported(kid, private)
    raise KeyUnavailable(f"no key in KEY_ENCRYPTION_KEYS opens the signing key {kid}")


@lru_cache(maxsize=32)
def _imported(kid: str, private: bytes) -> Key:
    """Return a key from its JSON; checking that an RSA key is one takes as long as a request."""
    return import_key({**json.loads(private), "kid": kid})
