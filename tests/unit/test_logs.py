"""What a line of the log looks like."""

import logging
import sys

import pytest

from amberpost.logs import LogfmtFormatter


def line(level: int, message: str = "Forbidden: /search/") -> str:
    try:
        raise PermissionError("no")
    except PermissionError:
        record = logging.LogRecord("django.request", level, "", 0, message, (), sys.exc_info())
    return LogfmtFormatter().format(record)


def test_a_message_cannot_forge_a_line() -> None:
    assert "\n" not in line(logging.WARNING, "a\r\n2026-01-01T00:00:00Z INFO road.process forged")


@pytest.mark.parametrize(("level", "is_traced"), [(logging.WARNING, False), (logging.ERROR, True)])
def test_a_defect_has_a_trace_and_a_refusal_has_none(level: int, is_traced: bool) -> None:
    assert ("Traceback" in line(level)) is is_traced
