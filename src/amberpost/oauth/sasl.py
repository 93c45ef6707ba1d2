"""How a mail server is handed a token: the SASL mechanisms XOAUTH2 and OAUTHBEARER."""

from amberpost.errors import SourceError
from amberpost.store.secret import Secret


def xoauth2(user: str, token: Secret) -> bytes:
    """The initial response of XOAUTH2, before base64. `user` is the mailbox to open, not the app."""
    return b"user=%b\x01auth=Bearer %b\x01\x01" % (_sasl_name(user), token.reveal())


def oauthbearer(user: str, host: str, port: int, token: Secret) -> bytes:
    """The initial response of OAUTHBEARER (RFC 7628 §3.1), before base64."""
    name = _sasl_name(user).replace(b"=", b"=3D").replace(b",", b"=2C")  # RFC 5801 §4
    place = b"host=%b\x01port=%d" % (_sasl_name(host), port)
    return b"n,a=%b,\x01%b\x01auth=Bearer %b\x01\x01" % (name, place, token.reveal())


def _sasl_name(text: str) -> bytes:
    if any(char < " " or char == "\x7f" for char in text):
        raise SourceError("user_or_server_control_characters", permanent=True)
    return text.encode("utf-8")
