"""What goes wrong with directories: said in plain words, never half an answer, the next server tried."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from amberpost.directory.ldap.reader import read_directory
from amberpost.errors import DirectoryError
from amberpost.store.secret import Secret
from tests.app.directory.conftest import settings_for
from tests.directory_sample import Company
from tests.servers.certificates import make_certificates
from tests.servers.ldif import LdifEntry
from tests.servers.openldap import AD_LIKE, OpenLdap
from tests.servers.proxy import Proxy
from tests.servers.samba import Samba

pytestmark = pytest.mark.server


def dead_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def listening(answer: bytes, *, hold: bool = False) -> Iterator[int]:
    """A server that says `answer` to whatever comes, then hangs up or keeps silent."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError):
                    client.settimeout(5)
                    client.recv(65_536)
                    client.sendall(answer)
                    if hold:
                        done.wait(30)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        done.set()
        listener.close()


def test_a_dead_first_server_is_passed_over(ad_like: OpenLdap) -> None:
    hosts = (f"localhost:{dead_port()}", f"localhost:{ad_like.port}")
    whole = read_directory(settings_for(ad_like))
    assert read_directory(settings_for(ad_like, hosts=hosts)) == whole


def test_every_failed_server_is_named_with_its_reason(ad_like: OpenLdap) -> None:
    dead = dead_port()
    hosts = (f"localhost:{dead}", "no-such-host.invalid")
    with pytest.raises(DirectoryError) as caught:
        read_directory(settings_for(ad_like, hosts=hosts))
    assert f"localhost:{dead}" in str(caught.value)
    assert "Nothing listens there" in str(caught.value)
    assert "no-such-host.invalid" in str(caught.value)
    assert not caught.value.permanent


@pytest.mark.parametrize("cut_after_bytes", [4_000, 9_000, 14_000, 19_000])
def test_a_connection_lost_in_the_middle_gives_no_half_directory(
    ad_like: OpenLdap, cut_after_bytes: int
) -> None:
    with Proxy(ad_like.port, cut_after_bytes=cut_after_bytes) as proxy:
        with pytest.raises(DirectoryError, match=r"connection was lost|encrypted connection") as caught:
            read_directory(settings_for(ad_like, hosts=(f"localhost:{proxy.port}",)))
        assert proxy.was_cut
        assert not caught.value.permanent
        hosts = (f"localhost:{proxy.port}", f"localhost:{ad_like.port}")
        assert read_directory(settings_for(ad_like, hosts=hosts)) == read_directory(settings_for(ad_like))


def test_a_server_killed_between_two_pages_gives_no_half_directory(company: Company) -> None:
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE) as server:
        settings = settings_for(server, page_size=5)
        with Proxy(server.port) as proxy:

            def kill_when_busy() -> None:
                while proxy.received_bytes < 12_000:  # of about 25,000 for one reading
                    time.sleep(0.001)
                server.kill()

            def read_again_and_again() -> None:
                for _ in range(50):
                    read_directory(settings_for(server, hosts=(f"localhost:{proxy.port}",), page_size=5))

            killer = threading.Thread(target=kill_when_busy, daemon=True)
            killer.start()
            with pytest.raises(DirectoryError, match=r"connection was lost|did not answer"):
                read_again_and_again()
            killer.join(20)
        server.start()
        assert len(read_directory(settings).entries) == len(company.truth)


def test_a_certificate_of_another_authority_is_refused(ad_like: OpenLdap, tmp_path: object) -> None:
    stranger = make_certificates(ad_like.folder.__class__(str(tmp_path)), name="Stranger")
    for security, port in (("starttls", ad_like.port), ("ssl", ad_like.ssl_port)):
        hosts = (f"localhost:{port}",)
        settings = settings_for(ad_like, hosts=hosts, ca_pem=stranger.ca_pem, security=security)
        with pytest.raises(DirectoryError, match="certificate of the server cannot be trusted") as caught:
            read_directory(settings)
        assert caught.value.permanent


def test_a_certificate_for_another_name_is_refused(ad_like: OpenLdap) -> None:
    # The certificate names localhost and 127.0.0.1; 127.0.0.2 is the same machine under another name
    with forwarded(ad_like.port) as (address, port):
        settings = settings_for(ad_like, hosts=(f"{address}:{port}",))
        with pytest.raises(
            DirectoryError, match=r"certificate of the server cannot be trusted.*127\.0\.0\.2"
        ):
            read_directory(settings)


@contextmanager
def forwarded(port: int) -> Iterator[tuple[str, int]]:
    """The same server under the address 127.0.0.2."""
    listener = socket.create_server(("127.0.0.2", 0))

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=copy, args=(client, server), daemon=True).start()
                threading.Thread(target=copy, args=(server, client), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield "127.0.0.2", int(listener.getsockname()[1])
    finally:
        listener.close()


def test_a_wrong_certificate_on_the_first_server_leads_to_the_second(
    ad_like: OpenLdap, company: Company
) -> None:
    with OpenLdap(company.suffix, schema=AD_LIKE) as other:
        hosts = (f"localhost:{other.port}", f"localhost:{ad_like.port}")
        assert len(read_directory(settings_for(ad_like, hosts=hosts)).entries) == len(company.truth)


def test_starttls_is_never_dropped(company: Company) -> None:
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE) as server:
        plain = server.folder / "slapd.conf"
        server.stop()
        lines = [line for line in plain.read_text().splitlines() if not line.startswith("TLS")]
        plain.write_text("\n".join(lines))
        server.start(with_ssl=False)
        with Proxy(server.port) as proxy:
            settings = settings_for(server, hosts=(f"localhost:{proxy.port}",))
            with pytest.raises(DirectoryError, match="does not offer STARTTLS") as caught:
                read_directory(settings)
            assert caught.value.permanent
            assert proxy.sent_bytes < 100  # the request alone, and no password
        assert read_directory(settings_for(server, security="none")).entries


