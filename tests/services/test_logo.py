"""Logos: fetched by operators, kept, and shown beside the names of trusted clients alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.conf import application_model
from idp.models import ClientLogo, ConsentSnapshot
from idp.services.logo import LogoError, current_logo, current_logos, fetch_logo
from tests.domain.test_picture import png
from tests.factories import make_application, make_user
from tests.services.outbound_server import answer, serve
from tests.views.flow import Flow

pytestmark = pytest.mark.django_db

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


@contextmanager
def pictures(settings: Any, content: bytes = HEAD + png()) -> Iterator[tuple[str, list[bytes]]]:
    with serve(answer(content)) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        yield f"http://127.0.0.1:{port}/logo.png", requests


def make_client(uri: str, **policy: Any) -> Any:
    return make_application(
        **{"scopes": ("openid", "photos"), "verified": True, "logo_uri": uri, **policy}
    )


def refused(application: Any) -> str:
    with pytest.raises(LogoError) as caught:
        fetch_logo(application, by="test", now=timezone.now())
    return caught.value.reason.code


def test_a_logo_stands_on_the_pages_of_the_user_and_in_the_record(settings: Any) -> None:
    with pictures(settings) as (uri, requests):
        application = make_client(uri)
        logo = fetch_logo(application, by="test", now=timezone.now())
        flow = Flow(application, make_user())
        page = flow.start("openid photos")
        flow.decide(page)
        apps = flow.browser.get("/account/apps/")

    address = f'src="/o/logo/{logo.digest}/"'
    assert address in page.content.decode()
    assert address in apps.content.decode()
    assert ConsentSnapshot.objects.get().document["client"]["logo"] == logo.digest
    assert len(requests) == 1


def test_the_picture_is_served_as_a_picture_and_nothing_else(settings: Any) -> None:
    with pictures(settings) as (uri, _requests):
        logo = fetch_logo(make_client(uri), by="test", now=timezone.now())

    response = Client().get(f"/o/logo/{logo.digest}/")

    assert response.content == png()
    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.parametrize("digest", ["0" * 64, "x", "A" * 64, "0" * 64 + "0"])
def test_there_is_no_other_picture(digest: str) -> None:
    assert Client().get(f"/o/logo/{digest}/").status_code == 404


def test_a_client_without_trust_shows_its_letter(settings: Any) -> None:
    with pictures(settings) as (uri, requests):
        stranger = make_client(uri, verified=False)
        assert refused(stranger) == "logo_unverified"
        assert requests == []
        trusted = make_client(uri)
        fetch_logo(trusted, by="test", now=timezone.now())
    assert current_logo(trusted)
    trusted.idp_policy.verified = False
    trusted.idp_policy.save()

    page = Flow(trusted, make_user()).start("openid photos").content.decode()

    assert "/o/logo/" not in page


def test_another_address_needs_another_fetch_and_the_old_picture_stays_on_record(
    settings: Any,
) -> None:
    with pictures(settings) as (uri, _requests):
        application = make_client(uri)
        first = fetch_logo(application, by="test", now=timezone.now())
        again = fetch_logo(application, by="test", now=timezone.now())
    assert (first.pk, current_logo(application)) == (again.pk, first.digest)
    with pictures(settings, HEAD + png(60, 60)) as (uri, _requests):
        application.idp_policy.logo_uri = uri
        assert current_logo(application) == ""
        second = fetch_logo(application, by="test", now=timezone.now())

    assert current_logo(application) == second.digest
    assert Client().get(f"/o/logo/{first.digest}/").status_code == 200
    assert ClientLogo.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n" + png(), "logo_status"),
        (b"HTTP/1.1 302 Found\r\nLocation: https://x.example/\r\n\r\n", "logo_status"),
        (HEAD + b"<svg/>", "logo_format"),
        (HEAD + png(2000, 2000), "logo_size"),
        (HEAD + png() + b"x" * 70_000, "outbound_too_large"),
    ],
)
def test_what_is_no_fit_picture_is_refused_with_its_reason(
    settings: Any, content: bytes, code: str
) -> None:
    with pictures(settings, content) as (uri, _requests):
        application = make_client(uri)
        assert refused(application) == code

    assert not ClientLogo.objects.exists()


def test_private_addresses_are_not_asked() -> None:
    assert refused(make_client("https://169.254.169.254/logo.png")) == "outbound_private"
    assert refused(make_client("")) == "logo_no_address"


def test_a_list_of_apps_asks_for_its_logos_once(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        make_client("https://rp.example.com/logo.png")
    clients = application_model().objects.select_related("idp_policy")
    several = list(clients)
    plain = clients.get(pk=make_application().pk)

    with django_assert_num_queries(1):
        assert current_logos(several) == {}
    with django_assert_num_queries(0):
        assert current_logo(plain) == ""
