"""How an IMAP session logs in: with a password, or with a token (XOAUTH2, OAUTHBEARER).

Promises: what cannot be sent safely is not sent; a refusal is a SourceError that says what to do about it.
"""

import base64
from collections.abc import Iterator
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, LoginError

from amberpost.errors import SourceError
from amberpost.oauth.sasl import oauthbearer, xoauth2
from amberpost.sources.exchange import (
    IMAP_ROLE,
    is_exchange_online,
    password_is_gone,
    refused_token,
)
from amberpost.sources.settings import AccountSettings
from amberpost.store.secret import Secret

# RFC 5530 §3, and what Exchange says: a refusal that is not about the password
_TRANSIENT = (
    "[UNAVAILABLE]",
    "[INUSE]",
    "[LIMIT]",
    "[SERVERBUG]",
    "[CONTACTADMIN]",
    "Temporary",
    "throttled",
    "Server Unavailable",
)
_CANCEL = b"*"  # RFC 9051 §6.2.2
_ENOUGH_CHALLENGES = 10


def log_in_with_password(client: Any, user: str, password: str) -> None:  # noqa: ANN401
    if "\0" in user + password:
        raise SourceError("login_nul", permanent=True)
    if client.has_capability("AUTH=PLAIN"):
        client.plain_login(user, password)
    elif client.has_capability("LOGINDISABLED"):
        raise SourceError("password_not_here", permanent=True)
    else:
        client.login(*_login_words(user, password))


def log_in_with_token(client: Any, settings: AccountSettings, token: Secret) -> None:  # noqa: ANN401
    """XOAUTH2 where it is offered, as Exchange has it; else the standard's OAUTHBEARER."""
    if client.has_capability("AUTH=XOAUTH2"):
        _authenticate(client, "XOAUTH2", xoauth2(settings.user, token), error_answer=b"")
    elif client.has_capability("AUTH=OAUTHBEARER"):
        response = oauthbearer(settings.user, settings.server, settings.port, token)
        _authenticate(client, "OAUTHBEARER", response, error_answer=b"\x01")  # RFC 7628 §3.2.3
    else:
        raise SourceError("no_token_login", permanent=True)


def login_failure(said: str, settings: AccountSettings, token: Secret | None) -> SourceError:
    """What a refused login means. `token`: the one that was refused, if it was one."""
    if any(word.lower() in said.lower() for word in _TRANSIENT):
        return SourceError("login_not_now", said=said)
    if token is not None:
        return refused_token(said, token, IMAP_ROLE)
    if is_exchange_online(settings.server):
        return password_is_gone(said)
    return SourceError("login_refused", said=said, permanent=True)


def _login_words(user: str, password: str) -> tuple[str, str]:
    """For LOGIN: the library quotes only the password, and both must be one line of ASCII."""
    if not (user + password).isascii() or not (user + password).isprintable():
        raise SourceError("login_ascii_only", permanent=True)
    return '"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"', password


class _Answers:
    """What we answer to the challenges of the server, one after the other."""

    def __init__(self, answers: Iterator[bytes]) -> None:
        self._answers = answers

    def next_answer(self, _challenge: bytes) -> bytes:
        answer = next(self._answers, None)
        if answer is None:
            raise IMAPClientAbortError("the server does not come to an end")
        return base64.b64encode(answer) if answer != _CANCEL else answer


def _authenticate(client: Any, mechanism: str, response: bytes, *, error_answer: bytes) -> None:  # noqa: ANN401
    """AUTHENTICATE in one step where the server takes an initial response (RFC 4959), else in two.

    The library cannot do the first and repeats the token when the server tells an error as a challenge.
    """
    imap, words = client._imap, [mechanism]
    if client.has_capability("SASL-IR"):
        words.append(base64.b64encode(response).decode("ascii"))
        answers = [error_answer]
    else:
        answers = [response, error_answer]
    imap.literal = _Answers(iter([*answers, *[_CANCEL] * _ENOUGH_CHALLENGES])).next_answer
    kind, data = imap._simple_command("AUTHENTICATE", *words)
    if kind != "OK":
        raise LoginError(str(data[-1], "utf-8", "replace") if data and data[-1] else kind)
    imap.state = "AUTH"
