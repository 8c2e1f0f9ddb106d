"""The sample API through HTTP: whose photos, which scope, and what a refusal says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.conf import access_token_model
from idp.models import ClientPolicy
from project.api.models import Photo
from tests.factories import make_application, make_scope, make_user

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n"
SCOPES = ("account:read", "photos:read", "photos:write")


@pytest.fixture(autouse=True)
def _scopes() -> None:
    make_scope("photos:read")
    make_scope("photos:write", implies=("photos:read",))
    make_scope("account:read")
    make_scope("reports:read")


def token(user: Any = None, *scopes: str, value: str = "a-token", **fields: Any) -> dict[str, str]:
    """Return the header of a live token, made as the toolkit makes one."""
    kind = "web" if user else "service"
    application = fields.pop("application", None) or make_application(kind, scopes=scopes)
    access_token_model().objects.create(
        user=user,
        application=application,
        token=value,
        scope=" ".join(scopes),
        expires=timezone.now() + timedelta(minutes=10),
        **fields,
    )
    return {"Authorization": f"Bearer {value}"}


def photo(owner: Any, title: str) -> Photo:
    return Photo.objects.create(owner=owner, title=title, content=PNG)


def post(client: Client, headers: dict[str, str], body: Any) -> Any:
    return client.post("/api/photos/", body, content_type="application/json", headers=headers)


def test_only_ones_own_photos_are_listed(client: Client) -> None:
    ada, grace = make_user("ada"), make_user("grace")
    photo(ada, "Ada's"), photo(grace, "Grace's")
    answer = client.get("/api/photos/", headers=token(ada, "photos:read"))
    assert [row["title"] for row in answer.json()["results"]] == ["Ada's"]


def test_photos_come_by_pages(client: Client) -> None:
    ada = make_user("ada")
    for number in range(5):
        photo(ada, f"{number}")
    headers = token(ada, "photos:read")
    first = client.get("/api/photos/?page_size=3", headers=headers).json()
    assert (first["count"], len(first["results"])) == (5, 3)
    second = client.get(first["next"], headers=headers).json()
    assert [row["title"] for row in first["results"] + second["results"]] == list("43210")


@pytest.mark.parametrize("page", ["0", "-1", "x", "%00", "9" * 40, "%F0%9F"])
def test_a_page_that_is_not_there_is_404(client: Client, page: str) -> None:
    headers = token(make_user(), "photos:read")
    assert client.get(f"/api/photos/?page={page}", headers=headers).status_code == 404


def test_a_photo_of_somebody_else_is_not_there(client: Client) -> None:
    theirs = photo(make_user("grace"), "Grace's")
    headers = token(make_user("ada"), "photos:write")
    for path in (f"/api/photos/{theirs.pk}/", f"/api/photos/{theirs.pk}/picture/"):
        assert client.get(path, headers=headers).status_code == 404
    assert client.delete(f"/api/photos/{theirs.pk}/", headers=headers).status_code == 404
    assert Photo.objects.filter(pk=theirs.pk).exists()


def test_a_new_photo_is_a_real_picture(client: Client) -> None:
    ada = make_user("ada")
    headers = token(ada, "photos:write")
    made = post(client, headers, {"title": "Evening"})
    assert made.status_code == 201
    picture = client.get(made.json()["picture"], headers=headers)
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(PNG)
    assert Photo.objects.get(owner=ada).title == "Evening"


def test_the_owner_cannot_be_chosen(client: Client) -> None:
    ada, grace = make_user("ada"), make_user("grace")
    post(client, token(ada, "photos:write"), {"title": "x", "owner": grace.pk})
    assert Photo.objects.get().owner == ada


def test_a_photo_can_be_deleted(client: Client) -> None:
    ada = make_user("ada")
    mine = photo(ada, "Old")
    answer = client.delete(f"/api/photos/{mine.pk}/", headers=token(ada, "photos:write"))
    assert answer.status_code == 204
    assert not Photo.objects.exists()


def test_writing_includes_reading(client: Client) -> None:
    headers = token(make_user(), "photos:write")
    assert client.get("/api/photos/", headers=headers).status_code == 200


def test_reading_does_not_include_writing(client: Client) -> None:
    answer = post(client, token(make_user(), "photos:read"), {"title": "x"})
    assert answer.status_code == 403
    assert answer.json()["error"] == "insufficient_scope"
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", '
        'error_description="The request needs the scope photos:write.", scope="photos:write", '
        'resource_metadata="http://testserver/.well-known/oauth-protected-resource/api"'
    )


def test_the_profile_is_that_of_who_gave_the_token(client: Client) -> None:
    ada = make_user("ada", email="ada@example.com", first_name="Ada", last_name="Lovelace")
    answer = client.get("/api/user-profile/", headers=token(ada, "account:read"))
    assert answer.json() | {"date_joined": None} == {
        "username": "ada",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "date_joined": None,
    }


def test_the_report_adds_up_all_photos(client: Client) -> None:
    photo(make_user(), "a"), photo(make_user(), "b")
    report = client.get("/api/reports/", headers=token(None, "reports:read")).json()
    assert (report["people"], report["photos"], report["bytes"]) == (2, 2, 2 * len(PNG))
    assert [month["photos"] for month in report["months"]] == [2]


def test_the_report_is_closed_to_people(client: Client) -> None:
    answer = client.get("/api/reports/", headers=token(make_user(), "reports:read"))
    assert answer.status_code == 403
    assert answer.json()["error"] == "insufficient_scope"


def test_the_profile_is_closed_to_services(client: Client) -> None:
    answer = client.get("/api/user-profile/", headers=token(None, "account:read"))
    assert answer.status_code == 403


def test_an_empty_report_is_a_report(client: Client) -> None:
    report = client.get("/api/reports/", headers=token(None, "reports:read")).json()
    assert report == {"people": 0, "photos": 0, "bytes": 0, "months": []}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        '{"title": "\\u0000"}',
        '{"title": "\\ud800"}',
        '{"title": ""}',
        '{"title": {"a": 1}}',
        '{"title": "' + "x" * 100_000 + '"}',
        "[" * 100_000,
        '"text"',
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_no_photo_is_400(client: Client, body: str | bytes) -> None:
    answer = post(client, token(make_user(), "photos:write"), body)
    assert answer.status_code == 400


def test_only_json_is_read(client: Client) -> None:
    headers = token(make_user(), "photos:write")
    assert client.post("/api/photos/", {"title": "x"}, headers=headers).status_code == 415


def test_a_client_that_calls_too_often_waits(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("project.api.throttle.ClientThrottle.rate", "2/min")
    headers = token(make_user(), "photos:read")
    codes = [client.get("/api/photos/", headers=headers).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    other = token(make_user(), "photos:read", value="another")
    assert client.get("/api/photos/", headers=other).status_code == 200


def test_the_schema_names_flows_and_scopes(client: Client) -> None:
    schema = json.loads(client.get("/api/schema/", headers={"Accept": "application/json"}).content)
    flows = schema["components"]["securitySchemes"]["oauth2"]["flows"]
    assert flows["authorizationCode"]["authorizationUrl"] == "/o/authorize/"
    assert flows["clientCredentials"]["tokenUrl"] == "/o/token/"
    assert flows["authorizationCode"]["scopes"]["photos:read"] == "Use photos:read"
    photos = schema["paths"]["/api/photos/"]
    assert photos["get"]["security"] == [{"oauth2": ["photos:read"]}]
    assert photos["post"]["security"] == [{"oauth2": ["photos:write"]}]


def test_the_docs_load_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    script = client.get("/api/docs/?script=").content.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "<style" not in page
    assert "api-docs" in script


class TestCrossOrigin:
    @pytest.fixture(autouse=True)
    def _app(self) -> None:
        self.app = make_application("spa", allowed_origins="https://app.example.com")

    def preflight(self, client: Client, origin: str) -> Any:
        return client.options(
            "/api/photos/",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            },
        )

    def test_a_registered_origin_may_call(self, client: Client) -> None:
        answer = self.preflight(client, "https://app.example.com")
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers

    def test_a_registered_origin_may_read_a_challenge(self, client: Client) -> None:
        answer = client.get("/api/photos/", headers={"Origin": "https://app.example.com"})
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        assert "WWW-Authenticate" in answer.headers["Access-Control-Expose-Headers"]

    @pytest.mark.parametrize(
        "origin",
        ["null", "", "https://app.example.com.evil.example", "http://app.example.com", "*"],
    )
    def test_another_origin_may_not(self, client: Client, origin: str) -> None:
        assert "Access-Control-Allow-Origin" not in self.preflight(client, origin).headers

    def test_the_origin_of_a_disabled_client_may_not(self, client: Client) -> None:
        assert self.preflight(client, "https://app.example.com").has_header(
            "Access-Control-Allow-Origin"
        )
        policy = ClientPolicy.objects.get(application=self.app)
        policy.status = ClientPolicy.Status.DISABLED
        policy.save()
        answer = self.preflight(client, "https://app.example.com")
        assert not answer.has_header("Access-Control-Allow-Origin")
