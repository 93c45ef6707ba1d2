"""What has been decided in the set-up, line by line, and what is still missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.accounts.choices import language_choices
from amberpost.accounts.installation import SetupStep, current_installation
from amberpost.accounts.models import Role, User
from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.notice.configure import current_settings
from amberpost.road.open import Vault
from amberpost.sources.domains import own_domains, shown_domain
from amberpost.sources.models import Source, SourceProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryLine:
    """One decision. `warning` says what follows if it is left like this."""

    step: int
    name: str
    values: tuple[str, ...]
    warning: str = ""


def summary(vault: Vault) -> list[SummaryLine]:
    """Every decision in the order of the pages."""
    return [*_archive(), _keys(vault), _users(), _domains(), _accounts(), _notices()]


def _archive() -> Iterator[SummaryLine]:
    row, step = current_installation(), int(SetupStep.NAME)
    yield SummaryLine(step=step, name=_("Name"), values=(row.name or "Amberpost",))
    language = dict(language_choices()).get(row.language, _("as the browser"))
    yield SummaryLine(step=step, name=_("Language"), values=(language,))
    yield SummaryLine(step=step, name=_("Time zone"), values=((row.time_zone or "UTC").replace("_", " "),))


def _keys(vault: Vault) -> SummaryLine:
    is_confirmed = AuditEvent.objects.filter(action=Action.KEY_COPY_CONFIRMED).exists()
    return SummaryLine(
        step=int(SetupStep.STORAGE),
        name=_("Storage and keys"),
        values=(str(vault.config.data), str(vault.config.key_file)),
        warning="" if is_confirmed else _("No copy of the key file is confirmed."),
    )


def _users() -> SummaryLine:
    users = User.objects.exclude(role=Role.OPERATOR).filter(is_active=True).count()
    text = ngettext("%(number)d user with an archive", "%(number)d users with an archive", users)
    return SummaryLine(
        step=int(SetupStep.USERS),
        name=_("Users"),
        values=(text % {"number": users},),
        warning="" if users else _("Until there are users, all mail waits in quarantine. Nothing is lost."),
    )


def _domains() -> SummaryLine:
    names = tuple(shown_domain(name) for name in sorted(own_domains()))
    return SummaryLine(
        step=int(SetupStep.DOMAINS),
        name=_("Own mail domains"),
        values=names or ("–",),
        warning="" if names else _("The direction of mail cannot be told."),
    )


def _accounts() -> SummaryLine:
    accounts = Source.objects.exclude(protocol=SourceProtocol.FILE)
    names = tuple(
        f"{source.name} ({source.get_protocol_display()}, {source.server})"
        + ("" if source.enabled else f": {_('paused')}")
        for source in accounts
    )
    return SummaryLine(
        step=int(SetupStep.SOURCES),
        name=_("E-mail accounts to collect"),
        values=names or ("–",),
        warning="" if names else _("Without an account nothing is collected."),
    )


def _notices() -> SummaryLine:
    settings = current_settings()
    values = (*settings.addresses, settings.relay) if settings.has_mail else ("–",)
    return SummaryLine(
        step=int(SetupStep.NOTICES),
        name=_("Notifications"),
        values=tuple(values),
        warning="" if settings.channels else _("Nobody is notified when something is wrong."),
    )
