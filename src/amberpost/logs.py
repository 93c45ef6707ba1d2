"""Logging: one event a line, in logfmt, on stderr.

Never logged: subjects, bodies, credentials, tokens, keys, and at INFO no addresses of third parties. Audit is
not logging; it is a table and a ledger.
"""

import contextvars
import logging
import sys
from datetime import UTC, datetime

_context: contextvars.ContextVar[str] = contextvars.ContextVar("amberpost_log_context", default="")


class LogfmtFormatter(logging.Formatter):
    """`2026-11-23T19:00:00Z INFO road.process captured capture=123 bytes=71268`."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        name = record.name.removeprefix("amberpost.")
        context = _context.get()
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")  # no forged lines
        text = f"{stamp} {record.levelname} {name} {message}"
        if context:
            text += f" {context}"
        is_refusal = record.name.startswith("django.security")  # somebody asked wrongly: no fault of ours
        if record.exc_info and record.levelno >= logging.ERROR and not is_refusal:
            text += "\n" + self.formatException(record.exc_info)
        return text


def setup(level: str) -> None:
    """Send all log lines of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogfmtFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def set_context(text: str) -> None:
    """Words that stand at the end of each further log line of this thread, such as `source=4`."""
    _context.set(text)
