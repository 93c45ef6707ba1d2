"""Options shared by all tests: what runs when, how much hypothesis tries, and what no test may leave behind."""

import logging
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from amberpost.logs import LogfmtFormatter
from tests import corpora
from tests.archive import _empty, _initialised, archive, new_opened, opened  # noqa: F401  fixtures
from tests.clocks import machine  # noqa: F401  fixture

# The same examples in every run of `make test`; fresh ones, and many, in `make test-long`.
settings.register_profile(
    "quick", max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", max_examples=5000, deadline=None, print_blob=True)


def _wants_long(config: pytest.Config) -> bool:
    return re.search(r"(?<!not )\blong\b", str(config.option.markexpr)) is not None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds; not in make check")
    settings.load_profile("long" if _wants_long(config) else "quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long tests run only when asked for by `-m long`; those of the shared folder only where it is."""
    if not _wants_long(config):
        _leave_out("long", config, items)
    if corpora.SHARED is None:
        _leave_out("shared", config, items)


def _leave_out(mark: str, config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if item.get_closest_marker(mark)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(mark)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    corpora.open_for(item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if corpora.SHARED is None:
        said = "without the shared corpora, which are not beside this checkout: on mail of our own only"
    elif "not shared" in str(config.option.markexpr):
        said = "as a clone has it: without the tests that read the shared corpora"
    else:
        said = "on mail of our own, and in addition on the shared corpora beside this checkout"
    terminalreporter.write_line(f"Ran {said}.")


def _process_state() -> tuple[object, ...]:
    mask = os.umask(0o022)
    os.umask(mask)
    return f"umask {mask:03o}", Path.cwd(), signal.getsignal(signal.SIGPIPE), signal.getsignal(signal.SIGTERM)


@pytest.fixture(autouse=True)
def _the_process_is_left_as_it_was() -> Iterator[None]:
    """What one test changes for the whole process breaks another one, later and elsewhere."""
    before, root = _process_state(), logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)  # a command that runs within the test sets up its own log
    root.handlers[:] = [one for one in root.handlers if not isinstance(one.formatter, LogfmtFormatter)]
    assert _process_state() == before
