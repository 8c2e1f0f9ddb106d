"""Owners at the desk: what somebody without a permission may do with a client of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.field import LinesField
from idp.admin.party import user_named
from idp.admin.service_form import change_message
from idp.models import ClientPolicy, ClientSecret
from idp.services.client import policy_of
from idp.services.client_owner import owned_clients, owner_names, set_owners

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin

MOST_OWNERS = 50

MAY_EDIT = frozenset(
    {
        "client_name",
        "redirect_uris",
        "post_logout_redirect_uris",
        "allowed_origins",
        "scopes",
        "contacts",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "software_id",
        "jwks",
        "jwks_uri",
        "backchannel_logout_uri",
        "backchannel_logout_session_required",
    }
)
"""Fields of a client that its owners may change; every other one needs the permission."""


def owns(request: HttpRequest, application: Any = None) -> bool:
    """Return whether who is signed in owns a client, or any client at all; asked once a request."""
    known = request.__dict__.setdefault("desk_owned", {})
    key = None if application is None else application.pk
    if key not in known:
        rows = owned_clients(request.user)
        known[key] = (rows if key is None else rows.filter(pk=key)).exists()
    return bool(known[key])


def names_of(application: Any) -> tuple[str, ...]:
    """Return who owns a client: whoever it was registered for, then people, then groups."""
    first = (application.user.get_username(),) if application.user is not None else ()
    users, groups = owner_names(policy_of(application))
    return tuple(dict.fromkeys([*first, *users, *groups]))


def links(application: Any, *, linked: bool) -> SafeString | str:
    """Return who owns a client; people with a link to their page, where the reader may open it."""
    if not linked:
        return display.codes(names_of(application))
    policy = policy_of(application)
    people = {application.user_id: application.user} if application.user is not None else {}
    groups: list[str] = []
    if policy.pk is not None:
        people |= {user.pk: user for user in policy.owner_users.all()}
        groups = sorted(policy.owner_groups.values_list("name", flat=True))
    parts = [*map(display.user_link, people.values()), *(display.codes([name]) for name in groups)]
    return format_html_join(" ", "{}", ((part,) for part in parts)) or display.EMPTY


def may_operate(desk: DeskAdmin, request: HttpRequest) -> bool:
    """Return whether the operator may change what owners may not."""
    return desk.may(request, "change", ClientPolicy)


def may_see_secrets(desk: DeskAdmin, request: HttpRequest, application: Any) -> bool:
    """Return whether labels, ages and last four characters of secrets may be seen."""
    return desk.may(request, "view", ClientSecret) or may_rotate(desk, request, application)


def may_rotate(desk: DeskAdmin, request: HttpRequest, application: Any) -> bool:
    """Return whether secrets of a client may be issued, rotated and revoked."""
    return desk.may(request, "rotate", ClientSecret) or owns(request, application)


class OwnersForm(forms.Form):
    """Who owns a client: names that are typed, so that nobody is listed who is not asked for."""

    users = LinesField(
        label=_("People, one a line"),
        help_text=_(
            "Sign-in names. They see this client alone, edit its addresses, scopes and words, and "
            "rotate its secrets. They must be members of staff to get to the desk."
        ),
    )
    groups = LinesField(
        label=_("Groups, one a line"),
        help_text=_("Names of groups; every member of staff in them owns the client."),
    )

    def clean_users(self) -> list[Any]:
        """Return the users with these names."""
        return _found(self.cleaned_data["users"], user_named, _("Nobody signs in as “%(name)s”."))

    def clean_groups(self) -> list[Any]:
        """Return the groups with these names."""
        unknown = _("There is no group “%(name)s”.")
        return _found(
            self.cleaned_data["groups"],
            lambda name: Group._default_manager.filter(name=name).first(),
            unknown,
        )


def _found(names: list[str], find: Any, unknown: Any) -> list[Any]:
    wanted = [name.strip().replace("\0", "") for name in names]
    if len(wanted) > MOST_OWNERS:
        raise forms.ValidationError(
            _("At most %(number)d; make a group of them.") % {"number": MOST_OWNERS}
        )
    rows = [find(name) for name in wanted]
    missing = [name for name, row in zip(wanted, rows, strict=True) if row is None]
    if missing:
        raise forms.ValidationError([unknown % {"name": name} for name in missing])
    return rows


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Say who owns a client, for whoever may change client policies."""
    desk.allow(permitted=may_operate(desk, request))
    application = desk.row_or_404(request, object_id)
    users, groups = owner_names(policy_of(application))
    form = OwnersForm(request.POST or None, initial={"users": users, "groups": groups})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        changes = set_owners(
            application, users=data["users"], groups=data["groups"], by=request.user
        )
        desk.log_change(request, application, change_message(changes) or "Nothing changed.")
        messages.success(request, _("Saved.") if changes else _("Nothing changed."))
        _warn_outsiders(request, data["users"])
        return HttpResponseRedirect(display.object_url(application, "overview"))
    context = {
        "title": _("Owners"),
        "form": form,
        "media": desk.media + form.media,
        "button": _("Save"),
        "crumbs": [(display.object_url(application, "overview"), str(application))],
        "back": display.object_url(application, "overview"),
    }
    return desk.page(request, "admin/idp/client_step.html", context)


def _warn_outsiders(request: HttpRequest, users: list[Any]) -> None:
    for user in users:
        if not getattr(user, "is_staff", False):
            words = gettext("“%(name)s” is no member of staff and does not get to the desk yet.")
            messages.warning(request, words % {"name": user.get_username()})
