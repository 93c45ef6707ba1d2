"""The POP3 connector against servers that lie, refuse, hang up or keep silent."""

import logging
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from amberpost.sources.connector import CONNECTORS, FetchReport, run
from amberpost.sources.cursor import Cursor
from amberpost.sources.pull import pop3, pop3_session
from amberpost.sources.pull.pop3 import without_added_line_end
from amberpost.sources.settings import AccountSettings, OAuthLogin, Task
from amberpost.store.secret import Secret
from tests.contract.imap_runs import plain_settings
from tests.contract.source_contract import SOURCE_ID, MemoryAccept, cursor_of, letters
from tests.contract.test_imap_odd_servers import answering
from tests.servers.certificates import make_certificates
from tests.servers.odd_pop3 import HangUp, OddPop3, Refusal
from tests.servers.proxy import Proxy

NOTHING = Cursor()


def collect(settings: AccountSettings, accept: MemoryAccept, cursor: Cursor = NOTHING) -> FetchReport:
    return run(CONNECTORS["pop3"](settings, Task(source_id=SOURCE_ID, cursor=cursor)), accept)


def mail(count: int, *, start: int = 0) -> list[tuple[str, bytes]]:
    return [(f"u{start + n}", raw) for n, raw in enumerate(letters(count, start=start))]


