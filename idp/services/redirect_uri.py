"""What is known about registered URIs: findings, acceptance and use.

The toolkit's text is the truth that requests are matched against; the rows here are joined to it by
exact string.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from idp.conf import application_model, idp_settings
from idp.domain import redirect_uri as rules
from idp.domain.decision import Reason
from idp.models import ClientPolicy, RedirectUri
from idp.services.change import Refused, fault, record_change
from idp.services.client import policy_of

USE_RECORDED_EVERY = timedelta(hours=1)
UNUSED_AFTER = timedelta(days=90)
MAX_REMEMBERED_USES = 4096

PURPOSES: Mapping[str, str] = {
    RedirectUri.Purpose.REDIRECT: "redirect_uris",
    RedirectUri.Purpose.POST_LOGOUT: "post_logout_redirect_uris",
}
"""Which list of the toolkit's row holds the URIs of a purpose."""

# Owned by this module: when this process last recorded the use of a URI, so that a request that
# could not change the row sends no statement at all. Keyed by the client's key and the URI.
_recorded: dict[tuple[str, str], datetime] = {}


@dataclass(frozen=True, slots=True)
class UriFindings:
    """One registered URI and what is to be said about it now.

    Attributes:
        purpose: a ``RedirectUri.Purpose``.
        uri: as registered.
        findings: by the rules as they are now, errors and warnings alike.
    """

    purpose: str
    uri: str
    findings: tuple[Reason, ...]

    @property
    def is_error(self) -> bool:
        """Return whether an enforcing site never redirects there."""
        return any(finding.is_error for finding in self.findings)


def registered_uris(
    application: Any, purpose: str = RedirectUri.Purpose.REDIRECT
) -> tuple[str, ...]:
    """Return the URIs of a client's list, as the toolkit cuts its text."""
    return tuple((getattr(application, PURPOSES[purpose]) or "").split())


def findings(application: Any, *, now: datetime | None = None) -> list[UriFindings]:
    """Return every registered URI of a client with its findings, in the order of registration."""
    policy = policy_of(application)
    at = now or timezone.now()
    return [
        found
        for purpose in PURPOSES
        for found in inspect_uris(
            registered_uris(application, purpose),
            policy,
            purpose=purpose,
            allowed_origins=(application.allowed_origins or "").split(),
            wildcard_until=_wildcard_until(application),
            now=at,
        )
    ]


def inspect_uris(
    uris: Iterable[str],
    policy: ClientPolicy,
    *,
    purpose: str = RedirectUri.Purpose.REDIRECT,
    allowed_origins: Iterable[str] = (),
    wildcard_until: datetime | None = None,
    now: datetime,
) -> list[UriFindings]:
    """Return what the rules say about a list of URIs for a client of this policy.

    Args:
        uris: as entered, one an entry.
        policy: kind and environment of the client; saved or not.
        purpose: a ``RedirectUri.Purpose``; only redirect URIs need an allowed origin.
        allowed_origins: the client's CORS origins.
        wildcard_until: when the client's wildcards end.
        now: the time.
    """
    origins = allowed_origins if purpose == RedirectUri.Purpose.REDIRECT else None
    inspections = rules.inspect_all(
        uris,
        policy.kind,
        policy.environment,
        allow_wildcard=idp_settings.redirect_uri_wildcards,
        wildcard_until=wildcard_until,
        now=now,
        allowed_origins=origins,
    )
    return [UriFindings(str(purpose), found.uri, found.findings) for found in inspections]


@transaction.atomic
def sync_redirect_uris(application: Any, *, source: str, now: datetime | None = None) -> None:
    """Make the rows say what the toolkit's text says, with the findings of today.

    Args:
        application: the client's row.
        source: a ``RedirectUri.Source`` for the URIs that are new.
        now: the time; defaults to the clock.
    """
    at = now or timezone.now()
    rows = {
        (row.purpose, row.uri): row for row in RedirectUri.objects.filter(application=application)
    }
    known = {(found.purpose, found.uri): found for found in findings(application, now=at)}
    for key, found in known.items():
        if "\x00" in found.uri:
            continue  # no database text holds it; the finding is told, the row is not kept
        row = rows.get(key) or RedirectUri(
            application=application,
            purpose=found.purpose,
            uri=found.uri,
            uri_digest=uri_digest(found.uri),
            source=source,
            created_at=at,
        )
        _store(row, [finding_dict(reason) for reason in found.findings])
    gone = [row.pk for key, row in rows.items() if key not in known]
    if gone:
        RedirectUri.objects.filter(pk__in=gone).delete()


def finding_dict(reason: Reason) -> dict[str, Any]:
    """Return a finding as it is stored and printed: JSON-ready, with the words to translate."""
    return {
        "code": reason.code,
        "severity": str(reason.severity),
        "message": reason.message,
        "reference": reason.reference,
        "suggestion": reason.suggestion,
        "text": reason.text,
        "params": {key: str(value) for key, value in reason.params.items()},
    }


