"""Form fields for what the desk edits: spans of time, lists of names, one choice out of a few."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from idp.domain.client import DEVICE_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable

UNITS = (
    (60, _("minutes")),
    (3_600, _("hours")),
    (86_400, _("days")),
    (1, _("seconds")),
)
LONGEST_SPAN = 10_000 * 86_400
LONGEST_KEY_SET = 65_536

GRANT_TYPES = (
    ("authorization_code", _("Authorization code: a user signs in")),
    ("refresh_token", _("Refresh token: longer than one access token lives")),
    ("client_credentials", _("Client credentials: the client in its own name")),
    (DEVICE_CODE, _("Device code: a user signs in on another device")),
)


class SpanWidget(forms.MultiWidget):
    """A number and its unit."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        widgets = (
            forms.NumberInput({"min": 1, "class": "vIntegerField", "aria-label": _("Number")}),
            forms.Select({"aria-label": _("Unit")}, choices=UNITS),
        )
        super().__init__(widgets, attrs)

    def decompress(self, value: timedelta | None) -> list[int | None]:
        """Return a span as a number of the largest unit that fits."""
        if value is None:
            return [None, 60]
        seconds = int(value.total_seconds())
        unit = max(size for size, _words in UNITS if seconds % size == 0)
        return [seconds // unit, unit]


class SpanField(forms.MultiValueField):
    """A span of time; empty for no limit."""

    widget = SpanWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = (
            forms.IntegerField(min_value=1, required=False),
            forms.TypedChoiceField(choices=UNITS, coerce=int, required=False),
        )
        kwargs.setdefault("required", False)
        for unused in ("encoder", "decoder"):
            kwargs.pop(unused, None)
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[Any]) -> timedelta | None:
        """Return the span."""
        if not data_list or not data_list[0]:
            return None
        seconds = data_list[0] * (data_list[1] or 1)
        if seconds > LONGEST_SPAN:
            raise ValidationError(
                _("Longer than 10,000 days; leave it empty for no limit."), code="too_long"
            )
        return timedelta(seconds=seconds)


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        attrs = {"rows": 3, "class": "vLargeTextField", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.Textarea(attrs))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return a list as lines."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """Return lines as a list; empty ones are left out, and nothing is trimmed."""
        text = super().to_python(value) or ""
        return [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the lines differ."""
        return bool(list(initial or ()) != self.to_python(data))


class KeySetField(forms.JSONField):
    """A JWK Set as JSON; empty for none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        attrs = {"rows": 4, "class": "vLargeTextField", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.Textarea(attrs))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the keys as people read them; nothing for none."""
        return "" if value is None else super().prepare_value(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was entered, to be shown again as it is where it cannot be read."""
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)

    def to_python(self, value: Any) -> Any:
        """Return the keys; what is too long, too deep or no JSON (RFC 8259) is refused."""
        try:
            if isinstance(value, str) and len(value) > LONGEST_KEY_SET:
                raise ValueError
            found = super().to_python(value)
            json.dumps(found, allow_nan=False)
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return found


class NamesField(forms.MultipleChoiceField):
    """Some of a few names; none for no restriction."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, nothing: Any = None, **kwargs: Any) -> None:
        self.nothing = nothing
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """Return the names as a sorted list; what stands for nothing where there are none."""
        return sorted(super().clean(value)) or self.nothing


def group_choices(present: Iterable[str] | None = ()) -> list[tuple[str, str]]:
    """Return the names of the site's groups, and those of a policy that exist no longer."""
    names = set(Group._default_manager.values_list("name", flat=True)[:1000])
    return [(name, name) for name in sorted(names | set(present or ()))]
