"""Logs: one JSON object a line on standard error, with the request's id and no secret."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
"""Id of the request that is being answered; empty outside of one."""

EXTRA = ("method", "path", "status", "milliseconds")
"""What a record may add. Others are dropped: Django adds the request itself, whose text shows the
query."""

DETAIL = re.compile(r"^DETAIL: .*$", re.MULTILINE)
"""PostgreSQL's second line of an integrity error, which quotes the values of the row."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id.get(),
        }
        line |= {name: vars(record)[name] for name in EXTRA if name in vars(record)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(
            {
                name: DETAIL.sub("DETAIL: …", value) if isinstance(value, str) else value
                for name, value in line.items()
                if value != ""
            },
            default=str,
            ensure_ascii=False,
        )


def configuration(*, level: str) -> dict[str, Any]:
    """Return Django's ``LOGGING``.

    Args:
        level: the least severe level that is logged.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "project.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print a second, plain line, or mail a report with the
            # request in it.
            "django": {"handlers": [], "level": level, "propagate": True},
            # The development server's line shows the query; ours does not.
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "django.db.backends": {"level": "INFO"},
            # Both tell tokens and request bodies at lower levels.
            "oauthlib": {"level": "WARNING"},
            "oauth2_provider": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
        },
    }
