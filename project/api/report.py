"""What a service may know: sums over all photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum
from django.db.models.functions import Length, TruncMonth
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from idp.contrib.rest_framework import HasScope, IsClient
from project.api.models import Photo
from project.api.serializer import ReportSerializer

if TYPE_CHECKING:
    from rest_framework.request import Request


class ReportView(APIView):
    """A report for a client in its own name; no person's token opens it."""

    permission_classes = (HasScope.of("reports:read"), IsClient)

    @extend_schema(responses=ReportSerializer)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the sums."""
        return Response(ReportSerializer(report()).data)


def report() -> dict[str, Any]:
    """Return how many people keep how many photos, and in which months they came."""
    totals = Photo.objects.aggregate(
        people=Count("owner", distinct=True), photos=Count("pk"), bytes=Sum(Length("content"))
    )
    months = (
        Photo.objects.order_by()
        .annotate(month=TruncMonth("created_at"))
        .values("month")
        .annotate(photos=Count("pk"))
        .order_by("month")
    )
    return {
        **totals,
        "bytes": totals["bytes"] or 0,
        "months": [{"month": f"{row['month']:%Y-%m}", "photos": row["photos"]} for row in months],
    }
