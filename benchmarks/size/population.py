"""The rows of a site: clients, people, consents with their tokens, and what was recorded."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import get_user_model

from benchmarks.size.chain import CHAIN, write_chains
from benchmarks.size.event import write_events
from benchmarks.size.fill import fill, run, series, told
from idp.conf import access_token_model, application_model, id_token_model, refresh_token_model
from idp.models import (
    Api,
    Authorization,
    ClientPolicy,
    ClientScope,
    ClientSecret,
    Consent,
    ConsentEvent,
    ConsentScope,
    IssuedToken,
    RedirectUri,
    Scope,
    ScopePolicy,
    SignIn,
    Subject,
)

SCOPES = ("openid", "profile", "photos:read", "photos:write", "reports:read", "rare:scope")
ROTATIONS = 4
CLIENTS_OF_A_USER = 5


@dataclass(frozen=True, slots=True)
class Size:
    """How many there are of each.

    Attributes:
        clients, users: as they say.
        authorizations: live ones; each has a live access and refresh token.
        events: of the ledger.
        records: security events.
    """

    clients: int
    users: int
    authorizations: int
    events: int
    records: int

    @property
    def live_tokens(self) -> int:
        """Return the number of live tokens."""
        return 2 * self.authorizations

    @property
    def expired_tokens(self) -> int:
        """Return the number of expired and exchanged tokens."""
        return 2 * ROTATIONS * self.authorizations


def size_of(scale: float) -> Size:
    """Return the size of a site; 1.0 has a million live tokens."""
    users = max(100, round(100_000 * scale))
    return Size(
        clients=max(100, round(10_000 * scale)),
        users=users,
        authorizations=users * CLIENTS_OF_A_USER,
        events=users * CHAIN,
        records=max(1_000, round(200_000 * scale)),
    )


def populate(size: Size) -> None:
    """Fill a database that was migrated and is otherwise empty."""
    run("SET session_replication_role = replica")
    try:
        for what, make in (
            (f"{size.clients} clients", _clients),
            (f"{size.users} users with sign-ins and subjects", _users),
            (f"{size.authorizations} consents with authorizations", _authorizations),
            (f"{size.live_tokens} live tokens", _live_tokens),
            (f"{size.expired_tokens} expired tokens", _expired_tokens),
            (f"{size.events} events of the ledger", lambda size: write_chains(size.clients)),
            (f"{size.records} security events", lambda size: write_events(size.records)),
        ):
            with told(what):
                make(size)
    finally:
        run("RESET session_replication_role")
    with told("let the database know its tables"):
        run("VACUUM ANALYZE")


def is_populated(size: Size) -> bool:
    """Return whether the database holds a site of this size."""
    return bool(ConsentEvent.objects.filter(pk=size.events).exists())


def _clients(size: Size) -> None:
    api, _new = Api.objects.get_or_create(identifier="https://api.example.com", name="API")
    policy, _new = ScopePolicy.objects.get_or_create(name="plain")
    scopes = [
        Scope.objects.get_or_create(name=name, defaults={"api": api, "policy": policy})[0]
        for name in SCOPES
    ]
    fill(
        application_model(),
        series(size.clients),
        id="n",
        client_id="'client-' || n",
        name="'Application number ' || n",
        client_type="'confidential'",
        authorization_grant_type="'authorization-code'",
        redirect_uris="'https://app' || n || '.example.com/callback'",
    )
    fill(
        ClientPolicy,
        series(size.clients),
        application_id="n",
        kind="'web'",
        verified="n % 3 = 0",
        last_used_at="now() - (n % 120) * interval '1 day'",
    )
    fill(
        RedirectUri,
        series(size.clients),
        application_id="n",
        uri="'https://app' || n || '.example.com/callback'",
        source="'admin'",
        findings="""CASE n % 50 WHEN 0 THEN
            '[{"code": "plain_http", "severity": "error", "message": "", "reference": ""}]'
            ELSE '[]' END::jsonb""",
    )
    for scope in scopes:
        fill(ClientScope, series(size.clients), application_id="n", scope_id=str(scope.pk))
    fill(
        ClientSecret,
        series(size.clients),
        application_id="n",
        label="'main'",
        expires_at="CASE n % 100 WHEN 0 THEN now() + interval '5 days' END",
    )


def _users(size: Size) -> None:
    users = get_user_model()
    fill(
        users,
        series(size.users, start=1_001),
        id="n",
        username="'person' || n",
        email="'person' || n || '@example.com'",
    )
    fill(
        Subject,
        series(size.users, start=1_001),
        id="n",
        user_id="n",
        key="md5(n::text)",
    )
    fill(
        SignIn,
        series(size.users, start=1_001),
        id="n",
        user_id="n",
        at="now() - (n % 400) * interval '1 day'",
    )


_PAIRS = "generate_series(1001, {last}) AS u, generate_series(0, {most}) AS k"
_CLIENT = "CASE k WHEN 0 THEN 1 ELSE 2 + (u * 13 + k * 97) % ({clients} - 2) END"
_NUMBER = "((u - 1001) * 5 + k + 1)"


def _authorizations(size: Size) -> None:
    pairs = _PAIRS.format(last=1_000 + size.users, most=CLIENTS_OF_A_USER - 1)
    client = _CLIENT.format(clients=size.clients)
    # Up to 138 days ago, so that some of it was given long enough ago to count as unused.
    moment = f"now() - ({_NUMBER} % 5000) * interval '40 minutes'"
    fill(
        Consent,
        pairs,
        id=_NUMBER,
        user_id="u",
        application_id=client,
        created_at=moment,
        decided_at=moment,
        last_used_at=moment,
    )
    run(
        "CREATE TEMP TABLE pair AS "
        "SELECT id AS n, user_id, application_id, decided_at FROM idp_consent"
    )
    for scope, share in (
        ("openid", "true"),
        ("photos:read", "true"),
        ("rare:scope", "n % 1000 = 0"),
    ):
        fill(
            ConsentScope,
            f"pair WHERE {share}",
            consent_id="n",
            scope=f"'{scope}'",
            state="'granted'",
            since="decided_at",
        )
    fill(
        Authorization,
        "pair",
        id="md5('authorization' || n)::uuid",
        user_id="user_id",
        application_id="application_id",
        consent_id="n",
        sign_in_id="user_id",
        scopes="'openid photos:read' || CASE n % 1000 WHEN 0 THEN ' rare:scope' ELSE '' END",
        redirect_uri="'https://app' || application_id || '.example.com/callback'",
        created_at="decided_at",
        redeemed_at="decided_at",
        last_used_at="decided_at",
        expires_at="now() + interval '90 days'",
        address="('10.' || n / 65536 % 256 || '.' || n / 256 % 256 || '.' || n % 256)::inet",
        user_agent="'Browser'",
    )


_NEVER = "NULL::timestamptz"
_LATER = "now() + interval '30 days'"


def _tokens(source: str, mark: str, *, expires: str, revoked: str) -> None:
    """Make an access and a refresh token for each row of a source."""
    scope = "'openid photos:read' || CASE n % 1000 WHEN 0 THEN ' rare:scope' ELSE '' END"
    checksum = "encode(sha256(convert_to({prefix} || '-' || {mark} || '-' || n, 'utf8')), 'hex')"
    for kind in ("access", "refresh"):
        used = revoked if kind == "refresh" else "NULL"
        fill(
            IssuedToken,
            source,
            checksum=checksum.format(prefix=f"'{kind}'", mark=mark),
            kind=f"'{kind}'",
            authorization_id="md5('authorization' || n)::uuid",
            created_at="decided_at",
            expires_at=expires
            if kind == "access" or revoked != "NULL::timestamptz"
            else "now() + interval '30 days'",
            used_at=used,
        )
    start = access_token_model()._default_manager.count()
    fill(
        access_token_model(),
        source,
        id=f"{start} + row_number() OVER ()",
        user_id="user_id",
        application_id="application_id",
        token="''",  # noqa: S106 - an expression of SQL
        token_checksum=checksum.format(prefix="'access'", mark=mark),
        scope=scope,
        expires=expires,
        created="decided_at",
        updated="decided_at",
    )
    fill(
        refresh_token_model(),
        source,
        user_id="user_id",
        application_id="application_id",
        token="''",  # noqa: S106 - an expression of SQL
        token_checksum=checksum.format(prefix="'refresh'", mark=mark),
        token_family="md5('authorization' || n)::uuid",  # noqa: S106
        access_token_id=f"{start} + row_number() OVER ()",
        revoked=revoked,
        created="decided_at",
        updated="decided_at",
    )


def _live_tokens(size: Size) -> None:
    _tokens("pair", "'live'", expires="now() + interval '10 days'", revoked=_NEVER)
    fill(
        id_token_model(),
        f"pair WHERE n <= {size.users}",
        user_id="user_id",
        application_id="application_id",
        scope="'openid'",
        expires="now() + interval '1 hour'",
        created="decided_at",
        updated="decided_at",
    )


def _expired_tokens(size: Size) -> None:
    for turn in range(ROTATIONS):
        ended = f"decided_at - interval '{turn + 2} days'"
        _tokens("pair", f"'{turn}'", expires=ended, revoked=ended)
