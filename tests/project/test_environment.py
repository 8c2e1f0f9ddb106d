import stat

import pytest
from django.core.exceptions import ImproperlyConfigured

from project.environment import read

PRODUCTION = {
    "SECRET_KEY": "x" * 64,
    "ALLOWED_HOSTS": "id.example.com, login.example.com",
    "IDP_ISSUER": "https://id.example.com/o",
}


def test_production_names_everything_that_is_missing_at_once():
    with pytest.raises(ImproperlyConfigured) as raised:
        read({})

    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "IDP_ISSUER"):
        assert f"{name} is not set" in str(raised.value)


def test_an_empty_value_counts_as_missing():
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        read({**PRODUCTION, "SECRET_KEY": "  "})


def test_production_needs_no_more_than_the_three_it_names():
    environment = read(PRODUCTION)

    assert not environment.debug
    assert environment.secure
    assert environment.origin == "https://id.example.com"
    assert environment.allowed_hosts == ("id.example.com", "login.example.com")


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example.com/o",
        "https://id.example.com",
        "https://id.example.com/o?x=1",
        "https://id.example.com/o#x",
        "https://user@id.example.com/o",
        "https://id.example.com:port/o",
        "https:///o",
        "id.example.com/o",
    ],
)
def test_an_issuer_that_the_site_cannot_be_is_refused(issuer):
    with pytest.raises(ImproperlyConfigured, match="IDP_ISSUER"):
        read({**PRODUCTION, "IDP_ISSUER": issuer})


@pytest.mark.parametrize(
    "issuer", ["http://127.0.0.1:8001/o", "http://localhost/o", "http://[::1]:8000/o"]
)
def test_a_loopback_host_may_be_an_issuer_without_tls(issuer):
    assert not read({**PRODUCTION, "IDP_ISSUER": issuer}).secure


def test_a_slash_at_the_end_of_the_issuer_is_dropped():
    environment = read({**PRODUCTION, "IDP_ISSUER": "https://id.example.com/o/"})

    assert environment.issuer == "https://id.example.com/o"


def test_a_short_secret_key_is_refused_without_being_repeated():
    with pytest.raises(ImproperlyConfigured) as raised:
        read({**PRODUCTION, "SECRET_KEY": "hunter2"})

    assert "SECRET_KEY is shorter" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("hops", ["-1", "two", "1.5", "²"])
def test_a_number_of_proxies_that_is_none_is_refused(hops):
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXY_HOPS"):
        read({**PRODUCTION, "TRUSTED_PROXY_HOPS": hops})


def test_an_unknown_log_level_is_refused():
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL"):
        read({**PRODUCTION, "LOG_LEVEL": "loud"})


def test_a_desk_needs_nothing_and_keeps_its_secret_key(tmp_path):
    first = read({"DEBUG": "1"}, var_dir=tmp_path)
    second = read({"DEBUG": "1"}, var_dir=tmp_path)

    assert first.secret_key == second.secret_key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_proxies_are_believed_only_when_told():
    assert not read(PRODUCTION).trust_proxy_ssl_header
    assert read({**PRODUCTION, "TRUST_PROXY_SSL_HEADER": "1"}).trust_proxy_ssl_header
