"""What has been decided in the set-up, line by line, and what is still missing."""

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
    archive = current_installation()
    language = dict(language_choices()).get(archive.language, _("as the browser"))
    zone = (archive.time_zone or "UTC").replace("_", " ")
    has_copy = AuditEvent.objects.filter(action=Action.KEY_COPY_CONFIRMED).exists()
    users = User.objects.exclude(role=Role.OPERATOR).filter(is_active=True).count()
    users_text = ngettext("%(number)d user with an archive", "%(number)d users with an archive", users)
    domains = tuple(shown_domain(name) for name in sorted(own_domains()))
    accounts = tuple(
        f"{source.name} ({source.get_protocol_display()}, {source.server})"
        + ("" if source.enabled else f": {_('paused')}")
        for source in Source.objects.exclude(protocol=SourceProtocol.FILE)
    )
    notices = current_settings()
    return [
        SummaryLine(step=int(SetupStep.NAME), name=_("Name"), values=(archive.name or "Amberpost",)),
        SummaryLine(step=int(SetupStep.NAME), name=_("Language"), values=(language,)),
        SummaryLine(step=int(SetupStep.NAME), name=_("Time zone"), values=(zone,)),
        SummaryLine(
            step=int(SetupStep.STORAGE),
            name=_("Storage and keys"),
            values=(str(vault.config.data), str(vault.config.key_file)),
            warning="" if has_copy else _("No copy of the key file is confirmed."),
        ),
        SummaryLine(
            step=int(SetupStep.USERS),
            name=_("Users"),
            values=(users_text % {"number": users},),
            warning=""
            if users
            else _("Until there are users, all mail waits in quarantine. Nothing is lost."),
        ),
        SummaryLine(
            step=int(SetupStep.DOMAINS),
            name=_("Own mail domains"),
            values=domains or ("–",),
            warning="" if domains else _("The direction of mail cannot be told."),
        ),
        SummaryLine(
            step=int(SetupStep.SOURCES),
            name=_("E-mail accounts to collect"),
            values=accounts or ("–",),
            warning="" if accounts else _("Without an account nothing is collected."),
        ),
        SummaryLine(
            step=int(SetupStep.NOTICES),
            name=_("Notifications"),
            values=(*notices.addresses, notices.relay) if notices.has_mail else ("–",),
            warning="" if notices.channels else _("Nobody is notified when something is wrong."),
        ),
    ]
