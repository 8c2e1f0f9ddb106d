"""One client assertion, sent many times at once."""

from __future__ import annotations

import json
from functools import partial

import pytest

from idp.conf import access_token_model
from idp.models import UsedAssertion
from idp.services import client_key
from tests.concurrency.race import THREADS, at_once
from tests.requirement import requirement
from tests.services.outbound_server import answer, serve
from tests.views.test_client_assertion import KEYS, ask, assertion, key_set, make_client

pytestmark = [pytest.mark.django_db(transaction=True)]


@requirement("RFC 7523 §3", "A jti counts once under any concurrency.")
@pytest.mark.postgres
def test_one_jti_at_once_is_used_once() -> None:
    client = make_client()
    for round_ in range(1, 6):
        act = partial(ask, **assertion(client))
        statuses = [response.status_code for response in at_once(*[act] * THREADS)]
        assert sorted(statuses) == [200] + [401] * (THREADS - 1)
        assert UsedAssertion.objects.count() == access_token_model().objects.count() == round_


def test_keys_are_fetched_once_by_all_who_wait_for_them(settings) -> None:
    body = json.dumps(key_set(KEYS["ES256"])).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with serve(answer(head % len(body) + body)) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        client = make_client(jwks=None, jwks_uri=f"http://127.0.0.1:{port}/jwks")
        acts = [partial(ask, **assertion(client)) for _ in range(client_key.MOST_WAITING)]
        statuses = [response.status_code for response in at_once(*acts)]
    assert statuses == [200] * client_key.MOST_WAITING
    assert len(requests) == 1
