"""Signing keys on their time line: announced, active, retiring, retired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display, neighbour
from idp.admin.base import RecordAdmin
from idp.admin.confirm import Question, ask, given_reason, is_confirmed
from idp.admin.paginator import COUNT_LIMIT, bounded
from idp.models import Authorization, SecurityEvent, SigningKey
from idp.models.expression import holding_word
from idp.services import key as keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

TONES = {"announced": "plain", "active": "good", "retiring": "warn", "retired": "plain"}


class SigningKeyAdmin(RecordAdmin):
    """Keys that sign; the private halves are never shown."""

    change_list_template = "admin/idp/signing_key_list.html"
    list_display = ("kid", "algorithm", "use", "state_badge", "time_line")
    list_filter = ("state", "use", "algorithm")
    ordering = ("-created_at",)
    lead = _(
        "A key is published before it signs, so that every client knows it in time, and stays "
        "published until "
        "the last token that it signed is dead."
    )
    empty_text = _("The first key is made when the first token is signed.")
    fieldsets = (
        (None, {"fields": ("kid", "algorithm", "use", "state_badge", "time_line", "ways")}),
        (_("Origin"), {"fields": ("source", "encryption_key_id")}),
        (_("Public key"), {"fields": ("public_key",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with those that rotate and retire."""
        view = self.admin_site.admin_view(self.rotate_view)
        retire = self.admin_site.admin_view(self.retire_view)
        return [
            path("rotate/", view, name="idp_signingkey_rotate"),
            path("<path:object_id>/retire/", retire, name="idp_signingkey_retire"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the button for whoever may rotate."""
        may = self.may(request, "rotate")
        return super().changelist_view(request, {"may_rotate": may, **(extra_context or {})})

    def rotate_view(self, request: HttpRequest) -> HttpResponse:
        """Announce a successor of the active key, after asking."""
        self.allow(permitted=self.may(request, "rotate"))
        question = Question(
            title=_("Rotate the signing key?"),
            sentences=(
                _(
                    "A new RS256 key is announced now. It signs as soon as every client can know "
                    "it."
                ),
                _(
                    "The present key then signs nothing more, and stays published until its last "
                    "token is dead."
                ),
                _("No client and no user notices."),
            ),
            button=_("Announce a new key"),
            needs_reason=True,
            back="../",
            danger=False,
        )
        if not is_confirmed(request, question):
            return ask(self, request, question)
        reason = given_reason(request)
        key = keys.rotate_key(by=request.user.get_username(), reason=reason)
        self.log_addition(request, key, f"Announced {key.kid}: {reason}")
        messages.success(request, _("Key %(kid)s is announced.") % {"kid": key.kid})
        return HttpResponseRedirect("../")

    def retire_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a key out of the published set at once, after saying what that breaks."""
        self.allow(permitted=self.may(request, "rotate"))
        key: SigningKey = self.row_or_404(request, object_id)
        question = self._retire_question(key)
        if not is_confirmed(request, question):
            return ask(self, request, question)
        by, reason = request.user.get_username(), given_reason(request)
        try:
            keys.retire_key(key, by=by, reason=reason, now=timezone.now())
        except keys.KeyInUse:
            messages.error(request, _("This key signs: rotate it first, then retire it."))
        else:
            self.log_change(request, key, f"Retired {key.kid}: {reason}")
            messages.success(request, _("Key %(kid)s is retired.") % {"kid": key.kid})
        return HttpResponseRedirect("../change/")

    def _retire_question(self, key: SigningKey) -> Question:
        last = (key.retiring_at or timezone.now()) + keys.longest_token()
        return Question(
            title=_("Retire this key at once?"),
            sentences=(
                _(
                    "Clients and APIs refuse every ID token and JWT that it signed, as soon as "
                    "they read the keys again."
                ),
                _("Left alone it retires by itself when the last of them is dead."),
                _("Do this only if somebody else may hold the key."),
            ),
            button=_("Retire"),
            counts=(
                (_("Sign-ins to clients that it may have signed for"), _signed_by(key)),
                (_("The last token that it signed ends"), display.moment(last)),
            ),
            needs_reason=True,
            back="../change/",
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return the page of a key, with the ways to the keys beside it and to their events."""
        body = neighbour.links(self._beside(request, kwargs["obj"]))
        parts = [{"title": _("What belongs to it"), "anchor": "neighbours", "body": body}]
        return super().render_change_form(request, {**context, "parts": parts}, *args, **kwargs)

    def _beside(self, request: HttpRequest, key: SigningKey) -> Iterator[tuple[Any, str]]:
        like = urlencode({"algorithm__exact": key.algorithm, "use__exact": key.use})
        yield _("Keys like it, before and after"), f"../../?{like}"
        if self.may(request, "view", SecurityEvent):
            url = display.admin_url(SecurityEvent, "changelist")
            yield _("What happened to keys"), f"{url}?{urlencode({'kind': 'key.'})}"

    @admin.display(description=_("ways"))
    def ways(self, key: SigningKey) -> SafeString | str:
        """Return what can be done with the key."""
        site = self.admin_site.name
        if key.use != SigningKey.Use.TOKENS or key.state == SigningKey.State.RETIRED:
            return display.EMPTY
        if key.state == SigningKey.State.ACTIVE:
            return display.link(reverse(f"{site}:idp_signingkey_rotate"), _("Rotate …"))
        url = reverse(f"{site}:idp_signingkey_retire", args=(key.pk,))
        return display.ending_link(url, _("Retire at once …"))

    @admin.display(description=_("Public key"))
    def public_key(self, key: SigningKey) -> SafeString:
        """Return the public half as it is published."""
        written = json.dumps(key.public_jwk, indent=2, sort_keys=True)
        return format_html('<pre class="desk-pre" tabindex="0">{}</pre>', written)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, key: SigningKey) -> SafeString:
        """Return the state as a badge."""
        return display.badge(key.get_state_display(), TONES.get(key.state, "plain"))

    @admin.display(description=_("time line"))
    def time_line(self, key: SigningKey) -> SafeString:
        """Return when the key entered each state."""
        steps = (
            (_("Announced"), key.created_at),
            (_("Active"), key.activated_at),
            (_("Retiring"), key.retiring_at),
            (_("Retired"), key.retired_at),
        )
        return format_html(
            '<ol class="desk-line">{}</ol>',
            format_html_join(
                "",
                '<li class="desk-line__step desk-line__step--{}"><span>{}</span> {}</li>',
                (("past" if at else "to-come", words, display.moment(at)) for words, at in steps),
            ),
        )


def _signed_by(key: SigningKey) -> str:
    """Return how many sign-ins to clients may have ID tokens that a key signed and that still live.

    ID tokens are not stored; the authorizations that they came of are.
    """
    end = key.retiring_at or timezone.now()
    since = max(key.activated_at or end, timezone.now() - keys.longest_token())
    acts = Authorization.objects.filter(created_at__gte=since, created_at__lte=end)
    return bounded(acts.filter(holding_word("openid", "scopes")).values("pk")[:COUNT_LIMIT].count())
