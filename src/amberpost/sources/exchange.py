"""What Exchange Online says over IMAP and POP3, and what it means for us.

Its refusals are single sentences without codes, seen in the field: docs/operate/microsoft-365-oauth.md.
"""

import re

from django.utils.translation import gettext as _

from amberpost.errors import SourceError
from amberpost.oauth.hints import token_roles
from amberpost.store.secret import Secret

IMAP_ROLE = "IMAP.AccessAsApp"
POP_ROLE = "POP.AccessAsApp"
USUAL_PAUSE_SECONDS = 300.0  # what it mostly asks for; reports go up to 50 minutes
LONGEST_PAUSE_SECONDS = 2 * 3600.0

_BACKOFF = re.compile(r"Suggested Backoff Time:\s*(\d{1,12})\s*milliseconds", re.IGNORECASE)
_HOSTS = (
    "outlook.office365.com",
    "outlook.office365.us",
    "partner.outlook.cn",
    "office365.com",
    "outlook.com",
)


class Unwelcome(SourceError):
    """The server does nothing for us at the moment; to ask again at once would make it worse."""


class TokenExpired(SourceError):
    """The token ran out in the middle of a session; with a new one we go on where we were."""


class TokenRefused(SourceError):
    """The server did not let us in with this token."""


def recognise(said: str, user: str) -> SourceError | None:
    """The meaning of a refusal that has nothing to do with the command it answers, if it is one."""
    words, found = said.lower(), _BACKOFF.search(said)
    if found or "request is throttled" in words:
        pause = int(found[1]) / 1000 if found else USUAL_PAUSE_SECONDS
        return Unwelcome(
            _("The server is busy and asks us to come back later"),
            subject=said,
            retry_after_seconds=min(max(pause, 1.0), LONGEST_PAUSE_SECONDS),
        )
    if "authenticated but not connected" in words:
        return Unwelcome(
            _(
                "The login works, but the server does not open the mailbox: %(user)s is not the mailbox the app "
                "may open, the permission FullAccess is missing, or too many sessions are open"
            )
            % {"user": user},
            subject=said,
        )
    if "accesstokenexpired" in words:
        return TokenExpired(_("The app's token has expired in the middle of a session"), subject=said)
    return None


def refused_token(said: str, token: Secret, role: str) -> TokenRefused:
    """Why a token may have been refused. Set-up takes its time, so it is worth trying again."""
    facts = token_roles(token)
    if facts is not None and role not in facts.roles:
        return TokenRefused(
            _(
                "The mail server refuses the app's token, which does not carry the permission %(role)s: add it to "
                "the app as an application permission of Office 365 Exchange Online and grant admin consent"
            )
            % {"role": role},
            subject=said,
        )
    return TokenRefused(
        _(
            "The mail server refuses the app's token. One of these is the reason: %(role)s has no admin consent; "
            "the service principal is missing in Exchange or was made with the wrong Object ID (the right one "
            "stands under Enterprise applications); the app has no FullAccess to the mailbox; IMAP or POP is "
            "switched off for the mailbox. A change can take 30 minutes until it works"
        )
        % {"role": role},
        subject=said,
    )


def is_exchange_online(server: str) -> bool:
    """True for Microsoft's own servers, which take no passwords."""
    name = server.lower().rstrip(".")
    return any(name == host or name.endswith("." + host) for host in _HOSTS)


def password_is_gone(said: str) -> SourceError:
    """The answer to a password at Exchange Online, whatever the password is."""
    return SourceError(
        _("Exchange Online has taken no passwords since 2022: choose OAuth 2 for this account"),
        subject=said,
        permanent=True,
    )
