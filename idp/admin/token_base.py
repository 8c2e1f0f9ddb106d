"""What the lists of the toolkit's tokens share: no token is shown, revoking ends a family."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import PartyAdmin
from idp.admin.chosen import challenge, end_many, older_one_by_one
from idp.admin.confirm import LARGE, Question, ask, given_reason, is_confirmed
from idp.admin.filter import ClientFilter, UserFilter
from idp.models import Authorization, IssuedToken
from idp.services.origin import origin_of
from idp.services.token_revocation import revoke_token_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString


class CredentialAdmin(PartyAdmin):
    """Rows that stand for a token or code; its value is on no page and in no search."""

    list_filter: ClassVar[Any] = (ClientFilter, UserFilter)
    list_display: Any = (
        "number",
        "user",
        "client",
        "scope_codes",
        "created",
        "expires_at",
    )
    ordering = ("-pk",)
    sortable_by: ClassVar[Any] = ()
    fields: ClassVar[Any] = ("user_link", "client", "scope_codes", "created", "expires_at")

    @admin.display(description=_("number"))
    def number(self, row: Any) -> str:
        """Return the key of the row."""
        return f"#{row.pk}"

    @admin.display(description=_("client"))
    def client(self, row: Any) -> SafeString | str:
        """Return the client with a link."""
        return display.client_link(row.application)

    @admin.display(description=_("user"))
    def user_link(self, row: Any) -> SafeString | str:
        """Return the user with a link."""
        return display.user_link(row.user)

    @admin.display(description=_("scopes"))
    def scope_codes(self, row: Any) -> SafeString | str:
        """Return the scopes."""
        return display.codes(row.scope.split())

    @admin.display(description=_("expires"))
    def expires_at(self, row: Any) -> SafeString | str:
        """Return when it ends, marked where it has."""
        if row.expires <= timezone.now():
            return display.badges([(_("Expired"), "plain")])
        return display.moment(row.expires)

    @admin.display(description=_("authorization"))
    def family(self, row: Any) -> SafeString | str:
        """Return the act of authorization that the token belongs to."""
        issued = IssuedToken.objects.filter(pk=row.token_checksum).first()
        if issued is not None:
            return display.object_link(
                Authorization(pk=issued.authorization_id), issued.authorization_id
            )
        return gettext("None: issued to the client itself, or before authorizations were recorded.")


class RevocableAdmin(CredentialAdmin):
    """Tokens that an operator can end, each with its whole family.

    Attributes:
        what: as ``Chosen`` names them.
    """

    actions = ("revoke_selected",)
    what = "access"

    change_form_template = "admin/idp/token_detail.html"

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that revokes."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_revoke"
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<path:object_id>/revoke/", view, name=name), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Return the page of one token, with the button for whoever may revoke."""
        context = {"may_revoke": self.has_revoke_permission(request), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Revoke one token with its family, after saying what ends."""
        self.allow(permitted=self.has_revoke_permission(request))
        row = self.row_or_404(request, object_id)
        chosen = self.model._default_manager.filter(pk=row.pk)
        question = replace(self._question(chosen), back="../change/")
        if not is_confirmed(request, question):
            return ask(self, request, question)
        self._revoke(request, chosen)
        return HttpResponseRedirect(display.admin_url(self.model, "changelist"))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may end tokens."""
        return self.may(request, "end", Authorization)

    @admin.action(
        description=_("Revoke selected tokens with their families …"), permissions=("revoke",)
    )
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """End the chosen tokens, after saying what ends."""
        question = self._question(queryset)
        if not is_confirmed(request, question):
            return ask(self, request, question)
        if (answer := end_many(self, request, queryset, self.what)) is not None:
            return answer
        self._revoke(request, queryset)
        return None

    def _revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End tokens one by one, each with its family."""
        reason, origin, now = given_reason(request), origin_of(request), timezone.now()
        by, count = request.user.get_username(), 0
        for token in queryset.select_related("application").iterator(chunk_size=500):
            self.log_change(request, token, f"Revoked: {reason}")
            revoke_token_row(token, reason=reason, by=by, origin=origin, now=now)
            count += 1
        words = ngettext("%(n)d token is revoked.", "%(n)d tokens are revoked.", count)
        messages.success(request, words % {"n": count})

    def _question(self, queryset: QuerySet[Any]) -> Question:
        number = queryset.order_by().count()
        return Question(
            title=ngettext("Revoke this token?", "Revoke these tokens?", number),
            sentences=(
                _(
                    "Each ends with its family: the other tokens that came of the same "
                    "authorization."
                ),
                _("The client's next request is refused. This cannot be undone."),
                *older_one_by_one(number),
            ),
            button=_("Revoke"),
            counts=(
                (_("Tokens chosen"), number),
                *_of_families(queryset, number),
                (_("Users"), queryset.order_by().values("user").distinct().count()),
                (_("Clients"), queryset.order_by().values("application").distinct().count()),
            ),
            needs_reason=True,
            challenge=challenge(queryset, number),
            back=display.admin_url(self.model, "changelist"),
        )


def _of_families(tokens: QuerySet[Any], number: int) -> Iterator[tuple[Any, int]]:
    """Yield how many live tokens end with the families of some; of many that is not counted."""
    if number >= LARGE:
        return
    families = IssuedToken.objects.filter(pk__in=tokens.order_by().values("token_checksum"))
    live = IssuedToken.objects.filter(
        authorization__in=families.values("authorization"), used_at=None
    ).exclude(expires_at__lte=timezone.now())
    yield _("Live tokens of their families, which end with them"), live.count()
