"""Structured logs on standard error, for machines.

Invariants: a line holds only the fields named here (an allow-list, so nothing slips in); paths appear as templates,
never as asked for; an exception is told by its type and places in the code, never by its message, which may quote data.
"""

import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

ALLOWED: Final = frozenset(
    {
        "event", "level", "timestamp", "request_id", "method", "route", "status", "milliseconds", "fault", "places",
        "entries", "size", "address", "reason",
    }
)  # fmt: skip

Log = structlog.typing.FilteringBoundLogger


def make_log(stream: TextIO | None = None) -> Log:
    """Return a logger that writes one JSON object a line."""
    log: Log = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return log


def fault(error: BaseException) -> dict[str, object]:
    """Return an exception's type and places in the code, for a log line."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return {"fault": type(error).__name__, "places": places}


def _only_allowed(_log: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in fields.items() if name in ALLOWED}
