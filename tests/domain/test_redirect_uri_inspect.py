from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import can_ada
import idna
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from idp.domain.decision import Reason, Severity
from idp.domain.redirect_uri import (
    MAX_REDIRECT_URIS,
    RULES,
    inspect,
    inspect_all,
    registrable,
)
from idp.domain.redirect_uri_name import BORROWED_DOMAINS, RESERVED_DOMAINS
from tests.requirement import defect, requirement
from tests.thorough import examples, share

VECTORS = Path(__file__).parent.parent / "vectors" / "redirect_uri_inspect.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text())
NOW = datetime(2030, 1, 1, tzinfo=UTC)
KINDS = ("web", "spa", "native", "service", "device", "agent")
ENVIRONMENTS = ("production", "development")

KIND = st.sampled_from(KINDS)
ENVIRONMENT = st.sampled_from(ENVIRONMENTS)
WORDS = re.findall(
    r"\S+",
    "https http HTTP com.example.app javascript : / // \\ @ ? # . .. %2e %2F %5c %00 %c0%af "
    "%zz % [ ] [::1] [::ffff:7f00:1] 127.0.0.1 0x7f 127.1 2130706433 localhost example com "
    "test a B _ - xn-- xn--bcher-kva xn--pple-43d * ; & = code state ü 。 ． ａ \u00ad \u200b "
    ":443 :0 :65536 :08 cb ",
)
SPACES = [" ", "\t", "\n", "\x00", "\ud800"]
STARTS = ["https://", "http://", "https://app.example.com"]
PIECES = st.sampled_from([*WORDS, *SPACES, *STARTS])
URIS = st.lists(PIECES, max_size=10).map("".join) | st.text(max_size=60)
HOSTS = st.from_regex(
    r"([a-z0-9\-_.]{1,20}\.)?(xn--)?[a-zA-Z0-9.\-_]{1,20}(\.com)?", fullmatch=True
)


def codes(reasons: list[Reason], severity: Severity) -> list[str]:
    return sorted(reason.code for reason in reasons if reason.severity is severity)


def errors_of(
    text: str, kind: str = "web", environment: str = "production", **more: Any
) -> list[str]:
    return codes(inspect(text, kind, environment, **more), Severity.ERROR)


