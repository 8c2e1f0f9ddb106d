"""``manage.py idp``: JSON on standard output, words on standard error, and a status."""

from __future__ import annotations

import json
import tomllib
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from idp.conf import application_model
from idp.management.verbs import VERBS
from idp.models import (
    AuthorizationRequest,
    ClientPolicy,
    ClientSecret,
    RedirectUri,
    SecurityEvent,
    SigningKey,
    SiteState,
)
from idp.services.client_secret import issue_client_secret
from idp.services.client_secret_value import has_toolkit_secret
from idp.services.key import signing_key
from idp.services.site import set_mode
from tests.factories import (
    grant,
    make_application,
    make_scope,
    make_user,
    register_broken_uris,
)

pytestmark = pytest.mark.django_db

CALLBACK = "https://client.shop-photos.com/callback"


@pytest.fixture
def file(tmp_path):
    """Write a file to apply; its name."""

    def write(text):
        path = tmp_path / "site.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


GOOD = '[[policies]]\nname = "strict"\nsensitivity = "sensitive"'
WRONG = '[[policies]]\nname = "strict"\nsensitivity = "very"\nlevel = 1'


def test_every_verb_says_what_it_does(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit) as leaving:
            call_command("idp", verb, "--help")
        assert leaving.value.code == 0
        assert f"idp {verb}" in capsys.readouterr().out


def test_an_unknown_verb_is_wrong_use():
    with pytest.raises(CommandError):
        call_command("idp", "fly")


def test_apply_prints_a_plan_on_standard_error(idp, file):
    status, out, err = idp("apply", file(GOOD), "--dry-run")
    assert (status, out) == (0, "")
    assert "+ create policies[0] strict" in err
    assert 'sensitivity: "sensitive"' in err
    assert "1 entry to be changed." in err
    assert idp("apply", file(GOOD))[2].endswith("1 entry changed.\n")
    assert idp("apply", file(GOOD))[2] == "No changes.\n"


def test_apply_shows_old_and_new(idp, file):
    idp("apply", file(GOOD))
    _status, _out, err = idp("apply", file(GOOD.replace('"sensitive"', '"basic"')), "--dry-run")
    assert 'sensitivity: "sensitive" → "basic"' in err


def test_apply_refuses_a_wrong_file_naming_file_entry_and_key(idp, file):
    name = file(WRONG)
    status, out, err = idp("apply", name, "--json")
    assert status == 1
    assert f"error: {name}: policies[0] (strict): level: " in err
    outcome = json.loads(out)
    assert set(outcome) == {"applied", "changes", "errors", "warnings"}
    assert not outcome["applied"]
    assert set(outcome["errors"][0]) == {"entry", "id", "key", "code", "message", "reference"}


def test_apply_of_a_file_that_is_not_there_is_wrong_use(idp, tmp_path):
    status, out, err = idp("apply", str(tmp_path / "nothing.toml"))
    assert (status, out) == (2, "")
    assert "nothing.toml" in err


def test_the_json_of_a_change_names_entry_action_and_fields(idp, file):
    _status, out, _err = idp("apply", file(GOOD), "--json")
    [change] = json.loads(out)["changes"]
    assert (change["entry"], change["action"]) == ("policies[0]", "create")
    assert change["fields"]["sensitivity"] == {"old": None, "new": "sensitive"}


def test_export_goes_to_standard_output_or_a_file(idp, tmp_path):
    make_application(client_id="photo-print", scopes=("photos:read",))
    status, out, _err = idp("export")
    assert status == 0
    assert [row["client_id"] for row in tomllib.loads(out)["clients"]] == ["photo-print"]
    path = tmp_path / "out.toml"
    assert idp("export", "--output", str(path))[:2] == (0, "")
    assert path.read_text(encoding="utf-8") == out
    assert idp("export", "--output", str(tmp_path / "no" / "such.toml"))[0] == 2


def test_explain_prints_the_decision(idp):
    make_application(client_id="photo-print", scopes=("photos:read",))
    make_user("rita")
    status, out, err = idp(
        "explain", "--client", "photo-print", "--user", "rita", "--scope", "photos:read", "--json"
    )
    found = json.loads(out)
    assert status == 0
    assert (found["error"], found["granted"]) == (None, ["photos:read"])
    assert "Granted: photos:read" in err


