"""Clients that are known by the address of their own description."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser

from idp.conf import application_model
from idp.models import ClientPolicy, SecurityEvent
from idp.services.client import disable_client
from tests.factories import make_application, make_user
from tests.requirement import requirement
from tests.views.documents import Shelf
from tests.views.flow import Flow

pytestmark = pytest.mark.django_db

ADDRESS = "https://app.wanderer-photos.com/client.json"
CALLBACK = "https://app.wanderer-photos.com/callback"


@pytest.fixture(autouse=True)
def shelf(settings: Any) -> type[Shelf]:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "CIMD_ENABLED": True,
        "CIMD_METADATA_FETCHER": "tests.views.documents.Shelf",
    }
    Shelf.documents.clear()
    Shelf.asked.clear()
    Shelf.documents[ADDRESS] = document()
    return Shelf


def document(**changes: Any) -> dict[str, Any]:
    given = {"client_id": ADDRESS, "client_name": "Wanderer", "redirect_uris": [CALLBACK]}
    return {**given, **changes}


def flow(client_id: str = ADDRESS) -> Flow:
    client = SimpleNamespace(client_id=client_id, redirect_uris=CALLBACK, plain_secret=None)
    return Flow(client, make_user())


def policy() -> ClientPolicy:
    return ClientPolicy.objects.get(application__client_id=ADDRESS)


@requirement(
    "OAuth Client ID Metadata Document §3",
    "A client may be named by the address of its document.",
)
def test_a_client_signs_somebody_in_who_is_asked_every_time(shelf):
    one = flow()
    assert "Wanderer" in one.start().content.decode()
    assert one.tokens()["id_token"]
    assert (policy().source, policy().kind, policy().verified) == ("document", "spa", False)
    assert one.start().status_code == 200
    assert shelf.asked == [ADDRESS]


def test_the_document_may_not_say_what_an_operator_decides(shelf):
    shelf.documents[ADDRESS] = document(
        first_party=True, verified=True, consent_mode="implicit", access_token_lifetime=9
    )
    assert flow().start().status_code == 200
    found = policy()
    assert (found.first_party, found.verified, found.consent_mode) == (False, False, "always")
    assert found.access_token_lifetime is None


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "https://other.example/client.json"},
        {"client_secret": "s"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"redirect_uris": ["https://10.0.0.1/callback"]},
        {"redirect_uris": 5},
        {"client_name": "x\u0000"},
        {"grant_types": ["client_credentials"]},
    ],
)
def test_a_document_that_breaks_a_rule_leaves_the_client_unknown(shelf, changes):
    shelf.documents[ADDRESS] = document(**changes)
    one = flow()
    assert one.start().status_code == 400
    assert not application_model().objects.exists()
    assert SecurityEvent.objects.filter(kind="document.refused").exists()
    one.start()
    assert shelf.asked == [ADDRESS]


@requirement("OAuth Client ID Metadata Document §3", "The address has the form that is specified.")
@pytest.mark.parametrize(
    "client_id",
    [
        "http://app.wanderer-photos.com/client.json",
        "https://app.wanderer-photos.com",
        "https://user@app.wanderer-photos.com/client.json",
        "https://app.wanderer-photos.com/a/../client.json",
        "https://app.wanderer-photos.com/client.json#x",
        "https://app.wanderer-photos.com/" + "x" * 255,
    ],
)
def test_nothing_is_asked_of_an_address_of_another_form(shelf, client_id):
    shelf.documents[client_id] = document(client_id=client_id)
    assert flow(client_id).start().status_code == 400
    assert shelf.asked == []


def test_a_document_out_of_date_is_read_again_and_kept_where_it_is_gone(shelf, clock):
    one = flow()
    one.start()
    shelf.documents[ADDRESS] = document(client_name="Wanderer 2")
    clock.shift(3_601)
    assert "Wanderer 2" in one.start().content.decode()
    shelf.documents.clear()
    clock.shift(3_601)
    assert "Wanderer 2" in one.start().content.decode()
    disable_client(application_model().objects.get(), reason="spam")
    shelf.documents[ADDRESS] = document()
    clock.shift(3_601)
    assert one.start().status_code == 400


def test_a_document_never_takes_over_a_client_that_an_operator_registered(shelf):
    make_application(client_id=ADDRESS, name="By hand")
    assert "Wanderer" not in flow().start().content.decode()
    assert shelf.asked == []


def test_a_failure_that_nobody_foresaw_is_an_unknown_client(settings):
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "CIMD_METADATA_FETCHER": "tests.views.documents.Broken",
    }
    assert flow().start().status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"CIMD_ENABLED": False},
        {"CIMD_REGISTRATION_PERMISSION_CLASSES": []},
        {
            "CIMD_REGISTRATION_PERMISSION_CLASSES": [
                "oauth2_provider.cimd.HostAllowlistCIMDPermission"
            ]
        },
    ],
)
def test_the_site_says_whether_and_for_whom_documents_count(settings, shelf, change):
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **change}
    assert flow().start().status_code == 400
    assert shelf.asked == []


@requirement("OAuth Client ID Metadata Document §5", "The metadata says that documents are taken.")
def test_discovery_says_that_documents_are_taken(settings):
    path = "/o/.well-known/openid-configuration"
    assert Browser().get(path).json()["client_id_metadata_document_supported"] is True
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "CIMD_ENABLED": False}
    assert "client_id_metadata_document_supported" not in Browser().get(path).json()
