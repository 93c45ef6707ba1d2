"""Mail systems an account can be of: what its form begins with, and the guide that belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from amberpost.sources.configure import EXCHANGE_ONLINE, default_security
from amberpost.sources.models import Source, SourceProtocol

_GIVEN = ("user", "tenant_id", "client_id")  # a guide may hand them on


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One mail system."""

    id: str
    name: str | Promise
    text: str | Promise
    protocol: SourceProtocol = SourceProtocol.IMAP
    server: str = ""
    evaluation: str = "journal"
    guide: str = ""  # name of its route


KINDS = (
    Kind(
        id="microsoft-365",
        name="Microsoft 365",
        text=_("A journal mailbox in Exchange Online, with OAuth 2."),
        protocol=SourceProtocol.OAUTH_IMAP,
        server=EXCHANGE_ONLINE,
        guide="console:guide-microsoft-365",
    ),
    Kind(
        id="exchange",
        name=_("Exchange server"),
        text=_("A journal mailbox on a server of your own."),
        guide="console:guide-exchange",
    ),
    Kind(
        id="postfix",
        name="Postfix",
        text=_("A mailbox that gets a copy of every message, with X-Envelope-To."),
        evaluation="x-envelope-to",
        guide="console:guide-postfix",
    ),
    Kind(
        id="google",
        name="Google Workspace",
        text=_("A mailbox outside Google that gets journal messages."),
        guide="console:guide-google",
    ),
    Kind(id="other", name=_("Other mailbox"), text=_("Any mailbox with IMAP or POP3.")),
)


def find_kind(id: str) -> Kind | None:
    return next((kind for kind in KINDS if kind.id == id), None)


def begin_account(source: Source, kind: Kind | None, given: Mapping[str, str]) -> Source:
    """A new account with the proposals of its kind; nothing is saved."""
    if kind is not None:
        source.protocol, source.server, source.evaluation = kind.protocol, kind.server, kind.evaluation
        source.security = default_security(kind.protocol)
    for name in _GIVEN:
        if given.get(name):
            setattr(source, name, given[name][:320])
    return source
