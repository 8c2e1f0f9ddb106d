"""Protected resources that requests name."""

from __future__ import annotations

from collections.abc import Iterable

from idp.models import Api


def unknown_resources(resources: Iterable[str]) -> list[str]:
    """Return the resources that are no API of this provider, in order (RFC 8707 §2)."""
    named = list(resources)
    if not named:
        return []
    known = set(Api.objects.filter(identifier__in=named).values_list("identifier", flat=True))
    return [resource for resource in named if resource not in known]
