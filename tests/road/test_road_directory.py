"""A directory's people, mailboxes and groups on the road: whose mail it is when they come, change and leave."""

from collections import defaultdict
from dataclasses import replace

import pytest

from amberpost.accounts.models import Membership, Release, ReleaseRule, User
from amberpost.accounts.people import get_user, set_active
from amberpost.accounts.permissions import scope_of
from amberpost.accounts.releases import hand_over, open_releases, release, revoke
from amberpost.directory.active import (
    activate,
    active_directory,
    get_directory,
    save_directory,
    select_archives,
)
from amberpost.directory.found import EntryKind, Found
from amberpost.directory.models import Address, Archive, ArchiveState
from amberpost.errors import NotFound, UserError
from amberpost.governance.directories import preview, synchronise
from amberpost.governance.state import take_snapshot
from amberpost.governance.sync import current_state
from amberpost.reading.export import export_as
from amberpost.reading.find import find
from amberpost.reading.read import open_message, open_raw
from amberpost.road.models import Assignment, Message, Outcome
from amberpost.road.quarantine import quarantined
from tests.archive import read_export
from tests.directory import found, key_of, person, public, shared_directory
from tests.opened import Opened
from tests.people import letter, report
from tests.road.collecting import USER, WORD, Mailbox
from tests.road.sample import reports_of, truth
from tests.servers.dovecot import PROGRAM, Dovecot

STORED, QUARANTINED = Outcome.STORED, Outcome.QUARANTINED


def use(**rules: object) -> None:
    """Make Active Directory the active one, with these rules."""
    directory = get_directory("ad")
    for name, value in {"guard_count": 1000, **rules}.items():
        setattr(directory, name, value)
    save_directory(directory, {}, lambda row, field, plain: plain, by="otto")
    if not directory.is_active:
        activate(directory, by="otto")


def sync(road: Opened, *entries: object, directory: Found | None = None) -> None:
    if active_directory().kind != "ad":
        use()
    synchronise(directory or found(*entries), by="directory")  # type: ignore[arg-type]
    road.process()


def holds(name: str) -> set[str]:
    """Subjects of the messages in an archive, whoever may read it."""
    (archive,) = Archive.objects.filter(name=name)
    ids = Assignment.objects.filter(archive_id=archive.pk).values("message_id")
    return set(Message.objects.filter(id__in=ids).values_list("subject", flat=True))


def subjects(road: Opened, login: str) -> set[str]:
    return {hit.subject for hit in road.find(login).hits}


def write(road: Opened, subject: str, to: str) -> list[Outcome]:
    inner = letter(subject, subject=subject)
    mark = f"<{subject.replace(' ', '-')}@customer.example>"
    return road.take(report(inner, recipients=[f"To: {to}"], message_id=mark))


# History


def test_a_second_sync_changes_nothing(road: Opened) -> None:
    entries = (
        person("anna", x500=("[ex:/o=firma/cn=anna]",)),
        person("fort", is_enabled=False),
        public("info", delegates=("ad:anna",)),
        public("alle", kind=EntryKind.GROUP, members=("ad:anna",)),
    )
    use(releases_to_members=True)
    sync(road, *entries)
    before = take_snapshot()
    assert preview(found(*entries)).plan.is_empty
    sync(road, *entries)
    assert take_snapshot() == before


def test_a_rename_and_a_move_keep_the_archive(road: Opened) -> None:
    sync(road, person("anna", "anna@firma.example"))
    write(road, "before", "anna@firma.example")
    new = person("anna", "anna.neu@firma.example", "anna@firma.example", login="anna.neu", name="Anna Neu")
    sync(road, new)
    write(road, "after", "anna.neu@firma.example")
    assert subjects(road, "anna.neu") == {"before", "after"}
    assert Archive.objects.count() == 1


def test_a_disabled_person_keeps_his_archive_and_loses_sign_in_and_sessions(road: Opened) -> None:
    sync(road, person("anna"))
    client = road.browser("anna")
    assert client.get("/search/").status_code == 200
    sync(road, person("anna", is_enabled=False))
    assert client.get("/search/").status_code == 302
    write(road, "late", "anna@firma.example")
    assert holds("anna") == {"late"}
    assert road.find("anna").count == 0
    with pytest.raises(UserError):
        set_active(get_user("anna"), active=True, by="otto")
    sync(road, person("anna"))
    assert subjects(road, "anna") == {"late"}


def test_whom_the_operator_disabled_stays_disabled(road: Opened) -> None:
    sync(road, person("anna"))
    set_active(get_user("anna"), active=False, by="otto")
    sync(road, person("anna", name="Anna Neu"))
    assert not get_user("anna").is_active


