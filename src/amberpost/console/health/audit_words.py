"""The audit log in the reader's language: what was done, to what, and the particulars that were kept with it.

What is kept stays as it is, codes and values; a code this release does not know is shown as it stands.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amberpost.accounts.models import Installation, ReleaseRule, Role, User
from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.console.directory.form import DirectoryForm
from amberpost.console.notices.forms import NoticeForm
from amberpost.console.sources.form import AccountForm
from amberpost.directory.models import Archive, ArchiveOrigin, DirectoryKind
from amberpost.notice.models import Channel, NoticeSettings
from amberpost.notice.trial import STEPS
from amberpost.sources.probe import titles
from amberpost.spoken import in_words

ACTIONS: Mapping[str, object] = {
    Action.ARCHIVE_CREATED: gettext_lazy("Archive set up"),
    Action.ARCHIVE_ADDED: gettext_lazy("Public archive added"),
    Action.ARCHIVE_CHANGED: gettext_lazy("Public archive changed"),
    Action.ARCHIVE_DEPARTED: gettext_lazy("Public archive departed"),
    Action.ARCHIVE_DESELECTED: gettext_lazy("Archive deselected"),
    Action.ARCHIVE_HANDED_OVER: gettext_lazy("Archive handed over"),
    Action.ARCHIVE_RELEASED: gettext_lazy("Archive released"),
    Action.ARCHIVE_RELEASE_REVOKED: gettext_lazy("Release ended"),
    Action.ARCHIVE_SELECTED: gettext_lazy("Archive selected"),
    Action.ARCHIVE_REBUILT: gettext_lazy("Catalogue or index rebuilt"),
    Action.ARCHIVE_VERIFIED: gettext_lazy("Archive verified"),
    Action.CLOCK_CONFIRMED: gettext_lazy("Clock confirmed"),
    Action.CONFIG_EXPORTED: gettext_lazy("Configuration exported"),
    Action.CONFIG_IMPORTED: gettext_lazy("Configuration imported"),
    Action.DIRECTORY_ACTIVATED: gettext_lazy("Directory activated"),
    Action.DIRECTORY_CHANGED: gettext_lazy("Directory settings changed"),
    Action.DIRECTORY_SYNCED: gettext_lazy("Directory taken over"),
    Action.PLUS_ADDRESSES_CHANGED: gettext_lazy("Plus addresses changed"),
    Action.DIRECTORY_TESTED: gettext_lazy("Directory tested"),
    Action.DOMAIN_ADDED: gettext_lazy("Own domain added"),
    Action.DOMAIN_REMOVED: gettext_lazy("Own domain removed"),
    Action.INSTALLATION_CHANGED: gettext_lazy("Installation changed"),
    Action.KEY_COPY_CONFIRMED: gettext_lazy("Copy of the key confirmed"),
    Action.EXPORT_WRITTEN: gettext_lazy("Mail exported"),
    Action.EXPORT_WHOLE: gettext_lazy("Whole archive exported"),
    Action.IMPORT_FINISHED: gettext_lazy("Files imported"),
    Action.MESSAGE_OPENED: gettext_lazy("Message opened"),
    Action.MESSAGE_DOWNLOADED: gettext_lazy("Message downloaded"),
    Action.ATTACHMENT_DOWNLOADED: gettext_lazy("Attachment downloaded"),
    Action.NOTICE_SETTINGS_CHANGED: gettext_lazy("Notification settings changed"),
    Action.NOTICE_TEST_SENT: gettext_lazy("Test message sent"),
    Action.PREVIEW_MADE: gettext_lazy("Preview made"),
    Action.SEARCH_MADE: gettext_lazy("Search made"),
    Action.SEATS_CHANGED: gettext_lazy("Seats changed"),
    Action.SOURCE_ADDED: gettext_lazy("Account added"),
    Action.SOURCE_CERTIFICATE_TRUSTED: gettext_lazy("Certificate trusted"),
    Action.SOURCE_CHANGED: gettext_lazy("Account changed"),
    Action.SOURCE_COLLECTED: gettext_lazy("Account collected"),
    Action.SOURCE_CREDENTIALS_CHANGED: gettext_lazy("Credentials of an account changed"),
    Action.SOURCE_REMOVED: gettext_lazy("Account removed"),
    Action.SOURCE_TESTED: gettext_lazy("Account tested"),
    Action.USER_ADDED: gettext_lazy("User added"),
    Action.USER_CHANGED: gettext_lazy("User changed"),
    Action.USER_DISABLED: gettext_lazy("User disabled"),
    Action.USER_ENABLED: gettext_lazy("User enabled"),
    Action.USER_PASSWORD_RESET: gettext_lazy("Password reset"),
    Action.USER_PASSWORD_CHANGED: gettext_lazy("Password changed"),
    Action.USER_SESSIONS_ENDED: gettext_lazy("Sessions ended"),
    Action.USER_SIGNED_IN: gettext_lazy("Signed in"),
    Action.USER_SIGNED_OUT: gettext_lazy("Signed out"),
    Action.USER_LOGIN_FAILED: gettext_lazy("Sign-in failed"),
    Action.USER_LOCKED_OUT: gettext_lazy("Sign-in locked for a while"),
    Action.OPERATOR_SET_UP: gettext_lazy("First operator set up"),
    Action.PLACE_CONFIRMED: gettext_lazy("Folder confirmed as the archive"),
    Action.SETUP_FINISHED: gettext_lazy("Set-up finished"),
}
PARTICULARS: Mapping[str, object] = {
    "address": gettext_lazy("network address"),
    "addresses": gettext_lazy("addresses"),
    "adopted": gettext_lazy("known before"),
    "archive": gettext_lazy("archive"),
    "at": gettext_lazy("time"),
    "by": gettext_lazy("by"),
    "came": gettext_lazy("came"),
    "cause": gettext_lazy("cause"),
    "changed": gettext_lazy("changed"),
    "characters": gettext_lazy("characters searched for"),
    "conflicts": gettext_lazy("conflicts"),
    "count": gettext_lazy("messages"),
    "departed": gettext_lazy("departed"),
    "duplicate": gettext_lazy("repeated"),
    "enabled": gettext_lazy("enabled"),
    "entries": gettext_lazy("entries"),
    "error": gettext_lazy("error"),
    "failed": gettext_lazy("failed at"),
    "fields": gettext_lazy("fields"),
    "findings": gettext_lazy("findings"),
    "gained": gettext_lazy("addresses gained"),
    "hand_overs": gettext_lazy("addresses handed over"),
    "indexed": gettext_lazy("indexed"),
    "is_copy": gettext_lazy("as a copy"),
    "is_ok": gettext_lazy("succeeded"),
    "is_query": gettext_lazy("by a search"),
    "joins": gettext_lazy("members joined"),
    "keep_mails": gettext_lazy("keep e-mails on the server"),
    "left": gettext_lazy("left there"),
    "limit": gettext_lazy("seats"),
    "login": gettext_lazy("login"),
    "lost": gettext_lazy("addresses lost"),
    "missing": gettext_lazy("secrets missing"),
    "on": gettext_lazy("switched on"),
    "origin": gettext_lazy("stands for"),
    "parts": gettext_lazy("members left"),
    "path": gettext_lazy("part"),
    "quarantined": gettext_lazy("to quarantine"),
    "reader": gettext_lazy("reader"),
    "reason": gettext_lazy("reason"),
    "release": gettext_lazy("release"),
    "releases": gettext_lazy("releases"),
    "revocations": gettext_lazy("releases ended"),
    "role": gettext_lazy("role"),
    "rule": gettext_lazy("rule"),
    "seconds": gettext_lazy("seconds"),
    "secrets": gettext_lazy("secrets"),
    "seen": gettext_lazy("seen"),
    "server": gettext_lazy("server"),
    "sha256": gettext_lazy("fingerprint (SHA-256)"),
    "state": gettext_lazy("state restored"),
    "stored": gettext_lazy("stored"),
    "waiting": gettext_lazy("waiting"),
    "what": gettext_lazy("what"),
    "why": gettext_lazy("what had been in doubt"),
}
_ACTORS: Mapping[str, object] = {
    "collector": gettext_lazy("collecting"),
    "schedule": gettext_lazy("schedule"),
    "directory": gettext_lazy("schedule of the directory"),
    "setup": gettext_lazy("set-up link"),
}
CAUSES: Mapping[str, object] = {
    "gone": gettext_lazy("no longer in the directory"),
    "wrong": gettext_lazy("login and password do not match"),
    "disabled": gettext_lazy("disabled in the directory"),
    "locked": gettext_lazy("locked in the directory"),
    "password_expired": gettext_lazy("the password has expired"),
    "must_change_password": gettext_lazy("the password must be changed"),
    "account_expired": gettext_lazy("the account has expired"),
    "not_now": gettext_lazy("not at this time or from here"),
    "directory_down": gettext_lazy("the directory cannot be reached"),
    "unknown_here": gettext_lazy("no account in this archive"),
}
_WHAT: Mapping[str, object] = {
    "original": gettext_lazy("originals"),
    "capture": gettext_lazy("captures"),
}
_DEPTHS: Mapping[str, object] = {
    "quick": gettext_lazy("quick"),
    "crc": gettext_lazy("with checksums"),
    "deep": gettext_lazy("every byte"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One event as the page shows it."""

    event: AuditEvent
    actor: str
    action: str
    target: str
    particulars: tuple[tuple[str, str], ...]


