import pytest
from django.core.exceptions import ImproperlyConfigured

from project import cache, database


def test_a_postgresql_url_says_where_the_server_is_and_who_asks():
    entry = database.from_url("postgresql://ada:s%40cret@db.example.com:6432/idp?sslmode=require")

    assert entry["ENGINE"] == "project.postgresql"
    assert (entry["NAME"], entry["USER"], entry["PASSWORD"]) == ("idp", "ada", "s@cret")
    assert (entry["HOST"], entry["PORT"]) == ("db.example.com", "6432")
    assert entry["OPTIONS"]["sslmode"] == "require"


def test_postgresql_connections_come_from_a_pool_whose_size_the_url_may_say():
    entry = database.from_url("postgresql://127.0.0.1/idp?pool_max_size=3")

    assert entry["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 3, "timeout": 10}


@pytest.mark.parametrize(("query", "expected"), [("", 2), ("?prepare_threshold=off", None)])
def test_statements_are_prepared_unless_the_url_says_that_a_pooler_stands_between(query, expected):
    entry = database.from_url(f"postgresql://127.0.0.1/idp{query}")

    assert entry["OPTIONS"]["prepare_threshold"] == expected


def test_a_socket_folder_keeps_its_case():
    assert database.from_url("postgres://ada@%2FRun%2FPg/idp")["HOST"] == "/Run/Pg"


def test_an_ipv6_host_loses_its_brackets():
    entry = database.from_url("postgres://ada@[::1]:5433/idp")

    assert (entry["HOST"], entry["PORT"]) == ("::1", "5433")


def test_sqlite_writers_wait_for_each_other():
    options = database.from_url("sqlite:////srv/idp.sqlite3")["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] >= 5
    assert "journal_mode=WAL" in options["init_command"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:",
        "mysql://ada:s3cret@db/idp",
        "postgresql://ada:s3cret@db",
        "postgresql://ada:s3cret@db:port/idp",
        "postgresql://ada:s3cret@db/idp?pool_max_size=many",
        "postgresql://ada:s3cret@db/idp?prepare_threshold=no",
        "postgresql://ada:s3cret@[::1/idp",
    ],
)
def test_a_url_that_names_no_database_is_refused_without_being_repeated(url):
    with pytest.raises(ImproperlyConfigured) as raised:
        database.from_url(url)

    assert "s3cret" not in str(raised.value)


def test_a_cache_is_of_the_process_or_of_redis():
    assert cache.from_url("locmem://")["BACKEND"].endswith("LocMemCache")
    assert cache.from_url("redis://127.0.0.1:6379/1")["LOCATION"] == "redis://127.0.0.1:6379/1"


def test_a_cache_url_that_names_no_cache_is_refused_without_being_repeated():
    with pytest.raises(ImproperlyConfigured) as raised:
        cache.from_url("memcached://:s3cret@127.0.0.1")

    assert "s3cret" not in str(raised.value)
