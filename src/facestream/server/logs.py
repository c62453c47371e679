"""Log lines for people, or JSON lines for machines."""

from __future__ import annotations

import atexit
import json
import logging
import queue
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Any


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says beside its message: `extra={"fields": {...}}`."""
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, event, then the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Sentences(logging.Formatter):
    """The message, and the record's own fields behind it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields = " ".join(f"{name}={value}" for name, value in fields_of(record).items() if value != "")
        return f"{super().format(record)}  {fields}".rstrip()


class Unhurried(QueueHandler):
    """Lines are written by a thread of their own, so that nobody waits for whoever reads them; those are left out that
    come while a thousand wait."""

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a line in the queue."""
        with suppress(queue.Full):
            super().enqueue(record)

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """As it is: the lines are formatted in the same process."""
        return record


def speak(json_lines: bool) -> None:
    """Log what the server does on the error stream: as JSON lines, or as sentences with the time."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if json_lines else Sentences("%(asctime)s %(message)s", "%H:%M:%S"))
    lines: queue.Queue[logging.LogRecord] = queue.Queue(1000)
    listener = QueueListener(lines, handler)
    logging.basicConfig(handlers=[Unhurried(lines)], level=logging.WARNING, force=True)
    logging.getLogger("facestream").setLevel(logging.INFO)
    listener.start()
    atexit.register(listener.stop)
