from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory

from project.sign_in import client_address, return_schemes

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user("ada", password=PASSWORD)


def sign_in(client, password=PASSWORD, address="192.0.2.1", **data):
    return client.post(
        "/account/login/", {"username": "ada", "password": password, **data}, REMOTE_ADDR=address
    )


def guess(times=5, address="192.0.2.1"):
    return [sign_in(Client(), "wrong", address) for _ in range(times)][-1]


def test_signing_in_leads_to_the_connected_apps(client, ada):
    answer = sign_in(client)

    assert (answer.status_code, answer["Location"]) == (302, "/account/apps/")


def test_signing_in_leads_back_to_where_one_came_from(client, ada):
    assert sign_in(client, next="/o/authorize/?x=1")["Location"] == "/o/authorize/?x=1"


def test_signing_in_never_leads_to_another_site(client, ada):
    assert sign_in(client, next="https://evil.example/")["Location"] == "/account/apps/"


def test_a_signed_in_reader_is_sent_on(client, ada):
    client.force_login(ada)

    assert client.get("/account/login/").status_code == 302


def test_signing_out_takes_a_form(client, ada):
    client.force_login(ada)

    assert client.get("/account/logout/").status_code == 405
    assert client.post("/account/logout/").status_code in {200, 302}
    assert "_auth_user_id" not in client.session


def test_guessing_is_stopped_even_with_the_right_password(client, ada):
    guess()

    answer = sign_in(client)

    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"


def test_a_guesser_does_not_lock_the_owner_out_from_elsewhere(client, ada):
    guess(address="192.0.2.1")

    assert sign_in(client, address="198.51.100.7").status_code == 302


def test_a_locked_name_and_an_unknown_name_get_the_same_page(client, ada):
    locked = guess(times=6)
    for _ in range(6):
        unknown = Client().post(
            "/account/login/", {"username": "nobody", "password": "x"}, REMOTE_ADDR="192.0.2.1"
        )

    assert unknown.status_code == locked.status_code == 429
    assert unknown.content == locked.content


def test_the_admins_sign_in_has_the_same_brake(client, ada):
    for _ in range(5):
        client.post("/admin/login/", {"username": "ada", "password": "wrong"})

    answer = client.post("/admin/login/", {"username": "ada", "password": PASSWORD})

    assert answer.status_code == 429


def test_what_is_kept_of_a_failure_holds_no_password_and_no_authorization_request(client, ada):
    Client().post(
        "/account/login/?next=/o/authorize/%3Fstate%3Da-state",
        {"username": "ada", "password": "wrong-password", "next": "/o/authorize/?state=a-state"},
    )

    kept = str(list(AccessAttempt.objects.values()))
    assert "ada" in kept
    assert "a-state" not in kept
    assert "wrong-password" not in kept


@pytest.mark.parametrize("username", ["a\x00b", "x" * 100_000, "\ud800", "‮ada"])
def test_a_hostile_name_is_an_ordinary_failure(client, db, username):
    body = urlencode({"username": username, "password": "x"}, errors="surrogatepass")

    answer = client.post("/account/login/", body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "garbage", None),
        (1, "", None),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_the_proxies_of_ours_are_believed(settings, hops, forwarded, address):
    settings.IDP = {**settings.IDP, "TRUSTED_PROXY_HOPS": hops}
    request = RequestFactory().get(
        "/", REMOTE_ADDR="192.0.2.1", headers={"x-forwarded-for": forwarded}
    )

    assert client_address(request) == address


def test_a_request_over_a_socket_has_no_address():
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None


@pytest.mark.parametrize(
    ("redirect_uri", "sources"),
    [
        ("https://print.example/cb", ["https:"]),
        ("http://127.0.0.1:5000/cb", ["https:", "http:"]),
        ("com.example.app:/cb", ["https:", "com.example.app:"]),
        ("javascript:alert(1)", ["https:"]),
        ("data:text/html,x", ["https:"]),
        ("a b:/cb", ["https:"]),
        ("x;script-src *:/cb", ["https:"]),
    ],
)
def test_the_forms_redirects_may_go_where_the_request_returns_to(redirect_uri, sources):
    query = urlencode({"redirect_uri": redirect_uri})

    assert return_schemes(f"/o/authorize/?{query}") == sources


def test_the_sign_in_pages_policy_allows_those_redirects(client, db):
    answer = client.get(
        "/account/login/?next=/o/authorize/%3Fredirect_uri%3Dcom.example.app%253A/cb"
    )

    assert "form-action 'self' https: com.example.app:;" in answer["Content-Security-Policy"] + ";"
