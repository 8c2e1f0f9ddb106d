"""Applying a file: everything or nothing, twice the same, and every error at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from idp.conf import application_model
from idp.management.manifest.apply import apply_manifest
from idp.management.manifest.export import export_manifest
from idp.models import (
    Api,
    ClientPolicy,
    ClientScope,
    ClientSecret,
    RedirectUri,
    Scope,
    ScopePolicy,
    ScopeText,
    SecurityEvent,
)
from idp.services.client_secret import (
    check_client_secret,
    issue_client_secret,
    revoke_client_secret,
)
from tests.factories import grant, make_application, make_user

pytestmark = pytest.mark.django_db

SECRET = "a-secret-of-at-least-thirty-two-characters"
ENVIRON = {"PHOTO_PRINT_SECRET": SECRET}

FILE = """
[[apis]]
identifier = "https://api.shop-photos.com/photos"
name = "Photos"
resource_servers = ["photos-backend"]

[[policies]]
name = "sensitive"
sensitivity = "sensitive"
users = { groups = ["staff"] }
grant_types = ["authorization_code", "refresh_token"]
consent_lifetime = 7776000
max_authentication_age = 600
access_token_lifetime = 900

[[policies]]
name = "service"
clients = "listed"
grant_types = ["client_credentials"]
refresh = false

[[scopes]]
name = "photos:read"
api = "https://api.shop-photos.com/photos"
policy = "sensitive"
text.en = { title = "See your photos", description = "All albums, including private ones." }
text.de = { title = "Deine Fotos ansehen", description = "Alle Alben, auch private." }

[[scopes]]
name = "photos:write"
api = "https://api.shop-photos.com/photos"
policy = "sensitive"
implies = ["photos:read"]
text.en = { title = "Change your photos" }

[[clients]]
client_id = "photo-print"
client_name = "Photo Print"
kind = "web"
verified = true
redirect_uris = ["https://print.shop-photos.com/callback"]
scopes = { required = ["openid"], optional = ["photos:read"], default = [] }
secrets = [{ label = "main", env = "PHOTO_PRINT_SECRET" }]
client_uri = "https://print.shop-photos.com"

