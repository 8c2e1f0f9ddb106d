"""The tags of the end user's pages, and the consent page that is drawn with them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from django.template.loader import render_to_string
from django.utils import translation

from idp.domain.snapshot import ConsentDocument, ShownApi, ShownClient, ShownScope, Standing
from idp.templatetags.idp_page import consent_outline, moment, monogram


def scope(name: str, standing: Standing = Standing.NEW, **more: object) -> ShownScope:
    return ShownScope(name, f"Title of {name}", standing=standing, **more)  # type: ignore[arg-type]


def document(
    *scopes: ShownScope, client_name: str = "Photo Print", **more: object
) -> ConsentDocument:
    return ConsentDocument(
        ShownClient("photo-print", client_name),
        "ada@example.com",
        "en",
        apis=(ShownApi("https://api.example.com/", "Photos", scopes),),
        **more,  # type: ignore[arg-type]
    )


def page(shown: ConsentDocument, template: str = "idp/consent.html", **more: object) -> str:
    context = {"document": shown, "nonce": "n-1", "form_action": "/o/authorize/", **more}
    return render_to_string(template, context)


def test_an_outline_keeps_each_standing_apart() -> None:
    outline = consent_outline(
        document(scope("a"), scope("b", Standing.ALLOWED), scope("c", Standing.UNAVAILABLE))
    )
    assert [
        [s.name for _, group in part for s in group]
        for part in (outline.new, outline.changed, outline.allowed, outline.unavailable)
    ] == [["a"], [], ["b"], ["c"]]


def test_an_outline_names_what_kind_of_question_it_is() -> None:
    new, allowed, changed = scope("a"), scope("b", Standing.ALLOWED), scope("c", Standing.CHANGED)
    kinds = [(new,), (new, allowed), (changed, allowed), (allowed,)]
    assert [consent_outline(document(*scopes)).ask for scopes in kinds] == [
        "first",
        "more",
        "changed",
        "again",
    ]


def test_enter_in_a_field_cancels_because_cancel_is_the_first_button() -> None:
    assert re.findall(r'name="decision" value="(\w+)"', page(document(scope("a")))) == [
        "deny",
        "allow",
    ]


def test_only_optional_permissions_that_are_possible_carry_a_switch() -> None:
    html = page(
        document(
            scope("required"),
            scope("optional", optional=True),
            scope("kept", Standing.ALLOWED, optional=True),
            scope("impossible", Standing.UNAVAILABLE, optional=True),
        )
    )
    assert re.findall(r'name="scope"[^>]* value="(\w+)"', html) == ["optional", "kept"]


def test_a_switch_opens_as_the_document_says() -> None:
    html = page(document(scope("a", optional=True), scope("b", optional=True, chosen=False)))
    switches = re.findall(r'<input class="idp-switch"[^>]*>', html)
    assert ["checked" in switch for switch in switches] == [True, False]


def test_a_record_has_nothing_to_press() -> None:
    shown = document(scope("a", optional=True), durations=("once", "30d"))
    html = page(
        shown, "idp/partials/consent_document.html", read_only=True, switch_account_url="/x"
    )
    assert "Title of a" in html
    assert not re.search(r"<(input|button|form|a)\b", html)


def test_a_duration_that_was_posted_stays_chosen() -> None:
    shown = document(scope("a"), durations=("once", "30d", "until_revoked"))
    html = page(shown, duration="once")
    assert re.findall(r'name="duration" value="(\w+)"\s+checked', html) == ["once"]


def test_names_of_clients_and_permissions_are_escaped() -> None:
    html = page(document(scope("<img src=x>"), client_name="<script>alert(1)</script>"))
    assert "<script>alert" not in html
    assert "<img src=x>" not in html


def test_the_page_has_no_inline_style_and_no_inline_script() -> None:
    html = page(document(scope("a", optional=True)))
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


def test_the_page_runs_from_right_to_left_where_the_language_does() -> None:
    with translation.override("ar"):
        assert re.search(r'<html lang="ar"\s+dir="rtl"', page(document(scope("a"))))


def test_a_moment_is_told_in_words_and_for_machines() -> None:
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert moment(at) == moment(at.isoformat())
    assert moment(date(2026, 3, 1)) == '<time datetime="2026-03-01">March 1, 2026</time>'


def test_a_moment_that_is_none_or_nonsense_says_nothing() -> None:
    assert [moment(value) for value in (None, "", "soon", "2026-02-31T00:00:00Z")] == [""] * 4


def test_a_monogram_is_the_first_letter_or_a_dot() -> None:
    assert [monogram(name) for name in ("photoctl", "«éa»", "طباعة", "!?", "")] == [
        "P",
        "É",
        "ط",
        "·",
        "·",
    ]