@defect(18)
@requirement("RFC 8252 §7.1", "Private schemes are reverse domain names.")
@requirement("RFC 8252 §8.4", "Redirect URIs are registered in full.")
@requirement("RFC 9700 §4.1.3", "No registered address is a pattern or plain http beyond loopback.")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_vector_has_exactly_the_findings_of_its_clause(case: dict[str, Any]) -> None:
    found = inspect(case["uri"], case["kind"], case["environment"])
    assert codes(found, Severity.ERROR) == case["codes"]["errors"], case["why"]
    assert codes(found, Severity.WARNING) == case["codes"]["warnings"], case["why"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_only_a_vector_without_errors_is_registrable(case: dict[str, Any]) -> None:
    allowed = registrable(case["uri"], case["kind"], case["environment"])
    assert allowed is (not case["codes"]["errors"])


def test_the_vectors_are_many_distinct_and_each_names_its_clause() -> None:
    assert len(CASES) >= 200
    assert len({(case["uri"], case["kind"], case["environment"]) for case in CASES}) == len(CASES)
    assert len({case["id"] for case in CASES}) == len(CASES)
    assert all(case["reference"] and case["why"] for case in CASES)


def test_every_rule_is_broken_by_some_vector_or_has_a_test_of_its_own() -> None:
    broken = {code for case in CASES for found in case["codes"].values() for code in found}
    elsewhere = {
        "kind_unknown",
        "origin_not_allowed",
        "host_international",
        "wildcard_too_wide",
        "wildcard_without_end",
        "wildcard_ended",
        "wildcard_in_use",
    }
    assert {rule.code for rule in RULES} - broken == elsewhere


def test_every_rule_has_its_own_code_a_clause_and_a_sentence_with_a_remedy() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.reference
        assert rule.text.endswith(".")
        assert "%" not in rule.text.replace("%(", "")


@settings(max_examples=examples(200))
@given(URIS, KIND, ENVIRONMENT)
@example("\ud800", "web", "production")
@example("https://[", "native", "development")
@example("https://xn--/", "web", "production")
def test_inspect_never_raises_and_every_finding_can_be_said(
    text: str, kind: str, environment: str
) -> None:
    for reason in inspect(text, kind, environment):
        assert reason.text % reason.params
        assert len(reason.message) < 400


@settings(max_examples=examples(200))
@given(URIS, KIND, ENVIRONMENT)
def test_a_suggestion_breaks_no_error_rule_and_lacks_the_finding(
    text: str, kind: str, environment: str
) -> None:
    for reason in inspect(text, kind, environment):
        if reason.suggestion is not None:
            again = inspect(reason.suggestion, kind, environment)
            assert not codes(again, Severity.ERROR)
            assert reason.code not in {other.code for other in again}


@settings(max_examples=examples(400))
@given(URIS | HOSTS.map("https://{}/cb".format) | HOSTS.map("https://{}:8443".format), KIND)
@example("https://xn--bcher-kva.example.com/", "web")
@example("https://XN--BCHER-KVA.example.com/", "web")
@example("https://a--b.example.com/", "web")
@example("https://0x.example.com/", "web")
def test_a_passing_uri_has_the_same_host_for_python_and_for_browsers(text: str, kind: str) -> None:
    for environment in ENVIRONMENTS:
        if text.lower().startswith("http") and registrable(text, kind, environment):
            browser = can_ada.parse(text)
            python = urlsplit(text)
            assert browser.hostname == (
                f"[{python.hostname}]" if ":" in str(python.hostname) else python.hostname
            )
            assert browser.port in ("", str(python.port))
            assert not browser.username
            assert not browser.hash


def test_every_http_vector_without_errors_has_the_same_host_for_python_and_for_browsers() -> None:
    passing = [
        c["uri"] for c in CASES if c["uri"].lower().startswith("http") and not c["codes"]["errors"]
    ]
    assert len(passing) > 50
    for text in passing:
        assert can_ada.parse(text).hostname.strip("[]") == urlsplit(text).hostname


@settings(max_examples=examples(200))
@given(URIS, KIND)
def test_development_refuses_nothing_that_production_allows(text: str, kind: str) -> None:
    assert set(errors_of(text, kind, "development")) <= set(errors_of(text, kind, "production"))


def test_only_place_rules_depend_on_the_environment() -> None:
    assert {rule.code for rule in RULES if rule.in_development is Severity.INFO} == {
        "loopback_in_production",
        "ip_literal",
        "private_address",
        "reserved_name",
        "single_label",
        "unknown_top_level_domain",
        "borrowed_name",
    }


def test_an_unknown_environment_is_judged_as_production() -> None:
    assert errors_of("https://10.0.0.1/", "web", "staging") == ["private_address"]


def test_an_unknown_kind_is_refused() -> None:
    assert errors_of("https://app.example.com/", "kiosk") == ["kind_unknown"]


MEGABYTES = {
    "letters": "x" * 10**6,
    "labels": "https://" + "a." * 500_000,
    "bracket": "https://[" + "1" * 10**6,
    "colons": ":" * 10**6,
    "escapes": "https://a.com/" + "%41" * 333_333,
    "twice": "https://a.com/" + "%2541" * 200_000,
    "dots": "https://a.com/" + "../" * 333_333,
    "fields": "https://a.com/?" + "&" * 10**6,
    "values": "https://a.com/?" + "a=b&" * 250_000,
    "u-labels": "https://" + "ä" * 10**6,
    "surrogates": "\ud800" * 10**6,
    "punycode": "https://xn--" + "a" * 10**6,
    "percents": "%" * 10**6,
    "ats": "https://" + "@" * 10**6,
    "digits": "https://" + "1" * 10**6,
    "port": "https://a:" + "9" * 10**6,
    "scheme": "a." * 500_000 + ":/x",
    "scheme-hyphens": "a" + "-" * 10**6 + ".b:/x",
    "backslashes": "\\" * 10**6,
    "spaces": " " * 10**6,
    "nul": "\x00" * 10**6,
}


@pytest.mark.parametrize("name", share(MEGABYTES, of=2))
def test_a_megabyte_is_refused_in_time_that_grows_with_its_length(name: str) -> None:
    started = time.process_time()
    found = inspect(MEGABYTES[name], "native")
    assert time.process_time() - started < 8
    assert "too_long" in codes(found, Severity.ERROR)
    assert all(len(reason.message) < 400 for reason in found)


@pytest.mark.parametrize(
    ("text", "kind", "environment", "suggestion"),
    [
        ("http://app.example.com/cb", "web", "production", "https://app.example.com/cb"),
        ("https://APP.example.com/cb", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com:443/cb", "web", "production", "https://app.example.com/cb"),
        ("http://app.example.com:80/cb", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com:/cb", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com:0443/cb", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com/cb ", "web", "production", "https://app.example.com/cb"),
        ("\thttps://app.example.com/cb\r\n", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com\\cb", "web", "production", "https://app.example.com/cb"),
        ("https:app.example.com/cb", "web", "production", "https://app.example.com/cb"),
        ("app.example.com/cb", "web", "production", "https://app.example.com/cb"),
        ("//app.example.com/cb", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com./cb", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com/cb#", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com/a/../cb", "web", "production", "https://app.example.com/cb"),
        (
            "https://app.example.com/cb?code=1&a=2",
            "web",
            "production",
            "https://app.example.com/cb?a=2",
        ),
        ("https://app.example.com/cb?", "web", "production", "https://app.example.com/cb"),
        (
            "https://bücher.example.com/ä",
            "web",
            "production",
            "https://xn--bcher-kva.example.com/%C3%A4",
        ),
        ("https://app。example。com/cb", "web", "production", "https://app.example.com/cb"),
        ("https://app.example.com/a b", "web", "production", "https://app.example.com/a%20b"),
        ("https://app.example.com/%7ea", "web", "production", "https://app.example.com/~a"),
        ("https://app.example.com/?x=a%2fb", "web", "production", "https://app.example.com/?x=a/b"),
        ("http://localhost:3000/cb", "web", "development", "http://127.0.0.1:3000/cb"),
        ("http://localhost:3000/cb", "native", "production", "http://127.0.0.1:3000/cb"),
        ("http://127.1:3000/cb", "native", "production", "http://127.0.0.1:3000/cb"),
        ("http://[0:0:0:0:0:0:0:1]/cb", "native", "production", "http://[::1]/cb"),
        ("https://127.0.0.1/cb", "native", "production", "http://127.0.0.1/cb"),
        ("com.example.app://cb", "native", "production", "com.example.app:/cb"),
        ("com.example.app:cb", "native", "production", "com.example.app:/cb"),
        ("Com.Example.App:/cb", "native", "production", "com.example.app:/cb"),
    ],
)
def test_the_corrected_uri_is_suggested_where_the_intention_can_be_guessed(
    text: str, kind: str, environment: str, suggestion: str
) -> None:
    found = inspect(text, kind, environment)
    assert suggestion in {reason.suggestion for reason in found}
    assert all(r.suggestion for r in found if r.is_error)


@pytest.mark.parametrize(
    "text",
    [
        "https://app.example.com@evil.com/",
        "https://user@app.example.com/",
        "https://a.example.com/ https://b.example.com/",
        "javascript:alert(1)",
        "https://app.example.com/%00",
        "https://app.example.com/a%2Fb",
        "https://app.example.com%2F.evil.com/",
        "https://localhost/cb",
        "https://*.example.com/",
        "/cb",
        "\ud800",
    ],
)
def test_nothing_is_suggested_where_the_intention_is_unclear(text: str) -> None:
    assert {reason.suggestion for reason in inspect(text)} == {None}


def test_a_single_page_app_is_offered_its_origin() -> None:
    [finding] = inspect(
        "https://app.example.com:8443/cb", "spa", allowed_origins=["https://app.example.com"]
    )
    assert (finding.code, finding.severity) == ("origin_not_allowed", "warning")
    assert finding.params == {"origin": "https://app.example.com:8443"}
    assert not inspect("https://a.example.com/cb", "spa", allowed_origins=["https://a.example.com"])
    assert not inspect("https://a.example.com/cb", "web", allowed_origins=[])


@pytest.mark.parametrize(
    ("host", "refusal"),
    [
        ("*.app.example.com", None),
        ("*.example.com", None),
        ("*.example.co.uk", None),
        ("*.mine.github.io", None),
        ("*.com", "wildcard_too_wide"),
        ("*.co.uk", "wildcard_too_wide"),
        ("*.github.io", "wildcard_too_wide"),
        ("*.test", "wildcard_too_wide"),
        ("*.", "wildcard_too_wide"),
        ("*.1.2.3.4", "wildcard_too_wide"),
        ("*.*.example.com", "wildcard"),
        ("a*.example.com", "wildcard"),
        ("a.*.example.com", "wildcard"),
        ("*", "wildcard"),
    ],
)
def test_a_wildcard_needs_a_domain_of_its_owner(host: str, refusal: str | None) -> None:
    found = errors_of(
        f"https://{host}/cb",
        "web",
        "development",
        allow_wildcard=True,
        wildcard_until=NOW + timedelta(days=1),
        now=NOW,
    )
    assert (refusal in found) if refusal else not found


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"environment": "production"}, "wildcard"),
        ({"allow_wildcard": False}, "wildcard"),
        ({"wildcard_until": None}, "wildcard_without_end"),
        ({"now": None}, "wildcard_without_end"),
        ({"wildcard_until": NOW}, "wildcard_ended"),
        ({"uri": "http://*.app.example.com/cb"}, "wildcard"),
        ({"uri": "https://*.app.example.com/*"}, "wildcard"),
    ],
)
def test_a_wildcard_needs_permission_development_https_and_an_end(
    change: dict[str, Any], refusal: str
) -> None:
    allowed: dict[str, Any] = {
        "uri": "https://*.app.example.com/cb",
        "kind": "web",
        "environment": "development",
        "allow_wildcard": True,
        "wildcard_until": NOW + timedelta(days=1),
        "now": NOW,
    }
    assert codes(inspect(**allowed), Severity.WARNING) == ["wildcard_in_use"]
    assert registrable(**allowed)
    assert refusal in codes(inspect(**allowed | change), Severity.ERROR)
    assert not registrable(**allowed | change)


def test_a_list_shows_every_entry_with_its_findings_in_order() -> None:
    listed = inspect_all(["https://a.example.com/", "http://b.example.com/", ""])
    assert [(i.uri, [r.code for r in i.findings], i.is_error) for i in listed] == [
        ("https://a.example.com/", [], False),
        ("http://b.example.com/", ["https_required"], True),
        ("", ["empty"], True),
    ]


@defect(18)
def test_the_second_of_two_equal_entries_is_a_duplicate() -> None:
    first, second, third = inspect_all(["https://a.example.com/"] * 3)
    assert not first.findings
    assert [[r.code for r in i.findings] for i in (second, third)] == [["duplicate"]] * 2


@pytest.mark.parametrize(
    "twin",
    [
        "HTTPS://a.example.com/b",
        "https://A.example.com/b",
        "https://a.example.com:443/b",
        "https://a.example.com:/b",
        "https://a.example.com:0443/b",
        "https://a.example.com/%62",
        "https://a.example.com/x/../b",
        "https://a.example.com//b",
        "https://a.example.com/b?",
        "https://a.example.com/b ",
        "https://a.example.com\\b",
        "https://a.example.com./b",
        "https://ａ.example.com/b",
        "https://a.exa\tmple.com/b",
    ],
)
def test_two_entries_that_differ_by_normal_form_only_are_duplicates(twin: str) -> None:
    for pair in (["https://a.example.com/b", twin], [twin, "https://a.example.com/b"]):
        _, second = inspect_all(pair)
        assert "duplicate_normal_form" in [r.code for r in second.findings]


def test_an_entry_that_returns_after_its_twin_is_a_plain_duplicate() -> None:
    base, twin = "https://a.example.com", "https://a.example.com/"
    listed = inspect_all([base, twin, twin])
    assert [[r.code for r in i.findings] for i in listed] == [
        [],
        ["duplicate_normal_form"],
        ["duplicate"],
    ]


@pytest.mark.parametrize(
    "other",
    [
        "https://a.example.com/b/",
        "https://a.example.com/B",
        "https://a.example.com:8443/b",
        "https://a.example.com/b?x",
    ],
)
def test_entries_that_lead_elsewhere_are_no_duplicates(other: str) -> None:
    assert not any(i.findings for i in inspect_all(["https://a.example.com/b", other]))


@settings(max_examples=examples(200))
@given(st.lists(URIS, max_size=4))
def test_a_list_of_any_texts_is_judged_without_raising(texts: list[str]) -> None:
    assert [i.uri for i in inspect_all(texts)] == texts


def test_the_fifty_first_entry_is_too_many() -> None:
    listed = inspect_all(f"https://a.example.com/{n}" for n in range(MAX_REDIRECT_URIS + 2))
    over = [[r.code for r in i.findings] for i in listed[MAX_REDIRECT_URIS:]]
    assert not any(i.findings for i in listed[:MAX_REDIRECT_URIS])
    assert over == [["too_many"], ["too_many"]]


@pytest.mark.parametrize(
    "u_label",
    ["bücher", "почта", "ελλάδα", "אבג", "نامه\u200cای", "中文字", "日本語カタ", "한글", "ไทย"],
)
def test_names_of_living_languages_are_no_more_than_information(u_label: str) -> None:
    label = idna.alabel(u_label).decode()
    [finding] = inspect(f"https://{label}.example.com/cb")
    assert (finding.code, finding.severity) == ("host_international", "info")
    assert finding.params == {"label": label, "unicode": u_label}


@pytest.mark.parametrize(
    "u_label", ["аpple", "pаypal", "аррӏе", "gοοgle", "οο", "ɡoogle", "раураӏ", "арр中"]
)
def test_names_that_imitate_others_are_a_warning(u_label: str) -> None:
    label = "xn--" + u_label.encode("punycode").decode()
    assert codes(inspect(f"https://{label}.com/cb"), Severity.WARNING) == ["host_disguised"]


@pytest.mark.parametrize("letters", ["\u0862\u087a", "\u08c2", "\ua7c2a"])
def test_letters_that_older_parsers_do_not_know_are_refused(letters: str) -> None:
    label = "xn--" + letters.encode("punycode").decode()
    assert errors_of(f"https://{label}.example.com/cb") == ["a_label_invalid"]


@pytest.mark.parametrize("domain", sorted(RESERVED_DOMAINS - {"localhost"}))
def test_no_reserved_name_is_registrable_in_production(domain: str) -> None:
    assert not registrable(f"https://app.{domain}/", "web", "production")
    assert not registrable(f"https://app.{domain}/", "native", "production")
    assert registrable(f"https://app.{domain}/", "web", "development")


@pytest.mark.parametrize("domain", sorted(BORROWED_DOMAINS))
def test_a_borrowed_name_is_a_warning_in_production(domain: str) -> None:
    assert "borrowed_name" in codes(inspect(f"https://a.{domain}/"), Severity.WARNING)
