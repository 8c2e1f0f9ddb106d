"""Security events: of few clients and many addresses, as on a bad day."""

from __future__ import annotations

from benchmarks.size.fill import fill, series
from idp.models import SecurityEvent


def write_events(count: int) -> None:
    """Write security events, seven clients the most of them."""
    fill(
        SecurityEvent,
        series(count),
        kind="""(ARRAY['authorization.refused', 'token.refused',
            'client.authentication_failed'])[1 + n % 3]""",
        severity="CASE n % 500 WHEN 0 THEN 'error' ELSE 'warning' END",
        first_at="now() - n * interval '13 seconds'",
        last_at="now() - n * interval '13 seconds'",
        client_id="'client-' || (1 + n % 7)",
        user_id="CASE n % 2 WHEN 0 THEN 1001 + n % 100 END",
        address="('10.0.' || n / 256 % 256 || '.' || n % 256)::inet",
        request_id="md5(n::text)",
        reasons="""'[{"code": "not_registered", "severity": "error", "text": "Not registered.",
            "params": {}, "message": "Not registered.", "reference": ""}]'::jsonb""",
        detail="""'{"scope": "photos:write"}'::jsonb""",
        fingerprint="md5(n::text)",
    )
