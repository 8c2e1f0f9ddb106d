"""Rows for tests: made as the services make them, with a word on what matters to the test."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from idp.conf import application_model
from idp.domain.client import DEVICE_CODE, KINDS, Kind
from idp.models import Api, ClientPolicy, ClientScope, Scope, ScopePolicy, ScopeText
from idp.services.client_secret import issue_client_secret
from idp.services.client_secret_value import unusable_secret

PASSWORD = "correct horse battery staple"
API = "https://api.example.com/photos"
CALLBACKS = {
    "web": "https://client.example.com/callback",
    "spa": "https://app.example.com/callback",
    "native": "http://127.0.0.1/callback",
    "agent": "http://127.0.0.1/callback",
}
_numbers = count(1)


def make_user(username: str = "", *, groups: tuple[str, ...] = (), **fields: Any) -> Any:
    """Return a user with the password ``PASSWORD``, a member of groups that are made if need be."""
    name = username or f"user{next(_numbers)}"
    user = get_user_model().objects.create_user(name, password=PASSWORD, **fields)
    for group in groups:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


def make_api(identifier: str = API, name: str = "Photos") -> Api:
    """Return the API of an identifier, made if need be."""
    return Api.objects.get_or_create(identifier=identifier, defaults={"name": name})[0]


def make_policy(name: str = "", **fields: Any) -> ScopePolicy:
    """Return a new policy."""
    return ScopePolicy.objects.create(name=name or f"policy-{next(_numbers)}", **fields)


def make_scope(
    name: str = "",
    *,
    api: Api | None = None,
    policy: ScopePolicy | str | None = "basic",
    implies: tuple[str, ...] = (),
    title: str = "",
    description: str = "",
    **fields: Any,
) -> Scope:
    """Return a new scope with English words, under the plainest policy unless told otherwise."""
    if isinstance(policy, str):
        policy = ScopePolicy.objects.get_or_create(name=policy)[0]
    name = name or f"scope{next(_numbers)}"
    scope = Scope.objects.create(name=name, api=api or make_api(), policy=policy, **fields)
    if implies:
        scope.implies.set(Scope.objects.filter(name__in=implies))
    ScopeText.objects.create(
        scope=scope, language="en", title=title or f"Use {name}", description=description
    )
    return scope


def make_application(
    kind: str = "web",
    *,
    client_id: str = "",
    redirect_uris: tuple[str, ...] | str | None = None,
    scopes: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    default: tuple[str, ...] = (),
    secret: str | None = None,
    user: Any = None,
    name: str = "",
    post_logout_redirect_uris: str = "",
    allowed_origins: str = "",
    **policy: Any,
) -> Any:
    """Return a registered client.

    Its redirect URIs are judged as anywhere; what breaks a rule is put into the database with
    ``register_broken_uris``. A client that keeps a secret gets one, readable as
    ``application.plain_secret`` (None for a public client). Scopes that do not exist yet are made.
    ``policy`` are fields of its policy row.
    """
    rules = KINDS[Kind(kind)]
    number = next(_numbers)
    uris = CALLBACKS.get(kind, "") if redirect_uris is None else redirect_uris
    application = application_model()(
        client_id=client_id or f"client-{number}",
        name=name or f"Client {number}",
        user=user,
        client_type="public" if rules.public else "confidential",
        authorization_grant_type=_flow(kind),
        redirect_uris=uris if isinstance(uris, str) else " ".join(uris),
        post_logout_redirect_uris=post_logout_redirect_uris,
        allowed_origins=allowed_origins,
        algorithm="RS256",
        client_secret=unusable_secret(),
    )
    values = {
        "kind": kind,
        "grant_types": sorted(rules.grant_types),
        "token_endpoint_auth_method": rules.default_auth_method,
        **policy,
    }
    row = ClientPolicy(application=application, **values)
    application.save()
    row.application = application
    row.save()
    application.refresh_from_db()
    for scope in dict.fromkeys((*scopes, *optional, *default)):
        add_scope(
            application,
            scope,
            requirement="optional" if scope in optional else "required",
            default=scope in default,
        )
    application.plain_secret = None
    if not rules.public:
        _row, application.plain_secret = issue_client_secret(
            application, label="main", value=secret
        )
    return application


def register_broken_uris(application: Any, *uris: str) -> Any:
    """Give a client URIs past all rules, as an older site may have done; return its row."""
    application_model().objects.filter(pk=application.pk).update(redirect_uris=" ".join(uris))
    application.refresh_from_db()
    return application


def add_scope(application: Any, name: str, **fields: Any) -> ClientScope:
    """Register a client for a scope, which is made if need be."""
    scope = Scope.objects.filter(name=name).first() or make_scope(name)
    return ClientScope.objects.create(application=application, scope=scope, **fields)


def grant(user: Any, application: Any, *scopes: str, **options: Any) -> Any:
    """Let a user allow a client some scopes, as on the consent page; return the consent."""
    from idp.services.consent import record_decision

    return record_decision(user, application, frozenset(scopes), allow=True, **options)


def _flow(kind: str) -> str:
    flows = {"service": "client-credentials", "device": DEVICE_CODE}
    return flows.get(kind, "authorization-code")
