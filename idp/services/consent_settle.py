"""Writing down what an operator took back of one consent, before its turn among many comes."""

from __future__ import annotations

from collections.abc import Iterable

from idp.domain.consent import EventKind
from idp.domain.withdrawal import Withdrawal
from idp.models import BulkTask, Consent, ConsentScope
from idp.services.consent_batch import end_consents, narrow_consents
from idp.services.task_cause import cause_of


def settle(consent: Consent, withdrawals: Iterable[Withdrawal]) -> None:
    """Take from a locked consent what was taken back already, so that a new decision follows it.

    The ledger then tells both in their order, and what the user allows anew is nobody's remains.

    Args:
        consent: whose row is locked; it is read anew where something was taken.
        withdrawals: what operators took back and tasks have not written down yet.
    """
    due = [row for row in withdrawals if row.consents and _concerns(row, consent)]
    for row in due:
        task = BulkTask.objects.filter(pk=row.key).first()
        if task is None:
            continue
        if row.scope:
            narrow_consents([consent.pk], frozenset({row.scope}), cause_of(task))
        else:
            end_consents([consent.pk], Consent.Status.REVOKED, EventKind.REVOKED, cause_of(task))
    if due:
        consent.refresh_from_db()


def _concerns(row: Withdrawal, consent: Consent) -> bool:
    pair = (consent.user_id, consent.application_id)
    if not row.scope:
        return row.covers(*pair, consent.decided_at)
    given = ConsentScope.objects.filter(
        consent=consent, scope=row.scope, state=ConsentScope.State.GRANTED, since__lte=row.at
    )
    return row.covers(*pair, None) and given.exists()