[[clients]]
client_id = "photos-backend"
client_name = "Photos backend"
kind = "service"
secrets = [{ label = "main", env = "PHOTO_PRINT_SECRET" }]
"""


@pytest.fixture
def run(now):
    """Apply a text; the outcome as a dictionary."""

    def apply(text=FILE, environ=ENVIRON, **options):
        return apply_manifest(text.encode(), environ=environ, now=now, **options).as_dict()

    return apply


def errors(outcome):
    return {(each["entry"], each["id"], each["key"], each["code"]) for each in outcome["errors"]}


def actions(outcome):
    return {each["id"]: each["action"] for each in outcome["changes"]}


def photo_print():
    return application_model().objects.get(client_id="photo-print")


def test_a_file_makes_everything_that_it_names(run):
    outcome = run()

    assert outcome["errors"] == []
    assert outcome["applied"]
    assert set(actions(outcome).values()) == {"create"}
    scope = Scope.objects.get(name="photos:write")
    assert [row.name for row in scope.implies.all()] == ["photos:read"]
    policy = ScopePolicy.objects.get(name="sensitive")
    assert policy.groups == ["staff"]
    assert policy.max_authentication_age == timedelta(minutes=10)
    [server] = Api.objects.get(name="Photos").resource_servers.all()
    assert server.application.client_id == "photos-backend"
    client = photo_print()
    assert client.idp_policy.verified
    assert client.idp_policy.grant_types == ["authorization_code", "refresh_token"]
    rows = ClientScope.objects.filter(application=client)
    assert {row.scope.name: row.requirement for row in rows} == {
        "openid": "required",
        "photos:read": "optional",
    }
    assert check_client_secret(client, SECRET)
    assert RedirectUri.objects.get().source == "file"


def test_applying_twice_changes_nothing_the_second_time(run):
    run()
    events = SecurityEvent.objects.count()
    outcome = run()
    assert (outcome["changes"], outcome["errors"]) == ([], [])
    assert outcome["applied"]
    assert SecurityEvent.objects.count() == events
    assert ClientSecret.objects.count() == 2


def test_an_export_applies_back_without_a_change_even_pruning(run, now):
    run()
    text = export_manifest(now)
    outcome = run(text, environ={}, prune=True)
    assert (outcome["changes"], outcome["errors"]) == ([], [])
    assert SECRET not in text
    assert export_manifest(now) == text


def test_an_export_of_an_older_site_s_clients_applies_back_without_a_change(run, now):
    rows = [
        application_model()(
            client_id=f"old-{grant_type}",
            client_type=client_type,
            authorization_grant_type=grant_type,
            redirect_uris="http://old.shop-photos.com/a http://old.shop-photos.com/b#c",
        )
        for grant_type in ("authorization-code", "implicit", "password", "client-credentials")
        for client_type in ("public",)
    ]
    application_model().objects.bulk_create(rows)
    outcome = run(export_manifest(now), environ={}, prune=True)
    assert (outcome["changes"], outcome["errors"]) == ([], [])


def test_a_dry_run_says_the_same_and_changes_nothing(run):
    planned = run(dry_run=True)
    assert not planned["applied"]
    assert not application_model().objects.exists()
    assert not Scope.objects.filter(name="photos:read").exists()
    assert not SecurityEvent.objects.filter(kind__startswith="scope").exists()
    assert run()["changes"] == planned["changes"]


def test_a_change_names_field_old_and_new(run):
    run()
    outcome = run(FILE.replace("access_token_lifetime = 900", "access_token_lifetime = 300"))
    assert outcome["changes"] == [
        {
            "entry": "policies[0]",
            "id": "sensitive",
            "action": "update",
            "fields": {"access_token_lifetime": {"old": 900, "new": 300}},
        }
    ]


def test_an_absent_key_means_its_default(run):
    run()
    outcome = run(FILE.replace("verified = true\n", ""))
    assert outcome["changes"][0]["fields"] == {"verified": {"old": True, "new": False}}
    assert not photo_print().idp_policy.verified


def test_a_secret_is_never_printed(run):
    assert SECRET not in str(run())
    other = "another-secret-of-at-least-thirty-two-characters"
    outcome = run(environ={"PHOTO_PRINT_SECRET": other})
    assert other not in str(outcome)
    assert actions(outcome) == {"photo-print": "update", "photos-backend": "update"}
    assert other not in str(list(SecurityEvent.objects.values_list("detail", flat=True)))


def test_one_wrong_entry_stops_everything(run):
    outcome = run(FILE.replace('name = "photos:write"', 'name = "photos write"'))
    assert not outcome["applied"]
    assert outcome["changes"] == []
    assert {found[:3] for found in errors(outcome)} == {("scopes[1]", "photos write", "name")}
    assert outcome["errors"][0]["reference"] == "RFC 6749 §3.3"
    assert not ScopePolicy.objects.filter(name="sensitive").exists()


def test_all_errors_come_at_once(run):
    text = (
        FILE.replace('sensitivity = "sensitive"', 'sensitivity = "very"')
        .replace('implies = ["photos:read"]', 'implies = ["photos:list"]')
        .replace('"https://print.shop-photos.com/callback"', '"http://print.shop-photos.com/#x"')
        .replace('required = ["openid"]', 'required = ["profile:secret"]')
        .replace('["photos-backend"]', '["nobody"]')
    )
    outcome = run(text, environ={})
    found = {(entry, key) for entry, _id, key, _code in errors(outcome)}
    assert found >= {
        ("policies[0]", "sensitivity"),
        ("scopes[1]", "implies"),
        ("clients[0]", "redirect_uris"),
        ("clients[0]", "scopes"),
        ("clients[1]", "secrets"),
        ("apis[0]", "resource_servers"),
    }
    assert all(each["message"] for each in outcome["errors"])


def test_a_wrong_entry_is_not_blamed_on_those_that_name_it(run):
    text = FILE.replace('sensitivity = "sensitive"', "sensitivity = 5")
    assert {entry for entry, _id, _key, _code in errors(run(text))} == {"policies[0]"}
    text = FILE.replace('name = "photos:read"', 'name = "photos:read"\ndefault = 5')
    assert {entry for entry, _id, _key, _code in errors(run(text))} == {"scopes[0]"}


def test_references_into_nothing_are_named(run):
    text = """
    [[scopes]]
    name = "a"
    api = "https://nowhere.shop-photos.com"
    policy = "none"
    """
    assert errors(run(text)) == {
        ("scopes[0]", "a", "api", "unknown_api"),
        ("scopes[0]", "a", "policy", "unknown_policy"),
    }


def test_scopes_that_include_each_other_are_refused(run):
    text = FILE.replace('name = "photos:read"', 'name = "photos:read"\nimplies = ["photos:write"]')
    assert {key[2:] for key in errors(run(text))} == {("implies", "implies_cycle")}


def test_what_scopes_include_can_be_turned_round(run):
    run()
    text = FILE.replace('implies = ["photos:read"]\n', "").replace(
        'name = "photos:read"', 'name = "photos:read"\nimplies = ["photos:write"]'
    )
    assert actions(run(text)) == {"photos:read": "update", "photos:write": "update"}


def test_a_secret_must_be_in_the_environment_or_exist(run):
    outcome = run(environ={})
    assert errors(outcome) == {
        ("clients[0]", "photo-print", "secrets", "missing_env"),
        ("clients[1]", "photos-backend", "secrets", "missing_env"),
    }
    assert "PHOTO_PRINT_SECRET" in outcome["errors"][0]["message"]
    run()
    assert run(environ={})["errors"] == []


def test_a_label_alone_wants_a_secret_that_exists(run):
    outcome = run(FILE.replace(', env = "PHOTO_PRINT_SECRET"', ""))
    assert {key[3] for key in errors(outcome)} == {"missing_secret"}


def test_another_value_replaces_the_secret_after_the_overlap(run, now):
    run()
    other = "another-secret-of-at-least-thirty-two-characters"
    run(environ={"PHOTO_PRINT_SECRET": other})
    client = photo_print()
    assert check_client_secret(client, other, now=now)
    assert check_client_secret(client, SECRET, now=now + timedelta(days=6))
    assert not check_client_secret(client, SECRET, now=now + timedelta(days=7))


def test_a_revoked_secret_does_not_come_back_by_a_file(run, now):
    run()
    client = photo_print()
    row = ClientSecret.objects.get(application=client)
    issue_client_secret(client, label="other", now=now)
    revoke_client_secret(row, now=now)
    assert {key[3] for key in errors(run())} == {"revoked_secret"}
    assert not check_client_secret(client, SECRET, now=now)


def test_a_short_secret_is_a_warning(run):
    outcome = run(environ={"PHOTO_PRINT_SECRET": "hunter2"})
    assert outcome["applied"]
    assert {each["code"] for each in outcome["warnings"]} == {"short_secret"}
    assert "hunter2" not in str(outcome)


def test_a_secret_for_a_public_client_is_refused(run):
    text = """
    [[clients]]
    client_id = "app"
    client_name = "App"
    kind = "native"
    redirect_uris = ["http://127.0.0.1/callback"]
    secrets = [{ label = "main", env = "PHOTO_PRINT_SECRET" }]
    """
    assert errors(run(text)) == {("clients[0]", "app", "secrets", "public_client")}


def test_a_confidential_client_without_a_secret_is_a_warning(run):
    text = '[[clients]]\nclient_id = "s"\nclient_name = "Service"\nkind = "service"'
    outcome = run(text)
    assert outcome["applied"]
    assert [(each["key"], each["code"]) for each in outcome["warnings"]] == [
        ("secrets", "no_secret")
    ]


def test_a_scope_without_policy_or_words_is_a_warning(run):
    text = FILE + '\n[[scopes]]\nname = "bare"\napi = "https://api.shop-photos.com/photos"'
    outcome = run(text)
    assert outcome["applied"]
    assert {(each["id"], each["code"]) for each in outcome["warnings"]} == {
        ("bare", "no_policy"),
        ("bare", "no_words"),
    }


def test_what_the_file_does_not_name_is_left_alone(run):
    make_application(client_id="other")
    run()
    assert application_model().objects.filter(client_id="other").exists()
    ScopeText.objects.create(scope=Scope.objects.get(name="photos:write"), language="fr", title="x")
    issue_client_secret(photo_print(), label="by hand")
    assert run()["changes"] == []


def test_pruning_removes_what_the_file_does_not_name(run):
    make_application(client_id="other")
    run()
    issue_client_secret(photo_print(), label="by hand")
    outcome = run(prune=True)
    assert outcome["errors"] == []
    found = actions(outcome)
    assert (found["other"], found["photo-print"]) == ("delete", "update")
    assert found["profile"] == "delete"
    assert set(application_model().objects.values_list("client_id", flat=True)) == {
        "photo-print",
        "photos-backend",
    }
    names = set(Scope.objects.values_list("name", flat=True))
    assert names == {"openid", "photos:read", "photos:write"}
    assert run(prune=True)["changes"] == []


def test_pruning_only_retires_what_was_granted(run):
    run()
    user = make_user(groups=("staff",))
    grant(user, photo_print(), "photos:read")
    text = """
    [[scopes]]
    name = "other"
    api = "https://api.shop-photos.com/photos"
    policy = "sensitive"
    text.en = { title = "Something" }
    """
    found = actions(run(text, prune=True))
    assert (found["photos:read"], found["photos:write"]) == ("retire", "delete")
    assert not Scope.objects.get(name="photos:read").active
    assert actions(run(text, prune=True)) == {}


def test_pruning_leaves_sections_alone_that_the_file_does_not_have(run):
    run()
    outcome = run(FILE[FILE.index("[[clients]]") : FILE.rindex("[[clients]]")], prune=True)
    assert actions(outcome) == {"photos-backend": "delete"}
    assert Scope.objects.filter(name="photos:read").exists()


def test_an_empty_section_is_pruned_whole(run):
    run()
    outcome = run("clients = []", prune=True)
    assert actions(outcome) == {"photo-print": "delete", "photos-backend": "delete"}


def test_a_policy_that_scopes_need_is_not_pruned(run):
    run()
    outcome = run('[[policies]]\nname = "other"', prune=True)
    assert outcome["applied"]
    assert {(each["entry"], each["id"], each["code"]) for each in outcome["warnings"]} == {
        ("policies", "sensitive", "in_use"),
        ("policies", "sign-in", "in_use"),
    }
    assert actions(outcome) == {"other": "create", "service": "delete"}


def test_a_client_can_be_its_own_resource_server_in_one_file(run):
    outcome = run()
    assert outcome["applied"]
    assert (
        ClientPolicy.objects.get(application__client_id="photos-backend").served_apis.count() == 1
    )


def test_a_scope_that_waits_for_approval_is_a_warning(run):
    text = FILE.replace(
        'sensitivity = "sensitive"', 'sensitivity = "sensitive"\nclients = "approved"'
    )
    outcome = run(text)
    assert outcome["applied"]
    assert "approval_missing" in {each["code"] for each in outcome["warnings"]}
    assert ClientScope.objects.get(scope__name="photos:read").state == "requested"
    assert run(text)["changes"] == []


def test_a_wrong_form_is_told_together_with_broken_rules(run):
    text = FILE.replace("verified = true", 'verified = "yes"').replace(
        'sensitivity = "sensitive"', 'sensitivity = "very"'
    )
    found = {(entry, key) for entry, _id, key, _code in errors(run(text))}
    assert found == {("clients[0]", "verified"), ("policies[0]", "sensitivity")}
