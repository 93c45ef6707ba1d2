"""The command contract: names, options, JSON keys and exit codes that others build upon."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.cli.conftest import SECRET
from tests.archive import COMMAND, Archive, environment
from tests.people import ALICE, letter, report
from tests.servers.certificates import make_certificates

HIT_KEYS = {"id", "sha256", "message_id", "subject", "from", "sent_at", "archives"}
COUNTS = {"seen", "stored", "duplicate", "quarantined", "left", "seconds"}


def test_init_refuses_where_an_archive_is_and_its_key_lies_outside_for_nobody_else(archive: Archive) -> None:
    again = archive.run("init", "--json")
    assert again.code == 2
    assert set(again.json) == {"error", "exit"}
    assert archive.key_file.stat().st_mode & 0o077 == 0
    assert not archive.key_file.is_relative_to(archive.data)


def test_init_prints_exactly_its_two_keys(tmp_path: Path) -> None:
    fresh = Archive(data=tmp_path / "fresh")
    assert fresh.json("init") == {"data": str(fresh.data), "key_file": str(fresh.key_file)}


def test_init_puts_the_key_where_the_environment_says_and_later_commands_find_it(tmp_path: Path) -> None:
    key = tmp_path / "elsewhere" / "my.key"
    fresh = Archive(data=tmp_path / "fresh", settings={"AMBERPOST_KEY_FILE": str(key)})
    assert fresh.json("init")["key_file"] == str(key)
    assert key.exists()
    without = Archive(data=fresh.data)
    assert without.json("verify", "--quick")["findings"] == []
    key.rename(tmp_path / "moved.key")
    moved = Archive(data=fresh.data, settings={"AMBERPOST_KEY_FILE": str(tmp_path / "moved.key")})
    assert moved.json("verify", "--quick")["findings"] == []
    assert without.run("search", "", "--as", "x").code != 0


def test_init_refuses_a_key_file_inside_the_data_folder(tmp_path: Path) -> None:
    fresh = Archive(data=tmp_path / "d", settings={"AMBERPOST_KEY_FILE": str(tmp_path / "d" / "x.key")})
    done = fresh.run("init", "--json")
    assert (done.code, done.json["exit"]) == (2, 2)
    assert not (tmp_path / "d" / "origin.json").exists()


def test_the_data_option_wins_over_the_environment(archive: Archive, tmp_path: Path) -> None:
    other = {"AMBERPOST_DATA": str(tmp_path / "nothing here")}
    assert archive.run("user", "list", "--json", env=other).code == 0
    line = [*COMMAND, "user", "list", "--json"]
    by_environment = environment({"AMBERPOST_DATA": str(archive.data)})
    done = subprocess.run(line, env=by_environment, capture_output=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["users"] == []


def test_options_may_stand_before_and_after_the_action(archive: Archive) -> None:
    line = [*COMMAND, "user", "--data", str(archive.data), "--json", "list"]
    done = subprocess.run(line, env=environment(), capture_output=True, check=False)
    assert json.loads(done.stdout) == {"users": []}


def test_user_add_gives_a_one_time_password_and_refuses_a_taken_login_or_address(archive: Archive) -> None:
    said = archive.json("user", "add", "--login", "alice", "--name", "Alice", "--address", ALICE.address)
    assert set(said) >= {"login", "password"}
    assert said["login"] == "alice"
    assert len(said["password"]) >= 12
    archive.json("user", "add", "--login", "ALICE", code=2)
    archive.json("user", "add", "--login", "other", "--address", ALICE.address.upper(), code=2)
    archive.json("user", "add", "--login", "third", "--address", "no address", code=2)
    assert [user["login"] for user in archive.json("user", "list")["users"]] == ["alice"]


def test_user_import_takes_all_lines_or_none(archive: Archive, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("anna,ein gutes Passwort,Anna,Ä,anna@firma.example,a@firma.example\n", encoding="utf-8")
    bad.write_text("eva,ein gutes Passwort,Eva,E,eva@firma.example\nanna,x,A,B,c@d.example\n")
    archive.json("user", "import", good)
    archive.json("user", "import", bad, code=2)
    archive.json("user", "import", tmp_path / "missing.csv", code=2)
    users = archive.json("user", "list")["users"]
    assert [(u["login"], u["addresses"]) for u in users] == [
        ("anna", ["a@firma.example", "anna@firma.example"])
    ]


def test_source_add_takes_the_options_of_the_contract_and_hides_the_password(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "word").write_text("geheimes Wort\n")
    (tmp_path / "ca.pem").write_text(make_certificates(tmp_path).ca_pem)
    done = archive.run(
        "source", "add", "--name", "Journal", "--protocol", "imap", "--server", "mail.example:1143",
        "--user", "journal", "--password-file", tmp_path / "word", "--security", "ssl",
        "--ca", tmp_path / "ca.pem", "--keep-mails", "--header-evaluation", "custom:X-Owner", "--json",
    )  # fmt: skip
    assert done.code == 0, done
    listed = archive.run("source", "list", "--json")
    assert b"geheimes" not in done.out + listed.out + (archive.data / "catalogue.db").read_bytes()
    (source,) = listed.json["sources"]
    assert (source["server"], source["security"], source["keep_mails"]) == ("mail.example:1143", "ssl", True)
    assert source["header_evaluation"] == "custom:x-owner"


def test_a_limit_that_would_take_no_mail_is_refused_and_an_empty_one_is_none(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "word").write_text("geheimes Wort\n")
    word = tmp_path / "word"
    account = ("--name", "Journal", "--server", "mail.example", "--user", "u", "--password-file", word)
    for option, value, words in (
        ("--max-size", "0", "The smallest limit is 1 MB"),
        ("--max-size", "-1", "The smallest limit is 1 MB"),
        ("--max-size", "many", "not a number"),
        ("--interval", "0", "interval_minutes"),
        ("--server", "mail.example:0", "host name"),
    ):
        done = archive.run("source", "add", *account, option, value)
        assert done.code == 2, done
        assert words in done.words
    assert archive.json("source", "add", *account, "--max-size", "25")["max_size"] == 25
    assert archive.json("source", "set", "--name", "Journal", "--max-size", "")["max_size"] is None


def test_source_set_changes_what_is_given_and_nothing_else_and_empty_takes_away(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "word").write_text("geheimes Wort\n")
    (tmp_path / "ca.pem").write_text(make_certificates(tmp_path).ca_pem)
    archive.json(
        "source", "add", "--name", "Journal", "--server", "localhost:1", "--user", "u",
        "--password-file", tmp_path / "word", "--ca", tmp_path / "ca.pem", "--interval", "7", "--keep-mails",
    )  # fmt: skip
    (before,) = archive.json("source", "list")["sources"]
    after = archive.json("source", "set", "--name", "Journal", "--silence-hours", "5", "--ca", "")
    assert {name for name in before if before[name] != after[name]} == {"silence_hours", "has_ca"}
    assert (after["silence_hours"], before["has_ca"], after["has_ca"]) == (5, True, False)


def test_source_test_tries_what_is_saved_and_ends_with_4_and_report_says_how_it_stands(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "word").write_text("geheimes Wort\n")
    account = (
        "--name",
        "Journal",
        "--server",
        "localhost:1",
        "--user",
        "u",
        "--password-file",
        tmp_path / "word",
    )
    archive.json("source", "add", *account)
    steps = archive.json("source", "test", "--name", "Journal", code=4)["steps"]
    assert [step["state"] for step in steps][:2] == ["ok", "failed"]
    archive.json("fetch", "--once", code=4)
    told = archive.json("source", "report", "--name", "Journal")
    assert (told["status"]["failures"], len(told["runs"]), told["left"], told["gaps"]) == (1, 1, [], [])


@pytest.mark.parametrize("mode", ["journal", "header", "x-envelope-to", "x-original-to", "delivered-to"])
def test_import_knows_each_evaluation(mode: str, archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(letter(1))
    counts = archive.json("import", tmp_path / "one.eml", "--evaluation", mode)
    assert set(counts) >= COUNTS
    assert counts["seen"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("source", "add", "--name", "x", "--server", "h", "--user", "u", "--password-file", "missing"),
        ("import", "missing"),
        ("import", ".", "--evaluation", "wrong"),
        ("import", ".", "--archive", "nobody"),
        ("search", "", "--as", "nobody"),
        ("search", "x" * 1025, "--as", "alice"),
        ("search", "before:yesterday-ish", "--as", "alice"),
        ("show", "0", "--as", "nobody"),
        ("show", "999999", "--as", "alice"),
        ("show", "99999999999999999999", "--as", "alice"),
        ("fetch", "--once", "--source", "nothing"),
        ("export", "--to", "x", "--as", "nobody"),
        ("user", "add", "--login", "white space"),
        ("config", "import", "missing"),
        # what the command line itself refuses
        ("search",),
        ("search", "x"),
        ("show", "abc", "--as", "alice"),
        ("source", "add", "--security", "maybe"),
        ("verify", "--sideways"),
        ("nonsense",),
        ("user",),
    ],
)
def test_what_a_person_can_put_right_is_one_json_object_and_exit_code_2(
    words: tuple[str, ...], filled: Archive, tmp_path: Path
) -> None:
    done = filled.run(*words, "--json")
    assert done.code == 2, done
    assert done.json["exit"] == 2
    assert done.json["error"]
    assert "Traceback" not in done.words


@pytest.mark.parametrize(
    "words",
    [
        ("user", "list"), ("source", "list"), ("search", "", "--as", "x"), ("verify",), ("process", "--all"),
        ("rebuild",), ("export", "--to", "x"), ("fetch", "--once"), ("import", "."), ("serve",),
    ],
)  # fmt: skip
def test_where_no_archive_is_every_command_says_so(words: tuple[str, ...], tmp_path: Path) -> None:
    done = Archive(data=tmp_path / "nothing").run(*words, "--json")
    assert done.code == 2, done
    assert "init" in done.json["error"]
    assert not (tmp_path / "nothing").exists()


def test_a_bad_setting_is_named_in_json(archive: Archive) -> None:
    done = archive.run("user", "list", "--json", env={"AMBERPOST_POOL": "many"})
    assert (done.code, done.json["exit"]) == (2, 2)
    assert "pool" in done.json["error"]


def test_search_gives_the_keys_of_the_contract(filled: Archive) -> None:
    found = filled.json("search", SECRET, "--as", "alice")
    assert found["count"] == 1
    (hit,) = found["hits"]
    assert set(hit) >= HIT_KEYS
    assert hit["subject"] == SECRET
    assert hit["message_id"] == "letter-hidden@customer.example"
    assert hit["archives"] == ["alice"]
    assert hit["sent_at"].startswith("2023-03-01T10:00:00")
    assert hit["from"] == "kunde@customer.example"


def test_search_counts_all_and_shows_the_wanted_window_in_the_wanted_order(filled: Archive) -> None:
    whole = filled.json("search", "", "--as", "alice", "--sort", "date")
    assert whole["count"] == 5
    times = [hit["sent_at"] for hit in whole["hits"]]
    assert times == sorted(times, reverse=True)
    part = filled.json("search", "", "--as", "alice", "--sort", "date", "--limit", "2", "--offset", "1")
    assert part["count"] == 5
    assert part["hits"] == whole["hits"][1:3]
    assert filled.json("search", "", "--as", "alice", "--limit", "0")["hits"] == []
    assert filled.json("search", "", "--as", "alice", "--offset", "99")["hits"] == []
    assert len(filled.found("alice", "Nummer2")) == 1


def test_show_and_its_raw_bytes_are_for_owners_only(filled: Archive) -> None:
    (hit,) = filled.found("alice", SECRET)
    shown = filled.json("show", str(hit["id"]), "--as", "alice")
    assert shown["subject"] == SECRET
    raw = filled.run("show", str(hit["id"]), "--as", "bob", "--raw")
    assert raw.out == letter("hidden", subject=SECRET, date="Wed, 1 Mar 2023 10:00:00 +0000")
    unseen = filled.run("show", str(hit["id"]), "--as", "charlie", "--json")
    missing = filled.run("show", "4711", "--as", "charlie", "--json")
    assert (unseen.code, unseen.json) == (missing.code, missing.json)


def test_export_writes_files_and_a_manifest(filled: Archive, tmp_path: Path) -> None:
    assert len(filled.exported(tmp_path / "whole")) == 6
    assert len(filled.exported(tmp_path / "own", "--as", "alice")) == 5
    assert len(filled.exported(tmp_path / "some", "--as", "bob", "--query", SECRET)) == 1
    assert len(filled.exported(tmp_path / "captures", "--what", "capture")) == 6
    assert filled.exported(tmp_path / "none", "--as", "charlie") == {}
    done = filled.run("export", "--to", tmp_path / "whole", "--json")
    assert done.code == 2  # never over what is there
    filled.json("export", "--to", tmp_path / "x", "--as", "alice", "--what", "capture", code=2)


def test_verify_and_rebuild_report_and_process_settles(filled: Archive) -> None:
    for depth in ("--quick", "--crc", "--deep"):
        said = filled.json("verify", depth)
        assert said["findings"] == []
        assert said["checked"] > 6
    filled.json("process", "--all")
    for options in ((), ("--catalogue",), ("--index",)):
        filled.json("rebuild", *options)
        assert len(filled.found("alice")) == 5


def test_verify_ends_with_6_and_named_findings(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(letter(1))
    archive.json("import", tmp_path / "one.eml")
    segment = archive.data / "mail" / "segments" / "00000000000000000001.seg"
    raw = bytearray(segment.read_bytes())
    raw[len(raw) // 2] ^= 1
    segment.write_bytes(raw)
    said = archive.json("verify", "--deep", code=6)
    assert said["findings"]
    for finding in said["findings"]:
        assert set(finding) == {"kind", "where", "message"}
        assert all(finding.values())


def test_fetch_accounts_for_each_source_and_ends_with_4_if_one_failed(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "word").write_text("x")
    for name in ("one", "two"):
        archive.json(
            "source", "add", "--name", name, "--protocol", "imap", "--server", "127.0.0.1:1", "--user", "u",
            "--password-file", tmp_path / "word", "--security", "none",
        )  # fmt: skip
    sources = archive.json("fetch", "--once", code=4)["sources"]
    assert [source["source"] for source in sources] == ["one", "two"]
    for source in sources:
        assert set(source) >= COUNTS
        assert source["seen"] == 0
    assert len(archive.json("fetch", "--source", "one", "--once", code=4)["sources"]) == 1


def test_config_has_its_four_actions(archive: Archive, tmp_path: Path) -> None:
    assert archive.json("config", "check") == {"problems": []}
    assert "index_commit_seconds" in archive.json("config", "example")["example"]
    archive.add_user("alice", ALICE.address)
    archive.json("config", "export", tmp_path / "state.json")
    archive.json("config", "import", tmp_path / "state.json", code=2)  # not over what is there


def test_an_exported_configuration_goes_into_a_fresh_archive(archive: Archive, tmp_path: Path) -> None:
    archive.add_user("alice", ALICE.address)
    archive.json("config", "export", tmp_path / "state.json")
    fresh = Archive(data=tmp_path / "fresh").init()
    fresh.json("config", "import", tmp_path / "state.json")
    assert fresh.json("user", "list") == archive.json("user", "list")


def test_reads_are_recorded_with_whose_rights_they_took(filled: Archive) -> None:
    (hit,) = filled.found("bob", SECRET)
    filled.json("show", str(hit["id"]), "--as", "bob")
    database = sqlite3.connect(filled.data / "catalogue.db")
    rows = database.execute("SELECT actor, action, target, entry FROM audit_auditevent").fetchall()
    database.close()
    made = {(actor.split(" as ")[-1], action) for actor, action, _, _ in rows if " as " in actor}
    assert {("bob", "search:made"), ("bob", "message:opened")} <= made
    assert all(actor.startswith("cli:") for actor, _, _, _ in rows)
    assert all(entry is not None for _, _, _, entry in rows)  # sealed in the audit log before it ended


def test_commands_speak_words_without_json(filled: Archive) -> None:
    done = filled.run("search", SECRET, "--as", "alice")
    assert done.code == 0
    assert SECRET in done.out.decode()
    failed = filled.run("search", "", "--as", "nobody")
    assert (failed.code, failed.out) == (2, b"")
    assert "nobody" in failed.words


def test_evaluate_names_addresses_and_archives_of_each_mode_and_keeps_nothing(
    archive: Archive, tmp_path: Path
) -> None:
    archive.add_user("alice", *ALICE.addresses)
    inner = letter(1, fields=["Delivered-To: elsewhere@firma.example"])
    file = tmp_path / "report.eml"
    lines, own_id = ["Bcc: bob@firma.example"], "<letter-1@customer.example>"
    file.write_bytes(report(inner, sender=ALICE.address, recipients=lines, message_id=own_id))
    said = archive.json("evaluate", file)
    assert (said["journal_report"], said["flags"]) == (True, ["journal_report"])
    assert list(said["modes"]) == [
        "journal", "header", "x-envelope-to", "x-original-to", "delivered-to", "custom:envelope-from",
    ]  # fmt: skip
    journal = said["modes"]["journal"]
    assert journal["addresses"] == [
        {"address": "alice@firma.example", "reason": "sender"},
        {"address": "bob@firma.example", "reason": "bcc"},
    ]
    assert [found["name"] for found in journal["archives"]] == ["alice"]
    assert all(set(found) == {"id", "name"} for found in journal["archives"])
    assert journal["quarantine"] is None
    header = said["modes"]["header"]
    assert (header["archives"], header["quarantine"], header["flags"]) == (
        [],
        "no_archive",
        ["report_not_opened"],
    )
    assert archive.json("search", "", "--as", "alice")["count"] == 0
    words = archive.run("evaluate", file).out.decode()
    assert words.startswith("journal report\n")
    assert "bob@firma.example (recipient (Bcc))" in words
    assert "none: quarantine" in words


def test_evaluate_reads_the_custom_field_it_is_given_and_refuses_what_is_none(
    archive: Archive, tmp_path: Path
) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(letter(1, fields=["X-Owner: bob@firma.example"]))
    modes = archive.json("evaluate", file, "--custom", "X-Owner")["modes"]
    assert modes["custom:x-owner"]["addresses"] == [{"address": "bob@firma.example", "reason": "custom"}]
    archive.json("evaluate", file, "--custom", "no field", code=2)
    archive.json("evaluate", tmp_path / "missing.eml", code=2)
    archive.json("evaluate", tmp_path, code=2)


def test_a_reader_of_the_output_may_go_away(archive: Archive) -> None:
    process = subprocess.Popen(
        archive.line("config", "example"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141


def test_a_server_that_hangs_up_cannot_end_a_command() -> None:
    """With SIGPIPE at its default, writing to a closed connection would end the process without a word."""
    script = (
        "import signal, socket; from amberpost.cli.main import main; main(['config', 'example'])\n"
        "here, there = socket.socketpair(); there.close()\n"
        "try: here.sendall(b'DELE 1')\n"
        "except BrokenPipeError: raise SystemExit(7)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, check=False)
    assert done.returncode == 7
