"""Everything that is wrong with a file is told at once, and nothing of the file is kept."""

from __future__ import annotations

import json

import pytest

from idp.conf import application_model
from idp.models import ScopePolicy

pytestmark = pytest.mark.django_db

FILE = """
[[policies]]
name = "odd"
clients = 3
sensitivity = "huge"

[[clients]]
client_id = "bad"
client_name = "Bad\\u202E"
kind = "web"
redirect_uris = ["http://evil.com/", "javascript:alert(1)"]
scopes = { required = ["nowhere"], foo = [] }
secrets = [{ label = "main", env = "NOT_SET_ANYWHERE" }]
"""


@pytest.fixture
def told(idp, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(FILE)
    status, out, _err = idp("apply", str(path), "--json")
    assert status == 1
    return {(error["id"], error["key"]) for error in json.loads(out)["errors"]}


def test_a_wrong_type_hides_no_other_error_of_its_entry(told) -> None:
    assert {("odd", "clients"), ("odd", "sensitivity")} <= told
    assert {("bad", "client_name"), ("bad", "redirect_uris"), ("bad", "secrets")} <= {
        (name, key.partition("[")[0]) for name, key in told
    }


def test_nothing_of_a_wrong_file_is_kept(told) -> None:
    assert not application_model().objects.filter(client_id="bad").exists()
    assert not ScopePolicy.objects.filter(name="odd").exists()
