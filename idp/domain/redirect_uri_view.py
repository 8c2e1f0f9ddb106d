"""What people are told about a redirect URI: operators in events, users on the consent page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.domain import host as hosts
from idp.domain import uri
from idp.domain.redirect_uri_rule import WEB_SCHEMES

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPONENTS = ("scheme", "userinfo", "host", "port", "path", "query", "fragment")


def differing_component(requested: str, registered: Iterable[str]) -> str:
    """Return which component keeps a requested URI from matching, for the operator's event.

    The comparison is with the registered URI that shares most components.

    Returns:
        The first of ``scheme userinfo host port path query fragment`` that differs; ``syntax``
        where the requested text is no absolute URI; ``registered`` where nothing is registered to
        compare with; ``none`` where all is equal.
    """
    asked = uri.split(requested)
    differences = [_differences(asked, uri.split(known)) for known in registered]
    if not differences:
        return "registered"
    closest = min(differences, key=len)
    if "fragment" not in closest and not uri.is_absolute(requested):
        return "syntax"
    return closest[0] if closest else "none"


def _differences(asked: uri.Parts, known: uri.Parts) -> list[str]:
    return [name for name in _COMPONENTS if getattr(asked, name) != getattr(known, name)]


def is_on_device(text: str) -> bool:
    """Return whether the answer goes to an app on the user's device: loopback or a private scheme.

    Args:
        text: a redirect URI that has matched.

    Source: RFC 8252 §7.1, §7.3.
    """
    parts = uri.split(text)
    if (parts.scheme or "").lower() in WEB_SCHEMES:
        return hosts.is_loopback(parts.host or "")
    return parts.scheme is not None


def return_host(text: str) -> str:
    """Return the host that the answer goes to, in lower-case ASCII, empty where it is an app's.

    A-labels stay as they are, so that no look-alike shows on the consent page.

    Args:
        text: a redirect URI that has matched.
    """
    return "" if is_on_device(text) else uri.shorten((uri.split(text).host or "").lower(), 260)