class TestLists:
    def test_a_server_without_uidl_is_refused_for_good(self) -> None:
        class NoUidl(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "UIDL":
                    raise Refusal("unknown command")

        with NoUidl(*mail(3)) as server:
            report = collect(plain_settings(server.port), MemoryAccept())
            assert report.error is not None
            assert report.error.permanent
            assert "UIDL" in str(report.error)
            assert "IMAP" in str(report.error)
            assert len(server.mail) == 3

    def test_messages_with_the_same_uidl_are_all_fetched(self) -> None:
        with OddPop3(("same", b"one\r\n"), ("other", b"two\r\n"), ("same", b"three\r\n")) as server:
            kept, accept = replace(plain_settings(server.port), keep_mails=True), MemoryAccept()
            report = collect(kept, accept)
            assert accept.raws == [b"one\r\n", b"two\r\n", b"three\r\n"]
            assert "apart" in str(report.notes[0])
            again = MemoryAccept()
            collect(kept, again, cursor_of(accept.accepted))
            assert again.raws == [b"one\r\n", b"three\r\n"]  # which of them we know, nobody can tell
            collect(plain_settings(server.port), MemoryAccept())
            assert server.mail == []

    def test_only_the_confirmed_one_of_two_with_the_same_uidl_is_deleted(self) -> None:
        with OddPop3(("same", b"one\r\n"), ("same", b"two\r\n")) as server:
            connector = CONNECTORS["pop3"](plain_settings(server.port), Task(source_id=SOURCE_ID))
            (batch,) = connector.fetch()
            connector.confirm([(batch[1], MemoryAccept()(batch)[1])])
            connector.close()
            assert server.mail == [("same", b"one\r\n")]

    def test_messages_without_uidl_are_fetched_every_time(self) -> None:
        class Forgetful(OddPop3):
            def uidl_of(self, number: int) -> str:
                return "" if number == 2 else super().uidl_of(number)

        with Forgetful(*mail(3)) as server:
            kept, accept = replace(plain_settings(server.port), keep_mails=True), MemoryAccept()
            collect(kept, accept)
            again = MemoryAccept()
            collect(kept, again, cursor_of(accept.accepted))
            assert (accept.raws, again.raws) == (letters(3), letters(3)[1:2])

    def test_a_uidl_list_with_holes_loses_nothing(self) -> None:
        class Holes(OddPop3):
            def _answer(self, verb: str, argument: str, *rest: object) -> bytes:  # type: ignore[override]
                answer = super()._answer(verb, argument, *rest)  # type: ignore[arg-type]
                return answer.replace(b"2 u1\r\n", b"") if (verb, argument) == ("UIDL", "") else answer

        with Holes(*mail(3)) as server:
            accept = MemoryAccept()
            collect(plain_settings(server.port), accept)
            assert sorted(accept.raws) == letters(3)
            assert server.mail == []

    @pytest.mark.parametrize("odd", ["with space", "\x01\x7f\x00", "\xe4\xff", "x" * 300, "x" * 1500])
    def test_uidls_against_the_standard_are_kept_apart(self, odd: str) -> None:
        with OddPop3((odd, b"one\r\n"), (odd + "!", b"two\r\n"), ("u", b"three\r\n")) as server:
            kept, accept = replace(plain_settings(server.port), keep_mails=True), MemoryAccept()
            report = collect(kept, accept)
            assert accept.raws == [b"one\r\n", b"two\r\n", b"three\r\n"]
            ids = [one.origin.remote_id for one in accept.accepted]
            assert len(set(ids)) == 3
            assert all("\0" not in one and len(one) <= pop3_session.LONGEST_UIDL for one in ids)
            assert report.notes == ()
            assert collect(kept, MemoryAccept(), cursor_of(accept.accepted)).seen == 0

    def test_uidls_of_a_restarted_server_that_counts_anew_hide_nothing(self) -> None:
        """The same UIDLs for other mail: where mail is removed, each is read before it is deleted."""
        with OddPop3(*mail(3)) as server:
            accept = MemoryAccept()
            collect(plain_settings(server.port), accept)
            server.mail = [(f"u{number}", raw) for number, raw in enumerate(letters(3, start=50))]
            collect(plain_settings(server.port), accept, cursor_of(accept.accepted))
            assert accept.raws == [*letters(3), *letters(3, start=50)]


class Liar(OddPop3):
    """Message 2 is said to be huge, 3 tiny, 4 small though it is large."""

    def size_of(self, number: int) -> int:
        return {2: 100_000, 3: 1, 4: 10}.get(number, super().size_of(number))


class TestSizes:
    def test_the_real_length_decides_about_the_limit(self) -> None:
        sizes = [10, 10, 900, 30_000, 1_000, 1_001]
        with Liar(*((f"u{n}", b"x" * (size - 2) + b"\r\n") for n, size in enumerate(sizes))) as server:
            accept = MemoryAccept()
            report = collect(replace(plain_settings(server.port), max_size_bytes=1_000), accept)
            assert [len(raw) for raw in accept.raws] == [10, 900, 1_000]
            assert [(one.remote_id, one.size_bytes) for one in report.left] == [
                ("u1", 100_000),
                ("u3", 30_000),
                ("u5", 1_001),
            ]
            assert [uidl for uidl, _ in server.mail] == ["u1", "u3", "u5"]
            assert "other sizes" in str(report.notes[0])

    def test_what_is_above_the_ceiling_is_not_held_in_memory(self) -> None:
        with Liar(*((f"u{n}", b"x" * 2_000_000 + b"\r\n") for n in range(4))) as server:
            report = collect(replace(plain_settings(server.port), max_message_bytes=20_000), MemoryAccept())
            assert (len(report.captures), len(report.left), report.error) == (0, 4, None)

    def test_without_sizes_each_message_goes_alone(self) -> None:
        class NoList(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "LIST":
                    raise Refusal("no")

        with NoList(*mail(30)) as server:
            connector = CONNECTORS["pop3"](plain_settings(server.port), Task(source_id=SOURCE_ID))
            batches = list(connector.fetch())
            connector.close()
            assert [len(batch) for batch in batches] == [1] * 30

    def test_memory_is_bounded_by_what_comes_and_not_by_what_is_said(self) -> None:
        class Small(OddPop3):
            def size_of(self, number: int) -> int:
                return 1

        with Small(*((f"u{n}", b"x" * 9_998 + b"\r\n") for n in range(10))) as server:
            settings = replace(plain_settings(server.port), batch_bytes=20_000)
            connector = CONNECTORS["pop3"](settings, Task(source_id=SOURCE_ID))
            held = [sum(len(one.raw) for one in batch) for batch in connector.fetch()]
            assert (
                max(held) <= 20_000 + 10_000
            )  # what was said to be small came when the room was nearly full
            assert sum(held) == 100_000
            connector.close()

    @pytest.mark.parametrize(
        ("raw", "announced", "kept"),
        [
            (b"a: b\r\n\r\nx\r\n", 11, b"a: b\r\n\r\nx\r\n"),
            (b"a: b\r\n\r\nx\r\n", 9, b"a: b\r\n\r\nx"),
            (b"a: b\r\n\r\nx\r\n", 8, b"a: b\r\n\r\nx\r\n"),  # counts line ends as one byte
            (b"a: b\r\nx\r\n", 7, b"a: b\r\nx\r\n"),  # nobody can tell
            (b"\r\n", 0, b""),
            (b"x\r\n", None, b"x\r\n"),
        ],
    )
    def test_an_added_line_end_is_taken_off_where_the_size_proves_it(
        self, raw: bytes, announced: int | None, kept: bytes
    ) -> None:
        assert without_added_line_end(raw, announced) == kept


class TestBytes:
    def test_bytes_are_exact_with_nul_bare_line_ends_and_dots(self) -> None:
        raws = [
            bytes(range(256)) * 4 + b"\r\n",
            b"\n.\n\r.\r\n..\r\n...\n.x\r\n",
            b".",
            b"",
            b"x" * 3_000_000 + b"\r\n",
            b"\r\n.\r\n.\r\n",
            b"Subject: x\r\n\r\n-ERR no\r\n+OK yes\r\n",
            b"bare\n.\r",
        ]
        with OddPop3(*((f"u{n}", raw) for n, raw in enumerate(raws))) as server:
            accept = MemoryAccept()
            report = collect(plain_settings(server.port), accept)
            assert accept.raws == raws
            assert (report.notes, report.left, server.mail) == ((), (), [])

    def test_bytes_are_exact_however_the_network_cuts_them(self) -> None:
        class Trickling(OddPop3):
            """Sends byte by byte, as an unkind network may."""

            def _session(self, connection):  # type: ignore[no-untyped-def]
                class Slow:
                    def __getattr__(self, name: str) -> object:
                        return getattr(connection, name)

                    def sendall(self, data: bytes) -> None:
                        for at in range(len(data)):
                            connection.sendall(data[at : at + 1])

                super()._session(Slow())  # type: ignore[arg-type]

        raws = [b".\r\n..\r\n", b"a\r\n.b\r\n", b"", b"\r\n.\r\n"]
        with Trickling(*((f"u{n}", raw) for n, raw in enumerate(raws))) as server:
            accept = MemoryAccept()
            collect(plain_settings(server.port), accept)
            assert accept.raws == raws


class TestRefusals:
    def test_a_refused_message_is_left_with_the_servers_words(self) -> None:
        class Refusing(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if (verb, argument) == ("RETR", "3"):
                    raise Refusal("[SYS/PERM] this one is broken")

        with Refusing(*mail(5)) as server:
            accept = MemoryAccept()
            report = collect(plain_settings(server.port), accept)
            assert (report.seen, report.error) == (5, None)
            assert accept.raws == [*letters(2), *letters(2, start=3)]
            assert [one.remote_id for one in report.left] == ["u2"]
            assert "this one is broken" in str(report.left[0].reason)
            assert [uidl for uidl, _ in server.mail] == ["u2"]

    def test_messages_over_which_the_server_hangs_up_do_not_block_the_rest(self) -> None:
        class HangingUp(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "RETR" and self.uidl_of(int(argument)) in {"u1", "u4"}:
                    raise HangUp

        with HangingUp(*mail(7)) as server:
            accept = MemoryAccept()
            report = collect(plain_settings(server.port), accept)
            assert report.error is None
            assert sorted(one.remote_id for one in report.left) == ["u1", "u4"]
            assert set(accept.raws) == {raw for uidl, raw in mail(7) if uidl not in {"u1", "u4"}}
            assert [uidl for uidl, _ in server.mail] == ["u1", "u4"]

    def test_a_server_that_always_hangs_up_is_given_up(self) -> None:
        class Down(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "RETR":
                    raise HangUp

        with Down(*mail(50)) as server:
            report = collect(plain_settings(server.port), MemoryAccept())
            assert report.error is not None
            assert not report.error.permanent
            assert server.sessions < 6
            assert report.left == ()

    def test_a_refused_deletion_is_noted_and_the_run_goes_on(self) -> None:
        class Keeping(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "DELE":
                    raise Refusal("not yours")

        with Keeping(*mail(150)) as server:
            accept = MemoryAccept()
            report = collect(plain_settings(server.port), accept)
            assert (report.seen, report.error, len(server.mail)) == (150, None, 150)
            assert "not yours" in str(report.notes[0])
            assert sum("DELE" in line for line in server.said) == 1

    def test_a_refused_quit_is_noted(self) -> None:
        class Stubborn(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "QUIT":
                    raise Refusal("some deleted messages not removed")

        with Stubborn(*mail(2)) as server:
            report = collect(plain_settings(server.port), MemoryAccept())
        assert (report.seen, report.error) == (2, None)
        assert "not removed" in str(report.notes[0])

    @pytest.mark.parametrize("expire", ["EXPIRE 0", "EXPIRE 0 USER"])
    def test_a_server_that_deletes_what_was_read_is_not_told_goodbye_over_unarchived_mail(
        self, expire: str
    ) -> None:
        class Taking(OddPop3):
            capabilities = ("UIDL", "USER", expire)

        with Taking(*mail(3)) as server:
            kept = replace(plain_settings(server.port), keep_mails=True)
            report = collect(kept, MemoryAccept())
            assert "by itself" in str(report.notes[0])
            assert "QUIT" not in server.said
            connector = CONNECTORS["pop3"](plain_settings(server.port), Task(source_id=SOURCE_ID))
            list(connector.fetch())
            connector.close()
            assert "QUIT" not in server.said
            collect(plain_settings(server.port), MemoryAccept())
            assert server.said[-1] == "QUIT"

    def test_a_mailbox_that_is_let_go_late_is_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pop3, "COMMIT_EVERY", 2)
        monkeypatch.setattr(pop3, "IN_USE_PAUSES", (0.01, 0.01))

        class Slow(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "AUTH" and self.sessions % 3 != 1:
                    raise Refusal("[IN-USE] not yet")

        with Slow(*mail(6)) as server:
            report = collect(replace(plain_settings(server.port), batch_messages=2), MemoryAccept())
            assert (report.seen, report.error, server.mail) == (6, None, [])

    def test_a_server_that_wants_time_between_logins_is_logged_in_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pop3, "COMMIT_EVERY", 2)

        class Delaying(OddPop3):
            capabilities = ("UIDL", "USER", "LOGIN-DELAY 900")

        with Delaying(*mail(6)) as server:
            collect(replace(plain_settings(server.port), batch_messages=2), MemoryAccept())
            assert (server.sessions, server.mail) == (1, [])


class TestLogin:
    def test_without_stls_no_password_is_sent(self) -> None:
        with OddPop3(*mail(1)) as server:
            settings = replace(plain_settings(server.port, password=b"sesame"), security="starttls")
            error = collect(settings, MemoryAccept()).error
            assert error is not None
            assert error.permanent
            assert "STARTTLS" in str(error)
            assert server.said == ["STLS"]

    def test_stls_upgrades_before_login(self, tmp_path: Path) -> None:
        made = make_certificates(tmp_path)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(made.chain, made.key)
        with OddPop3(*mail(1), tls=context) as server, Proxy(server.port) as proxy:
            settings = replace(plain_settings(proxy.port), security="starttls", ca_pem=made.ca_pem)
            accept = MemoryAccept()
            assert collect(settings, accept).error is None
            assert accept.raws == letters(1)

    def test_an_answer_slipped_in_before_tls_is_not_believed(self, tmp_path: Path) -> None:
        class Slipping(OddPop3):
            def _answer(self, verb: str, *rest: object) -> bytes:  # type: ignore[override]
                answer = super()._answer(verb, *rest)  # type: ignore[arg-type]
                return answer + (b"+OK\r\nSASL LOGIN\r\n.\r\n" if verb == "STLS" else b"")

        made = make_certificates(tmp_path)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(made.chain, made.key)
        with Slipping(*mail(1), tls=context) as server:
            settings = replace(plain_settings(server.port), security="starttls", ca_pem=made.ca_pem)
            error = collect(settings, MemoryAccept()).error
            assert error is not None
            assert "do not understand" in str(error)
            assert server.said == ["STLS"]

    @pytest.mark.parametrize("capabilities", [("UIDL", "USER"), ("SASL CRAM-MD5",), ()])
    def test_user_and_pass_are_used_where_plain_is_not_offered(self, capabilities: tuple[str, ...]) -> None:
        kind = type("Old", (OddPop3,), {"capabilities": capabilities})
        with kind(*mail(1)) as server:
            assert collect(plain_settings(server.port), MemoryAccept()).seen == 1
            error = collect(plain_settings(server.port, password=b"wrong"), MemoryAccept()).error
            assert error is not None
            assert error.permanent

    @pytest.mark.parametrize(
        ("words", "is_permanent"),
        [
            ("[IN-USE] locked", False),
            ("maildrop already locked", False),
            ("[LOGIN-DELAY] wait", False),
            ("[SYS/TEMP] later", False),
            ("Temporary authentication failure.", False),
            ("Request is throttled. Suggested Backoff Time: 299961 milliseconds", False),
            ("[AUTH] no", True),
            ("authentication failed", True),
        ],
    )
    def test_a_refused_login_says_whether_to_try_again(self, words: str, is_permanent: bool) -> None:
        class Unwilling(OddPop3):
            def before(self, verb: str, argument: str) -> None:
                if verb == "AUTH":
                    raise Refusal(words)

        with Unwilling() as server:
            error = collect(plain_settings(server.port), MemoryAccept()).error
        assert error is not None
        assert error.permanent is is_permanent
        assert error.retry_after_seconds == (299.961 if "Suggested" in words else None)

    @pytest.mark.parametrize("password", [b"p\r\nDELE 1", b"p\0q"])
    def test_what_cannot_be_sent_safely_is_not_sent(self, password: bytes) -> None:
        with OddPop3(*mail(1)) as server:
            error = collect(plain_settings(server.port, password=password), MemoryAccept()).error
            assert error is not None
            assert error.permanent
            assert server.said == ["CAPA"]

    def test_a_token_is_sent_in_two_lines_and_an_error_is_answered_empty(self) -> None:
        class Asking(OddPop3):
            capabilities = ("UIDL", "SASL XOAUTH2")

            def _answer(self, verb: str, argument: str, *rest: object) -> bytes:  # type: ignore[override]
                if verb != "AUTH":
                    return super()._answer(verb, argument, *rest)  # type: ignore[arg-type]
                _, next_line, connection = rest
                connection.sendall(b"+ \r\n")  # type: ignore[attr-defined]
                self.said.append(next_line().decode().strip())  # type: ignore[operator]
                connection.sendall(b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n")  # type: ignore[attr-defined]
                self.said.append(next_line().decode().strip())  # type: ignore[operator]
                raise Refusal("Authentication failure: unknown user name or bad password.")

        forgotten: list[int] = []
        login = OAuthLogin(token=lambda: Secret(b"t" * 90), forget=lambda: forgotten.append(1))
        with Asking() as server:
            settings = replace(plain_settings(server.port), login=login, allow_insecure_oauth=True)
            error = collect(settings, MemoryAccept()).error
            assert error is not None
            assert not error.permanent
            sent = [line for line in server.said if line not in {"CAPA", "AUTH XOAUTH2"}]
            assert len(forgotten) == server.sessions == 2
            assert sent[1] == sent[3] == ""
            assert "t" * 50 not in str(error)

    def test_a_token_that_runs_out_meanwhile_is_replaced(self) -> None:
        class Expiring(OddPop3):
            capabilities = ("UIDL", "SASL XOAUTH2")

            def before(self, verb: str, argument: str) -> None:
                if verb == "RETR" and self.sessions == 1 and argument == "3":
                    raise Refusal("Session invalidated - AccessTokenExpired")

        forgotten: list[int] = []
        login = OAuthLogin(token=lambda: Secret(b"t"), forget=lambda: forgotten.append(1))
        with Expiring(*mail(5)) as server:
            settings = replace(plain_settings(server.port), login=login, allow_insecure_oauth=True)
            accept = MemoryAccept()
            report = collect(settings, accept)
            assert (report.error, report.left, forgotten) == (None, (), [1])
            assert set(accept.raws) == set(letters(5))
            assert server.mail == []


class TestBadServers:
    @pytest.mark.parametrize(
        "lines",
        [
            (),
            (b"+OK hello",),
            (b"HTTP/1.1 400 Bad Request",),
            (b"-ERR [SYS/TEMP] too many connections",),
            (b"\0\xff" * 50,),
            (b"+OK " + b"x" * 100_000,),
            (b"+OK", b"+OK", b"+OK", b"+OK", b"+OK", b"+OK many messages"),
        ],
    )
    def test_a_silent_or_strange_server_is_given_up(self, lines: tuple[bytes, ...]) -> None:
        settings = replace(plain_settings(answering(*lines)), timeout_seconds=0.3)
        error = collect(settings, MemoryAccept()).error
        assert error is not None
        assert not error.permanent

    def test_nobody_listening_and_an_unknown_name_are_told(self) -> None:
        error = collect(plain_settings(1), MemoryAccept()).error
        assert error is not None
        assert not error.permanent
        for name in ("no.such.host.invalid", "x" * 70, "a..b"):
            error = collect(replace(plain_settings(110), server=name), MemoryAccept()).error
            assert error is not None
            assert "name is not known" in str(error)

    def test_a_server_that_repeats_the_password_does_not_get_it_into_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)

        class Repeating(OddPop3):
            capabilities = ("USER",)

            def before(self, verb: str, argument: str) -> None:
                if verb == "PASS":
                    raise Refusal(f"{argument} is wrong\x1b[1m")

        with Repeating() as server:
            error = collect(plain_settings(server.port, password=b"sesame"), MemoryAccept()).error
        assert "*** is wrong" in str(error)
        assert "\x1b" not in str(error)
        assert "sesame" not in caplog.text
