"""Databases of host sites, and what is run against them in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.dropin.hosts.dump import BETWEEN

ROOT = Path(__file__).resolve().parents[2]
SERVER = "IDP_TEST_DATABASE_URL"
FRESH = """
import json, sys, django
django.setup()
from django.core.management import call_command
for arguments in json.loads(sys.argv[1]):
    call_command("migrate", *arguments, verbosity=0)
from idp.models import Scope, SiteState
print(SiteState.objects.get().mode, *sorted(Scope.objects.values_list("name", flat=True)))
"""
_numbers = count(1)


@dataclass(frozen=True)
class Site:
    """One host site with its database.

    Attributes:
        host: name of its settings module in ``tests.dropin.hosts``.
        database: URL.
        folder: where its files are: the signing key, and what its clients know.
    """

    host: str
    database: str
    folder: Path

    @property
    def facts(self) -> Path:
        """Return the file that says what clients and people know."""
        return self.folder / f"{self.host}.json"

    def run(self, *arguments: str, idp: str = "", **variables: str) -> str:
        """Run Python with this site's settings, and return what it wrote.

        Args:
            arguments: of the interpreter.
            idp: where ``idp`` is installed: empty, ``before`` or ``after`` the toolkit.
            variables: further variables of the environment.
        """
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": f"tests.dropin.hosts.{self.host}",
                "DROPIN_DATABASE_URL": self.database,
                "DROPIN_PEM": str(self.folder / "key.pem"),
                "DROPIN_FACTS": str(self.facts),
                "DROPIN_IDP": idp,
                **variables,
            },
        )
        assert done.returncode == 0, f"{done.stdout[-40000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def manage(self, *arguments: str, idp: str = "") -> str:
        """Run a command of Django's."""
        return self.run("-m", "django", *arguments, idp=idp)

    def check(
        self, *files: str, idp: str, migrate: Sequence[Sequence[str]] = ((),), only: str = ""
    ) -> str:
        """Migrate as the operator does, then run the tests of ``inside`` against this site.

        Args:
            files: names in ``tests/dropin/inside``.
            idp: see ``run``.
            migrate: arguments of each ``migrate`` that is run first; once without any, by default.
            only: an expression of names, as for ``pytest -k``.
        """
        return self.run(
            *("-m", "pytest", "-q", "--tb=short", "-c", "pyproject.toml"),
            *("-p", "no:cacheprovider", "-k", only),
            *("--confcutdir", "tests/dropin/inside", f"--ds=tests.dropin.hosts.{self.host}"),
            *(f"tests/dropin/inside/{name}" for name in files),
            idp=idp,
            DROPIN_MIGRATE=json.dumps(migrate),
        )

    def copy(self) -> Site:
        """Return the same site with a database of its own, equal to this one now."""
        return Site(self.host, _new_database(self.folder, like=self.database), self.folder)

    def rows_around(self, *migrations: str, idp: str) -> list[list[str]]:
        """Return every row of the tables that are not ours, as texts with the tables' names.

        The bookkeeping of Django is left out: migrations, content types and permissions.

        Args:
            migrations: what ``idp`` is migrated to, one after the other: a name, or ``latest``.
            idp: see ``run``.

        Returns:
            The rows of the beginning, and those after each migration.
        """
        printed = self.run("-m", "tests.dropin.hosts.dump", *migrations, idp=idp)
        return [part.splitlines() for part in printed.split(f"{BETWEEN}\n")]

    def fresh(self, *migrations: Sequence[str], idp: str) -> list[str]:
        """Migrate a new site, and return the mode that it is in and the names of its scopes.

        Args:
            migrations: arguments of each ``migrate``.
            idp: see ``run``.
        """
        return self.run("-c", FRESH, json.dumps(migrations), idp=idp).split()

    def emptied(self, host: str = "") -> Site:
        """Return the same site, or another host, with an empty database."""
        return Site(host or self.host, _new_database(self.folder), self.folder)


def new_site(host: str, folder: Path) -> Site:
    """Return a host site with an empty database."""
    return Site(host, _new_database(folder), folder)


def _new_database(folder: Path, like: str = "") -> str:
    name = f"dropin_{os.getpid()}_{next(_numbers)}"
    server = os.environ.get(SERVER, "")
    if not server.startswith("postgres"):
        path = folder / f"{name}.sqlite3"
        if like:
            shutil.copyfile(like.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"
    template = f" TEMPLATE {_name_of(like)}" if like else ""
    _tell(server, f"CREATE DATABASE {name}{template}")
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def drop_databases() -> None:
    """Remove what this process made on a server; files go with their folder."""
    server = os.environ.get(SERVER, "")
    if not server.startswith("postgres"):
        return
    with psycopg.connect(server, autocommit=True) as connection:
        pattern = f"dropin_{os.getpid()}_%"
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", (pattern,)
        )
        for (name,) in names.fetchall():
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def _tell(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
