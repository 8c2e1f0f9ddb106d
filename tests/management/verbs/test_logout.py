from __future__ import annotations

import json
import os
import signal
import socket
from typing import Any

import pytest

from idp.models import LogoutDelivery
from tests.services.outbound_server import serve
from tests.services.test_logout import ACCEPTED, make_client, receiver, signed_out

pytestmark = pytest.mark.django_db


def test_what_is_due_is_sent_and_counted(settings: Any, idp: Any) -> None:
    with receiver(settings) as (uri, requests):
        good, bad = make_client(uri), make_client("https://127.0.0.1/logout")
        signed_out(good)
        signed_out(bad)
        status, out, err = idp("logout", "deliver", "--once", "--json")

    assert status == 0
    assert json.loads(out) == {"delivered": 1, "waiting": 1, "failed": 0}
    assert f"{good.client_id}: delivered" in err
    assert f"{bad.client_id}: waiting (outbound_private)" in err
    assert len(requests) == 1


def test_the_status_fails_where_messages_were_given_up(idp: Any) -> None:
    signed_out(make_client())
    status, out, _err = idp("logout", "status", "--json")
    assert (status, json.loads(out)["waiting"]) == (0, 1)
    row = LogoutDelivery.objects.get()
    LogoutDelivery.objects.update(state="failed", ended_at=row.created_at)

    assert idp("logout", "status")[0] == 1


def test_a_watch_ends_at_sigterm_after_the_message_at_hand(settings: Any, idp: Any) -> None:
    def told(peer: socket.socket, _request: bytes) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        peer.sendall(ACCEPTED)

    before = signal.getsignal(signal.SIGTERM)
    with serve(told) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        application = make_client(f"http://127.0.0.1:{port}/logout")
        for _ in range(2):
            signed_out(application)
        status, _out, err = idp("logout", "deliver", "--watch")

    assert status == 0
    assert "1 delivered" in err
    assert len(requests) == 1
    assert LogoutDelivery.objects.filter(state="waiting").count() == 1
    assert signal.getsignal(signal.SIGTERM) is before
