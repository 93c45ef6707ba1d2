"""Mail systems an account can be of: what its form begins with, and the guide that belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from amberpost.sources.configure import EXCHANGE_ONLINE, default_security
from amberpost.sources.models import MailSystem, Source, SourceProtocol

_GIVEN = ("user", "tenant_id", "client_id")  # a guide may hand them on


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKind:
    """One mail system."""

    id: str
    name: str | Promise
    text: str | Promise
    evaluation: str = "journal"
    guide: str = ""  # name of its route
    places: tuple["JournalPlace", ...] = ()  # to choose from first


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPlace:
    """Where the journal mailbox of a Microsoft 365 tenant may be."""

    name: Promise
    text: Promise
    protocol: SourceProtocol

    @property
    def query(self) -> str:
        """Of the page that adds its account."""
        return f"kind=microsoft-365&protocol={self.protocol}"


# Never in the tenant that is journaled: Exchange Online takes none of its own mailboxes for journal reports
JOURNAL_PLACES = (
    JournalPlace(
        name=_("At a provider"),
        text=_("IMAP or POP3 with user and password."),
        protocol=SourceProtocol.IMAP,
    ),
    JournalPlace(
        name=_("On a mail server of your own"),
        text=_("IMAP or POP3 with user and password. Its domain must not be one of the tenant."),
        protocol=SourceProtocol.IMAP,
    ),
    JournalPlace(
        name=_("In another Microsoft 365 tenant"),
        text=_("Exchange Online takes no passwords there: OAuth 2 with an application of that other tenant."),
        protocol=SourceProtocol.OAUTH_IMAP,
    ),
)

KINDS = (
    AccountKind(
        id="microsoft-365",
        name="Microsoft 365",
        text=_("Where is the journal mailbox? Never in Exchange Online of the tenant that is journaled."),
        places=JOURNAL_PLACES,
        guide="console:guide-microsoft-365",
    ),
    AccountKind(
        id="exchange",
        name=_("Exchange server"),
        text=_("A journal mailbox on a server of your own."),
        guide="console:guide-exchange",
    ),
    AccountKind(
        id="postfix",
        name="Postfix",
        text=_("A mailbox that gets a copy of every message, with X-Envelope-To."),
        evaluation="x-envelope-to",
        guide="console:guide-postfix",
    ),
    AccountKind(
        id="google",
        name="Google Workspace",
        text=_("A mailbox outside Google that gets journal messages."),
        guide="console:guide-google",
    ),
    AccountKind(id="other", name=_("Other mailbox"), text=_("Any mailbox with IMAP or POP3.")),
)


def find_kind(id: str) -> AccountKind | None:
    return next((kind for kind in KINDS if kind.id == id), None)


def begin_account(source: Source, kind: AccountKind | None, given: Mapping[str, str]) -> Source:
    """A new account with the proposals of its kind; nothing is saved."""
    if kind is not None:
        source.mail_system, source.evaluation = MailSystem(kind.id), kind.evaluation
        source.security = default_security(source.protocol)
    elif source.kind.uses_oauth:
        source.mail_system = MailSystem.MICROSOFT_365
    if source.kind.uses_oauth:
        source.server = EXCHANGE_ONLINE
    for name in _GIVEN:
        if given.get(name):
            setattr(source, name, given[name][:320])
    return source
