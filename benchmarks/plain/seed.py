"""Clients and codes of the plain toolkit, made by its own models."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from oauth2_provider.models import get_application_model, get_grant_model

from benchmarks.endpoint import CHALLENGE, REDIRECT_URI, SCOPE

USERS = 20
Application, Grant = get_application_model(), get_grant_model()


def seed(codes: int) -> dict[str, Any]:
    """Return clients with their secrets, and codes for each client that a user stands behind."""
    secret = secrets.token_urlsafe(48)
    for client_id, public, hashed, flow in (
        ("web", False, True, Application.GRANT_AUTHORIZATION_CODE),
        ("public", True, True, Application.GRANT_AUTHORIZATION_CODE),
        ("service", False, True, Application.GRANT_CLIENT_CREDENTIALS),
        ("fast-service", False, False, Application.GRANT_CLIENT_CREDENTIALS),
    ):
        Application.objects.create(
            client_id=client_id,
            client_secret=secret,
            hash_client_secret=hashed,
            client_type="public" if public else "confidential",
            authorization_grant_type=flow,
            redirect_uris=REDIRECT_URI if flow == Application.GRANT_AUTHORIZATION_CODE else "",
            algorithm=Application.RS256_ALGORITHM,
        )
    model = get_user_model()
    users = [
        model.objects.create_user(f"user{number}", email=f"user{number}@example.com")
        for number in range(USERS)
    ]
    return {
        "clients": {
            "web": ("web", secret),
            "public": ("public", ""),
            "service": ("service", secret),
            "fast_service": ("fast-service", secret),
        },
        "codes": {client: _codes(client, users, codes) for client in ("web", "public")},
    }


def _codes(client_id: str, users: list[Any], count: int) -> list[str]:
    application = Application.objects.get(client_id=client_id)
    made = [secrets.token_urlsafe(32) for _number in range(count)]
    Grant.objects.bulk_create(
        Grant(
            application=application,
            user=users[number % USERS],
            code=code,
            expires=timezone.now() + timedelta(hours=1),
            redirect_uri=REDIRECT_URI,
            scope=SCOPE,
            code_challenge=CHALLENGE,
            code_challenge_method="S256",
            nonce="n",
        )
        for number, code in enumerate(made)
    )
    return made
