"""The demo: made once, kept, moved with its address, and played with by real clients."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth import get_user_model

from idp.conf import application_model
from idp.models import Api, Scope
from idp.services.client_secret import check_client_secret
from idp.services.logout_delivery import deliver_due
from project.api.models import Photo
from project.demo import service, tv
from project.demo.setup import create
from project.demo.web.exchange import presentable
from tests.clients.person import TIMEOUT, Form, Person
from tests.views.device_flow import DeviceFlow
from tools.demo import environment

BASE = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def path(tmp_path: Path, settings: Any) -> Path:
    """Where the demo keeps its names and passwords."""
    settings.DEMO_FILE = tmp_path / "demo.json"
    return settings.DEMO_FILE


def make(base: str = BASE) -> tuple[dict[str, Any], str]:
    from project.demo import file

    out = io.StringIO()
    create(base, out)
    return file.read(), out.getvalue()


@pytest.mark.django_db
class TestSetup:
    def test_everybody_can_sign_in_with_what_the_file_says(self) -> None:
        content, _lines = make()
        for row in (content["operator"], *content["users"]):
            user = get_user_model().objects.get(username=row["username"])
            assert user.check_password(row["password"])
            assert user.is_superuser == (row is content["operator"])

    def test_only_the_owner_reads_the_file(self, path: Path) -> None:
        make()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_the_file_has_the_promised_form(self, path: Path) -> None:
        make()
        content = json.loads(path.read_text())
        assert list(content) == ["base_url", "operator", "users", "clients"]
        assert content["base_url"] == BASE
        by_kind = {row["client_id"]: row for row in content["clients"]}
        assert by_kind["photo-print"]["redirect_uris"] == [f"{BASE}/demo/web/callback/"]
        assert "client_secret" not in by_kind["light-table"]

    def test_the_secrets_work(self) -> None:
        content, _lines = make()
        for row in content["clients"]:
            if "client_secret" in row:
                application = application_model().objects.get(client_id=row["client_id"])
                assert check_client_secret(application, row["client_secret"])

    def test_a_second_start_keeps_everything(self) -> None:
        before, _lines = make()
        Photo.objects.filter(owner__username="ada").first().delete()  # type: ignore[union-attr]
        count = Photo.objects.count()
        after, _lines = make()
        assert after == before
        assert Photo.objects.count() == count

    def test_another_port_moves_addresses_and_nothing_else(self) -> None:
        before, _lines = make()
        scopes = set(Scope.objects.values_list("pk", flat=True))
        after, _lines = make("http://127.0.0.1:8001")
        assert after["users"] == before["users"]
        application = application_model().objects.get(client_id="photo-print")
        assert application.redirect_uris == "http://127.0.0.1:8001/demo/web/callback/"
        assert set(Scope.objects.values_list("pk", flat=True)) == scopes
        assert not Api.objects.filter(identifier__startswith=BASE).exists()

    def test_a_lost_file_gives_new_passwords_that_work(self, path: Path) -> None:
        make()
        path.unlink()
        content, _lines = make()
        ada = get_user_model().objects.get(username="ada")
        assert ada.check_password(content["users"][0]["password"])

    def test_the_closing_lines_say_where_to_click_and_as_whom(self) -> None:
        content, lines = make()
        for row in (content["operator"], *content["users"]):
            assert f"{row['username']} / {row['password']}" in lines
        for place in ("/demo/web/", "/admin/", "/api/docs/", "openid-configuration"):
            assert BASE + place in lines or place in lines


def test_without_a_demo_there_are_no_demo_pages(client: Any, db: None) -> None:
    assert client.get("/demo/web/").status_code == 404
    assert client.get("/demo/spa/").status_code == 404
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("name", ["client_secret", "client_assertion", "password"])
def test_a_secret_is_never_shown(name: str) -> None:
    assert presentable(name, "very secret") == "(not shown)"


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "id_token", "code"])
def test_a_token_is_shortened(name: str) -> None:
    value = "abcdefghijklmnopqrstuvwxyz"
    assert presentable(name, value) == "abcdef… (26 characters)"


class Demo:
    """A person, the shop's pages, and the provider, all over the wire."""

    def __init__(self, site: str, content: dict[str, Any]) -> None:
        self.site = site
        row = content["users"][0]
        user = get_user_model().objects.get(username=row["username"])
        self.person = Person(site, user, row["password"])
        self.content = content

    @property
    def browser(self) -> requests.Session:
        return self.person.browser

    def page(self) -> str:
        return self.browser.get(f"{self.site}/demo/web/", timeout=TIMEOUT).text

    def press(self, step: str) -> requests.Response:
        form = Form(self.page())
        return self.browser.post(
            f"{self.site}/demo/web/{step}/",
            data=form.fields[:1],
            headers={"Origin": self.site, "Referer": f"{self.site}/demo/web/"},
            allow_redirects=False,
            timeout=TIMEOUT,
        )

    def connect(self, decision: str = "allow") -> str:
        url = self.press("connect").headers["Location"]
        self.person.stop_at = f"{self.site}/demo/"
        callback = self.person.answer(url, decision)
        return self.browser.get(callback, timeout=TIMEOUT).text


