"""Mail from one URL."""

import pytest

from project import mail


def test_a_desk_prints_its_mail():
    assert mail.from_url("console://", mailers=False) == {
        "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"
    }


def test_a_server_is_named_with_how_to_get_in():
    found = mail.from_url(
        "smtp://ada:p%40ss@mail.example.com:587?tls=1&from=id@example.com", mailers=False
    )

    assert found["EMAIL_HOST"] == "mail.example.com"
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("ada", "p@ss")
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (
        587,
        True,
        False,
    )
    assert found["DEFAULT_FROM_EMAIL"] == "id@example.com"
    assert found["EMAIL_TIMEOUT"] == 10


def test_a_server_alone_is_enough():
    found = mail.from_url("smtp://localhost", mailers=False)

    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_USER"]) == (
        "localhost",
        25,
        "",
    )


def test_anything_else_is_refused():
    with pytest.raises(ValueError, match="EMAIL_URL"):
        mail.from_url("imap://localhost")


def test_newer_versions_of_django_get_a_mailer():
    found = mail.from_url("smtp://ada@mail.example.com?ssl=1", mailers=True)

    assert found["MAILERS"]["default"]["BACKEND"].endswith(".smtp.EmailBackend")
    options = found["MAILERS"]["default"]["OPTIONS"]
    assert (options["host"], options["username"], options["use_ssl"]) == (
        "mail.example.com",
        "ada",
        True,
    )
    assert "EMAIL_HOST" not in found
