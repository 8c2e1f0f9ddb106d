"""What a client is in the rest of the protocol, entered in the form of the desk."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from joserfc.jwk import ECKey

from idp.models import ClientPolicy, ClientSecret

CALLBACK = "https://print.example.com/callback"
KEY = ECKey.generate_key("P-256", {"kid": "one"})
PUBLIC = json.dumps({"keys": [KEY.as_dict(private=False)]})


def _send(desk: Client, **values: object) -> str:
    form = {
        "kind": "web",
        "client_name": "Photo Print",
        "client_id": "new",
        "environment": "production",
        "redirect_uris": CALLBACK,
        **values,
    }
    return desk.post("/admin/oauth2_provider/application/add/", form).content.decode()


def test_a_client_with_a_key_of_its_own_has_no_secret(desk: Client) -> None:
    _send(
        desk,
        token_endpoint_auth_method="private_key_jwt",
        jwks=PUBLIC,
        token_endpoint_auth_signing_alg="ES256",
        subject_type="pairwise",
        default_max_age="600",
        backchannel_logout_uri="https://print.example.com:8443/logout",
        access_token_format="jwt",
        require_pushed_authorization_requests="on",
        nonce_instead_of_pkce="on",
    )
    policy = ClientPolicy.objects.get()
    assert policy.jwks == json.loads(PUBLIC)
    assert (policy.subject_type, policy.default_max_age) == ("pairwise", 600)
    assert (policy.access_token_format, policy.source) == ("jwt", "")
    assert policy.require_pushed_authorization_requests
    assert policy.nonce_instead_of_pkce
    assert not ClientSecret.objects.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"token_endpoint_auth_method": "private_key_jwt"}, "needs the client"),
        ({"jwks": json.dumps({"keys": [KEY.as_dict(private=True)]})}, "private"),
        ({"jwks": PUBLIC, "jwks_uri": "https://print.example.com/jwks"}, "not both"),
        ({"jwks": '{"keys": [' + "[" * 20_000}, "valid JSON"),
        ({"jwks": '{"keys": [NaN]}'}, "valid JSON"),
        ({"backchannel_logout_uri": "https://10.0.0.1/logout"}, "not public"),
        ({"backchannel_logout_uri": "https://print.example.com/#x"}, "https address"),
        ({"default_max_age": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_breaks_a_rule_is_told_at_its_field(
    desk: Client, values: dict[str, str], words: str
) -> None:
    assert words in _send(desk, **values)
    assert not ClientPolicy.objects.exists()
