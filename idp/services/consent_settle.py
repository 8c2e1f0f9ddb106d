"""Writing down what an operator took back of one consent, before its turn among many comes."""

from __future__ import annotations

from idp.domain.consent import EventKind
from idp.domain.withdrawal import Withdrawal
from idp.models import BulkTask, Consent, ConsentScope
from idp.services.consent_batch import end_consents, narrow_consents, write_ends
from idp.services.task_cause import cause_of
from idp.services.withdrawal import pending_withdrawals


def settle(consent: Consent) -> None:
    """Take from a locked consent what was taken back already, so that a new decision follows it.

    The ledger then tells both in their order, and what the user allows anew is nobody's remains.
    The withdrawals are read under the lock: what the caller knows may be older than the last one.

    Args:
        consent: whose row is locked; it is read anew where something was taken.
    """
    due = [row for row in pending_withdrawals() if row.consents and _concerns(row, consent)]
    for row in due:
        task = BulkTask.objects.filter(pk=row.key).first()
        if task is None:
            continue
        if row.scope:
            narrow_consents([consent.pk], frozenset({row.scope}), cause_of(task))
        else:
            end_consents([consent.pk], Consent.Status.REVOKED, EventKind.REVOKED, cause_of(task))
    chosen = BulkTask.objects.filter(pk=consent.ended_by_task) if consent.ended_by_task else ()
    for task in chosen:
        write_ends([consent.pk], cause_of(task))
    if due or chosen:
        consent.refresh_from_db()


def _concerns(row: Withdrawal, consent: Consent) -> bool:
    pair = (consent.user_id, consent.application_id)
    if not row.scope:
        return row.covers(*pair, consent.decided_at)
    given = ConsentScope.objects.filter(
        consent=consent, scope=row.scope, state=ConsentScope.State.GRANTED, since__lte=row.at
    )
    return row.covers(*pair, None) and given.exists()
