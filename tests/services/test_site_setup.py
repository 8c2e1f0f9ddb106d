"""What every site has from its first migration on."""

from __future__ import annotations

import pytest

from idp.models import Scope, ScopeText
from idp.services import site_setup
from idp.services.site_setup import LANGUAGES, provide_sign_in_scopes
from tools import messages

pytestmark = pytest.mark.django_db


def test_a_new_site_says_in_each_language_what_signing_in_tells_an_app():
    Scope.objects.all().delete()
    provide_sign_in_scopes()

    titles = dict(ScopeText.objects.filter(scope__name="openid").values_list("language", "title"))
    assert titles == {"en": "Know who you are", "de": "Wissen, wer du bist", "ar": "معرفة من أنت"}


def test_a_language_without_a_translation_gets_no_english_words_under_its_name(monkeypatch):
    monkeypatch.setattr(site_setup, "LANGUAGES", ("en", "fr"))
    Scope.objects.all().delete()
    provide_sign_in_scopes()

    languages = ScopeText.objects.filter(scope__name="openid").values_list("language", flat=True)
    assert list(languages) == ["en"]


def test_the_words_are_given_in_every_language_that_the_app_ships():
    assert set(LANGUAGES) == {"en", *messages.LANGUAGES}
