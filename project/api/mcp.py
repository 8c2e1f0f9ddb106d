"""The sample API as an MCP server: tools for assistants, behind the same rules as all else.

One address that takes JSON-RPC over HTTP and answers each request at once; it opens no streams.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from idp.contrib.rest_framework import HasScope, OAuth2Authentication
from project.api import cors
from project.api.models import Photo

if TYPE_CHECKING:
    from rest_framework.request import Request

SCOPE = "assistant:photos"
VERSIONS = ("2025-06-18", "2025-03-26")
"""Of the protocol, newest first."""
MOST_PHOTOS = 50
METHOD_NOT_FOUND, INVALID_PARAMS, INVALID_REQUEST = -32_601, -32_602, -32_600

TOOL = {
    "name": "list_photos",
    "title": "List photos",
    "description": "Titles of the user's own photos, newest first.",
    "inputSchema": {
        "type": "object",
        "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": MOST_PHOTOS}},
        "additionalProperties": False,
    },
    "annotations": {"readOnlyHint": True},
}


class McpAuthentication(OAuth2Authentication):
    """Only tokens that were asked for this very server (RFC 8707 §2)."""

    resource = "/mcp"
    audience_required = True


class McpView(APIView):
    """``/mcp``: the streamable HTTP transport, without the streams."""

    authentication_classes = (McpAuthentication,)
    permission_classes = (HasScope.of(SCOPE),)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse pages of other origins, which could reach a server inside a network."""
        origin = request.headers.get("Origin")
        own = f"{request.scheme}://{request.get_host()}"
        if origin and origin != own and origin not in cors.origins():
            raise PermissionDenied(f"Pages of {urlsplit(origin).netloc[:100]} may not call this.")
        super().initial(request, *args, **kwargs)

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one message of JSON-RPC 2.0."""
        message = request.data
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return Response(_error(None, INVALID_REQUEST, "This is no message of JSON-RPC 2.0."))
        if message.get("id") is None:
            return Response(status=HTTPStatus.ACCEPTED)
        return Response(_answer(message, request.user))


def _answer(message: dict[str, Any], user: Any) -> dict[str, Any]:
    method, given = message.get("method"), message.get("params")
    parameters = given if isinstance(given, dict) else {}
    if method == "initialize":
        return _result(message, _introduction(parameters))
    if method == "ping":
        return _result(message, {})
    if method == "tools/list":
        return _result(message, {"tools": [TOOL]})
    if method == "tools/call":
        return _call(message, parameters, user)
    return _error(message["id"], METHOD_NOT_FOUND, "There is no such method here.")


def _introduction(parameters: dict[str, Any]) -> dict[str, Any]:
    wanted = parameters.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "photos", "title": "Photos", "version": "1.0.0"},
    }


def _call(message: dict[str, Any], parameters: dict[str, Any], user: Any) -> dict[str, Any]:
    arguments = parameters.get("arguments") or {}
    limit = arguments.get("limit", MOST_PHOTOS) if isinstance(arguments, dict) else None
    if parameters.get("name") != TOOL["name"]:
        return _error(message["id"], INVALID_PARAMS, "There is no such tool.")
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST_PHOTOS:
        return _error(message["id"], INVALID_PARAMS, f"limit is 1 to {MOST_PHOTOS}.")
    titles = list(Photo.objects.filter(owner=user.pk).values_list("title", flat=True)[:limit])
    text = "\n".join(titles) or "There are no photos."
    return _result(message, {"content": [{"type": "text", "text": text}], "isError": False})


def _result(message: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


def _error(identifier: Any, code: int, text: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identifier, "error": {"code": code, "message": text}}
