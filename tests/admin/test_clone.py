"""From development to production, and one client as a file."""

from __future__ import annotations

import tomllib
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from idp.conf import application_model
from idp.models import ClientPolicy, ClientScope, SecurityEvent
from idp.services.client_owner import set_owners
from idp.services.client_registration import spec_of
from idp.services.client_secret import check_client_secret
from tests.admin.conftest import page
from tests.admin.role_table import YES
from tests.factories import make_application, make_policy, make_scope, make_user

GOOD = "https://print.example.com/callback"
LOCAL = "http://127.0.0.1:8000/callback"


@pytest.fixture
def sandbox(db: None) -> Any:
    """A client in development with an address of each kind, an approval and owners."""
    make_scope("pay", policy=make_policy("approved", clients="approved"))
    application = make_application(
        "web", name="Photo Print", environment="development", redirect_uris=(GOOD, LOCAL),
        scopes=("photos:read", "pay"), verified=True,
    )  # fmt: skip
    ClientScope.objects.filter(scope__name="pay").update(state="approved")
    group = Group.objects.create(name="printers")
    set_owners(application, users=[make_user("olga")], groups=[group])
    return application


def _sent(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "web", "client_name": "Photo Print", "client_id": "photo-print",
        "redirect_uris": GOOD, "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic", "scopes:photos:read": "required",
        "scopes:pay": "required", **changes,
    }  # fmt: skip


def test_the_page_says_what_changes_and_what_stays_behind_and_why(
    desk: Client, sandbox: Any
) -> None:
    shown = desk.get(page("client_clone", sandbox.pk)).text
    changes, _, rest = shown.partition("What stays behind")
    for words in ("environment", "development", "production", "client_id", sandbox.client_id):
        assert words in changes
    assert "verified" in changes
    assert LOCAL in rest
    assert "desk-reason--error" in rest
    assert GOOD in rest
    assert application_model().objects.count() == 1


def test_a_new_client_comes_with_its_own_secret_and_the_old_one_stays(
    desk: Client, sandbox: Any
) -> None:
    answer = desk.post(page("client_clone", sandbox.pk), _sent())
    secret = answer.text.partition('id="secret">')[2].partition("<")[0]
    made = application_model().objects.get(client_id="photo-print")
    assert check_client_secret(made, secret)
    assert not check_client_secret(made, sandbox.plain_secret)
    assert "no-store" in answer["Cache-Control"]
    policy = ClientPolicy.objects.get(application=made)
    assert (policy.environment, policy.verified) == ("production", False)
    assert [user.username for user in policy.owner_users.all()] == ["olga"]
    assert [group.name for group in policy.owner_groups.all()] == ["printers"]
    states = dict(made.idp_scopes.values_list("scope__name", "state"))
    assert states == {"photos:read": "registered", "pay": "requested"}
    assert ClientPolicy.objects.get(application=sandbox).environment == "development"
    sandbox.refresh_from_db()
    assert LOCAL in sandbox.redirect_uris
    event = SecurityEvent.objects.get(kind="client.cloned")
    assert event.detail["fields"]["client_id"] == f"{sandbox.client_id} → photo-print"
    messages = " ".join(LogEntry.objects.values_list("change_message", flat=True))
    assert "environment: development → production" in messages
    assert secret not in messages


def test_production_cannot_be_left_by_the_form_and_its_rules_hold(
    desk: Client, sandbox: Any
) -> None:
    sent = _sent(environment="development", redirect_uris=f"{GOOD}\r\n{LOCAL}")
    answer = desk.post(page("client_clone", sandbox.pk), sent)
    assert answer.status_code == 200
    assert "1 line breaks a rule" in answer.text
    assert application_model().objects.count() == 1


def test_a_client_in_production_has_no_further_to_go(desk: Client) -> None:
    application = make_application("web")
    assert desk.get(page("client_clone", application.pk)).status_code == 404
    assert "/clone/" not in desk.get(page("client_overview", application.pk)).text


def test_the_page_opens_within_twenty_statements(
    desk: Client, sandbox: Any, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20):
        assert desk.get(page("client_clone", sandbox.pk)).status_code == 200


def test_a_client_exports_as_a_file_that_applies_back_without_a_change(
    desk: Client, sandbox: Any, tmp_path: Path
) -> None:
    answer = desk.get(page("client_export", sandbox.pk))
    text = answer.text
    assert f'filename="{sandbox.client_id}.toml"' in answer["Content-Disposition"]
    assert sandbox.plain_secret not in text
    entry = tomllib.loads(text)["clients"][0]
    assert entry["redirect_uris"] == [GOOD, LOCAL]
    assert entry["secrets"] == [{"label": "main"}]
    file = tmp_path / "client.toml"
    file.write_text(text)
    out = StringIO()
    call_command("idp", "apply", str(file), "--json", stdout=out, stderr=StringIO())
    assert '"changes": []' in out.getvalue()


def test_a_client_that_was_deleted_comes_back_from_its_file(
    desk: Client, sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = spec_of(sandbox)
    text = desk.get(page("client_export", sandbox.pk)).text
    desk.post(page("client_delete", sandbox.pk), YES)
    assert not application_model().objects.exists()
    monkeypatch.setenv("PRINT_SECRET", sandbox.plain_secret)
    file = tmp_path / "client.toml"
    file.write_text(text.replace('label = "main"', 'label = "main", env = "PRINT_SECRET"'))
    call_command("idp", "apply", str(file), "--json", stdout=StringIO(), stderr=StringIO())

    back = application_model().objects.get(client_id=sandbox.client_id)
    assert spec_of(back) == before
    assert check_client_secret(back, sandbox.plain_secret)


def test_a_strange_client_id_makes_a_plain_file_name(desk: Client) -> None:
    application = make_application("service", client_id='..\\"; x=/etc/passwd')
    answer = desk.get(page("client_export", application.pk))
    assert answer["Content-Disposition"] == 'attachment; filename="xetcpasswd.toml"'
