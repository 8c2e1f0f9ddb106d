"""Keys that rotate while tokens are signed: never two that sign, never none, never one unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.dot.id_token import sign
from idp.models import SigningKey
from idp.services import key as keys
from idp.services.key import ANNOUNCEMENT, promote_keys, rotate_key, signing_key
from tests.concurrency.race import THREADS, at_once
from tests.factories import make_application, make_user
from tests.requirement import requirement
from tests.views.flow import Flow

STATES = SigningKey.State
ISSUED = "/o/.well-known/jwks.json"


class RelyingParty:
    """Verifies tokens with a key set that it keeps for as long as its headers say.

    It asks again for no other reason, so that it is the most trusting reader that there can be.
    """

    def __init__(self) -> None:
        self.read_at = datetime.min.replace(tzinfo=timezone.now().tzinfo)
        self.max_age = timedelta(0)
        self.etag = ""
        self.answers: list[int] = []

    def verify(self, token: str, now: datetime) -> dict[str, Any]:
        """Return the claims of a token.

        Raises:
            JoseError, ValueError: its key is not in the set that is at hand.
        """
        if now >= self.read_at + self.max_age:
            self._read(now)
        claims: dict[str, Any] = jwt.decode(token, self.keys, algorithms=["RS256", "ES256"]).claims
        return claims

    def _read(self, now: datetime) -> None:
        answer = Browser().get(ISSUED, headers={"If-None-Match": self.etag} if self.etag else {})
        self.answers.append(answer.status_code)
        if answer.status_code == 200:
            self.keys = KeySet.import_key_set(answer.json())
        self.etag = answer["ETag"]
        seconds = int(answer["Cache-Control"].partition("max-age=")[2])
        self.read_at, self.max_age = now, timedelta(seconds=seconds)


@requirement("OpenID Connect Core §10.1.1", "Keys rotate while clients verify.")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_client_that_polls_verifies_every_token_while_keys_rotate(
    clock: Any, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    client, signed = RelyingParty(), set[str]()
    # The two clocks are one here: what a process keeps, it keeps by the monotonic one.
    monkeypatch.setattr(keys.time, "monotonic", lambda: timezone.now().timestamp())
    for step in range(120):
        now = timezone.now()
        if step % 40 == 5:
            rotate_key(algorithm, now=now)
        token = sign({"iss": "us", "step": step}, algorithm)
        assert client.verify(token, now)["step"] == step
        signed.add(jwt.decode(token, client.keys, algorithms=[algorithm]).header["kid"])
        clock.shift(17)
    assert len(signed) >= 3, "no key was rotated"
    assert client.answers.count(304) > client.answers.count(200), "nothing was answered by ETag"


@pytest.mark.django_db(transaction=True)
def test_an_id_token_outlives_the_rotation_of_its_key(clock: Any) -> None:
    application = make_application("web", scopes=("openid",))
    token = Flow(application, make_user()).tokens()["id_token"]
    rotate_key(now=timezone.now())
    clock.shift(ANNOUNCEMENT)
    promote_keys(timezone.now())
    assert RelyingParty().verify(token, timezone.now())["aud"] == application.client_id


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_whoever_rotates_promotes_and_signs_at_once_there_is_one_active_key() -> None:
    at_once(*[partial(signing_key, "ES256")] * THREADS)
    assert states() == [STATES.ACTIVE]
    for round_ in range(1, 4):
        now = timezone.now() + round_ * ANNOUNCEMENT * 2
        at_once(*[partial(rotate_key, "ES256", now=now)] * THREADS)
        assert states().count(STATES.ANNOUNCED) == 1
        later = now + ANNOUNCEMENT
        acts: list[Callable[[], Any]] = [partial(promote_keys, later)] * (THREADS // 2)
        acts += [partial(signing_key, "ES256", now=later)] * (THREADS // 2)
        found = {row.kid for row in at_once(*acts) if isinstance(row, SigningKey)}
        assert states().count(STATES.ACTIVE) == 1
        assert states().count(STATES.ANNOUNCED) == 0
        active = SigningKey.objects.get(state=STATES.ACTIVE)
        known = set(SigningKey.objects.exclude(state=STATES.RETIRED).values_list("kid", flat=True))
        assert found <= known, "a key signed that is not published"
        assert active.kid in known


def states() -> list[str]:
    return list(SigningKey.objects.filter(algorithm="ES256").values_list("state", flat=True))
