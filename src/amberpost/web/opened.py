"""An opened message as the template shows it."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from django.http import HttpRequest

from amberpost.message.attachments import Attachment, open_attachment
from amberpost.message.body import words_of
from amberpost.message.cards import CardEntry
from amberpost.message.contents import places
from amberpost.message.html import SafeHtml, safe_html, safe_text
from amberpost.message.types import Mailbox
from amberpost.reading.read import OpenedMessage
from amberpost.web.files import image_type

VIEWS = ("html", "text", "headers", "source")
SHOWN_BYTES = 256 * 1024  # of the source view; the whole is a download
# What a declared type may be to be offered for a look; image_type() then decides by the bytes.
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_PICTURE_BYTES = 5 * 1024 * 1024
_ALL_PICTURES_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentLine:
    """One line of the list of attachments."""

    attachment: Attachment
    is_picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An opened message in one of its views."""

    opened: OpenedMessage
    view: str
    views: tuple[tuple[str, str], ...]  # name and address of each
    files: tuple[AttachmentLine, ...]
    html: str  # safe to show in a sandbox, if this is the view of it
    blocked: int  # remote pictures
    source: str
    is_cut: bool  # of the source or of the HTML only the beginning is shown

    @property
    def sha256(self) -> str:
        """Of the bytes this user may have."""
        return sha256(self.opened.raw).hexdigest()

    @property
    def size_bytes(self) -> int:
        return len(self.opened.raw)

    @property
    def text(self) -> str:
        """The plain texts in order; entries are shown apart."""
        pieces = (piece for piece in self.opened.text_pieces if piece.entry is None)
        return "\n".join(filter(str.strip, map(words_of, pieces)))

    @property
    def entries(self) -> tuple[CardEntry, ...]:
        """Events and contacts."""
        return tuple(piece.entry for piece in self.opened.text_pieces if piece.entry is not None)

    @property
    def people(self) -> tuple[tuple[str, tuple[Mailbox, ...]], ...]:
        """The header's people; never the envelope, which may name a Bcc recipient."""
        parsed = self.opened.parsed
        rows = (("from", parsed.from_), ("to", parsed.to), ("cc", parsed.cc))
        return tuple(row for row in rows if row[1])


def prepare(request: HttpRequest, opened: OpenedMessage, url_of: Callable[[str], str]) -> Shown:
    """The view the address asks for, else the first there is; `url_of` gives the address of another."""
    views = tuple(view for view in VIEWS if view != "html" or opened.has_html)
    asked = request.GET.get("view", "")
    view = asked if asked in views else views[0]
    safe = make_safe(opened) if view == "html" else SafeHtml(html="", blocked_remote=0)
    source = opened.raw[:SHOWN_BYTES].decode("utf-8", "replace") if view == "source" else ""
    return Shown(
        opened=opened,
        view=view,
        views=tuple((name, url_of(name)) for name in views),
        files=tuple(
            AttachmentLine(attachment=attachment, is_picture=attachment.content_type in _PICTURES)
            for attachment in opened.attachments
        ),
        html=safe.html,
        blocked=safe.blocked_remote,
        source=source,
        is_cut=len(opened.raw) > SHOWN_BYTES if view == "source" else safe.is_cut,
    )


def make_safe(opened: OpenedMessage) -> SafeHtml:
    """All texts of the message, in order, without anything that acts or fetches; its own pictures are put into it."""
    cid_url = _pictures(opened)
    made = [
        safe_html(piece.text, cid_url=cid_url)
        if piece.kind == "html"
        else SafeHtml(html=safe_text(piece.text), blocked_remote=0)
        for piece in opened.html_pieces
        if piece.entry is None
    ]
    return SafeHtml(
        html="\n".join(safe.html for safe in made),
        blocked_remote=sum(safe.blocked_remote for safe in made),
        is_cut=any(safe.is_cut for safe in made),
    )


def _pictures(opened: OpenedMessage) -> Callable[[str], str | None]:
    """cid: to a data: address. The frame has no origin, so it cannot fetch with the user's session."""
    paths = {
        place.part.content_id: place.path
        for place in places(opened.raw, opened.parsed)
        if place.part.content_id and not place.part.is_multipart
    }
    left = _ALL_PICTURES_BYTES

    def find(content_id: str) -> str | None:
        nonlocal left
        path = paths.get(content_id)
        content = open_attachment(opened.raw, opened.parsed, path) if path is not None else None
        kind = image_type(content) if content else None
        if content is None or kind is None or len(content) > min(left, _PICTURE_BYTES):
            return None
        left -= len(content)
        return f"data:{kind};base64,{b64encode(content).decode('ascii')}"

    return find
