"""Far pages of long lists."""

from __future__ import annotations

from typing import Any

import pytest

from idp.admin import paginator
from idp.admin.paginator import BoundedPaginator
from idp.models import SignIn
from tests.factories import make_user


@pytest.mark.django_db
def test_a_far_page_has_the_same_rows_in_the_same_order(now: Any, monkeypatch: Any) -> None:
    user = make_user()
    for _turn in range(5):
        SignIn.objects.create(user=user, at=now)
    pages = BoundedPaginator(SignIn.objects.select_related("user").order_by("-pk"), 2)
    near = [list(pages.page(number)) for number in pages.page_range]
    monkeypatch.setattr(paginator, "FAR", 2)

    assert [list(pages.page(number)) for number in pages.page_range] == near
    assert [len(rows) for rows in near] == [2, 2, 1]
