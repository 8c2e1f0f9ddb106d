"""The verbs of ``manage.py idp``, one module each with ``add_arguments`` and ``run``."""

_HERE = "idp.management.verbs"

VERBS = {
    "apply": f"{_HERE}.apply",
    "export": f"{_HERE}.export",
    "explain": f"{_HERE}.explain",
    "inspect-redirect-uris": f"{_HERE}.inspect_redirect_uris",
    "doctor": f"{_HERE}.doctor",
    "enforce": f"{_HERE}.enforce",
    "report": f"{_HERE}.report",
    "keys": f"{_HERE}.keys",
    "ledger": f"{_HERE}.ledger",
    "roles": f"{_HERE}.roles",
    "revoke": f"{_HERE}.revoke",
    "forget": f"{_HERE}.forget",
    "logos": f"{_HERE}.logos",
    "logout": f"{_HERE}.logout",
    "purge": f"{_HERE}.purge",
    "tasks": f"{_HERE}.tasks",
    "backfill": f"{_HERE}.backfill",
    "demo": f"{_HERE}.demo",
}
"""Verb as typed to the module that does it."""
