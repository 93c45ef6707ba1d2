"""What is said to a mail server, and what a token or a secret seems to be."""

import base64
import json

import pytest

from amberpost.errors import SourceError
from amberpost.oauth.hints import looks_like_secret_id, token_roles
from amberpost.oauth.sasl import oauthbearer, xoauth2
from amberpost.store.secret import Secret


def test_xoauth2_is_what_microsoft_documents() -> None:
    token = Secret(b"EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA")
    assert base64.b64encode(xoauth2("test@contoso.onmicrosoft.com", token)) == (
        b"dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0Nj"
        b"bFJDM0VvQUEBAQ=="
    )


def test_oauthbearer_is_the_example_of_the_standard() -> None:
    token = Secret(b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
    assert base64.b64encode(oauthbearer("user@example.com", "server.example.com", 143, token)) == (
        b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRj"
        b"Mk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )


def test_oauthbearer_encodes_what_would_end_the_name() -> None:
    assert b"n,a=a=3Db=2Cc,\x01" in oauthbearer("a=b,c", "h", 1, Secret(b"t"))


@pytest.mark.parametrize("user", ["a\x01auth=Bearer x", "a\r\nb", "a\0"])
def test_a_user_name_cannot_smuggle_fields(user: str) -> None:
    with pytest.raises(SourceError, match="control characters"):
        xoauth2(user, Secret(b"t"))
    with pytest.raises(SourceError, match="control characters"):
        oauthbearer(user, "h", 1, Secret(b"t"))


def test_a_secret_id_is_told_from_a_value() -> None:
    assert looks_like_secret_id("0b5e7a2c-3d44-4c7e-9f0a-1d2e3f405162")
    assert looks_like_secret_id(Secret(b" 0B5E7A2C-3D44-4C7E-9F0A-1D2E3F405162 "))
    assert not looks_like_secret_id("aB8Q~abcdefghijklmnopqrstuvwxyz0123456")
    assert not looks_like_secret_id("")


def jwt(claims: object) -> Secret:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return Secret(b"eyJhbGciOiJSUzI1NiJ9." + payload + b".c2ln")


def test_the_roles_of_a_token_are_read_for_a_hint() -> None:
    facts = token_roles(jwt({"aud": "https://x", "roles": ["IMAP.AccessAsApp"], "exp": 1_800_000_000}))
    assert facts is not None
    assert (facts.roles, facts.audience) == (("IMAP.AccessAsApp",), "https://x")
    assert facts.expires_at is not None
    assert facts.expires_at.year == 2027
    without = token_roles(jwt({"roles": None, "exp": "soon"}))
    assert without is not None
    assert (without.roles, without.expires_at) == ((), None)


@pytest.mark.parametrize(
    "token", [b"opaque", b"a.b.c", b"..", b"\xff.\xff.\xff", b"a.bnVsbA.c", b"a.WzFd.c", b"." + b"W" * 99_999]
)
def test_an_opaque_token_tells_nothing(token: bytes) -> None:
    assert token_roles(Secret(token)) is None


def test_an_expiry_beyond_all_time_tells_nothing() -> None:
    assert token_roles(jwt({"exp": 10**30})) is None
