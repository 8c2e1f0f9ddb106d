"""The list of clients: what the columns count and the filters ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import DeskChangeList
from idp.admin.filter import TextFilter
from idp.admin.party import PARTIES, users_named
from idp.domain.redirect_uri import DEVELOPMENT_ONLY
from idp.models import ClientPolicy, Consent, RedirectUri
from idp.services.attention import UNUSED_AFTER, secrets_running_out

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

NO_FINDING: list[Any] = []


class ClientChangeList(DeskChangeList):
    """A list whose rows lead to the page of the client."""

    def url_for_result(self, result: Any) -> str:
        """Return the address of the client's page."""
        return display.object_url(result, "overview")


def with_counts(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return clients with how many users consent and how many addresses have findings.

    The counts are computed for the rows of one page only, by index.
    """
    consents = Consent.objects.filter(application=OuterRef("pk"), status=Consent.Status.ACTIVE)
    found = RedirectUri.objects.filter(application=OuterRef("pk"), accepted_at=None).exclude(
        findings=NO_FINDING
    )
    counted: QuerySet[Any] = rows.annotate(
        idp_users=Coalesce(Subquery(_counted(consents)), 0),
        idp_findings=Coalesce(Subquery(_counted(found)), 0),
    )
    return counted


def search_clients(rows: QuerySet[Any], text: str, *, by_owner: bool = True) -> QuerySet[Any]:
    """Return clients by a word of their name, their id, a host of a redirect URI, or an owner.

    Args:
        rows: the clients to search.
        text: up to five words, each of which must be found.
        by_owner: whether names of users and groups are searched as well.
    """
    for word in text.replace("\0", "").split()[:5]:
        found = (
            Q(name__icontains=word)
            | Q(client_id__istartswith=word)
            | Q(redirect_uris__icontains=f"//{word}")
            | Q(redirect_uris__icontains=f".{word}")
        )
        rows = rows.filter(found | owned_by(word) if by_owner else found)
    return rows


def owned_by(name: str) -> Q:
    """Return the condition of clients that belong to a user or a group with a name like this."""
    users = list(users_named(name).values_list("pk", flat=True)[:PARTIES])
    groups = Group._default_manager.filter(name__istartswith=name).values("pk")
    owned = ClientPolicy.objects.filter(
        Q(owner_users__in=users) | Q(owner_groups__in=groups)
    ).values("application")
    return Q(user__in=users) | Q(pk__in=owned)


class OwnerFilter(TextFilter):
    """Clients that a user or a group owns."""

    title = _("owner")
    parameter_name = "owner"
    hint = _("beginning of a sign-in name or a group")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the clients of these owners."""
        return queryset.filter(owned_by(text))


class PolicyFilter(admin.SimpleListFilter):
    """Clients by one field of their policy; a client without a row counts as the default."""

    field = ""
    choices_of: Any = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices of the field."""
        return list(self.choices_of.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the clients with this value."""
        value = self.value()
        return queryset.filter(**{f"idp_policy__{self.field}": value}) if value else queryset


class KindFilter(PolicyFilter):
    """Clients of one kind."""

    title, parameter_name, field, choices_of = _("kind"), "kind", "kind", ClientPolicy.Kind


class EnvironmentFilter(PolicyFilter):
    """Clients in production or in development."""

    title, parameter_name, field = _("environment"), "environment", "environment"
    choices_of = ClientPolicy.Environment


class StatusFilter(PolicyFilter):
    """Clients that are switched on or off."""

    title, parameter_name, field, choices_of = _("status"), "status", "status", ClientPolicy.Status


class SourceFilter(admin.SimpleListFilter):
    """Clients by how they came to be here."""

    title, parameter_name = _("source"), "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the ways; an operator's hand has a name here, and none in the database."""
        return [(value or "operator", words) for value, words in ClientPolicy.Source.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the clients that came this way."""
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(idp_policy__source="" if value == "operator" else value)


class TrustFilter(admin.SimpleListFilter):
    """Clients by how far the site trusts them."""

    title, parameter_name = _("trust"), "trust"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the degrees of trust."""
        return [
            ("first_party", _("The site's own")),
            ("verified", _("Verified")),
            ("unverified", _("Not verified")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the clients that are trusted so far."""
        if self.value() == "first_party":
            return queryset.filter(idp_policy__first_party=True)
        if self.value() == "verified":
            return queryset.filter(idp_policy__verified=True, idp_policy__first_party=False)
        if self.value() == "unverified":
            return queryset.exclude(idp_policy__verified=True).exclude(idp_policy__first_party=True)
        return queryset


class FindingFilter(admin.SimpleListFilter):
    """Clients that something is to be said about."""

    title, parameter_name = _("findings"), "finding"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the findings."""
        return [
            ("error", _("An address breaks a rule")),
            ("development", _("A development address in production")),
            ("warning", _("An address has a warning")),
            ("accepted", _("A warning was accepted")),
            ("secret_ends", _("A secret ends within 14 days")),
            ("unused_uri", _("An address is unused for 90 days")),
            ("unused", _("The client is unused for 90 days")),
            ("unowned", _("Nobody owns it")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the clients with this finding."""
        before = timezone.now() - UNUSED_AFTER
        uris = RedirectUri.objects.filter(_URI_FINDINGS.get(self.value() or "", Q()))
        if self.value() in _URI_FINDINGS:
            return queryset.filter(pk__in=uris.values("application"))
        if self.value() == "secret_ends":
            ending = secrets_running_out(timezone.now())
            return queryset.filter(pk__in=ending.values("application"))
        if self.value() == "unused_uri":
            old = Q(last_used_at__lte=before) | Q(last_used_at=None, created_at__lte=before)
            return queryset.filter(pk__in=RedirectUri.objects.filter(old).values("application"))
        if self.value() == "unused":
            old = Q(idp_policy__last_used_at__lte=before)
            return queryset.filter(
                old | Q(idp_policy__last_used_at=None, idp_policy__created_at__lte=before)
            )
        if self.value() == "unowned":
            owned = {"idp_policy__owner_users": None, "idp_policy__owner_groups": None}
            return queryset.filter(user=None, **owned)
        return queryset


def development_in_production() -> Q:
    """Return the condition of addresses of a production client that belong to development."""
    found = Q()
    for code in sorted(DEVELOPMENT_ONLY):
        found |= Q(findings__icontains=f'"code": "{code}"')
    production = Q(application__idp_policy__environment=ClientPolicy.Environment.PRODUCTION)
    return found & production


# A finding is stored as JSON; its text form is the same on every database.
_URI_FINDINGS = {
    "error": Q(findings__icontains='"severity": "error"'),
    "development": development_in_production(),
    "warning": Q(findings__icontains='"severity": "warning"', accepted_at=None),
    "accepted": Q(accepted_at__isnull=False),
}


def _counted(rows: QuerySet[Any]) -> QuerySet[Any]:
    grouped = rows.order_by().values("application")
    numbers: QuerySet[Any] = grouped.annotate(number=Count("pk")).values("number")
    return numbers
