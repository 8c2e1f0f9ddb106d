"""What the provider stores, beside the toolkit's own tables."""

from idp.models.assertion import UsedAssertion
from idp.models.authorization import Authorization, AuthorizationRequest, ScopeUse, SignIn
from idp.models.client import ClientPolicy
from idp.models.client_scope import ClientScope
from idp.models.client_secret import ClientSecret
from idp.models.consent import Consent, ConsentScope, ConsentUse, Subject
from idp.models.device import DeviceAuthorization
from idp.models.event import SecurityEvent
from idp.models.key import SigningKey
from idp.models.ledger import AppendOnlyError, ConsentEvent, ConsentEvidence, ConsentSnapshot
from idp.models.ledger_check import LedgerCheck
from idp.models.logo import ClientLogo
from idp.models.logout import LogoutDelivery
from idp.models.redirect_uri import RedirectUri
from idp.models.scope import Api, Scope, ScopePolicy, ScopeText
from idp.models.site import SiteState
from idp.models.task import BulkTask
from idp.models.token import IssuedToken

__all__ = [
    "Api",
    "AppendOnlyError",
    "Authorization",
    "AuthorizationRequest",
    "BulkTask",
    "ClientLogo",
    "ClientPolicy",
    "ClientScope",
    "ClientSecret",
    "Consent",
    "ConsentEvent",
    "ConsentEvidence",
    "ConsentScope",
    "ConsentSnapshot",
    "ConsentUse",
    "DeviceAuthorization",
    "IssuedToken",
    "LedgerCheck",
    "LogoutDelivery",
    "RedirectUri",
    "Scope",
    "ScopePolicy",
    "ScopeText",
    "ScopeUse",
    "SecurityEvent",
    "SignIn",
    "SigningKey",
    "SiteState",
    "Subject",
    "UsedAssertion",
]
