"""The languages in which the site speaks to people, and how a time reads in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import global_settings, settings
from django.utils.formats import date_format
from django.utils.translation import gettext

from idp.services.site_setup import LANGUAGES

if TYPE_CHECKING:
    from datetime import datetime


def offered_languages() -> list[str]:
    """Return the codes of the languages that people can have, the site's own first.

    They are those that the site chose; one that chose none, so that Django's list of nearly all
    languages stands, speaks those of the app.
    """
    listed = [code for code, _name in settings.LANGUAGES]
    chosen = listed != [code for code, _name in global_settings.LANGUAGES]
    codes = [code for code in listed if chosen or code in LANGUAGES]
    return sorted(codes, key=lambda code: code != settings.LANGUAGE_CODE)


def written_time(at: datetime) -> str:
    """Return date and time of day in the active language.

    For some languages Django has a format of either and none of both together, and would take that
    of English.

    Args:
        at: the moment, in the time zone of the reader.
    """
    day, time = date_format(at, "DATE_FORMAT"), date_format(at, "TIME_FORMAT")
    return gettext("%(date)s, %(time)s") % {"date": day, "time": time}