def test_a_deleted_person_leaves_his_mail_and_a_new_one_never_gets_it(road: Opened) -> None:
    """collecting-mail.md, Decided 2; the new object has the old address and the old login."""
    sync(road, person("anna"))
    write(road, "old", "anna@firma.example")
    sync(road)
    write(road, "between", "anna@firma.example")
    sync(road, person("anna", key="ad:another", name="Anna Zwei"))
    write(road, "new", "anna@firma.example")
    assert holds("anna") == {"old", "between"}
    assert subjects(road, "anna") == holds("Anna Zwei") == {"new"}
    assert User.objects.count() == Archive.objects.count() == 2
    assert road.verify() == []


def test_an_address_that_is_handed_over_leads_to_both_each_in_his_time(road: Opened) -> None:
    role = "vertrieb@firma.example"
    sync(road, person("anna", "anna@firma.example", role), person("bob"))
    write(road, "old", role)
    sync(road, person("anna"), person("bob", "bob@firma.example", role))
    write(road, "new", role)
    assert (holds("anna"), holds("bob")) == ({"old"}, {"new"})


def test_a_conflict_leaves_mail_in_quarantine_until_it_is_settled(road: Opened) -> None:
    twice = "doppelt@firma.example"
    sync(road, person("anna", "anna@firma.example", twice), person("bob", "bob@firma.example", twice))
    assert write(road, "whose", twice) == [QUARANTINED]
    settled = found(person("anna", "anna@firma.example", twice), person("bob"))
    assert preview(settled).quarantined == 1
    sync(road, directory=settled)
    assert subjects(road, "anna") == {"whose"}


def test_quarantined_mail_is_assigned_after_the_next_sync_and_only_that(road: Opened) -> None:
    sync(road, person("anna"))
    for name in ("bob", "carl"):
        write(road, name, f"{name}@firma.example")
    entries = (person("anna"), person("bob"))
    assert preview(found(*entries)).quarantined == 1
    sync(road, *entries)
    assert subjects(road, "bob") == {"bob"}
    assert quarantined()[0] == 1
    assert subjects(road, "anna") == set()


def test_x500_names_lead_to_their_holder_in_both_writings(road: Opened) -> None:
    sync(road, person("anna", x500=("[ex:/o=firma/ou=ex group (fydib)/cn=recipients/cn=anna]",)))
    packed = "IMCEAEX-_O+3DFirma_OU+3DEx+20Group+20+28FYDIB+29_CN+3DRecipients_CN+3Danna@firma.example"
    write(road, "packed", packed)
    write(road, "plain", "[EX:/o=Firma/ou=Ex Group (FYDIB)/cn=Recipients/cn=anna]")
    assert subjects(road, "anna") == {"packed", "plain"}


def test_a_suspicious_answer_changes_nothing_until_somebody_says_yes(road: Opened) -> None:
    use(guard_count=5)
    people = [person(f"p{number}") for number in range(10)]
    sync(road, *people)
    before = take_snapshot()
    seen = preview(found(*people[:3]))
    assert seen.plan.is_suspicious
    for accept in ("", "another plan", preview(found(*people[:4])).hash):
        assert synchronise(found(*people[:3]), by="otto", accept=accept).applied is None
        assert take_snapshot() == before
    synchronise(found(*people[:3]), by="otto", accept=seen.hash)
    assert User.objects.filter(is_active=True).count() == 3
    assert Archive.objects.filter(state=ArchiveState.DEPARTED).count() == 7


def test_manual_selection_takes_mail_only_for_the_chosen(road: Opened) -> None:
    use(is_manual=True)
    sync(road, person("anna"))
    assert write(road, "waiting", "anna@firma.example") == [QUARANTINED]
    from amberpost.road.late import request_assignment

    request_assignment(select_archives({Archive.objects.get().pk: True}, by="otto"), "otto")
    road.process()
    assert subjects(road, "anna") == {"waiting"}


def test_who_ends_the_manual_selection_gets_all_that_waited(road: Opened) -> None:
    use(is_manual=True)
    sync(road, person("anna"))
    write(road, "waiting", "anna@firma.example")
    use(is_manual=False)
    sync(road, person("anna"))
    assert subjects(road, "anna") == {"waiting"}


def test_a_mailbox_that_becomes_shared_keeps_the_persons_mail_private(road: Opened) -> None:
    sync(road, person("anna"), person("bob"))
    write(road, "private", "anna@firma.example")
    sync(road, public("anna", name="Anna (shared)", delegates=("ad:bob",)), person("bob"))
    write(road, "shared", "anna@firma.example")
    assert subjects(road, "bob") == {"shared"}
    assert holds("anna") == {"private"}


