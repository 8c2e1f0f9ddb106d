"""The signatures that we make, and that we know again."""

from __future__ import annotations

from copy import copy
from typing import ClassVar

from joserfc.jws import JWSRegistry

from idp.services.key import ALGORITHMS


class Signatures(JWSRegistry):
    """Our algorithms, and no others.

    ``EdDSA`` is the name of Ed25519 that OpenID clients know; the library would warn of it at each
    use, because RFC 9864 has a better one.
    """

    algorithms: ClassVar = {name: copy(JWSRegistry.algorithms[name]) for name in ALGORITHMS}  # type: ignore[misc]


Signatures.algorithms["EdDSA"].security_warning = None

SIGNATURES = Signatures(algorithms=ALGORITHMS)
