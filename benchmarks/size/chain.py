"""Chains of the ledger that verify, computed by the database itself."""

from __future__ import annotations

from django.utils import timezone

from benchmarks.size.fill import fill, run
from idp.domain.canonical import canonical
from idp.models import ConsentEvent
from idp.services.ledger import content

CHAIN = 20
"""Events a person."""


def write_chains(clients: int) -> None:
    """Write chains that verify, one link of all of them at a time."""
    run(
        "CREATE TEMP TABLE link AS SELECT key AS subject, id AS subject_id, "
        "''::text AS previous, ''::text AS digest FROM idp_subject ORDER BY id"
    )
    for place in range(1, CHAIN + 1):
        run("UPDATE link SET previous = digest, digest = ''")
        moment = f"date_trunc('day', now()) - interval '{(CHAIN - place) * 10} days'"
        client = f"'client-' || (1 + (subject_id * 31 + {place}) % {clients})"
        run(
            f"CREATE TEMP TABLE next AS SELECT subject_id, "  # noqa: S608
            f"md5(subject || '{place}')::uuid AS event_id, {client} AS client_id, "
            f"{moment} + subject_id % 86400 * interval '1 second' AS at FROM link"
        )
        run(
            "UPDATE link SET digest = "  # noqa: S608
            f"encode(sha256(convert_to({_digested(place)}, 'utf8')), 'hex') "
            "FROM next WHERE next.subject_id = link.subject_id"
        )
        fill(
            ConsentEvent,
            "link JOIN next USING (subject_id) ORDER BY subject_id",
            event_id="event_id",
            subject_key="subject",
            sequence=str(place),
            kind=_kind(place),
            at="at",
            actor="'user'",
            client_id="client_id",
            client_name="'Application'",
            scopes_before="''",
            scopes_after=_scopes(),
            previous_digest="previous",
            digest="digest",
        )
        run("DROP TABLE next")
    run(
        f"UPDATE idp_subject SET head_sequence = {CHAIN}, head_digest = link.digest "  # noqa: S608
        "FROM link WHERE link.subject_id = idp_subject.id"
    )


def _kind(place: int) -> str:
    return "'granted'" if place % 2 else "'renewed'"


def _scopes() -> str:
    return "'openid photos:read' || CASE subject_id % 1000 WHEN 0 THEN ' rare:scope' ELSE '' END"


def _digested(place: int) -> str:
    """Return the canonical form of an event as an expression of SQL."""
    marks = {
        "event": "event_id",
        "at": "at",
        "subject": "subject",
        "client": "client_id",
        "after": "after",
    }
    sample = content(_sample(place))
    sample.update({name: f"<{name}>" for name in marks})
    text = canonical({"event": sample, "previous": "<previous>"}).decode()
    expressions = {
        "event": "event_id::text",
        "at": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00'",
        "subject": "subject",
        "client": "client_id",
        "after": _scopes().replace("subject_id", "link.subject_id"),
        "previous": "previous",
    }
    text = text.replace("'", "''")
    for name, expression in expressions.items():
        text = text.replace(f"<{name}>", f"' || {expression} || '")
    return f"'{text}'"


def _sample(place: int) -> ConsentEvent:
    return ConsentEvent(
        sequence=place,
        kind=_kind(place).strip("'"),
        at=timezone.now(),
        actor="user",
        client_name="Application",
    )
