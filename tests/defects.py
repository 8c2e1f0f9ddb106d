"""What django-oauth-toolkit 3.4.1 gets wrong, and what happens here instead: one row each.

``tests.requirement.defect`` names the tests; every row has one that fails without its remedy.
"""

from __future__ import annotations

from typing import NamedTuple


class Defect(NamedTuple):
    """One row of the table.

    Attributes:
        there: what the toolkit does.
        here: what happens here.
    """

    there: str
    here: str


DEFECTS: dict[int, Defect] = {
    1: Defect(
        "A client switches the consent page off with approval_prompt=auto; prompt=consent and "
        "max_age do not bring it back.",
        "The record of consent alone decides what is asked; the parameter has no effect.",
    ),
    2: Defect(
        "The consent form's hidden fields are trusted: scope, redirect URI, nonce and PKCE can be "
        "changed on the way.",
        "The validated request waits in the database; the form posts a nonce and a decision.",
    ),
    3: Defect(
        "Cancel and a bad resource redirect to an address that nobody proved; an unknown client "
        "is a 500.",
        "Client and redirect URI are proven first; until then every fault is a page.",
    ),
    4: Defect(
        "A replayed code leaves the tokens of its first use alive.",
        "The replay ends the whole authorization.",
    ),
    5: Defect(
        "A code redeemed by several requests at once leaves orphaned tokens and 500s.",
        "One statement decides who redeems it; the others get invalid_grant.",
    ),
    6: Defect(
        "The device grant is a 500 with the current oauthlib, and before that its codes could be "
        "reused, by other clients, and after their end.",
        "Own endpoints: single use, bound to the client, slow_down, purged.",
    ),
    7: Defect(
        "prompt=none is a 500.",
        "login_required, consent_required or a code, as the specification says.",
    ),
    8: Defect(
        "An ID token opens the API; texts that look like a JWT are a 500.",
        "Only access tokens do; everything else is invalid_token.",
    ),
    9: Defect(
        "A deactivated user keeps API, UserInfo, introspection, refresh and code exchange.",
        "Each asks whether the user is active.",
    ),
    10: Defect(
        "Any client reads any token by introspection, also by GET and with a blank secret.",
        "Confidential clients and resource servers, by POST, for tokens meant for them.",
    ),
    11: Defect(
        "Code exchange and refresh do not ask the scope policy again; a narrowed refresh stays "
        "narrow for ever.",
        "Both intersect with policy and consent as they are now; what was granted is kept.",
    ),
    12: Defect(
        "auth_time is the user's last sign-in anywhere and changes on refresh; max_age, claims, "
        "id_token_hint and their kin are ignored.",
        "Each sign-in has a record; every parameter is honoured or refused by its own error.",
    ),
    13: Defect(
        "prompt=login only takes the parameter away.",
        "Another sign-in than the one that came with the request is needed.",
    ),
    14: Defect(
        "Concurrent refreshes under hashed storage are 500s.",
        "One wins; the others get the same answer or invalid_grant.",
    ),
    15: Defect(
        "openid for a client without an algorithm is a 500 at the exchange, and so is UserInfo "
        "for a token without a user.",
        "Every client signs with an algorithm; a token without a user is refused.",
    ),
    16: Defect(
        "A NUL on PostgreSQL, a long nonce or challenge, a wild port or escape is a 500.",
        "A gate judges the raw parameters before anything else reads them.",
    ),
    17: Defect(
        "Repeated parameters are accepted.",
        "Only resource may come twice.",
    ),
    18: Defect(
        "Redirect URIs match in other spellings, and registration takes nearly anything.",
        "Exact matching and one set of rules wherever an address comes in.",
    ),
    19: Defect(
        "Any old ID token in a link ends all tokens of its user; an unknown client is a 500.",
        "Sign-out is confirmed where it must be, and ends the session at hand.",
    ),
    20: Defect(
        "The token endpoint answers wrong codes, the wrong challenge, and HTML; a second method "
        "of authentication is tried, at the price of a slow hash each.",
        "Exactly one method, the specified errors, JSON with no-store.",
    ),
    21: Defect(
        "Access tokens in the query, errors of a fragment outside it, plain PKCE refused only "
        "after consent.",
        "No implicit flow; S256 is demanded before anybody signs in.",
    ),
    22: Defect(
        "The admin cannot delete users or applications that have tokens, cannot search by client "
        "id, renders every ID token as an option, and does not show device grants.",
        "An admin of our own for each.",
    ),
    23: Defect(
        "The list of authorized tokens shows expired rows; revoking one leaves the others.",
        "Connected apps by client; removal ends everything of the client.",
    ),
    24: Defect(
        "iss is missing from errors, metadata from RFC 8414, CORS from all but one answer; an EC "
        "key is published as RS256; pages have one language.",
        "Discovery is generated from what is on; CORS is answered on every endpoint that a "
        "browser needs; pages are translated.",
    ),
    25: Defect(
        "Clean-up scans whole tables in thousands of statements.",
        "Batches along indexes, resumable, with a dry run.",
    ),
}
