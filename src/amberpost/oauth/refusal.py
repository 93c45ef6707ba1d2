"""What Microsoft's login says when it gives no token."""

import re

from amberpost.errors import SourceError
from amberpost.remark import Remark
from amberpost.sentences import SENTENCES

_CODE = re.compile(r"AADSTS\d{4,9}")

# Those whose meaning we know: codes of our catalogue of sentences, too
EXPLAINED = frozenset(code for code in SENTENCES if _CODE.fullmatch(code))
# RFC 6749 §5.2 and Microsoft's own: refusals that pass by themselves
_PASSING = {"temporarily_unavailable", "server_error", "AADSTS90033", "AADSTS90055"}


class OAuthError(SourceError):
    """No token. `reply` is Microsoft's code (AADSTS...), empty when the login server could not be asked."""

    def __init__(
        self,
        what: str | Remark,
        /,
        *,
        subject: str | Remark = "",
        said: str = "",
        reply: str = "",
        permanent: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(
            what, subject=subject, said=said, permanent=permanent, retry_after_seconds=retry_after_seconds
        )
        self.reply = reply


def is_passing(*codes: str) -> bool:
    """True for refusals that pass by themselves."""
    return not _PASSING.isdisjoint(codes)


def code_in(text: str) -> str:
    """The code in a text of Microsoft's, or nothing."""
    found = _CODE.search(text)
    return found[0] if found else ""