def test_a_wrong_password_is_told_and_tried_at_one_server_only(ad_like: OpenLdap) -> None:
    with Proxy(ad_like.port) as second:
        hosts = (f"localhost:{ad_like.port}", f"localhost:{second.port}")
        settings = settings_for(ad_like, hosts=hosts, password=Secret(b"wrong-Word-9"))
        with pytest.raises(DirectoryError, match="does not accept the user name or password") as caught:
            read_directory(settings)
        assert caught.value.permanent
        assert "wrong-Word-9" not in str(caught.value)
        assert second.sent_bytes == 0


def test_an_empty_password_is_never_sent(ad_like: OpenLdap) -> None:
    with pytest.raises(DirectoryError, match="does not accept the user name or password"):
        read_directory(settings_for(ad_like, password=Secret(b"")))


def test_a_wrong_base_is_told(ad_like: OpenLdap) -> None:
    with pytest.raises(DirectoryError, match="no such base DN: ou=Nirgends"):
        read_directory(settings_for(ad_like, base_dn="ou=Nirgends,dc=firma,dc=example"))


def test_a_limit_of_the_server_is_an_error_and_no_short_list(company: Company) -> None:
    limits = f'limits dn.exact="CN=Sonderfall onlymail,OU=Leute,{company.suffix}" size.prtotal=30\n'
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE, extra=limits) as server:
        settings = settings_for(
            server,
            user=f"CN=Sonderfall onlymail,OU=Leute,{company.suffix}",
            password=Secret(b"Kenn-wort-17"),
        )
        with pytest.raises(DirectoryError, match="cuts the answer short"):
            read_directory(settings)


def test_bounds_on_entries_and_bytes_hold(ad_like: OpenLdap) -> None:
    with pytest.raises(DirectoryError, match="more than we take"):
        read_directory(settings_for(ad_like, max_entries=30))
    with pytest.raises(DirectoryError, match="larger than we take"):
        read_directory(settings_for(ad_like, max_answer_bytes=3_000))


def test_a_server_that_keeps_silent_is_given_up_in_time(ad_like: OpenLdap) -> None:
    started = time.monotonic()
    with listening(b"", hold=True) as port:
        hosts = (f"localhost:{port}",)
        with pytest.raises(DirectoryError, match="did not answer in time"):
            read_directory(settings_for(ad_like, hosts=hosts, answer_seconds=0.5))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x84\xff\xff\xff\xff",
        b"0\x0c\x02\x01\x01x\x07\x0a\x01\x00\x04\x00\x04\x00" + b"rubbish behind the answer",
        bytes(range(256)) * 10,
        b"\x30\x80" * 2000,
        b"0\x03\x02\x01\x01",
    ],
)
@pytest.mark.parametrize("security", ["starttls", "ssl", "none"])
def test_rubbish_is_an_error_in_plain_words(ad_like: OpenLdap, answer: bytes, security: str) -> None:
    with listening(answer) as port:
        settings = settings_for(ad_like, hosts=(f"localhost:{port}",), answer_seconds=5, security=security)
        with pytest.raises(DirectoryError) as caught:
            read_directory(settings)
    assert "Traceback" not in str(caught.value)
    assert ad_like.password not in str(caught.value)


def test_a_filter_that_makes_no_sense_is_told(ad_like: OpenLdap) -> None:
    with pytest.raises(DirectoryError, match="filter cannot be understood"):
        read_directory(settings_for(ad_like, kind="ldap", user_filter="(objectClass=user"))


def test_a_root_certificate_that_is_none_is_told(ad_like: OpenLdap) -> None:
    with pytest.raises(DirectoryError, match="not valid PEM"):
        read_directory(settings_for(ad_like, ca_pem="-----BEGIN NONSENSE-----"))


def test_an_entry_without_identity_stops_the_reading(company: Company) -> None:
    nobody = LdifEntry(f"CN=Ohne,OU=Leute,{company.suffix}").add("objectClass", "user").add("cn", "Ohne")
    nobody.add("mail", "ohne@firma.example")
    with (
        OpenLdap(company.suffix, [nobody], schema=AD_LIKE) as server,
        pytest.raises(DirectoryError, match="objectGUID"),
    ):
        read_directory(settings_for(server))


def test_a_real_domain_refuses_clear_text_and_we_say_what_to_do(domain: Samba) -> None:
    with pytest.raises(DirectoryError, match="choose STARTTLS or SSL"):
        read_directory(settings_for(domain, security="none"))
