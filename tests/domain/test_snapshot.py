"""What a consent page shows, and what Allow can take from it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.canonical import canonical
from idp.domain.snapshot import (
    ConsentDocument,
    ShownApi,
    ShownClient,
    ShownScope,
    Standing,
    document_from_dict,
)

TEXT = st.text(max_size=5)
SCOPES = st.builds(
    ShownScope,
    TEXT,
    TEXT,
    standing=st.sampled_from(Standing),
    optional=st.booleans(),
    implies=st.lists(TEXT, max_size=2).map(tuple),
    implied_scopes=st.lists(TEXT, max_size=2).map(tuple),
    policy_revision=st.integers(0, 9),
)
APIS = st.builds(ShownApi, TEXT, TEXT, st.lists(SCOPES, max_size=3).map(tuple))
DOCUMENTS = st.builds(
    ConsentDocument,
    st.builds(ShownClient, TEXT, TEXT, verified=st.booleans()),
    TEXT,
    TEXT,
    apis=st.lists(APIS, max_size=3).map(tuple),
    durations=st.sampled_from([(), ("once", "until_revoked")]),
)
PAGE = ConsentDocument(
    ShownClient("app", "App"),
    "ann",
    "en",
    apis=(
        ShownApi("https://api.example/a", "A", (ShownScope("read", "See"),)),
        ShownApi(
            "https://api.example/b",
            "B",
            (
                ShownScope("mail", "Send", optional=True, standing=Standing.CHANGED),
                ShownScope("audit", "Audit", standing=Standing.UNAVAILABLE),
            ),
        ),
    ),
)


@given(DOCUMENTS)
def test_a_document_is_read_back_from_json_as_it_was(document):
    assert document_from_dict(json.loads(json.dumps(document.as_dict()))) == document


@given(DOCUMENTS)
def test_a_document_has_a_canonical_form(document):
    assert json.loads(canonical(document.as_dict())) == document.as_dict()


@given(DOCUMENTS)
def test_what_is_required_can_be_granted(document):
    assert document.required() <= document.grantable()
    assert document.grantable() <= {scope.name for scope in document.scopes}


def test_scopes_stand_in_page_order_and_by_where_they_stand():
    assert [scope.name for scope in PAGE.scopes] == ["read", "mail", "audit"]
    changed = PAGE.apis[1].standing(Standing.CHANGED, Standing.NEW)
    assert [scope.name for scope in changed] == ["mail"]


def test_unavailable_scopes_cannot_be_granted_and_optional_ones_need_not_be():
    assert PAGE.grantable() == {"read", "mail"}
    assert PAGE.required() == {"read"}


@pytest.mark.parametrize(
    "change",
    [{"client": {}}, {"apis": [{}]}, {"unknown": 1}, {"durations": None}],
)
def test_other_data_is_no_document(change):
    with pytest.raises((KeyError, TypeError, ValueError)):
        document_from_dict({**PAGE.as_dict(), **change})


def test_an_unknown_standing_is_no_document():
    data = PAGE.as_dict()
    data["apis"][0]["scopes"][0]["standing"] = "perhaps"
    with pytest.raises(ValueError, match="perhaps"):
        document_from_dict(data)
