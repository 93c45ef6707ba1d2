"""What a connector must be told, and what it tells about mail it did not take."""

from collections.abc import Callable
from dataclasses import dataclass, field

from amberpost.net.patience import Patience
from amberpost.net.security import SecurityName
from amberpost.remark import Remark
from amberpost.sources.cursor import Cursor
from amberpost.store.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLogin:
    """Sign-in with the password of the mailbox."""

    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthLogin:
    """Sign-in with a bearer token. Functions, because a token runs out in the middle of a run."""

    token: Callable[[], Secret]  # a valid one; OAuthError when there is none to be had
    forget: Callable[[], None]  # the server refused it: the next one must be new


Login = PasswordLogin | OAuthLogin


def _ignore(_certificate: bytes) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """One remote account, POP3 or IMAP. Immutable; secrets print as ***."""

    server: str
    port: int
    user: str
    login: Login
    security: SecurityName = "starttls"
    allow_insecure_oauth: bool = False  # a bearer token may cross the network in clear text
    folders: tuple[str, ...] = ("INBOX",)  # IMAP only
    keep_mails: bool = False
    ca_pem: str | None = None  # trusted instead of the system's authorities
    certificate_sha256: str | None = None  # this very certificate is trusted, whoever signed it
    on_certificate: Callable[[bytes], None] = _ignore  # told the DER form of the one the server showed
    batch_messages: int = 100
    batch_bytes: int = 8 * 2**20
    timeout_seconds: float = 60  # of silence; longer than a server takes to begin an answer
    answer_seconds: float = (
        300  # for one whole answer, beside the time its bytes may take; see net/patience.py
    )
    until: float | None = None  # when the whole conversation must be over, on time.monotonic()
    max_message_bytes: int = 256 * 2**20  # hard ceiling: memory
    max_size_bytes: int | None = None  # the operator's limit; a message of exactly this size is taken

    def patience(self) -> Patience:
        """How long the server of one conversation may take."""
        return Patience(
            silence_seconds=self.timeout_seconds, answer_seconds=self.answer_seconds, until=self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """For which source a connector works, and what that source has already given."""

    source_id: int
    cursor: Cursor = field(default_factory=Cursor)
    evaluation: str = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One message that stays on the server, never deleted there, because we did not take it."""

    remote_id: str
    size_bytes: int | None
    reason: Remark
