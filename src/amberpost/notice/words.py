"""The sentence of each alarm, in the language that is active. Never mail, its subjects or people's addresses."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.notice.alarm import AlarmKind, Arguments
from amberpost.spoken import in_words
from amberpost.times import day_text, moment_text

PROCESSES = ("work", "fetch")
_DAYS, _MOMENTS = {"day"}, {"ours", "known", "until"}


def sentence(kind: str, arguments: Arguments) -> str:
    """What is wrong, for a person; the bare kind if this release does not know it."""
    make = _SENTENCES.get(kind)
    try:
        return " ".join((make(_with_times(arguments)) if make else kind).split())
    except (LookupError, ValueError):  # a row of another release
        return kind


def _place_in_doubt(values: Arguments) -> str:
    if values["is_imported"]:
        return _(
            "This archive has the configuration of another one. Until somebody confirms that this is now the archive, "
            "no mail is collected and nobody is notified."
        )
    return _(
        "This is a copy of the archive, or it was moved or restored. Until somebody confirms that this is now the "
        "archive, no mail is collected and nobody is notified."
    )


def _with_times(arguments: Arguments) -> Arguments:
    """Days and moments, which wait as ISO 8601, as the reader has them."""
    written: dict[str, str | int] = dict(arguments)
    for name in _DAYS & written.keys():
        text = str(written[name])
        written[name] = day_text(datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text))
    for name in _MOMENTS & written.keys():
        written[name] = moment_text(datetime.fromisoformat(str(written[name])))
    return written


def _findings(values: Arguments) -> str:
    number = int(values["number"])
    text = ngettext(
        "The last verification has %(number)d finding.",
        "The last verification has %(number)d findings.",
        number,
    )
    return text % {"number": number}


def _verify_failed(_values: Arguments) -> str:
    return _("The last verification could not be finished.")


def _no_index(_values: Arguments) -> str:
    text = _("The search index is missing or damaged. All mail is safe; rebuild the index with: %(command)s")
    return text % {"command": "amberpost rebuild --index"}


def _process_silent(values: Arguments) -> str:
    if values["process"] == "work":
        return _("The worker is not running. What was collected is safe and waits.")
    return _("Collecting is not running. Mail waits on its servers.")


def _no_source(_values: Arguments) -> str:
    return _("No e-mail server is set up yet: nothing is collected.")


def _source_failing(values: Arguments) -> str:
    return _("%(source)s cannot be collected: %(error)s") % {
        "source": values["source"],
        "error": in_words(values["error"]) or _("unknown error"),
    }


def _source_silent(values: Arguments) -> str:
    hours = int(values["hours"])
    text = ngettext(
        "No mail came from %(source)s for %(hours)d hour.",
        "No mail came from %(source)s for %(hours)d hours.",
        hours,
    )
    return text % {"source": values["source"], "hours": hours}


def _secret_expires(values: Arguments) -> str:
    days = int(values["days"])
    if days < 0:
        text = _("The client secret of %(source)s has expired. Make a new one and enter it.")
        return text % {"source": values["source"]}
    if days == 0:
        text = _("The client secret of %(source)s expires today. Make a new one and enter it.")
        return text % {"source": values["source"]}
    text = ngettext(
        "The client secret of %(source)s expires in %(days)d day (%(day)s). Make a new one and enter it.",
        "The client secret of %(source)s expires in %(days)d days (%(day)s). Make a new one and enter it.",
        days,
    )
    return text % {"source": values["source"], "days": days, "day": values["day"]}


def _certificate_expires(values: Arguments) -> str:
    days = int(values["days"])
    if days < 0:
        text = _("The certificate of the server %(server)s has expired. It must be renewed there.")
        return text % {"server": values["server"]}
    if days == 0:
        text = _(
            "The certificate of the server %(server)s expires within a day (%(day)s). It must be renewed there."
        )
        return text % {"server": values["server"], "day": values["day"]}
    text = ngettext(
        "The certificate of the server %(server)s expires in %(days)d day (%(day)s). It must be renewed there.",
        "The certificate of the server %(server)s expires in %(days)d days (%(day)s). It must be renewed there.",
        days,
    )
    return text % {"server": values["server"], "days": days, "day": values["day"]}


def _mail_left(values: Arguments) -> str:
    number = int(values["number"])
    text = ngettext(
        "%(number)d message stays on the server of %(source)s and is not archived; it may be too large.",
        "%(number)d messages stay on the server of %(source)s and are not archived; they may be too large.",
        number,
    )
    return text % {"source": values["source"], "number": number}


def _reports_not_opened(values: Arguments) -> str:
    text = _(
        "%(source)s delivers journal reports, but its header evaluation does not open them: they go to quarantine."
    )
    return text % {"source": values["source"]}


def _disk_filling(values: Arguments) -> str:
    named = {**values, "free": _room(int(values["free"]))}
    if values["stops"]:
        text = _(
            "Collecting has stopped: only %(free)s are free on the disk. It continues above %(least)d MiB; until then "
            "mail waits on its servers."
        )
    else:
        text = _("The disk is %(percent)d %% full: %(free)s are free. Collecting stops at %(least)d MiB.")
    return text % named


def _room(mib: int) -> str:
    return f"{mib} MiB" if mib < 10 * 1024 else f"{mib // 1024} GiB"


def _index_behind(values: Arguments) -> str:
    number = int(values["number"])
    text = ngettext(
        "The search index is behind: %(number)d message cannot be found yet (%(minutes)d min).",
        "The search index is behind: %(number)d messages cannot be found yet (up to %(minutes)d min).",
        number,
    )
    return text % {"number": number, "minutes": values["minutes"]}


def _intake_behind(values: Arguments) -> str:
    text = _("Processing is behind: collected mail has been waiting for %(minutes)d min. It is safe.")
    return text % values


def _quarantine_growing(values: Arguments) -> str:
    number = int(values["number"])
    text = ngettext(
        "%(number)d message went to quarantine within a day. Perhaps an address or an archive is missing.",
        "%(number)d messages went to quarantine within a day. Perhaps addresses or archives are missing.",
        number,
    )
    return text % {"number": number}


def _unprocessable(values: Arguments) -> str:
    number = int(values["number"])
    text = ngettext(
        "%(number)d message could not be processed. It is kept.",
        "%(number)d messages could not be processed. They are kept.",
        number,
    )
    return text % {"number": number}


def _jobs_failed(values: Arguments) -> str:
    number = int(values["number"])
    return ngettext("%(number)d job failed.", "%(number)d jobs failed.", number) % {"number": number}


def _notice_failed(values: Arguments) -> str:
    if values["channel"] == "mail":
        return _("Notifications by e-mail do not arrive: %(error)s") % {"error": in_words(values["error"])}
    return _("Notifications by webhook do not arrive: %(error)s") % {"error": in_words(values["error"])}


def _directory_failing(values: Arguments) -> str:
    text = _("The directory cannot be read: %(error)s. Users and archives stay as they are.")
    return text % {"error": in_words(values["error"]).removesuffix(".")}


def _directory_waits(_values: Arguments) -> str:
    return _("Changes of the directory wait for an operator to look at them.")


def _claimed_twice(values: Arguments) -> str:
    number = int(values["number"])
    text = ngettext(
        "%(number)d address is claimed twice in the directory; its mail waits in quarantine.",
        "%(number)d addresses are claimed twice in the directory; their mail waits in quarantine.",
        number,
    )
    return text % {"number": number}


def _seats_exceeded(values: Arguments) -> str:
    if values["has_stopped"]:
        text = _("Seats: %(used)d used of %(limit)d. Collecting has stopped; mail waits on its servers.")
    else:
        text = _("Seats: %(used)d used of %(limit)d. Collecting stops on %(day)s.")
    return text % {**values, "day": values["until"]}


def _clock_ahead(values: Arguments) -> str:
    text = _(
        "The clock of this machine is ahead: it says %(ours)s, but it is %(known)s according to %(who)s. Mail is taken "
        "in and safe, but sealing waits until the clock is right; then it continues by itself."
    )
    return text % values


def _clock_behind(values: Arguments) -> str:
    if values["who"]:
        text = _(
            "The clock of this machine is behind: it says %(ours)s, but it is at least %(known)s according to %(who)s."
        )
        return text % values
    if values["waits"]:
        text = _(
            "The clock of this machine is far behind: it says %(ours)s, but %(known)s has passed. Mail is taken "
            "in and safe, but sealing waits. Set the clock right; if it is right already: %(command)s"
        )
    else:
        text = _(
            "The clock of this machine is behind the last sealed entry: it says %(ours)s, the entry %(known)s. Until "
            "then new entries get the time of that entry. Set the clock right; if it is right already: %(command)s"
        )
    return text % {**values, "command": _CONFIRM}


def _clock_stepped(values: Arguments) -> str:
    if values["waits"]:
        text = _(
            "The clock of this machine says %(ours)s, but the last known time is %(known)s. Mail is taken in and safe, "
            "but sealing waits. Set the clock right; if it is right already: %(command)s"
        )
    else:
        text = _(
            "The clock of this machine was set: it says %(ours)s, where %(known)s was to be expected. "
            "If it is right: %(command)s"
        )
    return text % {**values, "command": _CONFIRM}


_CONFIRM = "amberpost clock confirm"
_SENTENCES: Mapping[str, Callable[[Arguments], str]] = {
    AlarmKind.PLACE_IN_DOUBT: _place_in_doubt,
    AlarmKind.FINDINGS: _findings,
    AlarmKind.VERIFY_FAILED: _verify_failed,
    AlarmKind.NO_INDEX: _no_index,
    AlarmKind.PROCESS_SILENT: _process_silent,
    AlarmKind.NO_SOURCE: _no_source,
    AlarmKind.SOURCE_FAILING: _source_failing,
    AlarmKind.SOURCE_SILENT: _source_silent,
    AlarmKind.SECRET_EXPIRES: _secret_expires,
    AlarmKind.CERTIFICATE_EXPIRES: _certificate_expires,
    AlarmKind.MAIL_LEFT: _mail_left,
    AlarmKind.REPORTS_NOT_OPENED: _reports_not_opened,
    AlarmKind.DISK_FILLING: _disk_filling,
    AlarmKind.INDEX_BEHIND: _index_behind,
    AlarmKind.INTAKE_BEHIND: _intake_behind,
    AlarmKind.QUARANTINE_GROWING: _quarantine_growing,
    AlarmKind.UNPROCESSABLE: _unprocessable,
    AlarmKind.JOBS_FAILED: _jobs_failed,
    AlarmKind.NOTICE_FAILED: _notice_failed,
    AlarmKind.DIRECTORY_FAILING: _directory_failing,
    AlarmKind.DIRECTORY_WAITS: _directory_waits,
    AlarmKind.CLAIMED_TWICE: _claimed_twice,
    AlarmKind.SEATS_EXCEEDED: _seats_exceeded,
    AlarmKind.CLOCK_AHEAD: _clock_ahead,
    AlarmKind.CLOCK_BEHIND: _clock_behind,
    AlarmKind.CLOCK_STEPPED: _clock_stepped,
}