# Releases


def test_a_public_archive_is_read_by_whom_it_is_released_to_and_not_a_moment_longer(road: Opened) -> None:
    team = public("team", kind=EntryKind.GROUP, members=("ad:bob",))
    sync(road, person("anna"), person("bob"), person("carl"), public("info"), team)
    write(road, "to info", "info@firma.example")
    info, group = Archive.objects.get(name="info"), Archive.objects.get(name="team")
    assert [road.find(name).count for name in ("anna", "bob", "carl")] == [0, 0, 0]
    to_anna = release(info, to=get_user("anna"), by="otto")
    to_team = release(info, to=group, by="otto")
    assert [road.find(name).count for name in ("anna", "bob", "carl")] == [1, 1, 0]
    revoke(to_anna, by="otto")
    assert [road.find(name).count for name in ("anna", "bob", "carl")] == [0, 1, 0]
    sync(
        road,
        person("anna"),
        person("bob"),
        person("carl"),
        public("info"),
        replace(team, members=("ad:carl",)),
    )
    assert [road.find(name).count for name in ("anna", "bob", "carl")] == [0, 0, 1]
    set_active(get_user("carl"), active=False, by="otto")
    assert road.find("carl").count == 0
    assert to_team in open_releases(info)


def test_a_revoked_message_cannot_be_opened_by_its_number(road: Opened) -> None:
    sync(road, person("anna"), public("info", delegates=("ad:anna",)))
    write(road, "to info", "info@firma.example")
    message_id = Message.objects.get().id
    with road.reading() as vault:
        assert open_message(vault, get_user("anna"), message_id).owners[0].archive == "info"
        revoke(Release.objects.get(), by="otto")
        for read in (open_message, open_raw):
            with pytest.raises(NotFound):
                read(vault, get_user("anna"), message_id)
    sync(road, person("anna"), public("info", delegates=("ad:anna",)))
    assert road.find("anna").count == 0, "the rule released again what a person had revoked"


def test_delegates_come_and_go_with_the_directory(road: Opened) -> None:
    sync(road, person("anna"), person("bob"), public("info", delegates=("ad:anna",)))
    write(road, "to info", "info@firma.example")
    assert (road.find("anna").count, road.find("bob").count) == (1, 0)
    sync(road, person("anna"), person("bob"), public("info", delegates=("ad:bob",)))
    assert (road.find("anna").count, road.find("bob").count) == (0, 1)


def test_private_archives_cannot_be_released(road: Opened) -> None:
    sync(road, person("anna"), person("bob"))
    anna = get_user("anna")
    assert anna.private_archive is not None
    with pytest.raises(UserError):
        release(anna.private_archive, to=get_user("bob"), by="otto")
    with pytest.raises(UserError):
        hand_over(anna.private_archive, to=get_user("bob"), by="otto", reason="Vertretung")
    from amberpost.clock import now

    Release.objects.create(
        archive=anna.private_archive, user=get_user("bob"), released_at=now(), released_by="a mistake"
    )
    assert anna.private_archive_id not in scope_of(get_user("bob")).archives


def test_a_departed_persons_archive_is_read_by_his_successor_until_he_returns(road: Opened) -> None:
    sync(road, person("anna"), person("bob"))
    write(road, "contract", "anna@firma.example")
    sync(road, person("anna", is_enabled=False), person("bob"))
    archive = get_user("anna").private_archive
    assert archive is not None
    with pytest.raises(UserError, match="reason"):
        hand_over(archive, to=get_user("bob"), by="otto", reason=" ")
    hand_over(archive, to=get_user("bob"), by="otto", reason="Nachfolge, mit Betriebsrat")
    assert subjects(road, "bob") == {"contract"}
    sync(road, person("anna"), person("bob"))
    assert subjects(road, "bob") == set()
    assert not open_releases(archive)
    assert subjects(road, "anna") == {"contract"}


def test_a_local_owner_who_is_enabled_again_has_his_archive_for_himself(road: Opened) -> None:
    road.add_user("anna", "anna@firma.example")
    road.add_user("bob", "bob@firma.example")
    write(road, "contract", "anna@firma.example")
    set_active(get_user("anna"), active=False, by="otto")
    archive = get_user("anna").private_archive
    assert archive is not None
    assert archive.state == ArchiveState.DEPARTED
    hand_over(archive, to=get_user("bob"), by="otto", reason="Nachfolge")
    assert subjects(road, "bob") == {"contract"}
    set_active(get_user("anna"), active=True, by="otto")
    assert subjects(road, "bob") == set()


