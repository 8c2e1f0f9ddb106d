"""What stands on a consent page, gathered into the document that is shown and then kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext

from idp.domain.catalogue import Catalogue, Scope
from idp.domain.client import Environment
from idp.domain.consent import ConsentDecision, durations, may_decline
from idp.domain.redirect_uri_view import is_on_device, return_host
from idp.domain.refusal import Fault
from idp.domain.resolution import Resolution
from idp.domain.snapshot import ConsentDocument, ShownApi, ShownClient, ShownScope, Standing
from idp.services.catalogue import Words
from idp.services.consent_expiry import consent_end
from idp.services.consent_memory import Memory, recall
from idp.services.consent_note import Situation, note, strictest
from idp.services.logo import current_logo

if TYPE_CHECKING:
    from idp.services.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """All that the permissions of one page are described from."""

    client: Client
    resolution: Resolution
    decision: ConsentDecision
    catalogue: Catalogue
    words: Mapping[str, Words]
    memory: Memory

    def standings(self) -> dict[str, Standing]:
        """Return every scope that is shown, with where it stands."""
        refused = {r.scope for r in self.resolution.refused if r.fault is Fault.USER}
        return (
            dict.fromkeys(refused, Standing.UNAVAILABLE)
            | dict.fromkeys(self.decision.allowed, Standing.ALLOWED)
            | dict.fromkeys(self.decision.changed, Standing.CHANGED)
            | dict.fromkeys(self.decision.new, Standing.NEW)
        )


def build_document(
    *,
    client: Client,
    user: Any,
    resolution: Resolution,
    consent_decision: ConsentDecision,
    catalogue: Catalogue,
    words: Mapping[str, Words],
    redirect_uri: str,
    now: datetime,
    language: str,
    memory: Memory | None = None,
) -> ConsentDocument:
    """Return everything that a consent page shows, in the reader's language.

    Args:
        client: who asks.
        user: who is asked.
        resolution: what may be granted; what this user may not give is listed as unavailable.
        consent_decision: what must be asked.
        catalogue: the scopes with their policies.
        words: words for people, in the reader's language where there are any.
        redirect_uri: where the answer goes; empty on a device without one.
        now: the time.
        language: language code of the page.
        memory: what the user decided before, where the caller has it.
    """
    page = _Page(
        client=client,
        resolution=resolution,
        decision=consent_decision,
        catalogue=catalogue,
        words=words,
        memory=_memory(memory, consent_decision, user, client),
    )
    asked = consent_decision.new | consent_decision.changed | consent_decision.allowed
    ends = consent_end(client=client, user=user, granted=asked, duration="until_revoked", now=now)
    with translation.override(language):
        return ConsentDocument(
            client=_client(client),
            account=user.get_username(),
            language=language,
            return_host=return_host(redirect_uri),
            on_device=is_on_device(redirect_uri),
            apis=_apis(page),
            ends_at=ends.isoformat(timespec="seconds") if ends else "",
            durations=durations(asked, catalogue),
            reason=consent_decision.reason.code,
        )


def client_name(application: Any) -> str:
    """Return a client's name as it may be shown: without characters that nobody sees."""
    name = "".join(char for char in str(application.name or "") if char.isprintable()).strip()
    return name or str(application.client_id)


def scope_title(name: str, words: Mapping[str, Words]) -> str:
    """Return the title of a scope: its words, or its name where nobody knows it any more."""
    text = words.get(name)
    return text.title if text is not None else name


def _memory(memory: Memory | None, decision: ConsentDecision, user: Any, client: Client) -> Memory:
    """Return what was decided before; read only where the page has a change to explain."""
    if memory is not None:
        return memory
    return recall(user, client) if decision.changed else Memory()


def _client(client: Client) -> ShownClient:
    policy = client.policy
    return ShownClient(
        client_id=client.facts.client_id,
        name=client_name(client.application),
        verified=client.facts.verified,
        development=client.facts.environment == Environment.DEVELOPMENT,
        first_party=client.facts.first_party,
        logo=current_logo(client.application),
        uri=web_link(policy.client_uri),
        policy_uri=web_link(policy.policy_uri),
        tos_uri=web_link(policy.tos_uri),
    )


def web_link(uri: str) -> str:
    """Return an address that a page may link to: of the web, never a script."""
    return uri if uri.startswith(("https://", "http://")) else ""


def _apis(page: _Page) -> tuple[ShownApi, ...]:
    groups: dict[tuple[str, str], list[ShownScope]] = {}
    standings = page.standings()
    choice = any(_optional(page, name, standing) for name, standing in standings.items())
    for name in sorted(standings):
        scope = page.catalogue.scopes.get(name, Scope(name))
        key = (scope.api_name or gettext("Other permissions"), scope.api)
        shown = _shown(page, scope, standings[name], beside_choice=choice)
        groups.setdefault(key, []).append(shown)
    return tuple(
        ShownApi(identifier, name, tuple(groups[name, identifier]))
        for name, identifier in sorted(groups)
    )


def _shown(page: _Page, scope: Scope, standing: Standing, *, beside_choice: bool) -> ShownScope:
    name, policy = scope.name, scope.policy
    text = page.words.get(name)
    title = scope_title(name, page.words)
    before = page.memory.titles.get(name, "") if standing is Standing.CHANGED else ""
    implied = sorted(page.catalogue.implied(name))
    optional = _optional(page, name, standing)
    sensitivity = strictest(page.catalogue.policies((name,)))
    situation = Situation(
        scope=scope,
        title=title,
        standing=standing,
        sensitivity=sensitivity,
        client_name=client_name(page.client.application),
        required=beside_choice and not optional,
        refusal=next((r.reason for r in page.resolution.refused if r.scope == name), None),
        remembered=page.memory.remembered.granted.get(name) if page.memory.remembered else None,
        implied=frozenset(implied),
    )
    return ShownScope(
        name=name,
        title=title,
        description=text.description if text else "",
        words_version=text.version if text else 0,
        language=(text.language if text else "") or translation.get_language() or "en",
        sensitivity=sensitivity,
        standing=standing,
        optional=optional,
        chosen=name not in page.decision.declined,
        note=note(situation),
        implies=tuple(scope_title(member, page.words) for member in implied),
        implied_scopes=tuple(implied),
        policy=policy.name if policy else "",
        policy_revision=policy.revision if policy else 0,
        previous_title=before if before != title else "",
    )


def _optional(page: _Page, name: str, standing: Standing) -> bool:
    scope = page.catalogue.scopes.get(name)
    return standing is not Standing.UNAVAILABLE and may_decline(
        name, page.client.facts, scope.policy if scope else None
    )
