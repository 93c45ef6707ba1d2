"""Journal reports of Exchange and Microsoft 365: the envelope they tell and the originals inside.

Promises: originals are ranges of the report's own bytes (or decode from one), never re-serialised; only the
outermost header decides whether mail is a report; mail that is none is told apart in microseconds. Does not
decide whom to trust: that is the source's setting, and SUSPICIOUS reports are for quarantine.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from amberpost.message.body import is_html
from amberpost.message.charset import decode
from amberpost.message.headers import message_id
from amberpost.message.markup import html_text
from amberpost.message.mime import NESTED_TYPES, TNEF_TYPES, build_tree, content_type
from amberpost.message.report import read_report
from amberpost.message.scan import HeaderBlock, first, first_field, readable, scan_header
from amberpost.message.tnef import read_tnef
from amberpost.message.transfer import decode_transfer
from amberpost.message.types import Envelope, Flag, Part, Span

_HEADER_WINDOW = 256 * 1024  # a report has a header of a few kilobytes; the rest is latitude for relays
_BLANK_LINE = re.compile(rb"\n\r?\n")
_REPORT_FIELD = b"x-ms-journal-report"
# Exchange 2003 misspells its own field; both spellings are accepted.
_OLD_FIELDS = (b"content-identifer", b"content-identifier")
_OLD_VALUE = b"exjournalreport"
_ENCODED = ("base64", "quoted-printable")
_RPMSG = "application/x-microsoft-rpmsg-message"
# What a non-delivery report returns (RFC 3462 §3): the message, or only its header.
_RETURNED_TYPES = (*NESTED_TYPES, "text/rfc822-headers", "message/global-headers")
_NDR_LEVELS = 2  # a non-delivery report may come back itself


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedOriginal:
    """A message inside a report."""

    data: bytes
    body: Span | None  # range in the raw report; None inside a report that was itself encoded
    encoding: str  # "" when data == raw[body]; else "base64" or "quoted-printable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """A handed-over message, taken out of its journal report if it came in one."""

    originals: tuple[ReportedOriginal, ...]
    shown: int | None  # which original users see; None: the message as it came
    envelope: Envelope | None
    flags: frozenset[Flag]
    report_text: str

    def shown_bytes(self, raw: bytes) -> bytes:
        """The bytes users see."""
        return raw if self.shown is None else self.originals[self.shown].data


def unwrap(raw: bytes, envelope: Envelope | None = None) -> Unwrapped:
    """Take the original out of a journal report; other mail comes back as it is."""
    # A quick no for ordinary mail: one of these words stands in the header of every report, or it is none.
    begin = first_field(raw, 0, len(raw))
    blank = _BLANK_LINE.search(raw, begin, begin + _HEADER_WINDOW)
    head = raw[begin : blank.start() if blank else begin + _HEADER_WINDOW].lower()
    if b"journal-report" in head or b"multipart/report" in head or _OLD_VALUE in head:
        return _unwrap_report(raw, envelope)
    return _ORDINARY if envelope is None else _not_a_report(envelope)


def _not_a_report(envelope: Envelope | None, *flags: Flag) -> Unwrapped:
    return Unwrapped(originals=(), shown=None, envelope=envelope, flags=frozenset(flags), report_text="")


_ORDINARY = _not_a_report(None)


def is_report(raw: bytes) -> bool:
    """Whether unwrap() would open a journal report in it."""
    return Flag.JOURNAL_REPORT in unwrap(raw).flags


def lacks_envelope(flags: Collection[str]) -> bool:
    """True for a report in which no envelope can be read. A non-delivery report that returns one is ordinary mail."""
    return Flag.REPORT_UNREADABLE in flags and Flag.FROM_NDR not in flags


def _unwrap_report(raw: bytes, envelope: Envelope | None) -> Unwrapped:
    """The report itself, or the one inside a non-delivery report (rule 18)."""
    flags: set[Flag] = set()
    view, is_encoded = readable(raw), False
    start, end = 0, len(view)
    for _ in range(_NDR_LEVELS + 1):
        block = scan_header(view, start, end, set())
        kind, _ = content_type(view, block, "text/plain")
        claims_report = _REPORT_FIELD in block.fields or any(
            _OLD_VALUE in first(view, block, name).lower() for name in _OLD_FIELDS
        )
        if claims_report:
            # A report that was never more than text has no place for an original.
            may_be_opened = kind.startswith("multipart/") or kind in TNEF_TYPES
            parts = _parts(view, block, end) if may_be_opened else []
            opened = _open_report(raw, parts, flags)
            if opened is None:
                return _not_a_report(envelope, Flag.REPORT_UNREADABLE, *flags)
            # Ranges name bytes of what was handed over, which a decoded report no longer is.
            if is_encoded:
                originals = tuple(replace(original, body=None) for original in opened.originals)
                return replace(opened, originals=originals)
            return opened
        if kind != "multipart/report":
            break
        returned = next(
            (
                part
                for part in _parts(view, block, end)
                if part.depth == 1 and part.content_type in _RETURNED_TYPES
            ),
            None,
        )
        if returned is None:
            break
        flags.add(Flag.FROM_NDR)
        start, end = returned.body.start, returned.body.end
        if returned.encoding in _ENCODED:
            raw, is_encoded = _data(raw, returned), True
            view = readable(raw)
            start, end = 0, len(view)
    return _not_a_report(envelope)


def _parts(view: bytes, block: HeaderBlock, end: int) -> list[Part]:
    """The parts of the report, without those of the originals."""
    return build_tree(view, block, end, set(), opens_nested=False).parts


def _open_report(raw: bytes, parts: list[Part], flags: set[Flag]) -> Unwrapped | None:
    """What a mail that claims to be a report says and holds; None when it says nothing a report would."""
    text = _report_text(raw, parts)
    report = read_report(text)
    if report is None:
        return None
    flags.add(Flag.JOURNAL_REPORT)
    originals = tuple(
        ReportedOriginal(
            data=_data(raw, part), body=part.body, encoding=part.encoding if part.encoding in _ENCODED else ""
        )
        for part in _original_parts(parts)
    )
    shown: int | None = None
    if report.is_suspicious:
        flags.add(Flag.SUSPICIOUS)  # the whole wrapper waits for an officer
    elif not originals:
        flags.add(Flag.ORIGINAL_MISSING)
    else:
        shown = _clear_copy(originals, flags)
        # Reports name the original's Message-ID: one that differs says that the two may not belong together.
        view = readable(originals[shown].data)
        own = message_id(first(view, scan_header(view, 0, len(view), set()), b"message-id"))
        reported = report.envelope.reported_message_id
        if own and reported and own != reported:
            flags.add(Flag.MESSAGE_ID_DIFFERS)
    return Unwrapped(
        originals=originals, shown=shown, envelope=report.envelope, flags=frozenset(flags), report_text=text
    )


def _report_text(raw: bytes, parts: list[Part]) -> str:
    """The first text part before the first original that says anything; TNEF when the report was sent as TNEF."""
    html = ""
    for part in parts:
        if part.content_type in NESTED_TYPES:
            break
        if part.content_type == "text/plain" and (text := _decoded(raw, part)).strip():
            return text
        if is_html(part) and not html:
            html = html_text(_decoded(raw, part))
    if html:
        return html
    for part in parts:
        if part.content_type in TNEF_TYPES or part.filename.lower() == "winmail.dat":
            content = read_tnef(_data(raw, part))
            return content.text if content is not None else ""
    return ""


def _decoded(raw: bytes, part: Part) -> str:
    return decode(_data(raw, part), part.charset)


def _data(raw: bytes, part: Part) -> bytes:
    return decode_transfer(raw[part.body.start : part.body.end], part.encoding)[0]


def _original_parts(parts: list[Part]) -> list[Part]:
    """Every message/rfc822 child of the report, else a file that is one (rules 8 and 10)."""
    children = [part for part in parts if part.depth == 1]
    nested = [part for part in children if part.content_type in NESTED_TYPES]
    return nested or [
        part
        for part in children
        if part.filename.lower().endswith(".eml") and part.content_type == "application/octet-stream"
    ]


def _clear_copy(originals: tuple[ReportedOriginal, ...], flags: set[Flag]) -> int:
    """Of a protected message and its decrypted copy the copy (rule 12); the order is not documented."""
    if len(originals) == 1:
        return 0
    protected: list[bool] = []
    for original in originals:
        view = readable(original.data)
        parts = _parts(view, scan_header(view, 0, len(view), set()), len(view))
        protected.append(
            any(part.content_type == _RPMSG or part.filename.lower() == "message.rpmsg" for part in parts)
        )
    if all(protected) or not any(protected):
        return 0
    flags.add(Flag.DECRYPTED_BY_EXCHANGE)
    return protected.index(False)
