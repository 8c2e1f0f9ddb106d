"""What each kind of event means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise
    from django.utils.safestring import SafeString


class Meaning(NamedTuple):
    """What happened, and what to do, each in a sentence."""

    what: _StrOrPromise
    remedy: _StrOrPromise


def told(kind: str) -> SafeString:
    """Return what an event means, with its kind as it is written in logs."""
    return format_html(
        '<span class="desk-told">{}</span> <code class="desk-code">{}</code>',
        MEANINGS.get(kind, UNKNOWN).what,
        kind,
    )


DEVELOPER = _("Tell the developer of the app what stands under “Why”; nothing was given out.")
WATCH = _(
    "Nothing, if it happens once. If it repeats from one address, somebody is trying: "
    "look at everything from there, and block the address in front of the site."
)
RECORD = _(
    "Nothing; this is for the record. If nobody of you did it, change the password of "
    "whoever is named and look at what else they did."
)
REPORTED = _("Before the site enforces its rules, have the app corrected, or change the rule.")
THEFT = _(
    "Ask the developer whether two copies of the app share a token. If not, look at "
    "everything of this client and user, and end what remains."
)
LEAK = _(
    "Another client presented what was not its own: find out how it came by it, and "
    "disable the client until you know."
)
SECRET = _(
    "If the app is broken, give it a new secret; if the app knows nothing of it, somebody"
    " guesses: block the address, and rotate the secret if it may be known."
)
ADDRESS = _(
    "Correct the address in the client’s settings; the page there says what is wrong with it."
)
MESSAGE = _(
    "See whether the client’s address answers, correct it, and send the message again "
    "from the list of sign-out messages."
)
USER = _("Nothing; if the person says it was not them, disable the client and end its tokens.")
DECIDE = _("Approve or refuse it among the scopes of clients.")

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "api.changed": Meaning(_("An operator changed an API."), RECORD),
        "api.deleted": Meaning(_("An operator deleted an API."), RECORD),
        "authorization.ended_by_operator": Meaning(
            _("An operator ended access; its tokens are dead."), RECORD
        ),
        "authorization.expired": Meaning(
            _("Somebody answered a page whose request had expired."), WATCH
        ),
        "authorization.refused": Meaning(_("A request for access was refused."), DEVELOPER),
        "authorization.too_many": Meaning(
            _("So many requests for access wait that the oldest of one network had to go."), WATCH
        ),
        "client.authentication_failed": Meaning(_("A client did not prove who it is."), SECRET),
        "client.changed": Meaning(_("A client was changed."), RECORD),
        "client.cloned": Meaning(_("A client was taken from development to production."), RECORD),
        "client.deleted": Meaning(_("A client was deleted with all that it held."), RECORD),
        "client.disabled": Meaning(_("A client was switched off; its tokens are refused."), RECORD),
        "client.enabled": Meaning(_("A client was switched on again."), RECORD),
        "client.keys_unavailable": Meaning(
            _("The public keys of a client could not be fetched."), ADDRESS
        ),
        "client.owners_changed": Meaning(_("Other people look after a client now."), RECORD),
        "client.redirect_uri_accepted": Meaning(
            _("An operator accepted a warning about an address."), RECORD
        ),
        "client.redirect_uri_removed": Meaning(_("An address of a client was removed."), RECORD),
        "client.registered": Meaning(_("A client was registered."), RECORD),
        "client.scope_approved": Meaning(
            _("A client was given a scope that it had asked for."), RECORD
        ),
        "client.scope_refused": Meaning(
            _("A client was refused a scope that it had asked for."), RECORD
        ),
        "client.scope_requested": Meaning(
            _("A client asks for a scope that needs an approval."), DECIDE
        ),
        "client.scope_withdrawn": Meaning(_("A scope was taken back from a client."), RECORD),
        "client.scopes_changed": Meaning(_("The scopes of a client were changed."), RECORD),
        "client.secret_issued": Meaning(_("A client got a new secret."), RECORD),
        "client.secret_revoked": Meaning(_("A secret of a client ended."), RECORD),
        "client.tokens_ended": Meaning(_("An operator ended all tokens of a client."), RECORD),
        "client.tried": Meaning(
            _("An operator tried a client out; its tokens ended at once."), RECORD
        ),
        "client.unused_scope_taken": Meaning(
            _("A scope that a client never used was taken from its users’ consents."), RECORD
        ),
        "consent.taken_back": Meaning(_("An operator took access back from many at once."), RECORD),
        "consent.would_ask": Meaning(
            _("A user would be asked for consent if the site enforced its rules."), REPORTED
        ),
        "device.closed": Meaning(_("An operator ended the request of a device."), RECORD),
        "device.denied": Meaning(_("A person refused to let a device in."), USER),
        "device.refused": Meaning(_("A device could not be let in."), DEVELOPER),
        "device.too_many_codes": Meaning(
            _("A person typed too many wrong codes of devices."), WATCH
        ),
        "device.wrong_code": Meaning(_("A person typed a code that no device shows."), WATCH),
        "device_authorization.refused": Meaning(
            _("A device’s request for a code was malformed."), DEVELOPER
        ),
        "device_code.wrong_client": Meaning(
            _("A client presented the device code of another."), LEAK
        ),
        "document.refused": Meaning(_("A client’s metadata document was refused."), DEVELOPER),
        "introspection.refused": Meaning(_("Somebody asked about a token who may not."), WATCH),
        "key.announced": Meaning(
            _("A new signing key was announced; it signs as soon as every client can know it."),
            RECORD,
        ),
        "key.reencrypted": Meaning(_("Signing keys were encrypted under a new secret."), RECORD),
        "key.retired": Meaning(_("A signing key was taken out of the published set."), RECORD),
        "logo.fetched": Meaning(_("The logo of a client was fetched."), RECORD),
        "logout.done": Meaning(_("A person signed out by way of an app."), RECORD),
        "logout.given_up": Meaning(
            _("A client was not told of a sign-out, and no further attempt is made."), MESSAGE
        ),
        "logout.not_delivered": Meaning(
            _("A client could not be told of a sign-out; it is tried again."), MESSAGE
        ),
        "logout.refused": Meaning(_("A request to sign out was refused."), DEVELOPER),
        "logout.retried": Meaning(_("An operator had sign-out messages sent again."), RECORD),
        "policy.changed": Meaning(_("An operator changed a policy."), RECORD),
        "policy.deleted": Meaning(_("An operator deleted a policy."), RECORD),
        "policy.swept": Meaning(
            _("What the rules no longer give was taken from consents and tokens."), RECORD
        ),
        "protocol.would_refuse": Meaning(
            _("A request would be refused if the site enforced its rules."), REPORTED
        ),
        "pushed_authorization.refused": Meaning(_("A pushed request was malformed."), DEVELOPER),
        "redirect_uri.refused": Meaning(
            _("An address that breaks a rule was not registered."), ADDRESS
        ),
        "redirect_uri.reported": Meaning(
            _("An address that breaks a rule was registered, because the site only reports."),
            ADDRESS,
        ),
        "redirect_uri.would_refuse": Meaning(
            _("An address would be refused if the site enforced its rules."), REPORTED
        ),
        "refresh_token.refused": Meaning(
            _("A refresh token gave nothing more under the rules as they are now."), DEVELOPER
        ),
        "refresh_token.wrong_client": Meaning(
            _("A client presented the refresh token of another."), LEAK
        ),
        "registration.changed": Meaning(_("A client changed its own registration."), RECORD),
        "registration.denied": Meaning(
            _("Somebody tried to register a client without permission."), WATCH
        ),
        "registration.refused": Meaning(_("A registration broke a rule."), DEVELOPER),
        "registration.registered": Meaning(_("A client registered itself."), RECORD),
        "registration.removed": Meaning(_("A client removed its own registration."), RECORD),
        "registration.throttled": Meaning(
            _("Too many clients tried to register themselves."), WATCH
        ),
        "revocation.refused": Meaning(_("A request to end a token was malformed."), DEVELOPER),
        "revocation.wrong_client": Meaning(_("A client tried to end the token of another."), LEAK),
        "role.changed": Meaning(_("A ready role was brought up to date."), RECORD),
        "scope.changed": Meaning(_("An operator changed a scope."), RECORD),
        "scope.deleted": Meaning(_("An operator deleted a scope."), RECORD),
        "scope.would_refuse": Meaning(
            _("A scope would be refused if the site enforced its rules."), REPORTED
        ),
        "site.mode_changed": Meaning(
            _("The site was switched between reporting and enforcing."), RECORD
        ),
        "token.narrowed": Meaning(
            _("An operator took a scope out of tokens that rest on no consent."), RECORD
        ),
        "token.refused": Meaning(_("A request for tokens was refused."), DEVELOPER),
        "token.replayed": Meaning(
            _("A code or refresh token was used twice, so that all that came of it has ended."),
            THEFT,
        ),
        "token.revoked": Meaning(_("An operator ended a token with its family."), RECORD),
        "userinfo.refused": Meaning(
            _("A token was not good enough to learn about the user."), DEVELOPER
        ),
    }
)
"""Every kind that is recorded."""

UNKNOWN = Meaning(_("This was recorded by another version."), RECORD)
