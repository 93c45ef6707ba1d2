"""Which conversation a message belongs to.

The key is the same for a message and its replies as far as References, In-Reply-To or Message-ID tie them
together; it is made of untrusted text and grants nothing. Never empty.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b

_PREFIX = re.compile(
    r"(?:(?:re|aw|antw|sv|vs|fw|fwd|wg|tr|rif|odp)\s{0,5}(?:\[\d{1,4}\])?\s{0,5}:\s{0,20})+", re.IGNORECASE
)


def thread_key(
    *, references: Sequence[str], in_reply_to: Sequence[str], message_id: str, subject: str
) -> str:
    """32 hex digits: of the oldest message known of the conversation, of the subject if there is none."""
    for ids in (references, in_reply_to, (message_id,)):
        if ids and ids[0]:
            return _digest("id", ids[0])
    return _digest("subject", base_subject(subject))


def base_subject(subject: str) -> str:
    """The subject without reply and forward marks, in the spirit of RFC 5256 §2.1."""
    words = " ".join(subject.split())
    found = _PREFIX.match(words)
    return (words[found.end() :] if found else words).casefold()


def _digest(kind: str, text: str) -> str:
    return blake2b(f"{kind}\0{text}".encode("utf-8", "replace"), digest_size=16).hexdigest()
