"""The start page, and the page that is a client by itself."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from project.demo import file


class HomeView(TemplateView):
    """Where to click, by who one is."""

    template_name = "home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the ways to go on; those of the demo only where there is one."""
        links = [*_demo_links(), *_site_links()] if file.read() else _site_links()
        return super().get_context_data(links=links, **kwargs)


class SinglePageView(TemplateView):
    """Light Table: a client of static HTML and one script, without a server of its own."""

    template_name = "demo/spa.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the script must know: nothing of it is secret."""
        registration = file.registration("light-table")
        if registration is None:
            raise Http404("there is no demo here")
        return super().get_context_data(registration=registration, **kwargs)


def _demo_links() -> list[dict[str, str]]:
    return [
        {
            "audience": _("End user"),
            "url": reverse("demo-web"),
            "title": _("Photo Print"),
            "text": _(
                "A shop that asks for your photos. Connect it, and watch what goes over the wire."
            ),
        },
        {
            "audience": _("End user"),
            "url": reverse("demo-spa"),
            "title": _("Light Table"),
            "text": _(
                "The same from a page without a server: code with PKCE, tokens in memory only."
            ),
        },
    ]


def _site_links() -> list[dict[str, str]]:
    return [
        {
            "audience": _("End user"),
            "url": reverse("idp:connected-apps"),
            "title": _("Apps with access to your account"),
            "text": _("What you allowed, to whom and until when; take it back here."),
        },
        {
            "audience": _("Operator"),
            "url": reverse("admin:index"),
            "title": _("The operator's desk"),
            "text": _("Clients, scopes and policies, consents, keys and what was refused and why."),
        },
        {
            "audience": _("Developer"),
            "url": reverse("api-docs"),
            "title": _("The sample API"),
            "text": _("Photos, a profile and a report behind scopes; sign in and try them."),
        },
        {
            "audience": _("Developer"),
            "url": "/o/.well-known/openid-configuration",
            "title": _("Discovery"),
            "text": _(
                "What a client reads first: endpoints, grants, algorithms and public scopes."
            ),
        },
    ]
