"""Without a port, the server is asked at the usual one."""

import pytest

from amberpost.errors import UserError
from amberpost.sources.account import default_port
from amberpost.sources.configure import valid_server
from amberpost.sources.models import Source


@pytest.mark.parametrize(
    ("protocol", "security", "port"),
    [
        ("imap", "starttls", 143), ("imap", "none", 143), ("imap", "ssl", 993),
        ("pop3", "starttls", 110), ("pop3", "none", 110), ("pop3", "ssl", 995),
        ("oauth-imap", "ssl", 993), ("oauth-pop3", "ssl", 995),
    ],
)  # fmt: skip
def test_the_port_follows_protocol_and_security(protocol: str, security: str, port: int) -> None:
    assert default_port(Source(protocol=protocol, security=security)) == port


@pytest.mark.parametrize(
    "text", ["mail.firma.example", " 10.0.0.1:143 ", "[::1]:993", "::1", "bücher.example:1"]
)
def test_a_host_or_address_with_or_without_port_is_a_server(text: str) -> None:
    assert valid_server(text) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "https://mail.example", "a b", "mail.example:0", "h:99999", "u@mail.example", "h:"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        valid_server(text)
