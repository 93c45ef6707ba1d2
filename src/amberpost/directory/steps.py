"""Trying out a directory connection step by step, for the operator who sets it up.

Promises to reach every named server, to stop where going on makes no sense, and to say what to do. Changes
nothing, here or there.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.directory.found import EntryKind, Found
from amberpost.directory.ldap.reader import CredentialsRefused, base_of, read_all, sign_in
from amberpost.directory.ldap.session import LdapSession
from amberpost.directory.settings import LdapKind, LdapSettings
from amberpost.errors import DirectoryError
from amberpost.net.dial import look_up
from amberpost.net.server import ServerAddress
from amberpost.spoken import in_words
from amberpost.times import day_text

_SAMPLE = 5  # entries: enough to see that these are one's own people


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryStep:
    """One thing tried: what, how it went, what to know or to do, and how long it took."""

    title: str
    is_ok: bool
    text: str
    seconds: float


def test_directory(settings: LdapSettings) -> Iterator[DirectoryStep]:
    """The steps, each as soon as it is done; the last one is not ok if the connection cannot be used."""
    usable: LdapSession | None = None
    try:
        for host in settings.addresses:
            trial = _Trial(settings, host)
            yield from trial.steps()
            if usable is None:
                usable = trial.session
            elif trial.session is not None:
                trial.session.close()
            if trial.is_refused:  # a second try elsewhere could lock the account
                return
        if usable is None:
            yield DirectoryStep(title=_("Servers"), is_ok=False, text=_("No server can be used"), seconds=0)
            return
        yield from _read_steps(usable, settings)
    finally:
        if usable is not None:
            usable.close()


class _Trial:
    """Name, connection and sign-in of one server; keeps the session if all went well."""

    def __init__(self, settings: LdapSettings, host: ServerAddress) -> None:
        self._settings, self._host = settings, host
        self.session: LdapSession | None = None
        self.is_refused = False

    def steps(self) -> Iterator[DirectoryStep]:
        for title, act in (
            (_("Name of %(host)s"), self._look_up),
            (_("Connection to %(host)s"), self._connect),
            (_("Sign-in at %(host)s"), self._bind),
        ):
            step = timed(title % {"host": self._host}, act)
            yield step
            if not step.is_ok:
                return

    def _look_up(self) -> str:
        try:
            found = look_up(self._host.name, self._host.port, self._settings.connect_seconds)
        except (OSError, UnicodeError):
            raise DirectoryError("server_name_unknown_here") from None
        return ", ".join(dict.fromkeys(str(item[4][0]) for item in found))

    def _connect(self) -> str:
        self.session = session = LdapSession(self._settings, self._host)
        certificate = session.certificate
        if certificate is None:
            return _(
                "Not encrypted: passwords travel in clear text, and nobody can sign in with the directory"
            )
        return _("%(version)s, certificate for %(names)s by %(issuer)s, valid until %(until)s") % {
            "version": certificate.version,
            "names": ", ".join(certificate.names),
            "issuer": certificate.issuer,
            "until": day_text(certificate.expires_at),
        }

    def _bind(self) -> str:
        assert self.session is not None
        try:
            sign_in(self.session, self._settings)
        except DirectoryError as error:
            self.is_refused = isinstance(error, CredentialsRefused)
            self.session.close()
            self.session = None
            raise
        return self._settings.user


def _read_steps(session: LdapSession, settings: LdapSettings) -> Iterator[DirectoryStep]:

    def base_dn() -> str:
        base = base_of(session, settings)
        if not session.exists(base):
            raise DirectoryError("base_dn_unknown", subject=base, permanent=True)
        return base

    step = timed(_("Base DN"), base_dn)
    yield step
    if not step.is_ok:
        return
    if settings.kind == LdapKind.AD:
        yield timed(_("Exchange attributes"), lambda: _schema_text(session, settings))
    hint = _("Nothing; check the base DN, the filter and what the account may read")
    yield from found_steps(lambda: read_all(session, settings), hint=hint)


def found_steps(read: Callable[[], Found], *, hint: str) -> Iterator[DirectoryStep]:
    """What is found, a sample, and the notes; `hint` says what to check if there is nothing."""
    found: list[Found] = []

    def count() -> str:
        found.append(read())
        return _counts_text(found[0])

    yield timed(_("What is found"), count)
    for one in found:
        sample = "; ".join(f"{entry.name} <{entry.addresses[0]}>" for entry in one.entries[:_SAMPLE])
        yield DirectoryStep(title=_("For example"), is_ok=bool(one.entries), text=sample or hint, seconds=0)
        for note in one.notes:
            yield DirectoryStep(title=_("Hint"), is_ok=True, text=in_words(note), seconds=0)


def _schema_text(session: LdapSession, settings: LdapSettings) -> str:
    sample = session.search(base_of(session, settings), "(msExchRecipientTypeDetails=*)", ("1.1",))
    if not sample:
        return _(
            "None are set: the mail attribute decides, and shared mailboxes are not told apart from people"
        )
    return ngettext(
        "%(count)d mailbox or group has them", "%(count)d mailboxes and groups have them", len(sample)
    ) % {"count": len(sample)}


def _counts_text(found: Found) -> str:
    counts = Counter(entry.kind for entry in found.entries)
    labels = {
        EntryKind.PERSON: _("people"),
        EntryKind.SHARED: _("shared mailboxes"),
        EntryKind.ROOM: _("rooms"),
        EntryKind.EQUIPMENT: _("equipment"),
        EntryKind.GROUP: _("groups"),
        EntryKind.DYNAMIC_GROUP: _("dynamic groups"),
        EntryKind.PUBLIC_FOLDER: _("public folders"),
    }
    return ", ".join(f"{label}: {counts[kind]}" for kind, label in labels.items())


def timed(title: str, act: Callable[[], str]) -> DirectoryStep:
    """One step: what `act` says, or the DirectoryError it raises."""
    started = time.monotonic()
    try:
        text, is_ok = act(), True
    except DirectoryError as error:
        text, is_ok = in_words(error), False
    return DirectoryStep(title=title, is_ok=is_ok, text=text, seconds=time.monotonic() - started)
