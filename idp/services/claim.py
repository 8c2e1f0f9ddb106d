"""Standard claims about a user: only what the user's row can truly answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from idp.conf import idp_settings

Source = str | Callable[[Any], Any]


class StandardClaims:
    """Answers the standard claims; a site names a subclass of its own in ``IDP["CLAIMS"]``.

    What is here is advertised in discovery, and told to clients whose scopes carry it. A source
    that the user model does not have leaves its claim out, and so does an empty value.
    ``email_verified`` is never told, because no field of Django's says it::

        class Claims(StandardClaims):
            sources = {
                **StandardClaims.sources,
                "phone_number": "phone",
                "email_verified": lambda user: user.mail_confirmed_at is not None,
            }

    Source: OpenID Connect Core §5.1.
    """

    sources: ClassVar[Mapping[str, Source]] = MappingProxyType(
        {
            "name": "get_full_name",
            "given_name": "first_name",
            "family_name": "last_name",
            "preferred_username": "get_username",
            "email": "email",
        }
    )
    """Claim to the name of a field, property or method of the user, or to a callable(user)."""

    def subject(self, user: Any) -> str:
        """Return the identifier of a user that clients with public subjects see.

        It must never change, and never be given to somebody else (OpenID Connect Core §5.7).
        """
        return str(user.pk)

    def names(self) -> list[str]:
        """Return the names of the claims that users of this site can have."""
        return [claim for claim, source in self.sources.items() if _is_known(source)]

    def claims(self, user: Any) -> dict[str, Any]:
        """Return claim to value; a value of None or an empty text is told to nobody."""
        return {claim: _answer(self.sources[claim], user) for claim in self.names()}


def claims_provider() -> StandardClaims:
    """Return the site's provider of standard claims."""
    chosen = idp_settings.claims
    found: type[StandardClaims] = import_string(chosen) if isinstance(chosen, str) else chosen
    return found()


def _is_known(source: Source) -> bool:
    return not isinstance(source, str) or getattr(get_user_model(), source, None) is not None


def _answer(source: Source, user: Any) -> Any:
    if not isinstance(source, str):
        return source(user)
    value = getattr(user, source)
    return value() if callable(value) else value
