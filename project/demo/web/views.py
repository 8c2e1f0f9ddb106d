"""The shop's pages."""

from __future__ import annotations

from typing import Any

import requests
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from project.demo import file
from project.demo.web import exchange, logout
from project.demo.web.client import FlowError, PhotoPrint
from project.demo.web.session import ShopRequest, with_session

CLIENT_ID = "photo-print"
CONNECTION, PENDING, PROBLEM, TRACE = "connection", "pending", "problem", "trace"


@never_cache
@require_GET
@with_session
def home(request: ShopRequest) -> HttpResponse:
    """Show what the shop is, or the photos that its access token opens at this moment."""
    client = _client()
    connection = request.shop.get(CONNECTION)
    if connection and logout.has_ended(connection["claims"]):
        request.shop.flush()
        return redirect("demo-web")
    problem = request.shop.pop(PROBLEM, None)
    photos: list[dict[str, str]] = []
    if connection:
        try:
            photos = client.photos(connection)
        except (FlowError, requests.RequestException) as error:
            problem = problem or {"step": "api", **_problem(error)}
    context = {
        "connection": connection,
        "photos": photos,
        "problem": problem,
        "trace": [*request.shop.get(TRACE, ()), *_without_repetition(client.trace)],
    }
    return render(request, "demo/web.html", context)


@require_POST
@with_session
def connect(request: ShopRequest) -> HttpResponse:
    """Send the browser to the provider."""
    client = _client()
    request.shop.flush()
    try:
        url, pending = client.start()
    except (FlowError, requests.RequestException) as error:
        return _failed(request, client, "connect", error)
    request.shop[PENDING] = pending
    request.shop[TRACE] = client.trace
    return HttpResponseRedirect(url)


@never_cache
@require_GET
@with_session
def callback(request: ShopRequest) -> HttpResponse:
    """Take the provider's answer; a second visit with the same answer finds nothing waiting."""
    client = _client()
    pending = request.shop.pop(PENDING, None)
    if pending is None:
        return redirect("demo-web")
    try:
        connection = client.finish(request.get_full_path(), request.GET.dict(), pending)
    except (FlowError, requests.RequestException) as error:
        return _failed(request, client, "authorize", error)
    request.shop.cycle_key()
    request.shop[CONNECTION] = connection
    return _go_on(request, client)


@require_POST
@with_session
def refresh(request: ShopRequest) -> HttpResponse:
    """Exchange the refresh token for a fresh access token."""
    client, connection = _client(), request.shop.get(CONNECTION)
    if connection is None:
        return redirect("demo-web")
    try:
        request.shop[CONNECTION] = client.refresh(connection)
    except (FlowError, requests.RequestException) as error:
        return _failed(request, client, "refresh", error)
    return _go_on(request, client)


@require_POST
@with_session
def disconnect(request: ShopRequest) -> HttpResponse:
    """Give the tokens back and forget everything."""
    client, connection = _client(), request.shop.get(CONNECTION)
    request.shop.flush()
    if connection:
        try:
            client.revoke(connection)
        except requests.RequestException as error:
            return _failed(request, client, "revoke", error)
    return _go_on(request, client)


def _client() -> PhotoPrint:
    registration = file.registration(CLIENT_ID)
    if registration is None:
        raise Http404("there is no demo here")
    return PhotoPrint(registration)


def _go_on(request: ShopRequest, client: PhotoPrint) -> HttpResponse:
    trace = [*request.shop.get(TRACE, ()), *client.trace]
    request.shop[TRACE] = trace[-exchange.KEPT :]
    return redirect(reverse("demo-web"))


def _failed(request: ShopRequest, client: PhotoPrint, step: str, error: Exception) -> HttpResponse:
    request.shop[PROBLEM] = {"step": step, **_problem(error)}
    return _go_on(request, client)


def _problem(error: Exception) -> dict[str, str]:
    if isinstance(error, FlowError):
        return {"code": error.code, "description": error.description}
    return {"code": "unreachable", "description": type(error).__name__}


def _without_repetition(trace: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a trace with one of several requests under the same title: pictures come in dozens."""
    shown: dict[str, dict[str, Any]] = {}
    for row in trace:
        first = shown.setdefault(row["title"], {**row, "count": 0})
        first["count"] += 1
    return list(shown.values())
