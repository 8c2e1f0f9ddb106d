"""Receipts of consent: signed, typed, and told apart from everything else that is signed."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import JoseError

from idp.models import ConsentEvent, SigningKey
from idp.services.consent import record_decision, revoke_consent
from idp.services.key import signing_key
from idp.services.key_seal import private_jwk
from idp.services.receipt import issue_receipt, read_receipt, receipts_of
from tests.factories import grant, make_application, make_user

pytestmark = pytest.mark.django_db

ISSUER = "https://id.example.com/o"


def test_a_receipt_says_what_was_allowed_and_can_be_read_back(now: Any) -> None:
    ada, client = make_user("ada"), make_application()
    grant(ada, client, "a", "b", now=now)
    event = ConsentEvent.objects.get()

    claims = read_receipt(issue_receipt(event, issuer=ISSUER, account="ada"))

    assert (claims["iss"], claims["account"], claims["iat"]) == (ISSUER, "ada", now.timestamp())
    assert (claims["event"]["after"], claims["digest"]) == ("a b", event.digest)
    assert claims["page"] is None


def test_only_what_leaves_a_consent_has_a_receipt() -> None:
    ada, client = make_user(), make_application()
    consent = grant(ada, client, "a")
    record_decision(ada, client, "b", allow=False)
    revoke_consent(consent)

    assert [row["kind"] for row in receipts_of(ada, client, issuer=ISSUER)] == ["granted"]
    with pytest.raises(ValueError, match="declined"):
        issue_receipt(ConsentEvent.objects.get(kind="declined"), issuer=ISSUER)


def test_a_receipt_has_a_key_of_its_own_use() -> None:
    grant(make_user(), make_application(), "a")
    issue_receipt(ConsentEvent.objects.get(), issuer=ISSUER)

    assert SigningKey.objects.get().use == SigningKey.Use.RECEIPTS


def test_an_altered_receipt_is_refused() -> None:
    grant(make_user(), make_application(), "a")
    head, body, signature = issue_receipt(ConsentEvent.objects.get(), issuer=ISSUER).split(".")

    with pytest.raises(JoseError):
        read_receipt(f"{head}.{body[:-4]}AAAA.{signature}")


@pytest.mark.parametrize(
    ("use", "typ"), [("tokens", "consent-receipt+jwt"), ("receipts", "at+jwt")]
)
def test_nothing_else_that_the_site_signs_passes_for_a_receipt(use: str, typ: str) -> None:
    key = signing_key("ES256", use)
    other = jws.serialize_compact(
        {"alg": "ES256", "typ": typ, "kid": key.kid}, b"{}", private_jwk(key)
    )

    with pytest.raises(ValueError, match="no receipt"):
        read_receipt(other)
