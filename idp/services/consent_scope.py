"""The scopes of a consent: what was decided about each, under which words and policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language

from idp.domain.consent import may_decline
from idp.models import Consent, ConsentScope
from idp.services.catalogue import words

if TYPE_CHECKING:
    from idp.domain.catalogue import Catalogue
    from idp.domain.snapshot import ConsentDocument
    from idp.services.client import Client

State = ConsentScope.State

_FACTS = (
    "optional",
    "words_version",
    "words_language",
    "title",
    "policy",
    "policy_revision",
    "implied",
)


def granted_scopes(consent: Consent) -> frozenset[str]:
    """Return the scopes that a consent holds."""
    rows = ConsentScope.objects.filter(consent=consent, state=State.GRANTED)
    return frozenset(rows.values_list("scope", flat=True))


def refused_scopes(consent: Consent) -> frozenset[str]:
    """Return the scopes that were declined or taken back, and not granted since."""
    rows = ConsentScope.objects.filter(consent=consent).exclude(state=State.GRANTED)
    return frozenset(rows.values_list("scope", flat=True))


def write_scopes(
    consent: Consent,
    *,
    granted: frozenset[str],
    declined: frozenset[str],
    known: frozenset[str],
    client: Client,
    document: ConsentDocument | None,
    snapshot_digest: str,
    now: datetime,
) -> None:
    """Store what was decided about each scope, with one statement.

    Args:
        consent: whose scopes; its row is locked.
        granted: scopes that were allowed by this decision.
        declined: scopes that were offered and not taken.
        known: scopes that were granted before; they keep the time since when, unless the page
            showed them and they were granted anew.
        client: the client, for what may be declined where no page was shown.
        document: the page, or None.
        snapshot_digest: of the page, or empty.
        now: the time of the decision.
    """
    facts = _facts(granted | declined, client, document)
    shown = document.grantable() if document is not None else frozenset()
    kept = ConsentScope.objects.filter(consent=consent, scope__in=(granted & known) - shown)
    since = dict(kept.values_list("scope", "since"))
    rows = [
        ConsentScope(
            consent=consent,
            scope=name,
            state=State.GRANTED if name in granted else State.DECLINED,
            since=since.get(name, now),
            snapshot_digest=snapshot_digest,
            **facts[name],
        )
        for name in sorted(granted | declined)
    ]
    ConsentScope.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("consent", "scope"),
        update_fields=("state", "since", "snapshot_digest", *_FACTS),
    )


def take_back_scopes(consent: Consent, names: Iterable[str] | None, now: datetime) -> None:
    """Mark granted scopes of a consent as taken back; None for all of them."""
    rows = ConsentScope.objects.filter(consent=consent, state=State.GRANTED)
    if names is not None:
        rows = rows.filter(scope__in=list(names))
    rows.update(state=State.NARROWED, since=now)


def _facts(
    names: frozenset[str], client: Client, document: ConsentDocument | None
) -> Mapping[str, dict[str, Any]]:
    found = _shown(document) if document is not None else {}
    missing = names - found.keys()
    if missing:
        found |= _looked_up(missing, client)
    return found


def _shown(document: ConsentDocument) -> dict[str, dict[str, Any]]:
    return {
        scope.name: {
            "optional": scope.optional,
            "words_version": scope.words_version,
            "words_language": scope.language,
            "title": scope.title[:200],
            "policy": scope.policy,
            "policy_revision": scope.policy_revision,
            "implied": sorted(scope.implied_scopes),
        }
        for scope in document.scopes
    }


def _looked_up(names: frozenset[str], client: Client) -> dict[str, dict[str, Any]]:
    """Return what would have stood on a page, for a decision that was taken without ours."""
    catalogue = client.catalogue()
    texts = words(get_language() or "en", client.catalogue_version)
    return {name: _present(name, client, catalogue, texts.get(name)) for name in names}


def _present(name: str, client: Client, catalogue: Catalogue, text: Any) -> dict[str, Any]:
    scope = catalogue.scopes.get(name)
    policy = scope.policy if scope is not None else None
    return {
        "optional": may_decline(name, client.facts, policy),
        "words_version": text.version if text else 0,
        "words_language": text.language if text else "",
        "title": (text.title if text else name)[:200],
        "policy": policy.name if policy else "",
        "policy_revision": policy.revision if policy else 0,
        "implied": sorted(catalogue.implied(name)),
    }
