"""Trouble at a source in words: what its server says, and what nobody foresaw.

Promises: no password and no token is in what these give, nor in what they log.
"""

import logging
import re

from amberpost.errors import ArchiveError, SourceError
from amberpost.oauth.sasl import oauthbearer, xoauth2
from amberpost.sources.settings import AccountSettings, OAuthLogin
from amberpost.store.secret import Secret, masked

SHOWN = 200  # characters of what a server says
_LONG_WORD = re.compile(r"\S{60,}")  # a server may repeat a token, and cut it where it likes

log = logging.getLogger(__name__)


class Surprise(SourceError):
    """Nobody foresaw it: an answer that breaks our reading of it, or a mistake of ours."""


def surprise(error: Exception, place: str, found: SourceError | None = None) -> SourceError:
    """What people are told; the log gets where it happened, without the words of the error: they may quote mail."""
    found = found or Surprise("surprise", kind=type(error).__name__)
    log.error(
        "surprise %s error=%s",
        place,
        type(error).__name__,
        exc_info=(type(found), found, error.__traceback__),
    )
    return found


def as_trouble(error: Exception, place: str) -> ArchiveError:
    """An error as it is if it was raised on purpose; anything else as a surprise."""
    return error if isinstance(error, ArchiveError) else surprise(error, place)


def servers_words(text: str, settings: AccountSettings, secret: Secret) -> str:
    """What a server said, fit to be shown, also if it repeats what we sent. `secret`: password, or token if any."""
    if isinstance(settings.login, OAuthLogin):
        sent = [
            xoauth2(settings.user, secret),
            oauthbearer(settings.user, settings.server, settings.port, secret),
        ]
        text = _LONG_WORD.sub("***", masked(text, secret, *sent))
    else:
        text = masked(text, secret, b"\0%b\0%b" % (settings.user.encode(), secret.reveal()))
    return fit(text)


def fit(text: str) -> str:
    """One line, bounded, printable."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:SHOWN]
