"""The test message: tells by each way that is set up, and says in plain words where it failed."""

import secrets
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amberpost.clock import now
from amberpost.errors import ArchiveError, DeliveryError, UserError
from amberpost.notice.models import Channel, NoticeSettings
from amberpost.notice.outbox import deliver
from amberpost.notice.rounds import Event
from amberpost.spoken import in_words
from amberpost.store.secret import OpenSetting

STEPS = {
    "settings": gettext_lazy("Settings"),
    "token": gettext_lazy("Getting a token"),
    "name": gettext_lazy("Looking up the name"),
    "connect": gettext_lazy("Connecting"),
    "tls": gettext_lazy("Securing the connection"),
    "login": gettext_lazy("Signing in"),
    "sender": gettext_lazy("Naming the sender"),
    "recipient": gettext_lazy("Naming the recipients"),
    "message": gettext_lazy("Handing over the message"),
    "answer": gettext_lazy("Answer of the server"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of one test message. `step` is empty if it was handed over."""

    channel: Channel
    step: str
    text: str

    @property
    def is_well(self) -> bool:
        return not self.step


def send_test(settings: NoticeSettings, unseal: OpenSetting, url: str) -> list[Trial]:
    """One test message by each way; UserError if none is set up."""
    if not settings.channels:
        raise UserError("nobody_notified")
    return [_try(channel, settings, unseal, url) for channel in settings.channels]


def _try(channel: Channel, settings: NoticeSettings, unseal: OpenSetting, url: str) -> Trial:
    event = Event(
        what="test", kind="", subject="", level=0, arguments={}, since=now().isoformat(timespec="seconds")
    )
    try:
        missed = deliver(channel, [event], settings, unseal, url=url, token=secrets.token_hex(16))
    except DeliveryError as error:
        return _failed(channel, error.step, in_words(error))
    except ArchiveError as error:
        return _failed(channel, "settings", in_words(error))
    if missed:
        return _failed(channel, "recipient", in_words(missed))
    if channel is Channel.WEBHOOK:
        return Trial(channel=channel, step="", text=_("The webhook took the test message."))
    to = ", ".join(settings.addresses)
    text = _("The mail relay took the test message for %(addresses)s. Look whether it arrives.")
    return Trial(channel=channel, step="", text=text % {"addresses": to})


def _failed(channel: Channel, step: str, text: str) -> Trial:
    words = _("%(channel)s, %(step)s: %(error)s") % {
        "channel": _("E-mail") if channel is Channel.MAIL else _("Webhook"),
        "step": STEPS[step],
        "error": text,
    }
    return Trial(channel=channel, step=step, text=words)