@transaction.atomic
def accept_findings(
    row: RedirectUri, *, by: Any, reason: str, now: datetime | None = None
) -> RedirectUri:
    """Let an operator take responsibility for the warnings of one URI; errors are never accepted.

    Raises:
        Refused: the URI breaks an error rule, has nothing to accept, or no reason is given.
    """
    at = now or timezone.now()
    row = RedirectUri.objects.select_for_update().get(pk=row.pk)
    severities = {finding["severity"] for finding in row.findings}
    if "error" in severities:
        text = "The URI breaks a rule that nobody can set aside."
        raise Refused([("uri", fault("has_errors", text))])
    if "warning" not in severities:
        raise Refused([("uri", fault("no_warning", "The URI has no warning to accept."))])
    if not reason.strip():
        raise Refused([("reason", fault("no_reason", "A warning is accepted with a reason."))])
    name = by.get_username() if hasattr(by, "get_username") else str(by or "")
    row.accepted_by, row.accepted_at, row.accepted_reason = name[:255], at, reason
    row.save(update_fields=("accepted_by", "accepted_at", "accepted_reason"))
    _tell("client.redirect_uri_accepted", row.application, row.uri, reason, by, at)
    return row


def record_use(application: Any, uri: str, now: datetime) -> None:
    """Note that a registered URI was used; at most one statement an hour and process.

    Args:
        application: the client's row.
        uri: the registered URI that matched, not the one of the request.
        now: the time.
    """
    digest = uri_digest(uri)
    key = (str(application.pk), digest)
    last = _recorded.get(key)
    if last is not None and timedelta(0) <= now - last < USE_RECORDED_EVERY:
        return
    while len(_recorded) >= MAX_REMEMBERED_USES:
        _recorded.pop(next(iter(_recorded)), None)
    _recorded[key] = now
    RedirectUri.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RECORDED_EVERY),
        application=application,
        purpose=RedirectUri.Purpose.REDIRECT,
        uri_digest=digest,
    ).update(
        last_used_at=now,
        first_used_at=Coalesce("first_used_at", Value(now)),
        used_hours=F("used_hours") + 1,
    )


def unused_redirect_uris(
    now: datetime, *, application: Any = None, older_than: timedelta = UNUSED_AFTER
) -> list[RedirectUri]:
    """Return the redirect URIs that nobody used for so long, except the last one of a client."""
    rows = RedirectUri.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lte=now - older_than),
        purpose=RedirectUri.Purpose.REDIRECT,
        created_at__lte=now - older_than,
    ).select_related("application")
    if application is not None:
        rows = rows.filter(application=application)
    found: dict[Any, list[RedirectUri]] = {}
    for row in rows.order_by("application_id", "pk"):
        found.setdefault(row.application_id, []).append(row)
    return [row for group in found.values() for row in _but_one(group)]


@transaction.atomic
def remove_redirect_uri(
    row: RedirectUri, *, by: Any = None, reason: str = "", now: datetime | None = None
) -> None:
    """Take one URI from a client's list for a reason: it is refused from the next request on."""
    at = now or timezone.now()
    application = application_model()._base_manager.select_for_update().get(pk=row.application_id)
    field = PURPOSES[row.purpose]
    kept = [uri for uri in registered_uris(application, row.purpose) if uri != row.uri]
    setattr(application, field, " ".join(kept))
    application.save(update_fields=(field,))
    uri = row.uri
    RedirectUri.objects.filter(pk=row.pk).delete()
    _tell("client.redirect_uri_removed", application, uri, reason, by, at)


def uri_digest(uri: str) -> str:
    """Return the digest under which a URI's row is found."""
    return hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest()


def _but_one(unused: list[RedirectUri]) -> list[RedirectUri]:
    application = unused[0].application
    everything = registered_uris(application)
    return unused if len(unused) < len(everything) else unused[1:]


def _store(row: RedirectUri, found: list[dict[str, Any]]) -> None:
    if row.pk is not None and row.findings == found:
        return
    accepted = {f["code"] for f in row.findings if f["severity"] == "warning"}
    if row.accepted_at and {f["code"] for f in found if f["severity"] != "info"} - accepted:
        row.accepted_by, row.accepted_at, row.accepted_reason = "", None, ""
    row.findings = found
    row.save()


def _wildcard_until(application: Any) -> datetime | None:
    if application.pk is None or "*" not in (application.redirect_uris or ""):
        return None
    rows = RedirectUri.objects.filter(application=application, uri__contains="*")
    ends = [end for end in rows.values_list("wildcard_until", flat=True) if end is not None]
    return min(ends) if ends else None


def _tell(kind: str, application: Any, uri: str, reason: str, by: Any, now: datetime) -> None:
    record_change(
        kind,
        entry=uri,
        client_id=application.client_id,
        reason=reason,
        by=by,
        now=now,
    )