@pytest.fixture
def demo(live_server: Any, settings: Any) -> Demo:
    site = live_server.url
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": f"{site}/o"}
    settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [urlsplit(site).netloc]}
    content, _lines = make(site)
    return Demo(site, content)


def test_the_shop_shows_the_photos_of_whoever_allowed_it(demo: Demo) -> None:
    page = demo.connect()
    assert "Ada Lovelace" in page
    assert "Morning over the ridge" in page
    assert "data:image/png;base64," in page
    assert "Exchange the code for tokens" in page


def test_the_shop_shows_no_whole_token_and_no_secret(demo: Demo) -> None:
    page = demo.connect()
    shop = next(row for row in demo.content["clients"] if row["client_id"] == "photo-print")
    assert shop["client_secret"] not in page
    assert "Bearer " in page
    assert "characters)" in page
    assert "eyJhbGciOi" not in page


def test_a_refusal_is_told_kindly(demo: Demo) -> None:
    page = demo.connect("deny")
    assert "You did not allow it, so nothing was shared." in page
    assert "access_denied" in page
    assert "Morning over the ridge" not in page


def test_an_answer_that_nobody_asked_for_is_dropped(demo: Demo) -> None:
    url = f"{demo.site}/demo/web/callback/?code=x&state=y"
    answer = demo.browser.get(url, allow_redirects=False, timeout=TIMEOUT)
    assert answer.headers["Location"] == "/demo/web/"


def test_an_answer_with_another_state_is_refused(demo: Demo) -> None:
    url = demo.press("connect").headers["Location"]
    issuer = f"{demo.site}/o"
    assert parse_qs(urlsplit(url).query)["state"]
    page = demo.browser.get(
        f"{demo.site}/demo/web/callback/",
        params={"code": "x", "state": "other", "iss": issuer},
        timeout=TIMEOUT,
    ).text
    assert "state_mismatch" in page


def test_refreshing_goes_on_showing_photos(demo: Demo) -> None:
    demo.connect()
    assert demo.press("refresh").status_code == 302
    page = demo.page()
    assert "Refresh the access token" in page
    assert "Morning over the ridge" in page


def test_disconnecting_gives_the_tokens_back_and_forgets(demo: Demo) -> None:
    demo.connect()
    demo.press("disconnect")
    page = demo.page()
    assert "Morning over the ridge" not in page
    assert "Give the tokens back" in page


def test_the_shop_hears_when_its_user_signs_out_at_the_provider(demo: Demo) -> None:
    assert "Morning over the ridge" in demo.connect()
    asked = demo.browser.get(f"{demo.site}/o/logout/", timeout=TIMEOUT)
    demo.person._submit(asked, "allow")

    assert [row.state for row in deliver_due()] == ["delivered"]

    assert "Your photos, on paper" in demo.page()


def test_the_shop_believes_no_word_that_is_not_signed(demo: Demo) -> None:
    answer = requests.post(
        f"{demo.site}/demo/web/signed-out/",
        data={"logout_token": "eyJhbGciOiJub25lIn0.e30."},
        timeout=TIMEOUT,
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_service_prints_its_report(
    demo: Demo, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.main(path) == 0
    assert "12 photos of 2 people" in capsys.readouterr().out


def test_the_service_says_when_it_is_refused(
    demo: Demo, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in demo.content["clients"]:
        row["client_secret"] = "wrong"
    path.write_text(json.dumps(demo.content))
    assert service.main(path) == 1
    assert "invalid_client" in capsys.readouterr().err


def test_the_service_says_when_there_is_no_demo(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.main(path) == 1
    assert "make demo" in capsys.readouterr().err


def test_the_demo_asks_no_mail_server_for_its_made_up_people() -> None:
    assert environment("127.0.0.1", 8000, {})["EMAIL_URL"] == "console://"


def test_the_demo_sends_mail_where_it_is_told_to() -> None:
    told = environment("127.0.0.1", 8000, {"EMAIL_URL": "smtp://mail.example.com"})
    assert told["EMAIL_URL"] == "smtp://mail.example.com"


@pytest.mark.django_db(transaction=True)
def test_the_television_shows_photos_once_somebody_let_it_in(live_server: Any) -> None:
    make(live_server.url)
    ada = get_user_model().objects.get(username="ada")
    lines: list[str] = []

    def wait(_seconds: float) -> None:
        flow = DeviceFlow(application_model().objects.get(client_id=tv.CLIENT_ID), ada)
        flow.decide(flow.type(lines[0].split()[-1]))

    tv.show(live_server.url, lines.append, wait)
    assert "Connected. 8 photos:" in lines


@pytest.mark.django_db(transaction=True)
def test_the_television_says_when_it_was_refused(live_server: Any) -> None:
    make(live_server.url)
    ada = get_user_model().objects.get(username="ada")
    lines: list[str] = []

    def wait(_seconds: float) -> None:
        flow = DeviceFlow(application_model().objects.get(client_id=tv.CLIENT_ID), ada)
        flow.decide(flow.type(lines[0].split()[-1]), "deny")

    with pytest.raises(tv.NotConnected, match="access_denied"):
        tv.show(live_server.url, lines.append, wait)