def test_explain_of_a_refusal_is_a_finding(idp):
    make_application(client_id="photo-print", scopes=("photos:read",))
    status, out, err = idp("explain", "--client", "photo-print", "--scope", "nowhere", "--json")
    found = json.loads(out)
    assert status == 1
    assert found["error"] == "invalid_scope"
    assert found["refused"][0]["code"] == "unknown_scope"
    assert "refused nowhere" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--client", "nobody"),
        ("--client", "photo-print", "--user", "nobody"),
        ("--client", "photo-print", "--scope", 'a"b'),
    ],
)
def test_explain_of_something_unknown_is_wrong_use(idp, arguments):
    make_application(client_id="photo-print")
    assert idp("explain", *arguments)[0] == 2


def test_inspecting_redirect_uris_changes_nothing(idp):
    make_application(redirect_uris=(CALLBACK,))
    application = register_broken_uris(
        make_application(client_id="old"), CALLBACK, "http://client.shop-photos.com/x#y"
    )
    before = list(RedirectUri.objects.values())

    status, out, err = idp("inspect-redirect-uris", "--json")

    [row] = json.loads(out)
    assert status == 1
    assert set(row) == {"client_id", "uri", "environment", "kind", "findings"}
    assert (row["client_id"], row["kind"]) == ("old", "web")
    assert set(row["findings"][0]) == {"code", "severity", "message", "reference", "suggestion"}
    assert "error: old: http://client.shop-photos.com/x#y" in err
    assert list(RedirectUri.objects.values()) == before
    application.refresh_from_db()


def test_inspecting_good_redirect_uris_finds_nothing(idp):
    make_application(redirect_uris=(CALLBACK,))
    status, out, err = idp("inspect-redirect-uris", "--json")
    assert (status, json.loads(out), err) == (0, [], "No findings.\n")


def test_the_mode_of_the_site_is_switched(idp):
    assert idp("report")[2] == "The site now reports.\n"
    assert SiteState.objects.get().mode == "report"
    assert idp("report")[2] == "The site already reports.\n"
    assert idp("enforce")[2] == "The site now enforces.\n"
    assert SiteState.objects.get().mode == "enforce"


def test_switching_says_what_the_settings_decide_instead(idp, settings):
    settings.IDP = {**settings.IDP, "ENFORCE": {"scope": False}}
    assert "scope: it is reported whatever the mode says" in idp("enforce")[2]


def codes(out):
    return {(each["code"], each["subject"]) for each in json.loads(out)}


def test_the_doctor_of_the_reference_site_finds_no_error(idp):
    make_application(redirect_uris=(CALLBACK,))
    status, out, _err = idp("doctor", "--json", "--fail-on", "error")
    assert [each for each in json.loads(out) if each["severity"] == "error"] == []
    assert status == 0


def test_the_doctor_names_what_is_wrong_with_settings(idp, settings):
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["*"]
    settings.SECRET_KEY = "short"
    settings.SESSION_COOKIE_SECURE = False
    settings.OAUTH2_PROVIDER = {"PKCE_REQUIRED": False, "SCOPES": {"elsewhere": "?"}}
    status, out, err = idp("doctor", "--json", "--fail-on", "error")
    assert status == 1
    assert codes(out) >= {
        ("debug_on", ""),
        ("any_host", ""),
        ("short_secret_key", ""),
        ("cookies_without_https", "SESSION_COOKIE_SECURE"),
        ("not_wired", "OAUTH2_VALIDATOR_CLASS"),
        ("not_hardened", "PKCE_REQUIRED"),
        ("not_hardened", "ACCESS_TOKEN_EXPIRE_SECONDS"),
        ("scope_not_in_catalogue", "elsewhere"),
    }
    assert ("not_hardened", "ROTATE_REFRESH_TOKEN") not in codes(out)
    assert "error: debug_on: " in err


def test_the_doctor_names_what_is_wrong_with_data(idp):
    now = timezone.now()
    make_scope("bare", policy=None).texts.all().delete()
    silent = make_application("service", client_id="silent")
    ClientSecret.objects.all().delete()
    ending = make_application("service", client_id="ending")
    ClientSecret.objects.filter(application=ending).update(expires_at=now + timedelta(days=3))
    broken = "http://client.shop-photos.com/callback"
    register_broken_uris(make_application(client_id="broken"), broken)
    stale = make_application(client_id="stale", redirect_uris=(CALLBACK, CALLBACK + "2"))
    RedirectUri.objects.filter(application=stale).update(created_at=now - timedelta(days=100))
    off = make_application("service", client_id="off", status="disabled")
    ClientSecret.objects.filter(application=off).delete()
    set_mode("report")
    ClientPolicy.objects.filter(application=silent).update(status="active")

    found = codes(idp("doctor", "--json")[1])

    assert found >= {
        ("scope_without_policy", "bare"),
        ("scope_without_words", "bare"),
        ("client_without_secret", "silent"),
        ("secret_expiring", "ending"),
        ("redirect_uri_broken", f"broken: {broken}"),
        ("redirect_uri_drift", "broken"),
        ("redirect_uri_unused", f"stale: {CALLBACK}2"),
        ("reporting", ""),
    }
    assert ("client_without_secret", "off") not in found


