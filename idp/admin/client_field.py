"""The fields of the form of a client: what each does, and what happens if it is wrong."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from idp.admin.client_protocol import ProtocolFields
from idp.admin.field import LinesField
from idp.admin.scope_field import ScopesField
from idp.admin.uri_field import UriLinesField
from idp.models import ClientPolicy, RedirectUri


class ClientFields(ProtocolFields):
    """What a client is, where it lives, and what users read of it; with all of the protocol."""

    kind = forms.CharField(widget=forms.HiddenInput)
    client_name = forms.CharField(
        label=_("Name"),
        max_length=255,
        help_text=_(
            "Users read it on the consent page and decide by it; a name that misleads them is a "
            "fraud (RFC 7591 §2)."
        ),
    )
    client_id = forms.CharField(
        label=_("Client id"),
        max_length=255,
        help_text=_(
            "Not a secret. It cannot be changed later, and a client that sends another one is "
            "unknown (RFC 6749 §2.2)."
        ),
    )
    environment = forms.ChoiceField(
        label=_("Environment"),
        choices=ClientPolicy.Environment.choices,
        help_text=_(
            "Development allows loopback and private addresses, and marks the consent page; for "
            "what real users meet choose production."
        ),
    )
    owner = forms.CharField(
        label=_("Owner"),
        required=False,
        max_length=255,
        help_text=_(
            "Sign-in name of the user who answers for it; without one nobody can be asked when it "
            "misbehaves."
        ),
    )
    redirect_uris = UriLinesField(
        label=_("Redirect URIs, one a line"),
        purpose=RedirectUri.Purpose.REDIRECT,
        help_text=_(
            "Where codes may be sent, compared character by character: any other address is "
            "refused (RFC 9700 §2.1)."
        ),
    )
    post_logout_redirect_uris = UriLinesField(
        label=_("Addresses after sign-out, one a line"),
        purpose=RedirectUri.Purpose.POST_LOGOUT,
        help_text=_(
            "Where the client may send users after they sign out here; with any other address "
            "they stay here (OpenID Connect RP-Initiated Logout §3)."
        ),
    )
    allowed_origins = LinesField(
        label=_("Allowed origins, one a line"),
        help_text=_(
            "Origins whose scripts may call the token endpoint and the APIs, such as "
            "https://app.example.com; browsers keep the answer from all others (RFC 6454 §4)."
        ),
    )
    scopes = ScopesField(
        label=_("Scopes"),
        required=False,
        help_text=_(
            "Users cannot decline what is required. By default: granted when a request names no "
            "scope. What is not chosen is refused (RFC 6749 §3.3)."
        ),
    )
    verified = forms.BooleanField(
        label=_("Verified"),
        required=False,
        help_text=_("The site knows who runs it; the consent page says so, and users believe it."),
    )
    first_party = forms.BooleanField(
        label=_("The site's own"),
        required=False,
        help_text=_(
            "Run by the site itself; policies may then let it in without asking users, who of "
            "anybody else's client would never hear."
        ),
    )
    contacts = LinesField(
        label=_("Contacts, one a line"),
        help_text=_(
            "Addresses of the people behind it, who hear when it breaks; users do not see them "
            "(RFC 7591 §2)."
        ),
    )
    client_uri = forms.URLField(
        label=_("Home page"),
        required=False,
        assume_scheme="https",
        help_text=_(
            "Linked from the consent page, so that people can see who asks; a wrong one leads "
            "them elsewhere (RFC 7591 §2)."
        ),
    )
    logo_uri = forms.URLField(
        label=_("Logo address"),
        required=False,
        assume_scheme="https",
        help_text=_(
            "Fetched once and shown for verified clients only; somebody else's mark misleads "
            "users (RFC 7591 §2)."
        ),
    )
    policy_uri = forms.URLField(
        label=_("Privacy policy"),
        required=False,
        assume_scheme="https",
        help_text=_(
            "Linked from the consent page; where it leads nowhere, users cannot know what becomes "
            "of their data (RFC 7591 §2)."
        ),
    )
    tos_uri = forms.URLField(
        label=_("Terms of service"),
        required=False,
        assume_scheme="https",
        help_text=_(
            "Linked from the consent page; where it leads nowhere, users agree to what they "
            "cannot read (RFC 7591 §2)."
        ),
    )
