"""A client as one entry of the file that ``manage.py idp apply`` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from idp.domain.toml import dumps
from idp.models import ClientSecret
from idp.services.client_registration import spec_of
from idp.services.client_scope import Choice
from idp.services.client_secret import live
from idp.services.client_spec import ClientSpec

# Always written, so that a reader sees them; everything else only where it says something.
_ALWAYS = ("client_id", "client_name", "kind", "environment")
_SKIPPED = frozenset({"owner", "scopes"})

HEADER = """\
# One client. Apply it with `manage.py idp apply`, where the scopes that it names are known.
# Its secrets are not in here: a label alone says that the client has such a secret. To take this
# file to another site, add `env = "NAME"` beside the label and put the secret into that variable.

"""


def export_client(application: Any, now: datetime) -> str:
    """Return one client as TOML that applies back without a change."""
    rows = ClientSecret.objects.filter(application=application, expires_at=None)
    labels = [secret.label for secret in live(rows, now)]
    return HEADER + dumps({"clients": [client_entry(spec_of(application), labels)]})


def client_entry(spec: ClientSpec, labels: Iterable[str]) -> dict[str, Any]:
    """Return a client as an entry of the file: JSON-ready, and nothing that only repeats a default.

    Args:
        spec: the client.
        labels: of its secrets; their values are nowhere.
    """
    empty = ClientSpec()
    found = {name: getattr(spec, name) for name in _ALWAYS}
    for name in ClientSpec.__dataclass_fields__:
        value = getattr(spec, name)
        if name not in _SKIPPED and name not in found and value != getattr(empty, name):
            found[name] = plain(value)
    found["scopes"] = _scopes(spec)
    named = sorted({label for label in labels if label})
    if named:
        found["secrets"] = [{"label": label} for label in named]
    return found


def _scopes(spec: ClientSpec) -> dict[str, list[str]]:
    scopes = spec.scopes.items()
    return {
        "required": sorted(name for name, choice in scopes if choice.requirement == "required"),
        "optional": sorted(name for name, choice in scopes if choice.requirement == "optional"),
        "default": sorted(name for name, choice in scopes if choice.default),
    }


def plain(value: Any) -> Any:
    """Return a value as JSON-ready values: spans in seconds, sets sorted."""
    for kind, convert in _PLAIN:
        if isinstance(value, kind):
            return convert(value)
    return value


def _choices(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): _choice(item) for key, item in value.items()}


def _choice(item: Any) -> Any:
    if isinstance(item, Choice):
        return f"{item.requirement}, default" if item.default else str(item.requirement)
    return plain(item)


_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (str, str),
    (timedelta, lambda span: int(span.total_seconds())),
    (frozenset | set, lambda items: sorted(plain(item) for item in items)),
    (tuple | list, lambda items: [plain(item) for item in items]),
    (Mapping, _choices),
)
