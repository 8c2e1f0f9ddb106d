"""What every site has from its first migration on."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext, gettext_noop, override

from idp.conf import application_model
from idp.domain.access_token import PROVIDER_API
from idp.domain.offline_access import OFFLINE_ACCESS
from idp.models import Api, ClientPolicy, Scope, ScopePolicy, ScopeText, SiteState
from idp.services.catalogue import bump_catalogue
from idp.services.client import kind_of
from idp.services.client_name import note_names
from idp.services.site import site_state

BATCH = 500

SIGN_IN_SCOPES = {
    "openid": (
        gettext_noop("Know who you are"),
        gettext_noop("It recognises you when you come back."),
    ),
    "profile": (
        gettext_noop("See your name"),
        gettext_noop("Your first and last name and your user name."),
    ),
    "email": (
        gettext_noop("See your e-mail address"),
        gettext_noop("The address that this site knows of you."),
    ),
    OFFLINE_ACCESS: (
        gettext_noop("Stay connected while you are away"),
        gettext_noop("It can go on after you have signed out, until you take it back."),
    ),
}
LANGUAGES = ("en", "de", "ar")
"""The languages that the app itself speaks; a site adds its own words for others."""


def prepare_site() -> None:
    """Choose the mode of a new site, give clients policy rows, and a new site sign-in scopes.

    Idempotent; called after every migration.
    """
    fresh = not SiteState.objects.filter(pk=1).exists()
    state = site_state()
    _give_policies()
    note_names(state)
    if fresh and state.mode == SiteState.Mode.ENFORCE:
        provide_sign_in_scopes()


@transaction.atomic
def provide_sign_in_scopes() -> None:
    """Make the scopes of OpenID Connect that a new site has, where the names are free."""
    api, _made = Api.objects.get_or_create(
        identifier=PROVIDER_API, defaults={"name": "Your account"}
    )
    policy, _made = ScopePolicy.objects.get_or_create(
        name="sign-in", defaults={"description": "Who somebody is; what most clients need."}
    )
    for name, (title, description) in SIGN_IN_SCOPES.items():
        scope, made = Scope.objects.get_or_create(
            name=name, defaults={"api": api, "policy": policy}
        )
        if made:
            _give_words(scope, title, description)
    bump_catalogue()


def _give_words(scope: Scope, title: str, description: str) -> None:
    for language in LANGUAGES:
        with override(language):
            words = {"title": gettext(title), "description": gettext(description)}
        # A site without translations gets the English words once, not under other names.
        if language == "en" or words["title"] != title:
            ScopeText.objects.create(scope=scope, language=language, **words)


def _give_policies() -> None:
    # Only what is read: other columns of a toolkit that is behind may not be migrated yet.
    without = (
        application_model()
        ._base_manager.filter(idp_policy=None)
        .only("pk", "authorization_grant_type", "client_type", "redirect_uris")
    )
    batch: list[ClientPolicy] = []
    for application in without.iterator(chunk_size=BATCH):
        batch.append(ClientPolicy(application=application, kind=kind_of(application)))
        if len(batch) == BATCH:
            ClientPolicy.objects.bulk_create(batch, ignore_conflicts=True)
            batch = []
    ClientPolicy.objects.bulk_create(batch, ignore_conflicts=True)
