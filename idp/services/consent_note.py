"""The sentence under a permission: why it is unavailable, sensitive, changed or required."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from idp.domain.catalogue import Policy, Scope, Sensitivity
from idp.domain.consent import RememberedScope
from idp.domain.decision import Reason
from idp.domain.snapshot import Standing

_ORDER = (Sensitivity.BASIC, Sensitivity.SENSITIVE, Sensitivity.RESTRICTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the sentence is chosen by.

    Attributes:
        scope: the permission.
        title: what the page calls it.
        standing: where it stands.
        sensitivity: the strictest of all that it includes.
        client_name: for people.
        required: whether it has no switch on a page where others have one.
        refusal: why it is unavailable, or None.
        remembered: under what it was allowed before, or None.
        implied: all that it includes now.
    """

    scope: Scope
    title: str
    standing: Standing
    sensitivity: str
    client_name: str
    required: bool
    refusal: Reason | None
    remembered: RememberedScope | None
    implied: frozenset[str]


def note(situation: Situation) -> str:
    """Return the sentences under a permission in the active language; often there are none."""
    if situation.standing is Standing.UNAVAILABLE:
        return _refused(situation.refusal, situation.title) if situation.refusal else ""
    found = (_changed(situation), _sensitive(situation), _required(situation))
    return " ".join(sentence for sentence in found if sentence)


def strictest(policies: Iterable[Policy]) -> str:
    """Return the highest sensitivity among policies; an unknown word counts as the highest."""
    levels = [policy.sensitivity for policy in policies]
    if any(level not in _ORDER for level in levels):
        return str(Sensitivity.RESTRICTED)
    return str(max(levels, key=lambda level: _ORDER.index(Sensitivity(level)), default=_ORDER[0]))


def _refused(reason: Reason, title: str) -> str:
    """Return why it is unavailable, with the permission by the title that the page gives it."""
    text = gettext(reason.text)
    return text % {**reason.params, "scope": f"“{title}”"} if reason.params else text


def _changed(situation: Situation) -> str:
    before = situation.remembered
    if situation.standing is not Standing.CHANGED or before is None:
        return ""
    if before.implied is not None and situation.implied - before.implied:
        return gettext("It includes more than when you agreed.")
    policy = situation.scope.policy
    if policy is not None and policy.revision != before.policy_revision:
        return gettext("The rules for it have changed since you agreed.")
    return gettext("Its description has changed since you agreed.")


def _sensitive(situation: Situation) -> str:
    if situation.sensitivity == Sensitivity.RESTRICTED:
        return gettext("It can change or delete what matters, or act in your name.")
    if situation.sensitivity == Sensitivity.SENSITIVE:
        return gettext("It reaches information that most people keep private.")
    return ""


def _required(situation: Situation) -> str:
    if not situation.required or situation.standing is Standing.ALLOWED:
        return ""
    return gettext("Required: %(name)s does not work without it.") % {"name": situation.client_name}
