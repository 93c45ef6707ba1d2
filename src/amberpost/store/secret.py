"""A value that must not show up in logs, tracebacks or reprs, nor in the words of a server that repeats it."""

import base64
import hmac
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

SealSetting = Callable[[str, str, bytes], bytes]  # row, field, plain -> sealed
OpenSetting = Callable[[str, str, bytes], bytes]  # row, field, sealed -> plain

SHORTEST_MASKED = 4  # characters; what is shorter is in any sentence, and guessed in no time
CERTAIN = 12  # characters that are in no longer word by chance
# Words that servers say by themselves. A password that is one of them cannot be told from a sentence that
# merely has the word, and *** in its place would be what gives it away.
_USUAL_WORDS = """
abort aborted accept accepted access account accounts address administrator again alert already another answer
anonymous argument arguments auth authenticate authenticated authentication authenticationfailed authorization
authorizationfailed authorized available backend been before begin blocked busy bytes cannot capability certificate
challenge change check clear client close closed code command commands complete completed configuration connect
connected connecting connection connections contact contactadmin could count credentials data database deferred
delay delete deleted denied directory disabled disconnect disconnected disk does domain down email empty enabled
encrypted encryption ended error errors exceeded exchange exist exists expected expired failed failure fatal fetch
file find first folder forbidden found from good goodbye greeting have hello help host idle illegal imap imap4
imap4rev1 incorrect information inbox input internal invalid inuse journal kerberos known language large later limit
line lines list local locked lock login logged logging logindisabled logout long lost mail mailbox maintenance many
master maximum memory message messages method missing mode more must name network next none noop number oauth
offline okay only open opened option other over parameters parse pass passwd password passwords permanent permission
permissions permitted please plain policy pop3 port privacyrequired problem process protocol proxy quit quota read
ready reason received refused reject rejected remote reply request required reset resource response restart retry
right root rules search secret secure security select send server serverbug service session sessions shared shutdown
signed sorry space start starttls state status stop storage store string success support supported syntax system
tags temporarily temporary terminated terminating test than that the there this throttled time timed timeout token
tokens true try unable unavailable unexpected unknown unsupported update user username users valid version wait want
welcome were while will with without word words working write wrong your
"""
_USUAL = frozenset(_USUAL_WORDS.split())


class Secret:
    """Bytes that print as ***. Python cannot wipe memory: this guards against showing, not against a dump."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The bytes themselves, for the one call that needs them; never for a log or a text."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def masked(said: str, secret: Secret, *sent: bytes) -> str:
    """Another's words without the secret they may repeat: as it is, quoted, in base64 or in a URL.

    `sent`: answers to a login that hold the secret; their base64 is masked too. A short or usual word is taken for
    the secret only where it stands as we sent it, so that a password such as "a" makes no holes in every sentence.
    """
    value = secret.reveal()
    if not value:
        return said
    plain = value.decode("utf-8", "replace")
    forms = {base64.b64encode(one).decode("ascii") for one in (value, *sent)} | {
        f'"{_quoted(plain)}"',
        f"PASS {plain}",
    }
    if len(plain) >= SHORTEST_MASKED and plain.casefold() not in _USUAL:
        forms |= {plain, _quoted(plain), quote(plain, safe=""), quote_plus(plain)}
    forms |= {repr(one.encode())[2:-1] for one in forms}  # as Python shows what a server sent
    longest_first = sorted(forms, key=len, reverse=True)
    return re.sub("|".join(map(_pattern, longest_first)), "***", said)


def _pattern(form: str) -> str:
    """What looks like a word is not taken from within a longer one."""
    if len(form) >= CERTAIN or not form.isalnum():
        return re.escape(form)
    return rf"(?<!\w){re.escape(form)}(?!\w)"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
