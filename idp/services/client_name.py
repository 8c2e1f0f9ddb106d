"""Names of clients that the site vouches for: no client that comes by itself may bear one."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from idp.domain.client_name import likenesses, mixes_scripts, revision, stored_skeleton
from idp.domain.decision import Reason, Severity
from idp.models import ClientPolicy, SiteState
from idp.services.registration_limit import self_registered

BORROWED = Reason(
    "name_of_another",
    Severity.ERROR,
    "The name is the one of a client that this site vouches for, or looks like it.",
    "RFC 7591 §5",
)
MIXED = Reason(
    "name_of_several_scripts",
    Severity.ERROR,
    "A word of the name mixes Latin letters with letters of another script that look like them.",
    "RFC 7591 §5",
)
BATCH = 500
_VOUCHED = Q(verified=True) | Q(first_party=True)


def inspect_borrowed_name(name: str, *, before: str | None = None) -> Reason | None:
    """Return why a client that describes itself may not have a name, or None.

    The names of verified and first-party clients are theirs, as a quick reader reads them; one
    indexed statement. A word in letters of several scripts is there to be misread.

    Args:
        name: as it would stand on the consent page.
        before: the name that the client has now, if it exists; keeping it changes nothing.

    Source: RFC 7591 §5; Unicode Technical Standard 39 §4 and §5.1.
    """
    if name == before:
        return None
    read_as = likenesses(name) - {stored_skeleton(before or "")}
    taken = ClientPolicy.objects.filter(_VOUCHED, name_skeleton__in=read_as)
    if read_as and taken.exists():
        return BORROWED
    return MIXED if mixes_scripts(name) else None


def borrowed_names() -> QuerySet[ClientPolicy]:
    """Return clients that came by themselves and read like one that the site vouches for.

    They had the name before the site vouched for the other.
    """
    other = ClientPolicy.objects.filter(_VOUCHED, name_skeleton=OuterRef("name_skeleton"))
    rows = self_registered().exclude(_VOUCHED).exclude(name_skeleton="")
    return rows.filter(Exists(other))


def note_name(application: Any) -> None:
    """Keep how the name of a client reads, whoever saved it."""
    mark = stored_skeleton(application.name or "")
    at_hand = application._state.fields_cache.get("idp_policy")
    if at_hand is not None:
        at_hand.name_skeleton = mark
    stored = ClientPolicy.objects.filter(application=application)
    stored.exclude(name_skeleton=mark).update(name_skeleton=mark)


def note_names(state: SiteState) -> None:
    """Keep how the names of clients read that were there before.

    Where the tables of letters that look alike have changed since, all are read again.

    Args:
        state: the site's row, which knows by which tables the names were read.
    """
    rows = ClientPolicy.objects.order_by("pk").values_list("pk", "application__name")
    if state.name_revision == revision():
        _note(rows.filter(name_skeleton="").exclude(application__name=""))
        return
    _note(rows)
    SiteState.objects.filter(pk=state.pk).update(name_revision=revision())


def _note(rows: QuerySet[ClientPolicy, tuple[Any, Any]]) -> None:
    batch = list(rows[:BATCH])
    while batch:
        found = [ClientPolicy(pk=pk, name_skeleton=stored_skeleton(name)) for pk, name in batch]
        ClientPolicy.objects.bulk_update(found, ["name_skeleton"])
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])
