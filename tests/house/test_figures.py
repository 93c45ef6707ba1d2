"""The figures of the guides are those of the code, and their tables leave nothing out."""

import json
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators
from django.utils import translation

from amberpost.accounts import seats
from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.cli import import_command, verify_command
from amberpost.cli.main import READING
from amberpost.clock import EARLIEST
from amberpost.config import Config
from amberpost.console.sources.preview_form import FILE_BYTES, TOO_LARGE
from amberpost.daemon import directory, fetch, pages, work
from amberpost.directory.models import Directory
from amberpost.directory.settings import EntraSettings
from amberpost.health import alarms
from amberpost.health import liveness as health
from amberpost.net import http
from amberpost.net.patience import SLOWEST_BYTES
from amberpost.notice import configure, connect, rounds
from amberpost.notice.alarm import AlarmKind
from amberpost.notice.mail import PORTS
from amberpost.notice.models import NoticeSettings
from amberpost.notice.trial import STEPS
from amberpost.oauth import openid as tokens
from amberpost.road import accept, clock_judge, clock_readings
from amberpost.signin import first_operator as setup
from amberpost.signin import login, openid
from amberpost.sources import backoff, probe, signals, trouble
from amberpost.sources.files import reader, unpack
from amberpost.sources.models import Source
from amberpost.sources.pull import pop3, pop3_session, pop3_wire
from amberpost.sources.settings import AccountSettings
from amberpost.store import reserve, secret, slots
from tests.house.sentences import listed
from tests.house.tree import ROOT

KIB, MIB, GIB = 2**10, 2**20, 2**30
ACCOUNT = AccountSettings.__dataclass_fields__

