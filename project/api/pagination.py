"""Lists by pages."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Twelve a page unless the caller wants another number, at most a hundred."""

    page_size = 12
    page_size_query_param = "page_size"
    max_page_size = 100