def test_the_doctor_fails_only_where_it_is_asked_to(idp):
    set_mode("report")
    make_scope("bare", policy=None)
    assert idp("doctor")[0] == 0
    assert idp("doctor", "--fail-on", "warning")[0] == 1


def test_the_doctor_finds_a_key_that_nobody_can_open(idp, settings):
    key = signing_key()
    assert ("key_unreadable", key.kid) not in codes(idp("doctor", "--json")[1])
    settings.IDP = {**settings.IDP, "KEY_ENCRYPTION_KEYS": ["another secret altogether"]}
    assert ("key_unreadable", key.kid) in codes(idp("doctor", "--json")[1])


def test_keys_are_listed_without_their_private_part(idp):
    key = signing_key()
    status, out, _err = idp("keys", "list", "--json")
    assert status == 0
    [row] = json.loads(out)
    assert (row["kid"], row["state"]) == (key.kid, "active")
    assert "private_key" not in row
    assert key.kid in idp("keys", "list")[2]


def test_rotating_announces_a_successor(idp):
    signing_key()
    status, _out, err = idp("keys", "rotate")
    assert status == 0
    announced = SigningKey.objects.get(state="announced")
    assert announced.kid in err


def test_the_ledger_is_verified_and_exported(idp):
    grant(make_user(), make_application(scopes=("photos:read",)), "photos:read")
    status, out, err = idp("ledger", "verify", "--json")
    assert status == 0
    assert json.loads(out) == {"events": 1, "chains": 1, "broken": []}
    assert "1 events in 1 chains: intact." in err
    _status, out, _err = idp("ledger", "export")
    [line] = out.splitlines()
    assert json.loads(line)["kind"] == "granted"


def test_purging_removes_what_is_over_and_counts_it_first(idp):
    now = timezone.now()
    application = make_application()
    for number, end in enumerate((now - timedelta(hours=1), now + timedelta(hours=1))):
        AuthorizationRequest.objects.create(
            nonce_digest=str(number), application=application, parameters={}, expires_at=end
        )
    SecurityEvent.objects.update(last_at=now - timedelta(days=400))
    _status, out, _err = idp("purge", "--dry-run", "--json")
    counted = json.loads(out)
    assert counted["authorization requests"] == 1
    assert AuthorizationRequest.objects.count() == 2

    status, out, _err = idp("purge", "--json")

    assert (status, json.loads(out)) == (0, counted)
    assert AuthorizationRequest.objects.get().nonce_digest == "1"
    assert not SecurityEvent.objects.exists()


def test_purging_empties_the_column_of_a_replaced_secret(idp):
    application = make_application("service")
    ClientSecret.objects.all().delete()
    application.client_secret = "an old secret"
    application.save()
    issue_client_secret(application, label="new")
    ClientSecret.objects.filter(digest="").update(expires_at=timezone.now())
    idp("purge")
    assert not has_toolkit_secret(application_model().objects.get())


def test_backfill_gives_existing_clients_their_rows(idp):
    make_application(client_id="old", redirect_uris=(CALLBACK,))
    ClientPolicy.objects.all().delete()
    RedirectUri.objects.all().delete()
    assert idp("backfill", "--dry-run")[0] == 0
    assert not RedirectUri.objects.exists()
    for _twice in range(2):
        status, _out, err = idp("backfill")
        assert status == 0
        assert "1 clients done." in err
    assert ClientPolicy.objects.get().application.client_id == "old"
    assert RedirectUri.objects.get().source == "existing"


def make_demo(base_url, stdout):
    stdout.write(f"demo at {base_url}")


def test_the_demo_is_the_site_s_own(idp, settings):
    settings.IDP = {**settings.IDP, "DEMO": ""}
    assert idp("demo")[0] == 2
    settings.IDP = {**settings.IDP, "DEMO": f"{__name__}.make_demo"}
    status, out, _err = idp("demo", "--base-url", "http://127.0.0.1:8001/")
    assert (status, out) == (0, "demo at http://127.0.0.1:8001\n")
