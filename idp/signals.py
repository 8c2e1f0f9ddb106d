"""What happened, for host sites to listen to; each is sent after the transaction committed.

Every signal is sent with ``sender`` the model of the row concerned and the named arguments.
"""

from django.dispatch import Signal

consent_granted = Signal()
"""A user allowed a client something. Arguments: ``consent``, ``event``, ``first`` (bool)."""

notice_raised = Signal()
"""A user should hear of new access. Arguments: ``consent``, ``event``, ``first`` (bool, whether the
client is new to the user), ``sensitive`` (frozenset of new scopes that reach private things)."""

consent_declined = Signal()
"""A user refused a client. Arguments: ``user``, ``application``, ``event``."""

consent_narrowed = Signal()
"""Scopes were taken back. Arguments: ``consent``, ``event``, ``scopes`` (frozenset)."""

consent_revoked = Signal()
"""A consent ended. Arguments: ``consent``, ``event``."""

authorization_created = Signal()
"""An act of authorization was recorded. Arguments: ``authorization``."""

authorization_ended = Signal()
"""An act of authorization ended with all its tokens. Arguments: ``authorization``, ``reason``."""

token_replayed = Signal()
"""A code or refresh token was used a second time. Arguments: ``authorization``, ``what``."""

client_disabled = Signal()
"""A client was switched off. Arguments: ``application``, ``reason``."""

client_enabled = Signal()
"""A client was switched on again. Arguments: ``application``, ``reason``."""

client_secret_issued = Signal()
"""A client got another secret. Arguments: ``application``, ``secret`` (row, without the secret)."""

client_secret_revoked = Signal()
"""A secret of a client ended. Arguments: ``application``, ``secret`` (row)."""
