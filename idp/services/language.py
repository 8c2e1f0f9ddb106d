"""The languages in which the site speaks to people."""

from __future__ import annotations

from django.conf import global_settings, settings

from idp.services.site_setup import LANGUAGES


def offered_languages() -> list[str]:
    """Return the codes of the languages that people can have, the site's own first.

    They are those that the site chose; one that chose none, so that Django's list of nearly all
    languages stands, speaks those of the app.
    """
    listed = [code for code, _name in settings.LANGUAGES]
    chosen = listed != [code for code, _name in global_settings.LANGUAGES]
    codes = [code for code in listed if chosen or code in LANGUAGES]
    return sorted(codes, key=lambda code: code != settings.LANGUAGE_CODE)
