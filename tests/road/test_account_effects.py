"""Each field of a remote account does what it says: a real mailbox, a run, and what became of the mail.

tests/browser/account_fields.py says which test shows the effect of which field.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from amberpost.clock import now
from amberpost.daemon.fetch import Account
from amberpost.daemon.schedule import due_sources
from amberpost.errors import UserError
from amberpost.health.numbers import source_numbers
from amberpost.road.models import Capture
from amberpost.road.open import open_keys_of
from amberpost.road.quarantine import quarantined
from amberpost.sources.configure import NewSecrets, default_security, remove_source, save_source
from amberpost.sources.models import FetchRun, LeftMessage, Source, SourceStatus
from amberpost.sources.probe import has_succeeded, probe
from amberpost.sources.trial import trial_settings
from tests.opened import Opened
from tests.people import ALICE, BOB, CHARLIE, letter, report
from tests.road.collecting import collect_one
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.microsoft import Microsoft
from tests.servers.proxy import Proxy

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed"),
]

WORD = "mailbox-password"
USERS = [f"box{number}@example.com" for number in range(60)]
_FREE = iter(USERS)


@pytest.fixture(scope="module")
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(microsoft: Microsoft) -> Iterator[Dovecot]:
    with Dovecot(users=dict.fromkeys(USERS, WORD), login=microsoft) as server:
        yield server


@pytest.fixture
def user() -> str:
    """A mailbox no test has touched."""
    return next(_FREE)


def account(road: Opened, dovecot: Dovecot, user: str, **fields: object) -> Source:
    """An account as the form would save it; `fields` are those of the model."""
    protocol = str(fields.pop("protocol", "imap"))
    security = str(fields.get("security", default_security(protocol)))
    ports = (
        (dovecot.pop3_port, dovecot.pop3_ssl_port) if "pop3" in protocol else (dovecot.port, dovecot.ssl_port)
    )
    values: dict[str, object] = {
        "name": f"{user} {protocol}",
        "server": f"{dovecot.host}:{ports[security == 'ssl']}",
        "user": user,
        "security": security,
        "ca_pem": dovecot.ca_pem,
        **fields,
    }
    return change(road, Source(protocol=protocol, **values), NewSecrets(password=WORD))


def change(road: Opened, source: Source, secrets: NewSecrets | None = None) -> Source:
    keys = open_keys_of(road.config)
    try:
        return save_source(source, secrets or NewSecrets(), keys.seal_setting)
    finally:
        keys.close()


def counts(found: Account) -> tuple[int, int, int, int]:
    assert found.error is None, found.error
    assert found.seen == found.stored + found.duplicate + found.quarantined + found.left
    return found.stored, found.duplicate, found.quarantined, found.left


@pytest.fixture
def road(new_opened: "type[Opened]") -> Opened:
    opened: Opened = new_opened()  # type: ignore[call-arg]
    for person in (ALICE, BOB, CHARLIE):
        opened.add_user(person.login, *person.addresses)
    return opened


# Name


def test_the_name_stands_in_reports_and_stays_when_the_account_is_gone(
    road: Opened, dovecot: Dovecot, user: str
) -> None:
    source = account(road, dovecot, user, name="Journal of the Müller company")
    dovecot.deposit(user, [letter(1, to="nobody@nowhere.example")])
    assert collect_one(road, source).source == "Journal of the Müller company"
    remove_source(source)
    assert not Source.objects.filter(pk=source.pk).exists()
    assert quarantined()[1][0].source == "Journal of the Müller company (removed)"
    assert source.pk in {n.source.pk for n in source_numbers()}


def test_a_name_is_unique_among_accounts_and_free_again_after_removal(
    road: Opened, dovecot: Dovecot, user: str
) -> None:
    first = account(road, dovecot, user, name="Journal")
    with pytest.raises(UserError, match="There is an account of this name already"):
        account(road, dovecot, user, name="Journal")
    remove_source(first)
    assert account(road, dovecot, user, name="Journal").pk > first.pk


def test_the_number_of_a_removed_account_is_not_given_again_after_a_rebuild(
    road: Opened, dovecot: Dovecot, user: str
) -> None:
    source = account(road, dovecot, user)
    dovecot.deposit(user, [letter(1)])
    collect_one(road, source)
    remove_source(source)
    road.process()
    road.rebuild()
    assert Source.every.get(pk=source.pk).shown_name == f"{source.name} (removed)"
    assert Capture.objects.get().source_id == source.pk
    assert account(road, dovecot, user, name="next").pk > source.pk


# Protocol, server, user, password, security


@pytest.mark.parametrize("security", ["starttls", "ssl", "none"])
@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_each_protocol_and_security_empties_the_mailbox(
    road: Opened, dovecot: Dovecot, user: str, protocol: str, security: str
) -> None:
    source = account(road, dovecot, user, protocol=protocol, security=security)
    dovecot.deposit(user, [letter(1), letter(2)])
    assert counts(collect_one(road, source)) == (2, 0, 0, 0)
    assert dovecot.count(user) == 0
    assert {hit.subject for hit in road.find("alice").hits} == {"Brief 1", "Brief 2"}


def test_a_wrong_password_ends_the_run_in_plain_words(road: Opened, dovecot: Dovecot, user: str) -> None:
    source = change(road, account(road, dovecot, user), NewSecrets(password="wrong"))
    found = collect_one(road, source)
    assert "does not accept the user name or password" in str(found.error)
    change(road, source, NewSecrets(password=WORD))
    assert collect_one(road, source).error is None


@pytest.fixture(scope="module")
def bare() -> Iterator[Dovecot]:
    """A server that offers no STARTTLS, as one does when somebody on the way takes the offer out."""
    with Dovecot(users={"bare": WORD}, extra="ssl = no") as server:
        yield server


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_starttls_is_never_dropped_silently(road: Opened, bare: Dovecot, protocol: str) -> None:
    bare.deposit("bare", [letter(1)])
    before = bare.count("bare")
    with Proxy(bare.pop3_port if protocol == "pop3" else bare.port) as between:
        server = f"{bare.host}:{between.port}"
        found = collect_one(road, account(road, bare, "bare", protocol=protocol, server=server))
        assert between.said
        assert WORD.encode() not in between.said
    assert "does not offer STARTTLS" in str(found.error)
    assert bare.count("bare") == before


# OAuth 2


@pytest.mark.parametrize("protocol", ["oauth-imap", "oauth-pop3"])
def test_tenant_client_and_secret_open_the_mailbox_and_each_wrong_one_does_not(
    road: Opened, dovecot: Dovecot, microsoft: Microsoft, user: str, protocol: str
) -> None:
    app = microsoft.register(mailbox=user)
    fields = {
        "tenant_id": app.tenant,
        "client_id": app.client_id,
        "authority": microsoft.authority,
        "ca_pem": dovecot.ca_pem + microsoft.ca_pem,
    }
    keys = open_keys_of(road.config)
    port = dovecot.pop3_ssl_port if protocol == "oauth-pop3" else dovecot.ssl_port
    source = Source(
        name=user, protocol=protocol, server=f"{dovecot.host}:{port}", user=user, security="ssl", **fields
    )
    save_source(source, NewSecrets(client_secret=app.secret), keys.seal_setting)
    dovecot.deposit(user, [letter(1)])
    assert counts(collect_one(road, source)) == (1, 0, 0, 0)
    for name, value in (
        ("tenant_id", "other.example"),
        ("client_id", app.tenant),
        ("scope", "https://x/.default"),
    ):
        before = getattr(source, name)
        setattr(source, name, value)
        assert "AADSTS" in str(collect_one(road, change(road, source)).error), name
        setattr(source, name, before)
    wrong = change(road, source, NewSecrets(client_secret=app.secret_id))
    assert "AADSTS7000215" in str(collect_one(road, wrong).error)
    keys.close()


def test_a_token_goes_unencrypted_only_with_the_explicit_tick(
    road: Opened, dovecot: Dovecot, microsoft: Microsoft, user: str
) -> None:
    app = microsoft.register(mailbox=user)
    source = Source(
        name=user, protocol="oauth-imap", server=f"{dovecot.host}:{dovecot.port}", user=user, security="none",
        tenant_id=app.tenant, client_id=app.client_id, authority=microsoft.authority,
        ca_pem=dovecot.ca_pem + microsoft.ca_pem,
    )  # fmt: skip
    with pytest.raises(UserError, match="allow it explicitly"):
        change(road, source, NewSecrets(client_secret=app.secret))
    source.allow_insecure_oauth = True
    change(road, source, NewSecrets(client_secret=app.secret))
    dovecot.deposit(user, [letter(1)])
    assert counts(collect_one(road, source)) == (1, 0, 0, 0)


# Fetch every, enabled


def test_the_next_fetch_is_due_after_the_interval(road: Opened, dovecot: Dovecot, user: str) -> None:
    source = account(road, dovecot, user, interval_minutes=17)
    assert source in due_sources()
    began = now()
    collect_one(road, source)
    assert source not in due_sources()
    due = SourceStatus.objects.get(source=source).next_attempt_at
    assert due is not None
    assert timedelta(minutes=17) <= due - began < timedelta(minutes=18)


def test_a_paused_account_is_not_due(road: Opened, dovecot: Dovecot, user: str) -> None:
    source = account(road, dovecot, user, enabled=False)
    assert source not in due_sources()


def test_fetch_now_makes_it_due_at_once(road: Opened, dovecot: Dovecot, user: str) -> None:
    source = account(road, dovecot, user)
    collect_one(road, source)
    SourceStatus.objects.filter(source=source).update(fetch_now=True)
    assert source in due_sources()


# Keep Mails


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_keep_mails_leaves_them_there_once_archived_and_switching_it_off_deletes_them(
    road: Opened, dovecot: Dovecot, user: str, protocol: str
) -> None:
    source = account(road, dovecot, user, protocol=protocol, keep_mails=True)
    dovecot.deposit(user, [letter(1), letter(2)])
    assert counts(collect_one(road, source)) == (2, 0, 0, 0)
    assert collect_one(road, source).seen == 0
    assert dovecot.count(user) == 2
    source.keep_mails = False
    collect_one(road, change(road, source))
    assert dovecot.count(user) == 0
    assert Capture.objects.filter(source_id=source.pk).count() >= 2
    assert len(road.find("alice").hits) == 2


# Max. e-mail size


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_mail_above_the_size_stays_on_the_server_and_is_listed(
    road: Opened, dovecot: Dovecot, user: str, protocol: str
) -> None:
    source = account(road, dovecot, user, protocol=protocol, max_size_mb=1)
    frame = len(letter(1, text=""))
    just, above = letter(1, text="x" * (2**20 - frame)), letter(2, text="x" * (2**20 - frame + 1))
    assert (len(just), len(above)) == (2**20, 2**20 + 1)
    dovecot.deposit(user, [just, above])
    assert counts(collect_one(road, source)) == (1, 0, 0, 1)
    assert dovecot.messages(user) == [above]
    left = LeftMessage.objects.get(source=source)
    assert left.size_bytes == 2**20 + 1
    assert FetchRun.objects.filter(source=source).latest("started_at").left == 1
    source.max_size_mb = None
    assert counts(collect_one(road, change(road, source))) == (1, 0, 0, 0)
    assert dovecot.count(user) == 0
    assert not LeftMessage.objects.filter(source=source).exists()


# E-mail header evaluation


@pytest.mark.parametrize(
    ("evaluation", "owners"),
    [
        ("journal", {"bob"}),
        ("header", set()),
        ("x-envelope-to", {"alice"}),
        ("x-original-to", {"bob"}),
        ("delivered-to", {"charlie"}),
        ("custom:X-Owner", {"alice", "bob"}),
        ("custom:envelope-from", {"charlie"}),
    ],
)
def test_the_header_evaluation_decides_whose_mail_it_is(
    road: Opened, dovecot: Dovecot, user: str, evaluation: str, owners: set[str]
) -> None:
    """A journal report that carries every header field as well: each value reads its own."""
    source = account(road, dovecot, user, evaluation=evaluation)
    fields = "".join(
        f"{line}\r\n"
        for line in (
            f"X-Envelope-To: {ALICE.address}",
            f"X-Original-To: {BOB.address}",
            f"Delivered-To: {CHARLIE.address}",
            f"X-Owner: <{ALICE.address}>, {BOB.address}",
            f"Received: from x by y (envelope-from <{CHARLIE.address}>); Tue, 14 Feb 2023 08:41:05 +0000",
        )
    )
    raw = fields.encode() + report(
        letter(1), sender="k@customer.example", recipients=["Bcc: bob@firma.example"]
    )
    dovecot.deposit(user, [raw])
    found = counts(collect_one(road, source))
    assert found == ((1, 0, 0, 0) if owners else (0, 0, 1, 0))
    assert {login for login in ("alice", "bob", "charlie") if road.find(login).hits} == owners


# Folders


def test_only_the_named_folders_are_collected(road: Opened, dovecot: Dovecot, user: str) -> None:
    dovecot.deposit(user, [letter(1)])
    dovecot.deposit(user, [letter(2)], "Junk")
    source = account(road, dovecot, user, folders=["Junk"])
    assert counts(collect_one(road, source)) == (1, 0, 0, 0)
    assert (dovecot.count(user), dovecot.count(user, "Junk")) == (1, 0)
    source.folders = []
    assert counts(collect_one(road, change(road, source))) == (1, 0, 0, 0)
    assert dovecot.count(user) == 0


# Certificates


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_an_own_root_or_the_accepted_certificate_lets_in_and_nothing_else(
    road: Opened, dovecot: Dovecot, user: str, protocol: str
) -> None:
    source = account(road, dovecot, user, protocol=protocol, ca_pem="")
    assert "certificate" in str(collect_one(road, source).error)
    source.ca_pem = f"Our root:\n{dovecot.ca_pem}"
    assert collect_one(road, change(road, source)).error is None
    assert SourceStatus.objects.get(source=source).certificate_expires_at > now(), "learned by the run itself"
    source.ca_pem = ""
    keys = open_keys_of(road.config)
    settings = trial_settings(source, NewSecrets(), keys.open_setting, ceiling_bytes=1)
    keys.close()
    shown = next(step.certificate for step in probe(settings, protocol) if step.certificate)
    source.certificate_sha256 = shown.fingerprint  # with colons, as it is shown
    assert collect_one(road, change(road, source)).error is None
    source.certificate_sha256 = "0" * 64
    assert "certificate" in str(collect_one(road, change(road, source)).error)


# Secrets


def test_a_secret_left_empty_is_kept_and_a_typed_one_is_tried_before_it_is_saved(
    road: Opened, dovecot: Dovecot, user: str
) -> None:
    source, keys = account(road, dovecot, user), open_keys_of(road.config)
    for typed, is_well in (("", True), ("wrong", False)):
        settings = trial_settings(source, NewSecrets(password=typed), keys.open_setting, ceiling_bytes=2**20)
        assert has_succeeded(list(probe(settings, "imap"))) is is_well
    keys.close()
    assert collect_one(road, change(road, source)).error is None
