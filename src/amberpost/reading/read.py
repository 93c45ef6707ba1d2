"""Open one message for a user: permission first, then bytes, and a record that they did."""

from dataclasses import dataclass

from django.db.models import Q

from amberpost.accounts.models import User
from amberpost.accounts.permissions import scope_of
from amberpost.audit.actions import Action
from amberpost.audit.record import record_reading, was_recorded
from amberpost.directory.models import Archive
from amberpost.errors import NotFound
from amberpost.message.attachments import Attachment, attachments, open_attachment
from amberpost.message.body import Piece, shown_pieces, words_of
from amberpost.message.headers import header_fields
from amberpost.message.types import Defect, ParsedMessage
from amberpost.reading.confidential import read_for
from amberpost.reading.envelope import VisibleEnvelope, visible_envelope
from amberpost.reading.reasons import LABELS
from amberpost.reading.visible import visible_messages
from amberpost.road.marks import marks_of
from amberpost.road.models import Assignment, Message
from amberpost.road.open import Vault
from amberpost.road.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """One archive that holds the message and the user may see, with the reasons in words."""

    archive: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMessage:
    """A message as a page shows it to one user."""

    message: Message
    raw: bytes  # exact, or a copy without what they must not know
    is_copy: bool
    envelope: VisibleEnvelope
    parsed: ParsedMessage
    fields: list[tuple[str, str]]
    text_pieces: tuple[Piece, ...]  # what a reader without HTML sees
    html_pieces: tuple[Piece, ...]  # what one with HTML sees, as sent; only message.html may make it safe
    attachments: tuple[Attachment, ...]
    owners: tuple[Ownership, ...]
    marks: tuple[str, ...]  # what is special about it, in words
    forks: tuple[int, ...]  # other copies that the user may see: of the same mail, or looking the same

    @property
    def text(self) -> str:
        """All of the message as plain text."""
        return "\n".join(filter(str.strip, map(words_of, self.text_pieces)))

    @property
    def has_html(self) -> bool:
        return any(piece.kind == "html" for piece in self.html_pieces)

    @property
    def is_truncated(self) -> bool:
        """Whether it has words by which it is not found."""
        return Defect.TEXT_LIMIT in self.message.defects.split()


def open_message(
    vault: Vault, user: User, message_id: int, *, actor: str | None = None, is_frame: bool = False
) -> OpenedMessage:
    """Open a message for reading. NotFound if there is none, or none for this user.

    `is_frame`: the frame inside a page, which has recorded the opening a moment before; alone it is recorded, too.
    """
    message = get_visible(user, message_id)
    reading = read_for(vault, user, message)
    raw, parsed = reading.raw, reading.parsed
    if not (is_frame and was_recorded(actor or user.login, Action.MESSAGE_OPENED, str(message_id))):
        record_reading(vault.reserve, actor or user.login, Action.MESSAGE_OPENED, str(message_id))
    return OpenedMessage(
        message=message,
        raw=raw,
        is_copy=reading.is_copy,
        envelope=visible_envelope(vault, user, message, parsed),
        parsed=parsed,
        fields=header_fields(raw),
        text_pieces=shown_pieces(raw, parsed, prefers_html=False),
        html_pieces=shown_pieces(raw, parsed, prefers_html=True),
        attachments=attachments(raw, parsed),
        owners=_owners(user, message_id),
        marks=marks_of(message.flags.split()),
        forks=tuple(
            visible_messages(user)
            .filter(Q(fork=message.fork) | Q(likeness=message.likeness))
            .exclude(id=message_id)
            .values_list("id", flat=True)
        ),
    )


def open_raw(vault: Vault, user: User, message_id: int, *, actor: str | None = None) -> tuple[str, bytes]:
    """A file name and the exact bytes of the message; for who must not know a blind copy, a copy without it."""
    message = get_visible(user, message_id)
    reading = read_for(vault, user, message)
    record_reading(
        vault.reserve,
        actor or user.login,
        Action.MESSAGE_DOWNLOADED,
        str(message_id),
        is_copy=reading.is_copy,
    )
    return _file_name(message, is_copy=reading.is_copy), reading.raw


def open_part(
    vault: Vault, user: User, message_id: int, path: str, *, inline: bool = False
) -> tuple[str, str, bytes]:
    """Name, declared type and bytes of an attachment; an image shown inside the message is not a download."""
    reading = read_for(vault, user, get_visible(user, message_id))
    raw, parsed = reading.raw, reading.parsed
    found = next((a for a in attachments(raw, parsed) if a.path == path), None)
    content = open_attachment(raw, parsed, path) if found else None
    if found is None or content is None:
        raise NotFound("attachment_none")
    if not inline:
        record_reading(vault.reserve, user.login, Action.ATTACHMENT_DOWNLOADED, str(message_id), path=path)
    return found.name, found.content_type, content


def get_visible(user: User, message_id: int) -> Message:
    """The row of a message this user may see; NotFound for all others alike."""
    message = visible_messages(user).filter(id=message_id).first()
    if message is None:
        raise NotFound("message_none")
    return message


def _owners(user: User, message_id: int) -> tuple[Ownership, ...]:
    scope = scope_of(user)
    assigned = Assignment.objects.filter(message_id=message_id)
    if not scope.everything:
        assigned = assigned.filter(archive_id__in=scope.archives)
    reasons: dict[int, list[str]] = {}
    for archive_id, reason in assigned.order_by("archive_id", "reason").values_list("archive_id", "reason"):
        reasons.setdefault(archive_id, []).append(str(LABELS[Reason(reason)]))
    names = dict(Archive.objects.filter(id__in=reasons).values_list("id", "name"))
    return tuple(Ownership(archive=names.get(a, str(a)), reasons=tuple(r)) for a, r in reasons.items())


def _file_name(message: Message, *, is_copy: bool) -> str:
    words = "".join(c if c.isalnum() or c in " -_." else " " for c in message.subject)
    end = " copy.eml" if is_copy else ".eml"
    return f"{message.id} {' '.join(words.split())[:80]}".strip() + end
