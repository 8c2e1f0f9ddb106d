"""Policies: named rule sets that scopes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.field import GRANT_TYPES, LinesField, NamesField, SpanField, group_choices
from idp.admin.scope import SENSITIVITY_TONES
from idp.admin.service_form import ServiceAdmin
from idp.models import ScopePolicy
from idp.services.scope_policy import remove_policy, save_policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.services.change import FieldChange

SPANS = (
    "consent_lifetime",
    "max_authentication_age",
    "access_token_lifetime",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
)


HELP = {
    "name": _("A short word; scopes and the file refer to it: renamed, the file makes a new one."),
    "description": _("For operators: what the scopes that follow it have in common."),
    "sensitivity": _(
        "Sensitive and restricted ones look different on the consent page; rated too low, users "
        "allow them unread."
    ),
    "clients": _("Every other client is refused, whatever it registered (RFC 6749 §5.2)."),
    "approver_differs": _(
        "Whoever asked for the approval cannot give it; where one person runs the site alone, "
        "nobody can."
    ),
    "permission": _(
        "Permission “app.codename” that a user needs to give the scope; misspelt, nobody has it."
    ),
    "user_check": _(
        "Dotted path of a callable(user, application) that says whether the user may give it; "
        "one that fails lets nobody."
    ),
    "consent": _(
        "Whether users are asked again for what they allowed before; without a question they "
        "never hear of it (OpenID Connect Core §3.1.2.4)."
    ),
    "consent_lifetime": _("Afterwards users are asked again; empty: until they take it back."),
    "optional": _(
        "The user may decline it on the consent page; the client must then do without it (RFC "
        "6749 §3.3)."
    ),
    "choose_duration": _(
        "The user may choose between this time only, 30 days and until revoked; who chooses this "
        "time only is asked each time."
    ),
    "max_authentication_age": _(
        "How old the sign-in may be when the scope is given or used; too short, and users sign in "
        "again and again (RFC 9470)."
    ),
    "access_token_lifetime": _("How long a stolen one works at most (RFC 9700 §2.2)."),
    "refresh": _(
        "Whether a client may go on without the user; if not, users come back when the access "
        "token ends (RFC 6749 §6)."
    ),
    "refresh_token_lifetime": _(
        "Afterwards users sign in again; a stolen one may be used until then (RFC 9700 §4.14.2)."
    ),
    "refresh_token_idle_lifetime": _("An unused one ends after this time (RFC 9700 §4.14.2)."),
}
"""What each rule does, where the model itself does not say it."""


NO_GROUPS = _(
    "The site has no groups yet. Once it has some, they can be chosen here; until then everyone "
    "may give the scope."
)


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules, each asked for in the form in which people think of it."""

    groups = NamesField(
        label=_("Groups"),
        help_text=_("One of them is needed to give the scope; none chosen: everyone may."),
    )
    grant_types = NamesField(
        label=_("Grant types"),
        choices=GRANT_TYPES,
        help_text=_("In which the scope may be used; none chosen: all (RFC 6749 §1.3)."),
    )
    acr_values = LinesField(
        label=_("Authentication contexts"),
        help_text=_(
            "One a line; a sign-in must reach one of them, and one that no sign-in reaches refuses "
            "everybody. Empty: any sign-in will do (RFC 9470)."
        ),
    )

    class Meta:
        """Every field that people edit."""

        model = ScopePolicy
        exclude = ("revision",)  # noqa: DJ006 - every other field, new ones too
        field_classes = dict.fromkeys(SPANS, SpanField)
        help_texts: ClassVar[Any] = HELP
        widgets = {"description": forms.Textarea({"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            field = self.fields["groups"]
            field.choices = group_choices(self.instance.groups)  # type: ignore[attr-defined]
            if not field.choices:  # type: ignore[attr-defined]
                field.help_text = NO_GROUPS


class ScopePolicyAdmin(ServiceAdmin):
    """The rule sets."""

    form = PolicyForm
    list_display = (
        "name",
        "rating",
        "clients",
        "users",
        "consent",
        "lifetimes",
        "scopes_following",
        "revision",
    )
    list_filter = ("sensitivity", "clients", "consent")
    search_fields = ("name", "description")
    readonly_fields = ("revision",)
    fieldsets = (
        (None, {"fields": ("name", "description", "sensitivity", "revision")}),
        (_("Which clients may ask"), {"fields": ("clients", "approver_differs", "grant_types")}),
        (_("Which users may give"), {"fields": ("groups", "permission", "user_check")}),
        (
            _("How users are asked"),
            {"fields": ("consent", "consent_lifetime", "optional", "choose_duration")},
        ),
        (_("How they must have signed in"), {"fields": ("max_authentication_age", "acr_values")}),
        (
            _("How long tokens live"),
            {
                "fields": (
                    "access_token_lifetime",
                    "refresh",
                    "refresh_token_lifetime",
                    "refresh_token_idle_lifetime",
                ),
                "description": _(
                    "Empty: as the client and the site say. The strictest of all decides."
                ),
            },
        ),
    )
    lead = _(
        "A policy says who may ask for a scope, who may give it, under what conditions and for "
        "how long."
    )
    empty_text = _("Add a policy, then let scopes follow it.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the policies with the number of their scopes."""
        rows: QuerySet[Any] = super().get_queryset(request)
        rows = rows.annotate(scope_count=Count("scopes"))
        return rows

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return spans of time as a number and a unit."""
        if db_field.name in SPANS:
            words = kwargs.get("help_text") or db_field.help_text
            return SpanField(label=capfirst(db_field.verbose_name), help_text=words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Return the form with the scopes that follow the policy below."""
        policy = self.get_object(request, unquote(object_id))
        rows = policy.scopes.select_related("api")[:200] if policy else ()
        body = display.table(
            _("Scopes that follow this policy"),
            (_("Scope"), _("API"), _("Standing")),
            (
                (display.object_link(s), s.api, _("Active") if s.active else _("Retired"))
                for s in rows
            ),
            str(_("No scope follows it yet.")),
        )
        parts = [{"title": _("Scopes"), "anchor": "scopes", "body": body}]
        return super().change_view(
            request, object_id, form_url, {"parts": parts, **(extra_context or {})}
        )

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return what follows it: the clients that hold its scopes."""
        return {"policy": row.name}

    def store(
        self, request: HttpRequest, obj: Any, form: Any, formsets: Any
    ) -> Iterable[FieldChange]:
        """Store the policy."""
        return save_policy(obj, by=request.user)

    def may_take_away(self, form: Any) -> bool:
        """Return whether any rule was changed."""
        return bool(form.has_changed())

    def swept(self, obj: Any) -> str:
        """Return the query for what follows the policy."""
        return urlencode({"policy": obj.pk})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete a policy that nothing follows."""
        remove_policy(obj, by=request.user)

    @admin.display(description=_("sensitivity"), ordering="sensitivity")
    def rating(self, policy: ScopePolicy) -> SafeString:
        """Return the sensitivity as a badge."""
        return display.badge(
            policy.get_sensitivity_display(), SENSITIVITY_TONES.get(policy.sensitivity, "plain")
        )

    @admin.display(description=_("users"))
    def users(self, policy: ScopePolicy) -> SafeString | str:
        """Return who may give the scope."""
        parts = [*(policy.groups or ()), *filter(None, (policy.permission, policy.user_check))]
        return display.codes(parts) if parts else gettext("everyone")

    @admin.display(description=_("access / refresh"))
    def lifetimes(self, policy: ScopePolicy) -> str:
        """Return how long tokens live."""
        refresh = display.span(policy.refresh_token_lifetime) if policy.refresh else str(_("none"))
        return f"{display.span(policy.access_token_lifetime)} / {refresh}"

    @admin.display(description=_("scopes"), ordering="scope_count")
    def scopes_following(self, policy: Any) -> int:
        """Return how many scopes follow it."""
        return int(policy.scope_count)


class ClientPolicyAdmin(ServiceAdmin):
    """Only what other pages look up: a client's policy is edited on the client's page."""

    search_fields = ("application__client_id", "application__name")
    list_select_related = ("application",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the page of the client."""
        row = self.row_or_404(request, object_id)
        self.allow(permitted=self.has_view_permission(request, row) and request.method != "POST")
        return HttpResponseRedirect(display.object_url(row.application, "overview"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return False: clients are found under their own name."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether it may go with its client."""
        match = request.resolver_match
        return match is not None and not (match.url_name or "").startswith("idp_clientpolicy_")