FIGURES = (  # page, words with the figure in braces, the code's
    ("backup", "as they were sealed last, at most {a minute} earlier", lambda: work.STATE_SECONDS == 60),
    ("backup", "it looks again, {three} times at most", lambda: verify_command._TRIES == 3),
    ("clock", "Clocks may differ by {ten} minutes", lambda: clock_judge.TOLERANCE.total_seconds() == 600),
    ("console", "secret that expires within {30} days or a server's certificate that expires within {7}",
     lambda: (alarms._SECRET_DAYS[0], alarms._CERTIFICATE_DAYS[0]) == (30, 7)),
    ("console", "gave a sign of life within {a minute}", lambda: alarms.SILENT_AFTER.total_seconds() == 60),
    ("console", "{2} GiB are free", lambda: alarms.NEARLY_FULL_BYTES == 2 * GIB),
    ("console", "It works once and for {a day}", lambda: setup.VALID_FOR.total_seconds() == 86400),
    ("console", "({12} to {128} characters", lambda: (shortest_password(), login.LONGEST_PASSWORD) == (12, 128)),
    ("directory-entra", "more than {two minutes}", lambda: tokens.LEEWAY.total_seconds() == 120),
    ("directory-entra", "older than {ten minutes}", lambda: openid.LASTS_SECONDS == 600),
    ("directory", "is asked {twice a minute}", lambda: directory.WATCH_EVERY.total_seconds() == 30),
    ("directory", "works for {seven days}", lambda: seats.GRACE.days == 7),
    ("full-disk", "less than {256} MiB", lambda: accept.MIN_FREE_BYTES == 256 * MIB),
    ("full-disk", "a file of {32} MiB", lambda: default_of("reserve_bytes") == 32 * MIB),
    ("full-disk", "{33554432}, \"used_bytes\"", lambda: default_of("reserve_bytes") == 33554432),
    ("full-disk", "A further {256} KiB", lambda: reserve.ROOM_BYTES == 256 * KIB),
    ("full-disk", "less than {1} MiB is free", lambda: health._FULL_BYTES == MIB),
    ("import", "up to {four} times packed", lambda: reader._DEEPEST == 4),
    ("import", "more than {200} times its size (and more than {64} MiB), more than {a million} files",
     lambda: (unpack.RATIO, unpack.UNSUSPECTED_BYTES, unpack.ENTRIES) == (200, 64 * MIB, 10**6)),
    ("import", "larger than {8} MiB is unpacked", lambda: unpack.IN_MEMORY_BYTES == 8 * MIB),
    ("import", "first {fifty} are named", lambda: import_command._NAMED == 50),
    ("install", "less than {256} MiB of its disk", lambda: accept.MIN_FREE_BYTES == 256 * MIB),
    ("install", "not whole after {10} seconds", lambda: pages.HEADER_SECONDS == 10),
    ("install", "go on with {16} KiB a second ({10} seconds",
     lambda: (pages.BODY_BYTES_PER_SECOND, pages.BODY_SECONDS) == (16 * KIB, 10)),
    ("install", "Up to {4,096} connections", lambda: pages.SOCKETS == 4096),
    ("install", "may be {32} KiB together, its body {80} MiB",
     lambda: (pages.HEADER_BYTES, pages.BODY_BYTES) == (32 * KIB, 80 * MIB)),
    ("pop3", "after every {500} messages", lambda: pop3.COMMIT_EVERY == 500),
    ("pop3", "{a quarter} above the limit", lambda: pop3.SIZE_MARGIN == 1.25),
    ("remote-accounts", "{1} to {60} minutes", lambda: bounds_of("interval_minutes") == {1, 60}),
    ("remote-accounts", "It is over in {30} seconds", lambda: probe.TOTAL_SECONDS == 30),
    ("remote-accounts", "found nothing for {7} days, and of the others the last {10,000}",
     lambda: (fetch.EMPTY_RUNS_KEPT.days, fetch.RUNS_KEPT) == (7, 10_000)),
    ("remote-accounts", "as rows for {7} days", lambda: signals.HEARTBEATS_KEPT.days == 7),
    ("remote-accounts", "silent for {60} seconds", lambda: ACCOUNT["timeout_seconds"].default == 60),
    ("remote-accounts", "may take {5} minutes and one second more for each {1,024} bytes",
     lambda: (ACCOUNT["answer_seconds"].default, SLOWEST_BYTES) == (300, 1024)),
    ("remote-accounts", "come within {30} seconds", lambda: http.TIMEOUT_SECONDS == 30),
    ("remote-accounts", "after {64} MiB of a list or {1} GiB beyond",
     lambda: (pop3_session.LISTING_LIMIT_BYTES, pop3_wire.PASSED_OVER_BYTES) == (64 * MIB, GIB)),
    ("remote-accounts", "{15} seconds at first and up to {30} minutes",
     lambda: (backoff.FIRST_SECONDS, backoff.LIMIT_SECONDS) == (15, 1800)),
    ("remote-accounts", "cut to {200} characters", lambda: trouble.SHOWN == 200),
    ("remote-accounts", "shorter than {four} characters", lambda: secret.SHORTEST_MASKED == 4),
    ("clock", "says a time before {November 2026}", lambda: f"{EARLIEST:%Y-%m-%d}" == "2026-11-01"),
    ("clock", "the first archive there was, {November 2026}", lambda: EARLIEST.month == 11),
    ("clock", "until the machine starts anew, for {a day} at most", lambda: clock_readings._LIVE_SECONDS == 86400),
    ("clock", "more than {400} days", lambda: clock_judge.LONGEST_STEP.days == 400),
    ("directory", "every {60} minutes if you set nothing else", lambda: Directory().interval_minutes == 60),
    ("directory", "more than {20} % of the people (or of the public archives, or of the archives "
     "with addresses) and at least {five}",
     lambda: (Directory().guard_percent, Directory().guard_count) == (20, 5)),
    ("directory-entra", "up to {ten minutes} in one run",
     lambda: EntraSettings.__dataclass_fields__["max_waiting_seconds"].default == 600),
    ("first-steps", "Argon2id ({64} MiB, {3} passes)", lambda: " m=65536 t=3 " in slots.passphrase_params()),
    ("full-disk", "It holds some {100,000} entries", lambda: 100_000 <= 32 * MIB / entry_bytes() < 200_000),
    ("header-evaluation", "up to {1} MB (pasted {200} KB)", lambda: FILE_BYTES == MIB and "200 KB" in str(TOO_LARGE)),
    ("notifications", "gave no sign of life for {four} minutes",
     lambda: (alarms.SILENT_AFTER + rounds._FIRST[AlarmKind.PROCESS_SILENT]).total_seconds() == 240),
    ("notifications", "must be silent for {four} minutes",
     lambda: (alarms.SILENT_AFTER + rounds._FIRST[AlarmKind.PROCESS_SILENT]).total_seconds() == 240),
    ("notifications", "up to {20}; each gets every message", lambda: configure._MOST_RECIPIENTS == 20),
    ("notifications", "has been well for {five} minutes", lambda: rounds.ENDED_AFTER.total_seconds() == 300),
    ("notifications", "Every process looks once {a minute}", lambda: rounds.EVERY.total_seconds() == 60),
    ("notifications", "One try ends after {a minute}", lambda: connect.LIMIT_SECONDS == 60),
    ("remote-accounts", "A TLS handshake has {one minute}", lambda: ACCOUNT["timeout_seconds"].default == 60),
)  # fmt: skip


