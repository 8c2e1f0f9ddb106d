"""The toolkit's own pages for clients, and registration, under our rules."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from idp.conf import application_model
from tests.factories import make_application, make_user

pytestmark = pytest.mark.django_db


def signed_in(user):
    browser = Browser()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


def test_pages_for_clients_do_not_exist_for_anybody_else() -> None:
    make_application("web")
    assert Browser().get("/o/applications/").status_code == 404
    assert signed_in(make_user()).get("/o/applications/").status_code == 404


def test_an_operator_finds_them() -> None:
    assert signed_in(make_user(is_superuser=True)).get("/o/applications/").status_code == 200


def test_a_redirect_uri_that_breaks_a_rule_is_refused_beside_the_form() -> None:
    operator = signed_in(make_user(is_superuser=True))
    response = operator.post(
        "/o/applications/register/",
        {
            "name": "Bad",
            "client_id": "bad",
            "client_secret": "s",
            "client_type": "confidential",
            "authorization_grant_type": "authorization-code",
            "redirect_uris": "https://user@client.example.com/cb",
            "algorithm": "RS256",
        },
    )
    assert response.status_code == 200
    assert not application_model().objects.filter(client_id="bad").exists()


def test_authorized_tokens_lead_to_connected_apps() -> None:
    response = signed_in(make_user()).get("/o/authorized_tokens/")
    assert (response.status_code, response["Location"]) == (302, "/account/apps/")
