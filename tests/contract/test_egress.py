"""Where we connect to, one rule for all who dial: sources, directories, OAuth, sign-in, webhook and relay."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from amberpost.config import Config
from amberpost.directory.entra import graph
from amberpost.directory.ldap.session import LdapSession
from amberpost.directory.settings import EntraSettings, LdapKind, LdapSettings
from amberpost.directory.steps import test_directory as try_directory
from amberpost.errors import AddressForbidden, ArchiveError
from amberpost.net import dial as dial_module
from amberpost.net import egress
from amberpost.net.egress import require_allowed
from amberpost.net.security import Security
from amberpost.notice.mail import NoticeMail, Relay, send
from amberpost.notice.webhook import Hook, post
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.openid import LoginServers, new_attempt
from amberpost.oauth.tokens import Tokens
from amberpost.remark import Remark
from amberpost.sources.probe import probe
from amberpost.sources.pull.imap_session import ImapSession
from amberpost.sources.pull.pop3_session import Pop3Session
from amberpost.store.secret import Secret
from tests.contract.imap_runs import plain_settings

NAME = "server.example"
WORD = Secret(b"geheim")
AT = datetime(2026, 11, 28, tzinfo=UTC)


def imap(port: int) -> None:
    ImapSession(replace(plain_settings(port), server=NAME))


def pop3(port: int) -> None:
    Pop3Session(replace(plain_settings(port), server=NAME))


def ldap_settings(port: int) -> LdapSettings:
    hosts = (f"{NAME}:{port}",)
    return LdapSettings(
        kind=LdapKind.LDAP, hosts=hosts, user="u", password=WORD, security="ssl", base_dn="o=x"
    )


def ldap(port: int) -> None:
    settings = ldap_settings(port)
    LdapSession(settings, settings.addresses[0])


def client(port: int) -> OAuthClient:
    return OAuthClient(
        tenant="firma.example", client_id="c", client_secret=WORD, authority=f"https://{NAME}:{port}"
    )


def oauth(port: int) -> None:
    Tokens().get(client(port))


def sign_in(port: int) -> None:
    LoginServers().authorization_url(client(port), new_attempt(), "https://archive.example/back")


def entra(port: int) -> None:
    settings = EntraSettings(
        tenant_id="firma.example", client_id="c", client_secret=WORD, graph=f"https://{NAME}:{port}"
    )
    session = graph.GraphSession(settings, pause=lambda _seconds: None)
    session.token = lambda: WORD  # type: ignore[method-assign]  # as if the login server had given one
    list(session.items("/users", permission="User.Read.All"))


def webhook(port: int) -> None:
    where = Hook(url=f"https://{NAME}:{port}/in", secret=WORD, ca_pem="", is_internal=True)
    post(where, {}, token="t", at=AT)


def relay(port: int) -> None:
    where = Relay(
        server=f"{NAME}:{port}", security=Security.NONE, user="", password=Secret(b""), ca_pem="",
        sender="a@firma.example", recipients=("o@firma.example",),
    )  # fmt: skip
    send(where, NoticeMail(subject="s", text="t", language="en", token="t", at=AT))


CALLERS: tuple[Callable[[int], None], ...] = (imap, pop3, ldap, oauth, sign_in, entra, webhook, relay)
FORBIDDEN = (
    "169.254.169.254", "fe80::1", "fe80::1%1", "::ffff:169.254.169.254", "::169.254.169.254",
    "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1", "2001::5601:5601", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16",
    "::ffff:100.100.100.200", "192.0.0.192", "0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1",
    "64:ff9b::224.0.0.1", "255.255.255.255", "240.0.0.1",
)  # fmt: skip
INTERNAL = (
    "127.0.0.1", "127.8.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1",
    "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "2002:0a00:0001::1", "64:ff9b:1::a00:1",
)  # fmt: skip
PUBLIC = ("9.9.9.9", "2620:fe::fe", "64:ff9b::9.9.9.9", "::ffff:9.9.9.9", "64:ff9b:1::909:909")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the resolver says of NAME: one after the other, the last one for ever."""
    told: list[tuple[str, int]] = []
    genuine = socket.getaddrinfo

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        if host != NAME:
            return genuine(host, *rest, **more)
        address, port = told.pop(0) if len(told) > 1 else told[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]

    monkeypatch.setattr(dial_module.socket, "getaddrinfo", look_up)
    return told


