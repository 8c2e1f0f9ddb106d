"""Scopes: a name, words for people in each language, and the policy that each follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Count
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display, explain, sweep
from idp.admin.paginator import COUNT_LIMIT, bounded
from idp.admin.service_form import ServiceAdmin
from idp.models import Authorization, ClientScope, ConsentScope, Scope, ScopeText
from idp.models.expression import holding_word
from idp.services.scope import remove_scope, save_scope
from idp.services.scope_text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

    from idp.services.change import FieldChange

SENSITIVITY_TONES = {"basic": "plain", "sensitive": "warn", "restricted": "danger"}
CLIENTS_SHOWN = 50
JUDGED = frozenset({"policy", "active", "implies"})
"""Fields whose change can take the scope from somebody."""


class ScopeTextInline(admin.StackedInline):  # type: ignore[type-arg]
    """Words for people, one row a language."""

    model = ScopeText
    extra = 1
    fields = (("language", "version"), "title", "description")
    readonly_fields = ("version",)
    verbose_name = _("words for people")
    verbose_name_plural = _("words for people, one row a language (such as “en”, “de”, “ar”)")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return fields in the size of what goes into them."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "description":
            field.widget = forms.Textarea({"rows": 2, "cols": 50})
        if db_field.name == "language":
            field.widget = forms.TextInput({"size": 6, "spellcheck": "false"})
        return field


HELP = {
    "name": _("As clients ask for it; it cannot be changed once it was granted (RFC 6749 §3.3)."),
    "api": _("What the scope opens; its identifier becomes the audience (RFC 8707)."),
    "policy": _(
        "The rules for who may ask for it and who may give it; without one the site's mode decides."
    ),
    "active": _("A retired scope is refused from the next request on, but its history remains."),
    "public": _(
        "Listed in “scopes_supported”, where anybody reads what the site has (RFC 8414 §2)."
    ),
    "default": _(
        "Granted when a request names no scope, to clients that did not think of it (RFC 6749 "
        "§3.3)."
    ),
    "implies": _(
        "Scopes that this one includes, as writing includes reading: who has it has them as well."
    ),
}


class ScopeAdmin(ServiceAdmin):
    """The catalogue of scopes."""

    change_list_template = "admin/idp/scope_list.html"
    list_display = ("name", "title", "api", "policy", "sensitivity", "clients", "standing")
    list_filter = ("active", "policy", "api", "public", "default")
    list_select_related = ("api", "policy")
    search_fields = ("name", "texts__title")
    search_help_text = _("Name, or a word of a title.")
    inlines = (ScopeTextInline,)
    autocomplete_fields = ("api", "policy", "implies")
    fieldsets = (
        (None, {"fields": ("name", "api", "policy")}),
        (_("Standing"), {"fields": ("active", "public", "default")}),
        (_("Includes"), {"fields": ("implies",)}),
    )
    lead = _("What a token may do, as one word on the wire. Who may ask and give, a policy says.")
    empty_text = _("Add an API, a policy and a scope; or apply a file with all of them.")

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's own signature
        **kwargs: Any,
    ) -> Any:
        """Return the form, with what the model itself does not say."""
        kwargs.setdefault("help_texts", HELP)
        return super().get_form(request, obj, change, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the scopes with their texts and the number of their clients."""
        rows: QuerySet[Any] = super().get_queryset(request).prefetch_related("texts")
        rows = rows.annotate(client_count=Count("clients", distinct=True))
        return rows

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that explains a decision."""
        view = self.admin_site.admin_view(self.explain_view)
        page = self.admin_site.admin_view(self.sweep_view)
        return [
            path("explain/", view, name="idp_explain"),
            path("take-away/", page, name="idp_sweep"),
            *super().get_urls(),
        ]

    def sweep_view(self, request: HttpRequest) -> HttpResponse:
        """Take away what the rules no longer give, batch by batch."""
        return sweep.view(self, request)

    def explain_view(self, request: HttpRequest) -> HttpResponse:
        """Explain a decision, rule by rule."""
        self.allow(permitted=self.has(request, "explain_decision"))
        return explain.view(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Return the form with the clients that hold the scope below."""
        scope = self.get_object(request, unquote(object_id))
        parts = [_standing_part(scope), _clients_part(scope)] if scope is not None else []
        return super().change_view(
            request, object_id, form_url, {"parts": parts, **(extra_context or {})}
        )

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return the scope by its name."""
        return {"scope": row.name}

    def store(
        self, request: HttpRequest, obj: Any, form: Any, formsets: Any
    ) -> Iterable[FieldChange]:
        """Store the scope with what it includes and its words."""
        texts: dict[str, Text] = {}
        for formset in formsets:
            for row in formset.cleaned_data:
                if row and not row.get("DELETE") and row.get("language"):
                    texts[row["language"]] = Text(row["title"], row["description"])
        return save_scope(
            obj,
            implies=[scope.name for scope in form.cleaned_data.get("implies", ())],
            texts=texts,
            prune_texts=True,
            by=request.user,
        )

    def may_take_away(self, form: Any) -> bool:
        """Return whether its policy, its life or what it includes was changed."""
        return not JUDGED.isdisjoint(form.changed_data)

    def swept(self, obj: Any) -> str:
        """Return the query for the scope."""
        return urlencode({"scope": obj.pk})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the scope with what loses it: clients, consents and authorizations."""
        gone, counts, needed, protected = super().get_deleted_objects(objs, request)
        for scope in objs:
            counts |= _held(scope)
        return gone, counts, needed, protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete a scope that was never granted; retire any other."""
        if remove_scope(obj, by=request.user) != "delete":
            messages.warning(
                request, _("It was granted before, so it was retired: its history stays readable.")
            )

    @admin.display(description=_("title"))
    def title(self, scope: Scope) -> str:
        """Return the English title, or the first there is."""
        texts = {text.language: text.title for text in scope.texts.all()}
        return texts.get("en") or next(iter(texts.values()), "") or str(_("no words yet"))

    @admin.display(description=_("sensitivity"))
    def sensitivity(self, scope: Scope) -> SafeString | str:
        """Return how the policy rates it."""
        policy = scope.policy
        if policy is None:
            return display.badge(_("No policy"), "warn")
        return display.badge(
            policy.get_sensitivity_display(), SENSITIVITY_TONES.get(policy.sensitivity, "plain")
        )

    @admin.display(description=_("clients"), ordering="client_count")
    def clients(self, scope: Any) -> int:
        """Return how many clients are registered for it."""
        return int(scope.client_count)

    @admin.display(description=_("standing"), ordering="active")
    def standing(self, scope: Scope) -> SafeString | str:
        """Return whether it is active, default, and public."""
        pairs: list[tuple[Any, str]] = [
            (_("Active"), "good") if scope.active else (_("Retired"), "danger")
        ]
        if scope.default:
            pairs.append((_("Default"), "plain"))
        if not scope.public:
            pairs.append((_("Not listed"), "plain"))
        return display.badges(pairs)


def _standing_part(scope: Scope) -> dict[str, Any]:
    """Return what the scope follows, opens and includes, each with a link."""

    def some(rows: Iterable[Scope]) -> SafeString | str:
        links = ((display.object_link(row, display.codes([row.name])),) for row in rows)
        return format_html_join(" ", "{}", links) or display.EMPTY

    body = display.facts(
        (
            (_("API"), display.object_link(scope.api)),
            (_("Policy"), display.object_link(scope.policy)),
            (_("Includes"), some(scope.implies.order_by("name")[:CLIENTS_SHOWN])),
            (
                _("Included by"),
                some(Scope.objects.filter(implies=scope).order_by("name")[:CLIENTS_SHOWN]),
            ),
        )
    )
    return {"title": _("Where it stands"), "anchor": "standing", "body": body}


def _clients_part(scope: Scope) -> dict[str, Any]:
    rows = ClientScope.objects.select_related("application").order_by("pk")
    held = rows.filter(scope=scope)[:CLIENTS_SHOWN]
    body = display.table(
        _("Clients that may ask for this scope"),
        (_("Client"), _("Requirement"), _("State"), _("Until")),
        (
            (
                display.client_link(row.application),
                row.get_requirement_display(),
                display.object_link(row, row.get_state_display()),
                display.moment(row.until),
            )
            for row in held
        ),
        str(_("No client may ask for it yet. Choose it on a client's page.")),
    )
    return {"title": _("Clients"), "anchor": "clients", "body": body}


def _held(scope: Scope) -> dict[str, str]:
    """Return what would lose a scope, counted as far as is cheap."""
    now, name = timezone.now(), scope.name
    granted = ConsentScope.objects.filter(scope=name, state=ConsentScope.State.GRANTED)
    live = Authorization.objects.live(now).filter(holding_word(name, "scopes"))
    kinds: tuple[tuple[Any, Any], ...] = (
        (_("Clients that may ask for it"), ClientScope.objects.filter(scope=scope)),
        (_("Consents that grant it"), granted),
        (_("Live authorizations that hold it"), live),
    )
    return {
        str(words): bounded(rows.order_by().values("pk")[:COUNT_LIMIT].count())
        for words, rows in kinds
    }
