"""Where a request came from, believing only the proxies that the site named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from idp.conf import idp_settings
from idp.domain.address import plain
from idp.services.event import Origin

if TYPE_CHECKING:
    from django.http import HttpRequest

REQUEST_ID = "idp.request_id"
"""Key under which a request id travels in ``request.META``."""


def origin_of(request: HttpRequest) -> Origin:
    """Return address, browser and reference of a request."""
    hops = idp_settings.trusted_proxy_hops
    if isinstance(hops, int):
        return origin_of_meta(request.META)
    find = import_string(hops) if isinstance(hops, str) else hops
    return _origin(str(find(request)), request.META)


def origin_of_meta(meta: Mapping[str, Any]) -> Origin:
    """Return the same from WSGI variables, where no request is at hand."""
    hops = idp_settings.trusted_proxy_hops
    address = str(meta.get("REMOTE_ADDR", ""))
    if isinstance(hops, int) and hops > 0:
        chain = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
        if len(chain) >= hops:
            address = chain[-hops]
    return _origin(address, meta)


def _origin(address: str, meta: Mapping[str, Any]) -> Origin:
    return Origin(
        address=plain(address.strip("[]")),
        user_agent=str(meta.get("HTTP_USER_AGENT", "")).replace("\x00", "")[:500],
        request_id=str(meta.get(REQUEST_ID, ""))[:64],
    )