@contextmanager
def listening() -> Iterator[tuple[int, list[object]]]:
    """Hangs up on whoever comes, and remembers that somebody came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    one, where = listener.accept()
                except OSError:
                    return
                came.append(where)
                one.close()

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1]), came
        listener.shutdown(socket.SHUT_RDWR)


def codes(call: Callable[[int], None], port: int) -> list[str]:
    """Of what it raises, and of what lies behind that."""
    with pytest.raises(ArchiveError) as caught:
        call(port)
    found, remark = [], caught.value.remark
    one: Remark | None = remark
    while one is not None:
        found.append(one.code)
        one = one.cause
    return found


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254"])
@pytest.mark.parametrize("call", CALLERS)
def test_nobody_asks_a_metadata_service(
    call: Callable[[int], None], address: str, answers: list[tuple[str, int]]
) -> None:
    answers.append((address, 80))
    assert "address_forbidden" in codes(call, 80)


@pytest.mark.parametrize("call", CALLERS)
def test_a_name_that_leads_elsewhere_at_the_second_look_is_not_asked_there(
    call: Callable[[int], None], answers: list[tuple[str, int]]
) -> None:
    """What is judged is where we go: a second answer that nobody has judged is used by nobody."""
    with listening() as (port, came):
        answers += [("169.254.169.254", port), ("127.0.0.1", port)]
        assert "address_forbidden" in codes(call, port)
        assert came == []


@pytest.mark.parametrize("call", CALLERS)
def test_a_judged_address_is_the_one_connected_to(
    call: Callable[[int], None], answers: list[tuple[str, int]]
) -> None:
    with listening() as (port, came):
        answers += [("127.0.0.1", port), ("169.254.169.254", port)]
        codes(call, port)
        assert len(came) == 1


@pytest.mark.parametrize("call", CALLERS)
def test_amberpost_is_no_server_of_its_own(
    call: Callable[[int], None], answers: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as (port, came):
        monkeypatch.setattr(egress, "current", lambda: Config(data=Path(), listen=f"127.0.0.1:{port}"))
        answers.append(("127.0.0.1", port))
        assert "address_is_ours" in codes(call, port)
        assert came == []


def test_the_connection_tests_say_it_in_words(answers: list[tuple[str, int]]) -> None:
    answers.append(("169.254.169.254", 143))
    for steps in (
        list(probe(replace(plain_settings(143), server=NAME), "imap")),
        list(try_directory(ldap_settings(636))),
    ):
        assert any("never connects to such an address" in step.text for step in steps)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_is_forbidden_in_every_form(address: str) -> None:
    with pytest.raises(AddressForbidden) as caught:
        require_allowed(address, 443, server=NAME, may_be_internal=True)
    assert caught.value.code == "address_forbidden"


@pytest.mark.parametrize("address", INTERNAL)
def test_an_internal_address_needs_leave_in_every_form(address: str) -> None:
    require_allowed(address, 443, server=NAME, may_be_internal=True)
    with pytest.raises(AddressForbidden) as caught:
        require_allowed(address, 443, server=NAME, may_be_internal=False)
    assert caught.value.code == "server_is_internal"


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_open_to_all(address: str) -> None:
    require_allowed(address, 443, server=NAME, may_be_internal=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_our_own_port_is_known_by_every_address_of_this_machine(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "current", lambda: Config(data=Path(), listen="0.0.0.0:8025"))
    require_allowed(address, 8026, server=NAME, may_be_internal=True)
    with pytest.raises(AddressForbidden) as caught:
        require_allowed(address, 8025, server=NAME, may_be_internal=True)
    assert caught.value.code == "address_is_ours"


def test_our_own_port_elsewhere_is_a_server_like_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "current", lambda: Config(data=Path(), listen="0.0.0.0:8025"))
    require_allowed("9.9.9.9", 8025, server=NAME, may_be_internal=False)
