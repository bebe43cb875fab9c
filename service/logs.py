"""What a server logs: a line for people, or a JSON object a line for machines, on standard error.

A line never holds what somebody sent unless it was asked for, and no line can hold another one: whatever is
not printable is escaped. Knows Python's logging and nothing of HTTP.
"""

import json
import logging
import sys
import time
from typing import Any

from service.settings import LogFormat

ACCESS = logging.getLogger("civicite.access")
"""One record a request, its facts in ``facts``."""


class Human(logging.Formatter):
    """``INFO:     message`` as uvicorn writes it, then the facts as ``name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        facts = getattr(record, "facts", {})
        told = " ".join(f"{name}={_plain(str(value))}" for name, value in facts.items() if value is not None)
        line = f"{record.levelname + ':':<9} {_plain(record.getMessage())}{' ' if told else ''}{told}"
        return line if record.exc_info is None else f"{line}\n{self.formatException(record.exc_info)}"


class Json(logging.Formatter):
    """One JSON object a line: time in UTC, level, logger, message, and the facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry: dict[str, Any] = {
            "at": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info is not None:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)  # ASCII alone: no separator of lines survives


def log_config(wanted: LogFormat) -> dict[str, Any]:
    """Return the configuration of logging; ``auto`` is for people on a terminal, else for machines."""
    human = wanted == "human" or (wanted == "auto" and sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Human if human else Json}},
        "handlers": {
            "error": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
        },
        "loggers": {
            name: {"handlers": ["error"], "level": "INFO", "propagate": False}
            for name in ("uvicorn", "civicite")
        },
    }


def _plain(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