@pytest.mark.parametrize(
    ("page", "words", "is_so"), FIGURES, ids=[f"{page}: {words}" for page, words, _ in FIGURES]
)
def test_a_figure_of_the_guides_is_that_of_the_code(page: str, words: str, is_so: Callable[[], bool]) -> None:
    """A changed figure changes here, in the code and in the guide, or nowhere."""
    assert words.replace("{", "").replace("}", "") in said_on(page)
    assert is_so()


def test_each_sentence_that_leans_on_this_has_a_figure_here() -> None:
    name = "tests/house/test_figures.py::test_a_figure_of_the_guides_is_that_of_the_code"
    bare = [(f"docs/operate/{page}.md", re.sub("[{}]", "", words)) for page, words, _ in FIGURES]
    leaning = [
        (page, said.text) for page, sayings in listed().items() for said in sayings if name in said.tests
    ]
    assert [
        said for said in leaning if not any(said[0] == page and words in said[1] for page, words in bare)
    ] == []


def test_what_reads_where_nothing_may_be_written_is_named() -> None:
    sentence = said_on("install").partition("can read on the command line: ")[2].partition(". No file")[0]
    named = set()
    for command in re.findall(r"`([^`]+)`", sentence):
        verb, _, actions = command.partition(" ")
        named |= {f"{verb} {action}".strip() for action in actions.split("|")}
    assert named == READING


def test_each_kind_of_alarm_has_its_row_with_the_defaults_of_its_settings() -> None:
    text = (ROOT / "docs/operate/notifications.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+)` \|.*\|([^|]*)\|$", text, re.MULTILINE)
    assert {kind for kind, _ in rows} == set(AlarmKind) - {
        AlarmKind.NO_SOURCE,
        AlarmKind.PLACE_IN_DOUBT,
    }  # neither is ever told
    for _, settings in rows:
        for option, default in re.findall(r"`--([a-z-]+)` \((\d+)\)", settings):
            assert getattr(NoticeSettings(), option.replace("-", "_")) == int(default), option


def test_the_ports_of_a_relay_are_those_of_the_guide() -> None:
    assert "without a port {} (STARTTLS), {} (SSL), {} (none)".format(*PORTS.values()) in said_on(
        "notifications"
    )


def test_each_step_of_a_notification_that_fails_is_named() -> None:
    sentence = said_on("notifications").partition("Where it fails it names the step: ")[2].partition(". ")[0]
    with translation.override("en"):
        steps = [str(name).lower() for name in STEPS.values()]
    assert sorted(sentence.split(", ")) == sorted(steps)


def entry_bytes() -> int:
    """Of somebody who opened a message, in the reserve: header, nonce and tag, JSON."""
    event = AuditEvent(actor="anna.berg", action=Action.MESSAGE_OPENED, target="123456", at=EARLIEST)
    return 32 + 12 + 16 + len(json.dumps(event.as_fields()))


def shortest_password() -> int:
    (one,) = [one for one in get_default_password_validators() if isinstance(one, MinimumLengthValidator)]
    return one.min_length


def bounds_of(field: str) -> set[int]:
    return {
        bound.limit_value
        for bound in Source._meta.get_field(field).validators
        if hasattr(bound, "limit_value")
    }


def default_of(name: str) -> object:
    return Config.__dataclass_fields__[name].default


def said_on(page: str) -> str:
    return " ".join((ROOT / f"docs/operate/{page}.md").read_text().split())
