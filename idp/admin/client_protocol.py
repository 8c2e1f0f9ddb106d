"""The fields of the form of a client that the protocol asks of it, and how long its tokens live."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from idp.admin.field import GRANT_TYPES, KeySetField, NamesField, SpanField
from idp.domain.client_metadata import LONGEST_MAX_AGE
from idp.models import ClientPolicy
from idp.services.client_judgement import ASSERTION_ALGORITHMS, ID_TOKEN_ALGORITHMS

SIGNATURES = (
    ("", _("RS256, which every client knows")),
    *((name, name) for name in ID_TOKEN_ALGORITHMS if name != "RS256"),
)


class ProtocolFields(forms.Form):
    """How a client proves itself, what it is sent, and for how long."""

    grant_types = NamesField(
        label=_("Grant types"),
        choices=GRANT_TYPES,
        help_text=_(
            "The ways in which it may get tokens; every other one is refused, and each that it "
            "does not need is one more to attack (RFC 7591 §2)."
        ),
    )
    token_endpoint_auth_method = forms.ChoiceField(
        label=_("How it proves itself"),
        required=False,
        help_text=_(
            "The only way that is accepted: a client that proves itself otherwise gets no token. "
            "A key of its own is safest (RFC 7591 §2)."
        ),
    )
    consent_mode = forms.ChoiceField(
        label=_("Consent"),
        choices=ClientPolicy.ConsentMode.choices,
        required=False,
        help_text=_(
            "Whether users are asked; the policy of a scope may ask more often (OpenID Connect "
            "Core §3.1.2.4)."
        ),
    )
    consent_lifetime = SpanField(
        label=_("Consent lasts at most"),
        help_text=_(
            "Afterwards users are asked again, and who is asked too often stops reading; empty: "
            "as the policies and the site say."
        ),
    )
    access_token_lifetime = SpanField(
        label=_("Access tokens live at most"),
        help_text=_(
            "How long a stolen one works; empty: as the policies and the site say (RFC 9700 §2.2)."
        ),
    )
    refresh_token_lifetime = SpanField(
        label=_("Refresh tokens live at most"),
        help_text=_(
            "Afterwards users sign in again; a stolen one may be used until then. Empty: as the "
            "policies and the site say (RFC 9700 §4.14.2)."
        ),
    )
    refresh_token_idle_lifetime = SpanField(
        label=_("Refresh tokens end unused after"),
        help_text=_(
            "Users who come back later sign in again; without it a forgotten one works on. Empty: "
            "as the policies and the site say (RFC 9700 §4.14.2)."
        ),
    )
    localhost_port = forms.BooleanField(
        label=_("Any port on localhost"),
        required=False,
        help_text=_(
            "Lets the port of http://localhost vary. The name may resolve elsewhere, and then "
            "another program gets the code; 127.0.0.1 is better (RFC 8252 §8.3)."
        ),
    )
    id_token_signed_response_alg = forms.ChoiceField(
        label=_("ID token signature"),
        choices=SIGNATURES,
        required=False,
        help_text=_(
            "What the client verifies ID tokens with; with one that it does not know, nobody can "
            "sign in to it (OpenID Connect Core §3.1.3.7)."
        ),
    )
    userinfo_signed_response_alg = forms.ChoiceField(
        label=_("UserInfo signature"),
        choices=(
            ("", _("None: plain JSON")),
            *((name, name) for name in ID_TOKEN_ALGORITHMS),
        ),
        required=False,
        help_text=_(
            "With a signature UserInfo answers with a JWT, which a client that expects JSON cannot "
            "read (OpenID Connect Core §5.3.2)."
        ),
    )
    access_token_format = forms.ChoiceField(
        label=_("Access tokens"),
        choices=ClientPolicy.TokenFormat.choices,
        required=False,
        help_text=_(
            "An API can read a JWT by itself, but takes it until it expires, also after it was "
            "revoked here (RFC 9068)."
        ),
    )
    jwks = KeySetField(
        label=_("Public keys"),
        help_text=_(
            "A JWK Set, for private_key_jwt. Never a private key: whoever reads it could act as "
            "the client (RFC 7517 §5)."
        ),
    )
    jwks_uri = forms.CharField(
        label=_("Address of the public keys"),
        required=False,
        max_length=500,
        help_text=_(
            "Instead of the keys: https, fetched when the client authenticates. While it cannot "
            "be reached, the client cannot either (RFC 7591 §2)."
        ),
    )
    token_endpoint_auth_signing_alg = forms.ChoiceField(
        label=_("Signature of client assertions"),
        choices=(
            ("", _("Any that is supported")),
            *((name, name) for name in ASSERTION_ALGORITHMS),
        ),
        required=False,
        help_text=_(
            "Assertions with another one are refused, and the client gets no token (OpenID "
            "Connect Registration §2)."
        ),
    )
    subject_type = forms.ChoiceField(
        label=_("Subject identifier"),
        choices=ClientPolicy.SubjectType.choices,
        required=False,
        help_text=_(
            "A change later gives every user of the client another identifier, so that it takes "
            "them for new ones (OpenID Connect Core §8)."
        ),
    )
    sector_identifier_uri = forms.CharField(
        label=_("Sector identifier"),
        required=False,
        max_length=500,
        help_text=_(
            "An https address that lists the redirect URIs; clients that name the same one see the "
            "same identifiers (OpenID Connect Core §8.1)."
        ),
    )
    default_max_age = forms.IntegerField(
        label=_("Oldest sign-in, in seconds"),
        required=False,
        min_value=0,
        max_value=LONGEST_MAX_AGE,
        help_text=_(
            "Users whose sign-in is older sign in again, unless the request says max_age; 0 asks "
            "every time (OpenID Connect Registration §2)."
        ),
    )
    require_pushed_authorization_requests = forms.BooleanField(
        label=_("Pushed authorization requests only"),
        required=False,
        help_text=_(
            "Requests that come with the browser are refused, so that a client which pushes none "
            "stops working (RFC 9126 §6)."
        ),
    )
    nonce_instead_of_pkce = forms.BooleanField(
        label=_("Without PKCE"),
        required=False,
        help_text=_(
            "Only for a relying party that cannot send PKCE: its requests then need the scope "
            "openid and a nonce, which it must check in the ID token (OAuth 2.1 §7.5.1)."
        ),
    )
    backchannel_logout_uri = forms.CharField(
        label=_("Address for logout"),
        required=False,
        max_length=500,
        help_text=_(
            "https; it is told when a user signs out here (OpenID Connect Back-Channel Logout "
            "§2.2). What cannot be delivered is tried again for a while, then given up."
        ),
    )
    backchannel_logout_session_required = forms.BooleanField(
        label=_("Logout names the session"),
        required=False,
        help_text=_(
            "For clients that end one session of a user, not all of them; without it such a "
            "client cannot tell which (OpenID Connect Back-Channel Logout §2.2)."
        ),
    )
    software_id = forms.CharField(
        label=_("Software id"),
        required=False,
        max_length=255,
        help_text=_(
            "The same for every installation of one product, so that they are found together; it "
            "decides nothing (RFC 7591 §2)."
        ),
    )
