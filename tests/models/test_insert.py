"""Rows that are inserted by a prepared statement are the rows that ``save`` would have stored."""

from __future__ import annotations

import uuid
from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.db.models.signals import post_save, pre_save
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from idp.conf import access_token_model, refresh_token_model
from idp.models import insert as module
from idp.models.insert import insert
from tests.factories import make_application, make_user
from tests.models.test_prepared import planned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_compiled(monkeypatch):
    monkeypatch.setattr(module, "_PLANS", {})


@pytest.fixture
def token(now):
    application, user = make_application("web", client_id="web"), make_user("ada")

    def make(value, **fields):
        expires = now + timedelta(minutes=5)
        row = {"application": application, "user": user, "expires": expires, **fields}
        return access_token_model()(token=value, scope="photos:read", **row)

    return make


def test_what_is_stored_is_what_saving_stores(token):
    resource = ["https://api.example.com", "it's %s and $1"]
    saved, inserted = token("saved", resource=resource), token("inserted", resource=resource)
    saved.save()
    insert(token("first"))
    insert(inserted)

    stored = access_token_model().objects.get(pk=inserted.pk)
    differ = ("id", "token", "token_checksum")
    assert model_to_dict(stored, exclude=differ) == model_to_dict(saved, exclude=differ)
    assert stored.token_checksum
    assert stored.token_checksum != saved.token_checksum
    assert stored.resource == resource
    assert stored.created
    assert not inserted._state.adding
    assert inserted._state.db == "default"


def test_a_refresh_token_keeps_its_family_and_its_access_token(token, now):
    insert(token("access"))
    access, family = access_token_model().objects.get(), uuid.uuid4()
    row = refresh_token_model()(
        user=access.user,
        application=access.application,
        access_token=access,
        token="refresh",
        token_family=family,
    )
    insert(row)
    stored = refresh_token_model().objects.get(token_family=family)
    assert (stored.pk, stored.access_token, stored.user) == (row.pk, access, access.user)
    assert stored.revoked is None


def test_one_statement_stores_a_row_and_another_goes_on_from_there(token):
    insert(token("first"))
    row = token("second")
    with CaptureQueriesContext(connection) as captured:
        insert(row)
    assert len(captured) == 1
    row.scope = "photos:write"
    row.save()
    assert access_token_model().objects.count() == 2


def test_a_row_without_a_user_has_none(token):
    insert(token("somebody"))
    row = token("nobody", user=None)
    insert(row)
    assert access_token_model().objects.get(pk=row.pk).user_id is None


@pytest.mark.parametrize("signal", [pre_save, post_save])
@pytest.mark.parametrize("to", ["this model", "every model"])
def test_who_listens_is_told(token, signal, to):
    insert(token("first"))
    sender = access_token_model() if to == "this model" else None
    row, heard = token("second"), []

    def listen(instance, **_rest):
        heard.append(instance)

    signal.connect(listen, sender=sender)
    try:
        insert(row)
    finally:
        signal.disconnect(listen, sender=sender)
    assert heard == [row]


def test_a_model_that_saves_in_its_own_way_does_so(token, monkeypatch):
    model = access_token_model()
    plainly = model.save

    def save(self, *args, **kwargs):
        self.scope = f"{self.scope} own"
        plainly(self, *args, **kwargs)

    monkeypatch.setattr(model, "save", save)
    row = token("own")
    insert(row)
    assert model.objects.get(pk=row.pk).scope == "photos:read own"


def test_a_row_that_saves_in_its_own_way_does_so(token):
    insert(token("first"))
    row, asked = token("own"), []
    row.save = lambda **_options: asked.append(row)
    insert(row)
    assert asked == [row]


def test_what_the_database_is_to_find_is_found_and_spoils_no_other_row(token):
    for scope, stored in ((Lower(Value("ABC")), "abc"), ("XX", "XX"), (Lower(Value("DE")), "de")):
        row = token(stored)
        row.scope = scope
        insert(row)
        assert access_token_model().objects.get(pk=row.pk).scope == stored


def test_a_row_with_a_key_is_saved_under_it(token):
    insert(token("first", pk=4711))
    assert access_token_model().objects.get().pk == 4711


def test_a_refusal_spoils_the_transaction_around_it_as_ever(token):
    insert(token("twice"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(token("twice"))
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert(token("twice"))
        assert connection.needs_rollback
        transaction.set_rollback(True)


@pytest.mark.postgres
def test_the_server_keeps_the_statement_planned(token):
    for number in range(5):
        insert(token(f"token {number}"))
    assert planned("INSERT%accesstoken%$1%") == 1
    assert access_token_model().objects.count() == 5


@pytest.mark.postgres
def test_nothing_is_kept_on_the_server_behind_a_pooler(token, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", None)
    for number in range(5):
        insert(token(f"token {number}"))
    assert planned("INSERT%accesstoken%$1%") == 0
    assert access_token_model().objects.count() == 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_process_outlives_a_migration_of_what_it_stores(token):
    def alter(to, using):
        table = access_token_model()._meta.db_table
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute(f"ALTER TABLE {table} ALTER COLUMN scope TYPE {to} USING {using}")

    for number in range(5):
        insert(token(f"before {number}"))
    alter("jsonb", "to_jsonb(scope)")
    try:
        for number in range(3):
            row = token(f"after {number}")
            row.scope = '"photos:read"'
            insert(row)
    finally:
        alter("text", "scope #>> '{}'")
    assert set(access_token_model().objects.values_list("scope", flat=True)) == {"photos:read"}
    assert access_token_model().objects.count() == 8


@pytest.mark.postgres
def test_a_connection_with_cursors_of_its_own_is_asked_for_them(token, monkeypatch):
    asked, plainly = [], connection.create_cursor

    def create_cursor(*args, **kwargs):
        asked.append(True)
        return plainly(*args, **kwargs)

    insert(token("before"))
    monkeypatch.setattr(connection, "create_cursor", create_cursor, raising=False)
    before = len(asked)
    insert(token("after"))
    assert len(asked) > before