def lines(events: Iterable[AuditEvent]) -> list[AuditLine]:
    """The events in words; archives by their names, where they are known."""
    events = list(events)
    wanted = {event.detail["archive"] for event in events if isinstance(event.detail.get("archive"), int)}
    archives = dict(Archive.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return [
        AuditLine(
            event=event,
            actor=str(_ACTORS.get(event.actor, event.actor)),
            action=str(ACTIONS.get(event.action, event.action)),
            target=_target(event),
            particulars=tuple(
                (str(PARTICULARS.get(name, name)), _value(name, value, archives))
                for name, value in event.detail.items()
                # the name of the archive is the target, and a release has no other name
                if value not in ("", None)
                and name != "release"
                and not (name == "archive" and archives.get(value) == event.target)
            ),
        )
        for event in events
    ]


def _target(event: AuditEvent) -> str:
    words: Mapping[str, object] = {}
    if event.action.startswith("directory:"):
        words = dict(DirectoryKind.choices)
    elif event.action == Action.NOTICE_TEST_SENT:
        words = dict(Channel.choices)
    elif event.action == Action.ARCHIVE_VERIFIED:
        words = _DEPTHS
    return str(words.get(event.target, event.target))


def _value(name: str, value: object, archives: Mapping[int, str]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return in_words(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, int):
        return archives.get(value, str(value)) if name == "archive" else str(value)
    if name == "why":
        return " ".join(in_words({"code": f"doubt_{doubt}"}) for doubt in str(value).split(","))
    if name in ("fields", "secrets"):
        return ", ".join(_field(one) for one in str(value).split(","))
    words = _VOCABULARIES.get(name)
    return str(words().get(str(value), value)) if words else str(value)


def _field(name: str) -> str:
    """A setting as its form calls it."""
    for form in (AccountForm, DirectoryForm, NoticeForm):
        if name in form.base_fields and form.base_fields[name].label:
            return str(form.base_fields[name].label)
    for model in (User, Archive, Installation, NoticeSettings):
        for field in model._meta.fields:
            if field.name == name and not isinstance(field.verbose_name, str):  # translated: ours
                return str(field.verbose_name)
    return name


_VOCABULARIES: Mapping[str, Callable[[], Mapping[str, object]]] = {
    "cause": lambda: CAUSES,
    "failed": lambda: {**STEPS, **{str(step): title for step, title in titles().items()}},
    "origin": lambda: dict(ArchiveOrigin.choices),
    "role": lambda: dict(Role.choices),
    "rule": lambda: dict(ReleaseRule.choices),
    "what": lambda: _WHAT,
}
