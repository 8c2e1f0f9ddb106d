"""Asking before something ends: one page that says what an action takes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.services.consent_change import Cause
from idp.services.origin import origin_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrOrPromise

    from idp.admin.base import DeskAdmin

LARGE = 1_000
"""From this many things on, the operator types what is about to end."""

REASON_LENGTH = 100
MAX_SELECTED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page asks.

    Attributes:
        title: the question, as a heading.
        sentences: what will happen, each in one sentence.
        button: what the button says.
        counts: name and number of what is touched.
        examples: the first of them, as shown on the page.
        needs_reason: whether a reason must be given, which is recorded.
        challenge: a text that must be typed, or empty.
        back: where "No" leads; empty for the list.
        nothing: said instead of asking, where there is nothing to act on; else empty.
    """

    title: _StrOrPromise
    sentences: Sequence[_StrOrPromise]
    button: _StrOrPromise
    counts: Sequence[tuple[_StrOrPromise, object]] = ()
    examples: Sequence[object] = ()
    needs_reason: bool = False
    challenge: str = ""
    back: str = ""
    nothing: _StrOrPromise = ""
    danger: bool = True
    fields: Sequence[Any] = field(default_factory=tuple)


def given_reason(request: HttpRequest) -> str:
    """Return the reason that the operator gave, as one line, cut to what is stored."""
    text = "".join(char if char.isprintable() else " " for char in request.POST.get("reason", ""))
    return text.strip()[:REASON_LENGTH]


def operator_cause(request: HttpRequest) -> Cause:
    """Return who does what was asked, why, from where and when, for all that records it."""
    return Cause(
        actor="operator",
        by=request.user.get_username(),
        reason=given_reason(request),
        origin=origin_of(request),
        at=timezone.now(),
    )


def is_confirmed(request: HttpRequest, question: Question) -> bool:
    """Return whether the page was answered with yes, completely."""
    if request.method != "POST" or request.POST.get("confirmed") != "yes" or question.nothing:
        return False
    if question.needs_reason and not given_reason(request):
        return False
    return not question.challenge or request.POST.get("challenge", "").strip() == question.challenge


def ask(desk: DeskAdmin, request: HttpRequest, question: Question) -> HttpResponse:
    """Return the page that asks; what was chosen in a list goes with it."""
    answered = request.POST.get("confirmed") == "yes" and not question.nothing
    errors = []
    if answered and question.needs_reason and not given_reason(request):
        errors.append(_("Say why: the reason is recorded."))
    if answered and question.challenge and request.POST.get("challenge") != question.challenge:
        errors.append(_("What you typed is not what was asked for."))
    context = {
        "title": question.title,
        "question": question,
        "errors": errors,
        "hidden": _carried(request),
        "reason": given_reason(request),
        "reason_length": REASON_LENGTH,
        "back": question.back or request.get_full_path(),
    }
    name = "confirm_nothing" if question.nothing else "confirm"
    return desk.page(request, f"admin/idp/{name}.html", context, status=400 if errors else 200)


def _carried(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the parameters of a list's action, so that the answer meets the same rows."""
    names = ("action", "select_across", "index", ACTION_CHECKBOX_NAME)
    return [(name, value) for name in names for value in request.POST.getlist(name)[:MAX_SELECTED]]
