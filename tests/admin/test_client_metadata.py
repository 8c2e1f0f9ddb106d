"""The page of a client shows what it said of itself, and leads to its logo and its messages."""

from __future__ import annotations

from types import SimpleNamespace

from django.test import Client

from idp.models import ClientPolicy
from tests.admin.conftest import OPTS, page, signed_in

SAID = {
    "jwks": {"keys": [{"kid": "one", "kty": "EC", "alg": "ES256"}]},
    "subject_type": "pairwise",
    "default_max_age": 600,
    "backchannel_logout_uri": "https://client.example.com/logout",
    "logo_uri": "https://client.example.com/logo.png",
    "require_pushed_authorization_requests": True,
}


def test_what_a_client_says_of_itself_is_on_its_page(desk: Client, house: SimpleNamespace) -> None:
    address = page("client_overview", house.application.pk)
    assert "the client set nothing of this" in desk.get(address).text
    ClientPolicy.objects.filter(application=house.application).update(**SAID)

    shown = desk.get(address).text

    for words in ("one · EC · ES256", "600 s", SAID["backchannel_logout_uri"], "other clients"):
        assert str(words) in shown, words
    assert f"{page('idp_logoutdelivery_changelist')}?client=photo-print" in shown
    assert page("idp_clientlogo_fetch") not in shown, "nobody vouches for the client"


def test_the_logo_of_a_client_that_is_trusted_is_fetched_from_its_page(
    desk: Client, house: SimpleNamespace
) -> None:
    ClientPolicy.objects.filter(application=house.application).update(**SAID, verified=True)
    address = page("client_overview", house.application.pk)

    assert page("idp_clientlogo_fetch") in desk.get(address).text
    reader = signed_in(f"{OPTS.app_label}.view_{OPTS.model_name}")
    assert page("idp_clientlogo_fetch") not in reader.get(address).text
