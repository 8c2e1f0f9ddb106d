"""The operator's desk, inside Django's admin.

Only our own models are registered here. The modules for the toolkit's models (``application``,
``token``, ``refresh_token``, ``grant``, ``id_token``) are named in its ``*_ADMIN_CLASS`` settings
and imported by it alone.
"""

from django.contrib import admin

from idp.admin.api import ApiAdmin
from idp.admin.authorization import AuthorizationAdmin
from idp.admin.client_scope import ClientScopeAdmin
from idp.admin.consent import ConsentAdmin
from idp.admin.device import DeviceAuthorizationAdmin
from idp.admin.event import SecurityEventAdmin
from idp.admin.key import SigningKeyAdmin
from idp.admin.ledger import ConsentEventAdmin
from idp.admin.logo import ClientLogoAdmin
from idp.admin.logout import LogoutDeliveryAdmin
from idp.admin.policy import ClientPolicyAdmin, ScopePolicyAdmin
from idp.admin.scope import ScopeAdmin
from idp.admin.sign_in import SignInAdmin
from idp.admin.site import SiteStateAdmin
from idp.admin.snapshot import ConsentSnapshotAdmin
from idp.admin.task import BulkTaskAdmin
from idp.models import (
    Api,
    Authorization,
    BulkTask,
    ClientLogo,
    ClientPolicy,
    ClientScope,
    Consent,
    ConsentEvent,
    ConsentSnapshot,
    DeviceAuthorization,
    LogoutDelivery,
    Scope,
    ScopePolicy,
    SecurityEvent,
    SignIn,
    SigningKey,
    SiteState,
)

admin.site.register(Api, ApiAdmin)
admin.site.register(Authorization, AuthorizationAdmin)
admin.site.register(ClientLogo, ClientLogoAdmin)
admin.site.register(BulkTask, BulkTaskAdmin)
admin.site.register(ClientPolicy, ClientPolicyAdmin)
admin.site.register(ClientScope, ClientScopeAdmin)
admin.site.register(Consent, ConsentAdmin)
admin.site.register(ConsentEvent, ConsentEventAdmin)
admin.site.register(ConsentSnapshot, ConsentSnapshotAdmin)
admin.site.register(DeviceAuthorization, DeviceAuthorizationAdmin)
admin.site.register(LogoutDelivery, LogoutDeliveryAdmin)
admin.site.register(Scope, ScopeAdmin)
admin.site.register(ScopePolicy, ScopePolicyAdmin)
admin.site.register(SecurityEvent, SecurityEventAdmin)
admin.site.register(SignIn, SignInAdmin)
admin.site.register(SigningKey, SigningKeyAdmin)
admin.site.register(SiteState, SiteStateAdmin)
