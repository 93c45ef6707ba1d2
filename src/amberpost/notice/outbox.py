"""Carry what waits in the outbox: put it into words, hand it over, try again with back-off.

A row is claimed by moving its time; the claim of a sender that died runs out and another one sends. Each try
carries the same token, so that a message that came twice can be known as one.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from amberpost.clock import now
from amberpost.errors import ArchiveError
from amberpost.notice.alarm import Kept
from amberpost.notice.configure import hook_of, relay_of
from amberpost.notice.mail import NoticeMail, send
from amberpost.notice.models import Channel, Dispatch, NoticeSettings
from amberpost.notice.rounds import Event
from amberpost.notice.webhook import post
from amberpost.notice.words import sentence
from amberpost.remark import Remark
from amberpost.store.secret import OpenSetting
from amberpost.times import moment_text

log = logging.getLogger(__name__)

CLAIM = timedelta(minutes=5)  # longer than all time limits of one try together
_LATEST = timedelta(minutes=30)
_LEVELS = ("hint", "warning", "grave")


def waiting(at: datetime) -> list[Dispatch]:
    """What is due to be carried."""
    # Further off than the longest wait only where a clock was ahead.
    is_due = Q(next_at__lte=at) | Q(next_at__gt=at + _LATEST)
    return list(Dispatch.objects.filter(is_due, sent_at=None).order_by("id"))


def carry(dispatch: Dispatch, settings: NoticeSettings, unseal: OpenSetting, url: str) -> bool:
    """Hand over one message unless another process is about to. False if it could not be handed over.

    `url`: the address of the archive's pages.
    """
    if dispatch.channel not in settings.channels:  # switched off since
        dispatch.delete()
        return True
    claimed = Dispatch.objects.filter(pk=dispatch.pk, next_at=dispatch.next_at, sent_at=None)
    if claimed.update(next_at=now() + CLAIM) != 1:
        return True
    try:
        error = deliver(
            Channel(dispatch.channel), dispatch.events, settings, unseal, url=url, token=_token(dispatch)
        )
    except ArchiveError as failure:
        _note_failure(dispatch, failure.remark)
        return False
    Dispatch.objects.filter(pk=dispatch.pk).update(
        sent_at=now(), tries=dispatch.tries + 1, error=error.as_json() if error else {}
    )
    log.info("notified channel=%s events=%d", dispatch.channel, len(dispatch.events))
    return True


def deliver(
    channel: Channel,
    events: Sequence[Event],
    settings: NoticeSettings,
    unseal: OpenSetting,
    *,
    url: str,
    token: str,
) -> Remark | None:
    """Say these events by one way. Returns what of it did not arrive, if anything."""
    at = now()
    with override(settings.language):
        body = as_json(events, url, at)
        letter = NoticeMail(
            subject=subject_of(events),
            text=text_of(events, url, at),
            language=settings.language,
            token=token,
            at=at,
        )
    if channel is Channel.WEBHOOK:
        post(hook_of(settings, unseal), body, token=token, at=at)
        return None
    refused = send(relay_of(settings, unseal), letter)
    return Remark("relay_some_refused", {"addresses": ", ".join(refused)}) if refused else None


def subject_of(events: Sequence[Event]) -> str:
    """The line people see first."""
    if any(event["what"] == "test" for event in events):
        return _("Amberpost: test message")
    open_ones = [event for event in events if event["what"] != "over"]
    if not open_ones:
        return _("Amberpost: resolved")
    text = ngettext(
        "Amberpost: %(number)d thing needs your attention",
        "Amberpost: %(number)d things need your attention",
        len(open_ones),
    )
    return text % {"number": len(open_ones)}


def text_of(events: Sequence[Event], url: str, at: datetime) -> str:
    """The whole message: what began, what lasts, what is over, where to look."""
    headings = {
        "test": _("This is a test. Notifications of this archive arrive here."),
        "began": _("New:"),
        "lasts": _("Still:"),
        "over": _("Resolved:"),
    }
    parts = []
    for what, heading in headings.items():
        mine = [event for event in events if event["what"] == what]
        if mine:
            lines = [f"- {line_of(event)}" for event in mine if event["kind"]]
            parts.append("\n".join([heading, *lines]))
    parts.append(_("Look here: %(url)s") % {"url": f"{url}/console/"})
    parts.append(
        _("Written by the archive at %(url)s on %(moment)s.") % {"url": url, "moment": moment_text(at)}
    )
    return "\n\n".join(parts) + "\n"


def line_of(event: Event) -> str:
    """One event as a sentence, with its beginning."""
    return _("%(sentence)s (since %(since)s)") % {
        "sentence": sentence(event["kind"], event["arguments"]),
        "since": moment_text(datetime.fromisoformat(event["since"])),
    }


def as_json(events: Sequence[Event], url: str, at: datetime) -> dict[str, object]:
    """The body of the webhook: docs/operate/notifications.md."""
    return {
        "version": 1,
        "archive": url,
        "at": at.isoformat(timespec="seconds"),
        "title": subject_of(events),
        "events": [
            {
                "what": event["what"],
                "kind": event["kind"],
                "subject": event["subject"],
                "level": _LEVELS[event["level"]],
                "since": event["since"],
                "text": sentence(event["kind"], event["arguments"]) if event["kind"] else subject_of([event]),
            }
            for event in events
        ],
    }


def failures() -> dict[Channel, Kept]:
    """Why the last message of a way did not arrive, for each way where it did not."""
    found = {}
    for channel in Channel:
        tried = Dispatch.objects.filter(channel=channel, tries__gt=0)
        last = tried.order_by("-id").values_list("error", flat=True).first()
        if last:
            found[channel] = last
    return found


def _note_failure(dispatch: Dispatch, error: Remark) -> None:
    wait = min(_LATEST, timedelta(minutes=2 ** min(dispatch.tries, 8)))
    Dispatch.objects.filter(pk=dispatch.pk).update(
        tries=dispatch.tries + 1, error=error.as_json(), next_at=now() + wait
    )
    log.warning("notification failed channel=%s tries=%d", dispatch.channel, dispatch.tries + 1)


def _token(dispatch: Dispatch) -> str:
    """The same for every try of one message, different in every archive and after every restart of the count."""
    name = f"{dispatch.pk} {dispatch.channel} {dispatch.created_at.isoformat()}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]
