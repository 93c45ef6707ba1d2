"""The connection test: can mail be collected from this account, and if not, why and what to do.

Promises: deletes, moves and marks nothing; keeps nothing of the message it looks at and says only whether it
is a journal report; shows no secret. It is over in 30 seconds whatever the server does; what comes after a
failure is skipped.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from amberpost.clock import now
from amberpost.errors import SourceError
from amberpost.net.certificates import Certificate
from amberpost.oauth.hints import token_roles
from amberpost.oauth.refusal import OAuthError
from amberpost.remark import Remark
from amberpost.sources.exchange import IMAP_ROLE, POP_ROLE
from amberpost.sources.models import SourceProtocol
from amberpost.sources.probe_mailbox import MAILBOXES, SAMPLE_BYTES, ProbedMailbox
from amberpost.sources.probe_sample import Said, judge_sample
from amberpost.sources.probe_tls import encrypt, look_up, reach
from amberpost.sources.settings import AccountSettings, OAuthLogin, PasswordLogin
from amberpost.sources.trouble import surprise
from amberpost.spoken import in_words

TOTAL_SECONDS = 30.0  # people wait for it; browsers and proxies give up after 60
STEP_SECONDS = 12.0  # for one answer
FAREWELL_SECONDS = 1.0  # kept of the total, to hang up
WARN_DAYS = 30  # before a certificate expires

StepName = Literal["name", "connect", "tls", "token", "login", "mailbox", "waiting", "sample"]
State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeStep:
    """One step of the test, in the language of whoever asked."""

    name: StepName
    state: State
    seconds: float
    text: str
    advice: str = ""
    certificate: Certificate | None = None
    may_trust: bool = False  # the certificate is refused, and could be accepted by its fingerprint

    @property
    def title(self) -> str:
        return titles()[self.name]


def probe(settings: AccountSettings, protocol: str, *, evaluation: str = "journal") -> Iterator[ProbeStep]:
    """Try everything a run would do but for taking mail, step by step."""
    test = _Test(settings, SourceProtocol(protocol), evaluation)
    has_failed = False
    try:
        for name, check in test.checks():
            if has_failed:
                yield ProbeStep(name=name, state="skipped", seconds=0.0, text="")
                continue
            step = test.take(name, check)
            has_failed = step.state == "failed"
            yield step
    finally:
        test.close()


def has_succeeded(steps: list[ProbeStep]) -> bool:
    """True if mail can be collected, with warnings or without."""
    return not any(step.state == "failed" for step in steps)


class _Test:
    """One connection test at one account."""

    def __init__(self, settings: AccountSettings, protocol: SourceProtocol, evaluation: str) -> None:
        self._given = settings
        self._protocol = protocol
        self._evaluation = evaluation
        self._ends_at = time.monotonic() + TOTAL_SECONDS
        self._mailbox: ProbedMailbox | None = None
        self._count = 0

    def checks(self) -> list[tuple[StepName, Callable[[], Said]]]:
        steps: list[tuple[StepName, Callable[[], Said]]] = [
            ("name", self._look_up),
            ("connect", self._connect),
            ("tls", self._secure),
        ]
        if self._protocol.uses_oauth:
            steps.append(("token", self._fetch_token))
        steps += [
            ("login", self._log_in),
            ("mailbox", self._open),
            ("waiting", self._wait),
            ("sample", self._look),
        ]
        return steps

    def take(self, name: StepName, check: Callable[[], Said]) -> ProbeStep:
        """Do one step and time it."""
        began = now()
        try:
            said = self._in_time(check)
        except SourceError as error:
            said = Said(state="failed", text=_words(error), advice=_advice(name, error))
        except Exception as error:  # noqa: BLE001  whoever asks is told, with no page of ours about a mistake
            found = surprise(error, f"server={self._given.server} test={name}")
            said = Said(state="failed", text=_words(found))
        return ProbeStep(
            name=name,
            state=said.state,
            seconds=round((now() - began).total_seconds(), 3),
            text=said.text,
            advice=said.advice,
            certificate=said.certificate,
            may_trust=said.may_trust,
        )

    def close(self) -> None:
        if self._mailbox is not None:
            with suppress(SourceError):
                self._mailbox.close()

    # The steps

    def _look_up(self) -> Said:
        return Said(text=", ".join(look_up(self._settings)[:8]))

    def _connect(self) -> Said:
        reach(self._settings)
        return Said(text=_("port %(port)d answers") % {"port": self._given.port})

    def _secure(self) -> Said:
        if self._given.security == "none":
            return self._without_encryption()
        found = encrypt(self._settings, is_pop3=self._protocol.is_pop3)
        if found.refusal:
            return Said(
                state="failed",
                text=_("The certificate is not trusted: %(reason)s") % {"reason": in_words(found.refusal)},
                advice=_(
                    "If your company has its own root certificate, enter it under “Own root certificate”. If you "
                    "know this certificate to be the right one, compare the fingerprint with the server and "
                    "trust it."
                ),
                certificate=found.certificate,
                may_trust=found.certificate is not None,
            )
        text = f"{found.version}, {found.cipher}"
        if self._given.certificate_sha256:
            text += "; " + _("the accepted certificate")
        days = found.certificate.days_left if found.certificate else WARN_DAYS
        if days >= WARN_DAYS:
            return Said(text=text, certificate=found.certificate)
        return Said(
            state="warning",
            text=text,
            advice=_expiry_advice(days),
            certificate=found.certificate,
        )

    def _without_encryption(self) -> Said:
        login = self._given.login
        if isinstance(login, OAuthLogin) and not self._given.allow_insecure_oauth:
            return Said(
                state="failed",
                text=_("Without connection security others could read the token."),
                advice=_("Choose SSL. Exchange Online knows nothing else."),
            )
        return Said(
            state="warning",
            text=_("not encrypted"),
            advice=_(
                "Others on the network can read the password and the mail. Use this for a short time only: "
                "choose STARTTLS or SSL as soon as the server has it."
            ),
        )

    def _fetch_token(self) -> Said:
        login = self._given.login
        if not isinstance(login, OAuthLogin):
            raise SourceError("account_without_oauth", permanent=True)
        login.forget()  # a token from before would say nothing of the secret that is there now
        facts = token_roles(login.token())
        role = POP_ROLE if self._protocol.is_pop3 else IMAP_ROLE
        if facts is None:
            return Said(text=_("Microsoft has given a token"))
        if role in facts.roles:
            return Said(text=_("Microsoft has given a token with the permission %(role)s") % {"role": role})
        return Said(
            state="warning",
            text=_("Microsoft has given a token, but without the permission %(role)s") % {"role": role},
            advice=_(
                "Add %(role)s to the app as an application permission of Office 365 Exchange Online and grant "
                "admin consent. A change can take 30 minutes until it works."
            )
            % {"role": role},
        )

    def _log_in(self) -> Said:
        login = self._given.login
        if isinstance(login, PasswordLogin) and not login.password.reveal():
            raise SourceError("password_missing", permanent=True)
        self._mailbox = MAILBOXES[self._protocol](self._settings)
        return Said(text=_("signed in as %(user)s") % {"user": self._given.user})

    def _open(self) -> Said:
        mailbox = self._opened
        self._count = mailbox.open()
        if self._protocol.is_pop3:
            text = _("the mailbox is open")
        else:
            text = _("opened: %(folders)s") % {"folders": ", ".join(self._given.folders)}
        if self._given.keep_mails or mailbox.can_delete:
            return Said(text=text)
        return Said(
            state="warning",
            text=text,
            advice=_(
                "This server cannot delete single messages safely (neither UIDPLUS nor MOVE). Mail is archived "
                "and stays there."
            ),
        )

    def _wait(self) -> Said:
        text = ngettext("%(number)d message is there", "%(number)d messages are there", self._count)
        return Said(text=text % {"number": self._count})

    def _look(self) -> Said:
        if not self._count:
            return Said(
                text=_("The mailbox is empty."),
                advice=_(
                    "That is usual for an account that is collected already. If it is new, send a message and "
                    "test again: a new journal rule can take an hour until its first report."
                ),
            )
        raw = self._opened.newest()
        if raw is None:
            return Said(
                text=_("The newest message is gone already or larger than %(size)d MB; it was not looked at.")
                % {"size": SAMPLE_BYTES // 2**20}
            )
        return judge_sample(raw, self._evaluation)

    # Time

    @property
    def _opened(self) -> ProbedMailbox:
        assert self._mailbox is not None, "logged in before"
        return self._mailbox

    @property
    def _settings(self) -> AccountSettings:
        """With the time that is left."""
        return replace(
            self._given,
            timeout_seconds=STEP_SECONDS,
            answer_seconds=STEP_SECONDS,
            until=self._ends_at - FAREWELL_SECONDS,
            max_message_bytes=SAMPLE_BYTES,
        )

    def _in_time(self, check: Callable[[], Said]) -> Said:
        """What the check says. All it waits for has limits of its own; this one holds whatever happens.

        A check that hangs is left behind in its thread, with its mailbox, until its own limits end it.
        """
        left = self._ends_at - FAREWELL_SECONDS / 2 - time.monotonic()
        found: queue.SimpleQueue[Said | Exception] = queue.SimpleQueue()
        language = get_language()

        def work() -> None:
            try:
                with override(language):
                    found.put(check())
            except Exception as error:  # noqa: BLE001  it is the caller's
                found.put(error)

        if left > 0:
            threading.Thread(target=work, daemon=True, name="connection test").start()
        try:
            said = found.get(timeout=max(left, 0))
        except queue.Empty:
            self._mailbox = None
            raise SourceError("test_too_long") from None
        if isinstance(said, Exception):
            raise said
        return said


def titles() -> dict[StepName, str]:
    """What each step is called."""
    return {
        "name": _("Server name"),
        "connect": _("Connection"),
        "tls": _("Encryption"),
        "token": _("Token"),
        "login": _("Sign-in"),
        "mailbox": _("Mailbox"),
        "waiting": _("Messages waiting"),
        "sample": _("Newest message"),
    }


def _expiry_advice(days: int) -> str:
    if days < 0:
        return _("The certificate of the server has expired. Its administrator must renew it.")
    if days == 0:
        return _("The certificate of the server expires within a day. Its administrator must renew it.")
    text = ngettext(
        "The certificate of the server expires in %(days)d day. Its administrator must renew it.",
        "The certificate of the server expires in %(days)d days. Its administrator must renew it.",
        days,
    )
    return text % {"days": days}


def _words(error: SourceError) -> str:
    """What happened; of Microsoft's refusals the code, for the meaning is the advice."""
    if isinstance(error, OAuthError) and error.reply:
        return error.remark.said or error.reply
    return in_words(error)


def _advice(name: StepName, error: SourceError) -> str:
    if isinstance(error, OAuthError) and error.reply:
        return in_words(Remark(error.remark.code))
    if isinstance(error, OAuthError):
        return _(
            "The archive must reach Microsoft's sign-in server over HTTPS. Check firewall and authority."
        )
    return {
        "name": _("Check the spelling of the server. The archive must be able to resolve it."),
        "connect": _("Check server, port and the firewall between the archive and the server."),
        "tls": _("Try SSL instead of STARTTLS or the other way round, and check the port."),
        "login": _login_advice(error),
        "mailbox": _("Check the folders of the account and the permission to the mailbox."),
    }.get(name, "")


def _login_advice(error: SourceError) -> str:
    if not error.permanent:
        return _("This may be temporary. Try again later; a change of permissions can take 30 minutes.")
    return _("Check user and password. Many servers want the whole e-mail address as the user.")
