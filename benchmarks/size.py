"""How long work on many rows takes: verify the ledger, take access back, purge.

``python -m benchmarks.size [EVENTS] [TOKENS] [EXPIRED]``, on SQLite, or on PostgreSQL with
``python -m tests.postgres`` before it. A database of its own is made and thrown away.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import django

CHAIN = 20
"""Events a person."""
BATCH = 5_000


@contextmanager
def database() -> Iterator[str]:
    """Yield the vendor of a fresh database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield connection.vendor
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def measured(what: str, rows: int) -> Iterator[None]:
    """Print how long the block took, in seconds by the clock and of this process."""
    clock, cpu = time.perf_counter(), time.process_time()
    yield
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{what}: {rows} rows in {clock:.1f} s ({cpu:.1f} s of this process), "
        f"{rows / clock:.0f} a second, {1_000_000 / rows * clock:.0f} s for a million; {memory} MB"
    )


def write_events(count: int) -> None:
    """Write chains of events that verify."""
    from django.utils import timezone

    from idp.domain.ledger import digest
    from idp.models import ConsentEvent, Subject
    from idp.services.ledger import content

    now, batch, subjects = timezone.now(), [], []
    for number in range(count):
        sequence = number % CHAIN + 1
        if sequence == 1:
            subject, previous = Subject(), ""
            subjects.append(subject)
        event = ConsentEvent(
            subject_key=subject.key,
            sequence=sequence,
            kind="granted",
            at=now,
            actor="user",
            client_id="photo-print",
            client_name="Photo Print",
            scopes_after="openid photos:read photos:write",
            duration="until_revoked",
            request_id="r" * 32,
            snapshot_digest="c" * 64,
            evidence_commitment="d" * 64,
            previous_digest=previous,
        )
        event.digest = previous = digest(content(event), previous)
        subject.head_sequence, subject.head_digest = sequence, previous
        batch.append(event)
        if len(batch) == BATCH or number == count - 1:
            ConsentEvent.objects.bulk_create(batch)
            batch = []
    Subject.objects.bulk_create(subjects, batch_size=BATCH)


def write_tokens(count: int, lifetime: timedelta, *, clients: int = 5) -> None:
    """Write users with consents, authorizations, and an access and a refresh token each."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from idp.conf import access_token_model, application_model, refresh_token_model
    from idp.models import Authorization, Consent, ConsentScope, IssuedToken, Subject
    from idp.services.authorization import checksum

    ends = timezone.now() + lifetime
    applications = [
        application_model().objects.create(
            client_id=f"client-{lifetime}-{number}",
            name="Client",
            client_type="public",
            authorization_grant_type="authorization-code",
        )
        for number in range(clients)
    ]
    people, pairs = get_user_model(), count // 2
    for start in range(0, pairs, BATCH):
        names = [f"{lifetime}-{n}" for n in range(start, min(start + BATCH, pairs))]
        users = people.objects.bulk_create([people(username=name) for name in names])
        Subject.objects.bulk_create([Subject(user=user) for user in users])
        owners = [(user, applications[n % clients]) for n, user in enumerate(users)]
        consents = Consent.objects.bulk_create([Consent(user=u, application=a) for u, a in owners])
        ConsentScope.objects.bulk_create(
            [ConsentScope(consent=consent, scope="a", state="granted") for consent in consents]
        )
        acts = Authorization.objects.bulk_create(
            [
                Authorization(user=c.user, application=c.application, consent=c, scopes="a")
                for c in consents
            ]
        )
        access = access_token_model().objects.bulk_create(
            [
                access_token_model()(
                    user=act.user,
                    application=act.application,
                    token=f"a{act.pk}",
                    token_checksum=checksum(f"a{act.pk}"),
                    scope="a",
                    expires=ends,
                )
                for act in acts
            ]
        )
        refresh_token_model().objects.bulk_create(
            [
                refresh_token_model()(
                    user=act.user,
                    application=act.application,
                    token=f"r{act.pk}",
                    token_checksum=checksum(f"r{act.pk}"),
                    access_token=token,
                    token_family=act.pk,
                )
                for act, token in zip(acts, access, strict=True)
            ]
        )
        IssuedToken.objects.bulk_create(
            IssuedToken(
                checksum=checksum(f"{kind[0]}{act.pk}"),
                kind=kind,
                authorization=act,
                expires_at=ends,
            )
            for act in acts
            for kind in ("access", "refresh")
        )


def analyze() -> None:
    """Let the database know its tables, as it does by itself a minute after such a load."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _expect(held: bool, what: str) -> None:  # noqa: FBT001
    if not held:
        raise SystemExit(f"expected {what}")


def main(events: int = 200_000, tokens: int = 20_000, expired: int = 50_000) -> None:
    """Measure."""
    with database() as vendor:
        from django.utils import timezone

        from idp.services.consent_sweep import Target, reach, take_back_from
        from idp.services.ledger_check import begin_check, run_check
        from idp.services.purge import due, purge

        print(vendor)
        now = timezone.now()
        if events:
            with measured("write events", events):
                write_events(events)
            with measured("verify the ledger", events):
                check = run_check(begin_check(now=now))
            _expect((check.events, check.broken) == (events, 0), "a sound ledger")
        if expired:
            write_tokens(expired, timedelta(days=-400))
            analyze()
            with measured("count what is due", expired):
                counts = due(now)
            with measured("purge", sum(counts.values())):
                done: Any = sum(count for _kind, count in purge(now))
            _expect(bool(done), "something to purge")
        if tokens:
            write_tokens(tokens, timedelta(days=1))
            analyze()
            with measured("count what would be taken back", tokens):
                found = reach(Target(), now)
            with measured("take back from everyone", found.tokens):
                for _count in take_back_from(Target(), by="benchmark", now=now):
                    pass
            _expect(reach(Target(), now).tokens == 0, "no token left")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
