import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def test_the_process_answers_without_asking_the_database(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_site_that_works_is_ready(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "migrations": "ok", "keys": "ok"}


@pytest.mark.postgres  # where a table can be made inside a transaction
@pytest.mark.django_db
def test_a_site_with_a_migration_to_come_is_not_ready(client, settings):
    # The tables of the tests come from the models; here they are said to come from migrations.
    settings.MIGRATION_MODULES = {}
    recorder = MigrationRecorder(connection)
    for migration in MigrationLoader(None, ignore_no_migrations=True).disk_migrations:
        recorder.record_applied(*migration)
    assert client.get("/readyz").status_code == 200
    recorder.record_unapplied("sessions", "0001_initial")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["migrations"] == "failing"


@pytest.mark.django_db
def test_a_site_that_cannot_read_its_signing_key_is_not_ready(client, settings):
    from idp.services.key import signing_key

    signing_key()
    settings.SECRET_KEY = "another secret key, under which nothing was ever encrypted"

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["keys"] == "failing"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(client, path):
    assert client.post(path).status_code == 405
