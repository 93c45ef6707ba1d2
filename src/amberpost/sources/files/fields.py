"""Does a header begin here? What tells mail from other text, and a separator from a line of a letter."""

import mmap
import re
from collections.abc import Iterator

Content = bytes | mmap.mmap

LINE_END = rb"(?:\r\n?|\n)"  # CR alone: files of the old Macintosh

_FIELD = re.compile(
    rb"([!-9;-~]{1,200}+)[ \t]*+:[^\r\n]*+(?:" + LINE_END + rb"[ \t][^\r\n]*+)*+(?:" + LINE_END + rb"|\Z)"
)
# What may stand before the first field: a byte order mark, stray lines of an mbox, quoted or not.
_PRELUDE = re.compile(rb"(?:\xef\xbb\xbf)?(?:>?From [^\r\n]{0,1000}" + LINE_END + rb"){0,8}(?:\xef\xbb\xbf)?")
# … and before that of a whole file, as well: empty lines, and one that begins with a blank and continues nothing.
_BEGINNING = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*" + LINE_END + rb")*+(?:[ \t]+[^\r\n]*" + LINE_END + rb")?"
)
_LOOKED_AT = 200  # fields; a header that has named itself by then never will

# Names that make a text a message. A Date alone does not: changelogs and notes have one, too.
_OF_MAIL = frozenset(
    b"from to cc bcc subject received return-path message-id delivered-to sender reply-to mime-version content-type "
    b"in-reply-to references envelope-to x-original-to resent-from resent-to resent-message-id apparently-to "
    b"dkim-signature arc-seal authentication-results newsgroups x-mozilla-status x-envelope-to x-envelope-from".split()
)
# … and those of them that no shopping list begins with, so that one is enough even where the header breaks off.
_OF_MAIL_ALONE = frozenset(b"from subject received return-path message-id delivered-to mime-version".split())
# Further names a message may begin with: RFC 5322, 2045, 5536, 3834, 2369 and what mail programs write.
_KNOWN = _OF_MAIL | frozenset(
    b"date comments keywords resent-date resent-sender resent-cc resent-bcc content-transfer-encoding content-id "
    b"content-description content-disposition content-language content-length content-class content-md5 lines "
    b"status path xref organization organisation user-agent importance priority precedence sensitivity errors-to "
    b"mailing-list approved approved-by supersedes expires followup-to distribution auto-submitted autocrypt "
    b"feedback-id posted-date posted via return-receipt-to disposition-notification-to original-recipient "
    b"accept-language acceptlanguage authentication-results-original message-context encoding encrypted "
    b"domainkey-signature dkim-filter bounces-to full-name mail-from mail-followup-to article-i.d. "
    b"relay-version posting-version nntp-posting-host nntp-posting-date injection-info injection-date "
    b"cancel-lock summary face comment delivery-date envelope-from require-recipient-valid-since".split()
)
_KNOWN_BEGINNINGS = (
    b"x-", b"list-", b"resent-", b"arc-", b"thread-", b"received-", b"old-", b"original-", b"delivered-", b"ironport-",
    b"disposition-", b"authentication-", b"content-",
)  # fmt: skip


def names_at(content: Content, at: int) -> Iterator[bytes]:
    """The names of the fields that stand here one after the other, in small letters."""
    for _ in range(_LOOKED_AT):
        field = _FIELD.match(content, at)
        if field is None:
            return
        yield field[1].lower()
        at = field.end()


def begins_header(content: Content, at: int, enough: int) -> bool:
    """True if a field stands here, and `enough` different names of those that follow are known from mail."""
    known: set[bytes] = set()
    for name in names_at(content, after_prelude(content, at)):
        if name in _KNOWN or name.startswith(_KNOWN_BEGINNINGS):
            known.add(name)
            if len(known) >= enough:
                return True
    return False


def is_mail(content: Content) -> bool:
    """True if this begins with a header of mail: two of its names, or one that does not stand there by chance."""
    at = after_prelude(content, _end(_BEGINNING.match(content)))
    names: set[bytes] = set()
    for _ in range(_LOOKED_AT):
        field = _FIELD.match(content, at)
        if field is None:
            break
        name = field[1].lower()
        if name in _OF_MAIL_ALONE or (name in _OF_MAIL and names and name not in names):
            return True
        if name in _OF_MAIL:
            names.add(name)
        at = field.end()
    return bool(names) and (at >= len(content) or content[at : at + 1] in {b"\r", b"\n"})


def after_prelude(content: Content, at: int) -> int:
    """Behind what may stand before the first field of a message."""
    return _end(_PRELUDE.match(content, at))


def after_empty_lines(content: Content) -> int:
    """Behind a byte order mark and empty lines at the beginning of a file."""
    at = 3 if content[:3] == b"\xef\xbb\xbf" else 0
    return _end(_EMPTY_LINES.match(content, at))


_EMPTY_LINES = re.compile(rb"(?:[ \t]*" + LINE_END + rb")*+(?:\xef\xbb\xbf)?")


def _end(match: re.Match[bytes] | None) -> int:
    assert match is not None  # these patterns match the empty string
    return match.end()
