"""Every list, filter, search and page of the desk, and the pages of a user, as a browser asks."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from benchmarks.size.population import Size
from idp.conf import access_token_model, application_model
from idp.models import Authorization, ClientPolicy, ConsentEvent, SiteState, Subject

MOST_STATEMENTS = 20
MOST_MILLISECONDS = 300
TIMES = 5


@dataclass(frozen=True, slots=True)
class Page:
    """What one page took.

    Attributes:
        name: what it shows.
        status: of the answer.
        statements: how many.
        milliseconds: at the median; of this process, and of the statements by the clock, so that
            what else the machine does counts little.
    """

    name: str
    status: int
    statements: int
    milliseconds: float

    @property
    def holds(self) -> bool:
        """Return whether it answers within the bounds."""
        quick = self.milliseconds < MOST_MILLISECONDS
        return self.status == 200 and self.statements <= MOST_STATEMENTS and quick

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def shown(pages: list[Page]) -> str:
    """Return the pages as a table, the slowest first."""
    lines = ["| Page | Statements | ms | |", "|---|---:|---:|---|"]
    for page in sorted(pages, key=lambda page: -page.milliseconds):
        mark = "" if page.holds else f"**too much** ({page.status})"
        lines.append(f"| {page.name} | {page.statements} | {page.milliseconds:.0f} | {mark} |")
    return "\n".join(lines) + "\n"


def measure_pages(size: Size, only: str = "") -> list[Page]:
    """Return what every page takes, as a superuser and as the first of the users."""
    operator, _new = get_user_model()._default_manager.get_or_create(
        username="operator", defaults={"is_staff": True, "is_superuser": True}
    )
    person = get_user_model()._default_manager.get(username="person1001")
    found = []
    for user, pages in ((operator, _desk(size)), (person, _own())):
        browser = Client(raise_request_exception=False)
        browser.force_login(user)
        for name, address in pages:
            if only in name:
                found.append(_measure(browser, name, address))
    return found


def _measure(browser: Client, name: str, address: str) -> Page:
    browser.get(address)
    times: list[float] = []
    status = statements = 0
    for _turn in range(TIMES):
        start = time.process_time()
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(address)
        waited = sum(float(query["time"]) for query in queries.captured_queries)
        times.append((time.process_time() - start + waited) * 1000)
        status, statements = answer.status_code, len(queries)
        if times[0] > 10 * MOST_MILLISECONDS:
            break
    page = Page(name, status, statements, statistics.median(times))
    if not page.holds:
        sys.stderr.write(f"{name}: {page.statements} statements, {page.milliseconds:.0f} ms\n")
        for query in sorted(queries.captured_queries, key=lambda q: -float(q["time"]))[:3]:
            sys.stderr.write(f"  {query['time']} {query['sql'][:900]}\n")
    return page


def _own() -> Iterator[tuple[str, str]]:
    yield "connected apps", reverse("idp:connected-apps")


def _desk(size: Size) -> Iterator[tuple[str, str]]:
    yield "start page", reverse("admin:app_list", args=("idp",))
    yield "admin index", reverse("admin:index")
    for model, desk in admin.site._registry.items():
        opts = model._meta
        if not type(desk).__module__.startswith("idp.") or model in (SiteState, ClientPolicy):
            continue
        name = f"{opts.app_label}_{opts.model_name}"
        address = reverse(f"admin:{name}_changelist")
        label = str(opts.verbose_name_plural)
        yield f"{label}: list", address
        if model._default_manager.order_by()[:5_000].count() == 5_000:
            yield f"{label}: page 100", f"{address}?p=100"
        for query in _QUERIES.get(opts.model_name or "", ()):
            yield f"{label}: {query}", f"{address}?{query.format(**_names(size))}"
        row = model._default_manager.order_by("-pk").first()
        if row is not None:
            yield f"{label}: one", reverse(f"admin:{name}_change", args=(row.pk,))
    yield from _named(size)


def _named(size: Size) -> Iterator[tuple[str, str]]:
    client = application_model()._meta
    prefix = f"admin:{client.app_label}_{client.model_name}"
    old = ConsentEvent.objects.order_by("-at", "-id")[10_000:10_001].values("at", "pk").get()
    place = urlencode({"before": f"{old['at'].isoformat()}~{old['pk']}"})
    yield (
        "consent ledger: behind 10,000 rows",
        f"{reverse('admin:idp_consentevent_changelist')}?{place}",
    )
    yield "events: the same again", reverse("admin:idp_securityevent_groups") + "?hours=168"
    yield "take back: form", reverse("admin:idp_take_back")
    for query in ("client=client-1", "client=client-50", "scope=openid", "everyone=on"):
        yield f"take back: {query}", f"{reverse('admin:idp_take_back')}?{query}"
    for name, key in (("large client", 1), ("usual client", size.clients // 2)):
        for page in ("overview", "end_tokens", "disable", "delete"):
            yield f"{name}: {page}", reverse(f"{prefix}_{page}", args=(key,))
        unused = reverse(f"{prefix}_take_unused", args=(key,))
        yield f"{name}: take what is unused", f"{unused}?scope=photos:read"
    yield "who had access", reverse("admin:idp_consentevent_who")
    yield "find a token", reverse("admin:idp_find_token")
    yield "explain", reverse("admin:idp_explain")
    act = Authorization.objects.filter(user__username="person1050").first()
    yield "authorization in the middle", reverse("admin:idp_authorization_change", args=(act.pk,))
    yield "user in the middle", reverse("admin:idp_user", args=(act.user_id,))
    event = ConsentEvent.objects.filter(pk=size.events // 2).first()
    yield "event in the middle", reverse("admin:idp_consentevent_change", args=(event.pk,))


def _names(size: Size) -> dict[str, str]:
    subject = Subject.objects.order_by("pk").first()
    token = access_token_model()._default_manager.order_by("pk").first()
    return {
        "client": f"client-{size.clients // 2}",
        "subject": subject.key,
        "user": "person1050",
        "token": token.pk,
    }


_PARTY = (
    "q=person1050", "q=Application", "q=client-1", "q=nobody-at-all", "client=client-1",
    "client={client}", "client=Application", "user=person1050", "user=nobody",
)  # fmt: skip
_QUERIES: dict[str, tuple[str, ...]] = {
    "application": (
        "q=number", "q=app50.example.com", "q=client-77", "q=nothing-at-all", "kind=web",
        "environment=production", "status=active", "trust=verified", "trust=unverified",
        "finding=error", "finding=development", "finding=warning", "finding=accepted",
        "finding=secret_ends", "finding=unused_uri", "finding=unused", "finding=unowned",
        "owner=person1050",
    ),
    "accesstoken": _PARTY,
    "refreshtoken": _PARTY,
    "idtoken": _PARTY,
    "grant": _PARTY,
    "authorization": (
        *_PARTY, "state=live", "state=ended", "scope=openid", "scope=rare:scope",
        "scope=no:such", "address=10.0.3.7", "grant_type=authorization_code",
        "created_at__gte=2020-01-01T00:00:00Z",
    ),
    "consent": (
        *_PARTY, "status__exact=active", "status__exact=revoked", "scope=openid",
        "scope=rare:scope", "scope=no:such", "duration__exact=once", "o=4", "o=-5",
    ),
    "consentevent": (
        "kind__exact=renewed", "kind__exact=revoked", "actor__exact=user",
        "actor__exact=operator", "user={user}", "user={subject}", "client={client}",
        "scope=openid", "scope=rare:scope", "scope=no:such", "at__gte=2020-01-01T00:00:00Z",
        "page=nothing", "client={client}&user={user}",
    ),
    "signin": ("user={user}", "user=nobody", "q=person1050", "at__gte=2020-01-01T00:00:00Z"),
    "securityevent": (
        "q=client-3", "q=nothing", "kind=token.refused", "kind=token.", "kind=none.",
        "severity__exact=error", "severity__exact=info", "client=client-3", "user={user}",
        "address=10.0.3.7", "last_at__gte=2020-01-01T00:00:00Z",
    ),
}  # fmt: skip
