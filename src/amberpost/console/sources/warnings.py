"""What is unusual in the settings of a remote account, though allowed: the warnings beside its fields."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from amberpost.console.warnings import FieldWarning
from amberpost.sources.domains import is_own, own_domains
from amberpost.sources.models import Source, SourceProtocol

_GUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ADDRESS = r"^[^@\s]+@[^@\s]+$"
_EXCHANGE_ONLINE = r"(^|\.)(office365|outlook)\.com(:\d+)?$"


def warnings_of(name: str, kind: SourceProtocol, *, kept: Source, user: str) -> Iterator[FieldWarning]:
    """The warnings of one field. `kept`: the account as it is stored; `user`: as it is typed now."""
    match name:
        case "security":
            yield FieldWarning(watch="none", text=_(
                "Others can read passwords and mail on the way. Use this for a short time only: please "
                "bring the remote server up to date."
            ))  # fmt: skip
        case "keep_mails":
            yield from _keep_warnings(kept)
        case "user":
            yield from _user_warnings(kind, user)
        case "server" if not kind.uses_oauth:
            yield FieldWarning(when=_EXCHANGE_ONLINE, text=_(
                "Exchange Online takes no passwords. Choose OAuth 2 (IMAP) for it."
            ))  # fmt: skip
        case "client_id":
            yield FieldWarning(unless=f"^{_GUID}$", text=_(
                "A client ID usually is a GUID, such as 11111111-2222-3333-4444-555555555555."
            ))  # fmt: skip
        case "client_secret":
            yield FieldWarning(when=f"^{_GUID}$", text=_(
                "This looks like the Secret ID. What is needed is the Value of the secret, which has another shape."
            ))  # fmt: skip


def _keep_warnings(kept: Source) -> Iterator[FieldWarning]:
    yield FieldWarning(watch="checked", text=_(
        "The mailbox fills up, because nothing is deleted there. Meant for tests."
    ))  # fmt: skip
    if kept.pk and kept.keep_mails:
        yield FieldWarning(watch="unchecked", text=_(
            "You are switching this off: at the next fetch, all mail of this account that is archived already is "
            "deleted on the server."
        ))  # fmt: skip


def _user_warnings(kind: SourceProtocol, user: str) -> Iterator[FieldWarning]:
    if kind.uses_oauth:
        yield FieldWarning(unless=_ADDRESS, text=_("With OAuth 2 the user is the address of the mailbox."))
    domains = [re.escape(domain) for domain in sorted(own_domains())]
    if is_own(user):
        domains.append(re.escape(user.rpartition("@")[2]))  # as it is typed, perhaps in Unicode
    if domains:
        yield FieldWarning(when=f"@({'|'.join(domains)})$", text=_(
            "This address is in one of your own mail domains. A journal mailbox must not be in the tenant whose "
            "mail it gets: Microsoft 365 delivers no reports to it."
        ))  # fmt: skip
