"""Write the table of the ready roles: ``python -m tools.roles > docs/reference/roles.md``."""

from __future__ import annotations

import sys

from idp.domain.role import ROLES, Permission

HEAD = """\
# Roles

`python manage.py idp roles` makes four groups of Django's admin, or brings them up to date after an
update; put members of staff into them. Of the permissions of the provider a group has exactly what
stands here; what a site adds of other apps stays. Every view and action of the desk is tested for
each of them.

"""

FOOT = """
Permissions of the toolkit's models carry the names of the site's own models where it swapped them.

Two things need no permission. A *superuser* may do everything. An *owner* of a client, named on the
client's page under “Owners” as a person or as a group, sees that client alone and edits its name,
addresses, scopes, links, contacts and secrets; not its kind, environment, grant types, way to prove
itself, trust, consent, lifetimes, approvals, rules or owners. A scope that only listed clients get
waits for an approval when an owner adds it. Owners are members of staff: the desk is the admin.
"""


def table() -> str:
    """Return the page."""
    roles = list(ROLES.values())
    lines = [HEAD]
    lines += [f"- **{role.group}**: {role.purpose}\n" for role in roles]
    titles = [role.group.partition(": ")[2] for role in roles]
    lines.append(f"\n| Permission | {' | '.join(titles)} |\n")
    lines.append(f"|---|{'---|' * len(roles)}\n")
    known = sorted({each for role in roles for each in role.permissions}, key=_order)
    for permission in known:
        marks = ["yes" if permission in role.permissions else "" for role in roles]
        name = permission.codename.replace("*", permission.model.replace("_", ""))
        lines.append(f"| `{name}` | {' | '.join(marks)} |\n")
    return "".join([*lines, FOOT])


def _order(permission: Permission) -> tuple[str, str]:
    return permission.model.replace("_", ""), permission.codename


if __name__ == "__main__":
    sys.stdout.write(table())
