"""Metadata documents as a site's own fetcher would bring them, from memory."""

from __future__ import annotations

from typing import Any, ClassVar

from oauth2_provider.cimd import CIMDError


class Shelf:
    """A fetcher of documents that tests put on a shelf; counts how often it is asked."""

    documents: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[str]] = []

    def fetch(self, client_id: str) -> tuple[Any, int]:
        """Return a document and for how many seconds it may be kept."""
        self.asked.append(client_id)
        if client_id not in self.documents:
            raise CIMDError("nothing there")
        return self.documents[client_id], 3_600


class Broken:
    """A fetcher that fails in a way that nobody foresaw."""

    def fetch(self, client_id: str) -> tuple[Any, int]:
        """Fail."""
        raise RuntimeError(client_id)
