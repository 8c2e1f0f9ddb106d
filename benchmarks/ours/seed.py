"""Clients and codes of this project, made by its own services."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from benchmarks.endpoint import CHALLENGE, REDIRECT_URI, SCOPE
from idp.conf import application_model, grant_model
from idp.domain import credential
from idp.dot.code import stored_code
from idp.services.authorization import Granting, create_authorization
from idp.services.client_secret_value import generate
from idp.services.consent import record_decision

USERS = 20
FILE = Path(__file__).with_name("site.toml")


def seed(codes: int) -> dict[str, Any]:
    """Return clients with their secrets, and codes for each client that a user stands behind."""
    secret = os.environ["BENCHMARK_SECRET"] = generate()
    call_command("idp", "apply", str(FILE))
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
            "fast_service": ("service", secret),
        },
        "codes": {client: _codes(client, users, codes) for client in ("web", "public")},
    }


def _codes(client_id: str, users: list[Any], count: int) -> list[str]:
    application = application_model().objects.get(client_id=client_id)
    now = timezone.now()
    scopes = frozenset(SCOPE.split())
    consents = [record_decision(user, application, scopes, allow=True, now=now) for user in users]
    made = []
    for number in range(count):
        code = credential.generate("idpc")
        user = users[number % USERS]
        grant_model().objects.create(
            application=application,
            user=user,
            code=stored_code(code),
            expires=now + timedelta(hours=1),
            redirect_uri=REDIRECT_URI,
            scope=SCOPE,
            code_challenge=CHALLENGE,
            code_challenge_method="S256",
        )
        granting = Granting(
            user=user,
            application=application,
            scopes=scopes,
            consent=consents[number % USERS],
            code=code,
            redirect_uri=REDIRECT_URI,
            nonce="n",
        )
        create_authorization(granting, now=now)
        made.append(code)
    return made
