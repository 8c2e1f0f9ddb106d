"""Browsers by the names that people know."""

from __future__ import annotations

import pytest

from idp.domain.user_agent import Device, device

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "known"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME}", Device("Chrome", "Linux")),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64) {CHROME} Edg/140.0", Device("Edge", "Windows")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            Device("Safari", "iPhone"),
        ),
        (
            "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
            Device("Firefox", "Android"),
        ),
        ("photo-print/1.4 (Macintosh)", Device("", "Mac")),
        ("curl/8.5.0", Device("", "")),
        ("", Device("", "")),
    ],
)
def test_a_browser_is_called_what_people_call_it(user_agent: str, known: Device) -> None:
    assert device(user_agent) == known
