"""Which server is meant, for accounts, directories and the relay alike."""

from collections.abc import Callable

import pytest

from amberpost.directory.configure import valid_hosts
from amberpost.errors import UserError
from amberpost.net.server import read_server
from amberpost.sources.configure import valid_server


@pytest.mark.parametrize(
    ("text", "name", "port"),
    [
        ("mail.example", "mail.example", 143), (" mail.example:993 ", "mail.example", 993),
        ("mail.example.", "mail.example.", 143), ("file_server-1", "file_server-1", 143), ("h:1", "h", 1),
        ("h:65535", "h", 65535), ("bücher.example:1", "bücher.example", 1), ("10.0.0.1:2", "10.0.0.1", 2),
        ("[::1]:993", "::1", 993), ("[2001:db8::1]", "2001:db8::1", 143), ("2001:db8::1", "2001:db8::1", 143),
        ("[::ffff:10.0.0.1]:5", "::ffff:10.0.0.1", 5),
    ],
)  # fmt: skip
def test_a_server_is_a_name_or_an_address_with_a_port_or_without(text: str, name: str, port: int) -> None:
    found = read_server(text, 143)
    assert (found.name, found.port) == (name, port)
    assert read_server(str(found), 1) == found


NO_SERVERS = [
    "a b", "https://mail.example", "u@mail.example", "h/path", "h:", ":25", "h:0", "h:65536", "h:99999", "h:-1", "h:+1",
    "h:1_0", "h:٣", "h:port", "a..b", ".", "-", "-h", "h\0", "h\r\nQUIT", "h?", "h#x", "[::1", "::1]", "[::1]x",
    "[h]:1", "[10.0.0.1]:1", "1:2:3", "fe80::1%eth0", "[fe80::1%eth0]:1", "x" * 64 + ".example", "x." * 200 + "x",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_SERVERS)
@pytest.mark.parametrize(
    "read", [lambda text: read_server(text, 25), valid_server, lambda text: valid_hosts([text])]
)
def test_anything_else_is_told_the_form(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(UserError) as caught:
        read(text)
    assert caught.value.code == "server_invalid"