def test_operators_are_given_no_mail(road: Opened) -> None:
    sync(road, public("info"))
    otto = road.add_user("otto", role="operator")
    with pytest.raises(UserError):
        release(Archive.objects.get(name="info"), to=otto, by="otto")


def test_everything_decided_survives_a_rebuild(opened: Opened) -> None:
    sync(
        opened,
        person("anna", x500=("[ex:/o=firma/cn=anna]",), logins=("an", "FIRMA\\an")),
        public("info", delegates=("ad:anna",)),
        public("alle", kind=EntryKind.GROUP, members=("ad:anna",)),
    )
    snapshot = take_snapshot()
    assert snapshot["accounts.Release"]
    assert snapshot["accounts.Membership"]
    assert snapshot["directory.Directory"]
    from amberpost.governance.state import STATE, restore_snapshot

    for model in reversed(STATE):
        model._default_manager.all().delete()
    restore_snapshot(snapshot)
    assert take_snapshot() == snapshot
    assert preview(found()).plan.leaving


# The generated reports with their directory: every pair that must be visible, none that must not


@pytest.mark.server
@pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed")
@pytest.mark.shared
def test_the_truth_of_the_generated_reports_holds_with_their_directory(road: Opened, tmp_path) -> None:  # type: ignore[no-untyped-def]
    facts, directory = shared_directory()
    use(has_rooms=True)
    sync(road, directory=directory)
    rows = truth()
    reports = [raw for row in rows for raw in reports_of(row)]
    with Dovecot(users={USER: WORD}) as server:
        mailbox = Mailbox(opened=road, server=server)
        mailbox.configure()
        mailbox.deliver(reports)
        account = mailbox.collect()
        assert (account.error, account.seen, server.count(USER)) == (None, len(reports), 0)
    owners = {user.directory_key: user for user in User.objects.filter(directory_key__isnull=False)}
    people = {user["id"]: owners[key_of(user["id"])] for user in facts["users"]}
    # Who has left may read nothing; his rights are judged as if he came back.
    for login, user in people.items():
        user.is_active = True
        User.objects.filter(pk=user.pk).update(is_active=True)
        assert user.login.lower().startswith(login.lower()[:3])
    sha_of = {message.id: bytes(message.sha256).hex() for message in Message.objects.all()}
    with road.reading() as vault:
        seen = {
            login: {sha_of[hit.id] for hit in find(vault, user, "", limit=10**6).hits}
            for login, user in people.items()
        }
        counts = {login: find(vault, user, "", limit=1).count for login, user in people.items()}
    assert counts == {login: len(hashes) for login, hashes in seen.items()}
    allowed: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for sha in row["inner_sha256"]:
            allowed[sha] |= {*row["must_users"], *row["policy_users"]}
    wrong = []
    for row in rows:
        shas = set(row["inner_sha256"])
        wrong += [
            (row["id"], row["kind"], "must", name) for name in row["must_users"] if not shas & seen[name]
        ]
        wrong += [(row["id"], row["kind"], "must not", name) for name in row["must_not"] if shas & seen[name]]
        if row["kind"] == "conflict":
            wrong += [(row["id"], "conflict", name) for name in row["policy_users"] if shas & seen[name]]
    for login, hashes in seen.items():
        wrong += [
            (sha, "nobody said", login) for sha in hashes if sha in allowed and login not in allowed[sha]
        ]
    assert wrong == []
    assert current_state().archives
    assert Membership.objects.exists()
    assert Release.objects.filter(rule=ReleaseRule.DELEGATES).exists()
    assert Address.objects.filter(address__startswith="[ex:").exists()
    _nobody_gets_in_another_way(road, rows, people, sha_of, tmp_path)


def _nobody_gets_in_another_way(road: Opened, rows, people, sha_of, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """By number, as a raw copy, and by export: a tenth of the people who must not."""
    ids = defaultdict(list)
    for message_id, sha in sha_of.items():
        ids[sha].append(message_id)
    pairs = [(row, name) for row in rows for name in row["must_not"]]
    assert pairs
    with road.reading() as vault:
        for row, name in pairs:
            for message_id in (i for sha in row["inner_sha256"] for i in ids[sha]):
                with pytest.raises(NotFound):
                    open_message(vault, people[name], message_id)
                with pytest.raises(NotFound):
                    open_raw(vault, people[name], message_id)
        for name in sorted({name for _, name in pairs})[:3]:
            export_as(vault, people[name], tmp_path / name, query="", what="original", actor="test")
            exported = set(read_export(tmp_path / name))
            forbidden = {
                i for row, who in pairs if who == name for sha in row["inner_sha256"] for i in ids[sha]
            }
            assert not exported & forbidden
