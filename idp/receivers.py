"""Every signal connection of the provider, each with its ``dispatch_uid``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import connections
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_migrate,
    post_save,
    pre_delete,
    pre_save,
)
from django.utils import timezone

from idp import signals
from idp.conf import application_model
from idp.dot.issuer import issuer_of
from idp.models import Api, ClientPolicy, Scope, ScopePolicy, ScopeText, SiteState
from idp.models.append_only import install_triggers
from idp.services.catalogue import catalogue_changed
from idp.services.client import kind_of, source_of
from idp.services.client_name import note_name
from idp.services.erasure import erase_traces
from idp.services.logout import end_sign_ins, end_sign_ins_of
from idp.services.notice import consider_notice
from idp.services.redirect_uri import sync_redirect_uris
from idp.services.redirect_uri_guard import guard_application
from idp.services.sign_in import how_signed_in, record_sign_in, sign_ins_at_hand
from idp.services.site_setup import prepare_site

if TYPE_CHECKING:
    from django.db.models import Model


def connect() -> None:
    """Connect the receivers."""
    application = application_model()
    pre_save.connect(guard_application, sender=application, dispatch_uid="idp.guard_application")
    post_save.connect(give_policy, sender=application, dispatch_uid="idp.give_policy")
    user_logged_in.connect(note_sign_in, dispatch_uid="idp.note_sign_in")
    user_logged_out.connect(note_sign_out, dispatch_uid="idp.note_sign_out")
    signals.consent_granted.connect(consider_notice, dispatch_uid="idp.consider_notice")
    pre_delete.connect(forget_evidence, sender=get_user_model(), dispatch_uid="idp.forget_evidence")
    post_save.connect(
        note_deactivation, sender=get_user_model(), dispatch_uid="idp.note_deactivation"
    )
    for model in (Api, Scope, ScopePolicy, ScopeText):
        for signal in (post_save, post_delete):
            signal.connect(catalogue_changed, sender=model, dispatch_uid="idp.catalogue_changed")
    for relation in (Api.resource_servers.through, Scope.implies.through):
        m2m_changed.connect(
            catalogue_changed, sender=relation, dispatch_uid="idp.catalogue_changed"
        )
    post_migrate.connect(after_migrate, dispatch_uid="idp.after_migrate")


def give_policy(*, instance: Any, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """Give a new client its policy row, however it was made; know its name and redirect URIs."""
    if raw:
        return
    if created and getattr(instance, "idp_policy", None) is None:
        ClientPolicy.objects.get_or_create(
            application=instance,
            defaults={"kind": kind_of(instance), "source": source_of(instance)},
        )
    note_name(instance)
    sync_redirect_uris(instance, source=getattr(instance, "idp_source", "code"))


def note_sign_in(*, request: Any = None, user: Any, **_kwargs: Any) -> None:
    """Record a sign-in, with any backend and any sign-in page."""
    if request is not None and hasattr(request, "session"):
        amr, acr = how_signed_in(request, user)
        record_sign_in(request, user, amr=amr, acr=acr, now=timezone.now())


def note_sign_out(*, request: Any = None, **_kwargs: Any) -> None:
    """End the sign-ins of the session, and have their clients told, wherever it was ended."""
    if request is not None:
        end_sign_ins(
            sign_ins_at_hand(request), issuer=partial(issuer_of, request), now=timezone.now()
        )


def forget_evidence(*, instance: Any, **_kwargs: Any) -> None:
    """Tell clients, and erase addresses and browsers of a user who is deleted; the chain stays."""
    end_sign_ins_of(instance, now=timezone.now())
    erase_traces(instance)


def note_deactivation(*, instance: Any, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """End the sign-ins of a user who was switched off, and have their clients told.

    ``QuerySet.update`` sends no signal: the tokens are refused then as well, but nobody is told.
    """
    if not (raw or created or getattr(instance, "is_active", True)):
        end_sign_ins_of(instance, now=timezone.now())


def after_migrate(*, using: str = "default", **_kwargs: Any) -> None:
    """Install what migrations cannot keep, once our tables are there.

    Sent once an app; the work is done for each, because triggers are lost with any rebuilt table.
    """
    # First, because it also clears up behind tables that are gone.
    install_triggers(using)
    tables = set(connections[using].introspection.table_names())
    if application_model()._meta.db_table not in tables:
        return
    if all(_is_up_to_date(model, tables, using) for model in (SiteState, ClientPolicy)):
        prepare_site()


def _is_up_to_date(model: type[Model], tables: set[str], using: str) -> bool:
    """Return whether a table has every column of its model: it lacks some between migrations."""
    table, connection = model._meta.db_table, connections[using]
    if table not in tables:
        return False
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
    wanted = {field.column for field in model._meta.local_concrete_fields}
    return wanted <= {column.name for column in found}
