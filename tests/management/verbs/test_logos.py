from __future__ import annotations

import json
from typing import Any

import pytest

from idp.services.logo import current_logo
from tests.services.test_logo import make_client, pictures

pytestmark = pytest.mark.django_db


def test_every_logo_is_fetched_and_faults_are_told_by_client(settings: Any, idp: Any) -> None:
    with pictures(settings) as (uri, _requests):
        good, bad = make_client(uri), make_client("https://127.0.0.1/logo.png")
        make_client(uri, verified=False)
        status, out, err = idp("logos", "fetch", "--json")

    assert status == 1
    assert {row["client_id"]: row["error"] for row in json.loads(out)} == {
        good.client_id: None,
        bad.client_id: "outbound_private",
    }
    assert f"{good.client_id}: image/png, 56 × 40 pixels" in err
    assert "not public" in err
    assert current_logo(good)


def test_one_client_is_fetched_by_its_id(settings: Any, idp: Any) -> None:
    with pictures(settings) as (uri, requests):
        application = make_client(uri)
        make_client(uri)
        assert idp("logos", "fetch", "--client", application.client_id)[0] == 0
        assert idp("logos", "fetch", "--client", "nobody")[0] == 2

    assert len(requests) == 1
