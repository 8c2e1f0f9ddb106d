"""How the sample API reads a body."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class BoundedJSONParser(JSONParser):
    """JSON whose depth ends in an error for the caller, not in one of the server's."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Return the value of a body.

        Raises:
            ParseError: 400, it is no JSON, or nests too deep for the interpreter.
        """
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise ParseError("The JSON nests too deep.") from None
