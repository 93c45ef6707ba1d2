"""C2SP signed note: a text and Ed25519 signatures under it.

Promises: reads only the one spelling that the standard allows; any changed byte of a note with one signature
is refused. Signatures of unknown keys are passed over, as the standard demands. Makes no keys.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from amberpost.errors import IntegrityError

_ED25519 = b"\x01"  # signature type identifier of signed-note
_KEY_ID_BYTES = 4
# signed-note leaves limits to the reader. A checkpoint of ours has some 200 bytes and one signature; witnesses add
# a line each.
_MAX_NOTE_BYTES = 256 * 1024
_MAX_SIGNATURES = 64
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile("— ([^ \n]+) ([A-Za-z0-9+/=]+)\n")
_VERIFICATION_KEY = re.compile(r"([^+\n]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationKey:
    """A name and an Ed25519 public key, written `name+id+base64` (the form of Go's note package)."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One line under the text. `signature` is without the key id."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """`text` ends in a newline and is what was signed. Nothing is verified yet."""

    text: bytes
    signatures: tuple[NoteSignature, ...]


def verification_key(name: str, seed: bytes) -> str:
    """The public half of a signing seed, as it is published."""
    return str(_public_half(name, seed))


def parse_verification_key(text: str) -> VerificationKey:
    """Raises IntegrityError unless the text is a verification key whose id is its own."""
    match = _VERIFICATION_KEY.fullmatch(text)
    if match is None:
        raise IntegrityError("verification_key_malformed")
    public = decode_base64(match[3])
    key = VerificationKey(name=match[1], public=public[1:])
    if len(public) != 33 or not _is_key_name(key.name) or str(key) != text:
        raise IntegrityError("verification_key_malformed")
    return key


def sign_note(text: str, *, name: str, seed: bytes) -> bytes:
    """The note with one signature. Raises IntegrityError for a text or name that no reader would accept."""
    if not _is_key_name(name) or not text.endswith("\n") or _CONTROL.search(text):
        raise IntegrityError("note_text_forbidden")
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    blob = base64.b64encode(_public_half(name, seed).key_id + signature).decode()
    return f"{text}\n— {name} {blob}\n".encode()


def parse_note(note: bytes) -> Note:
    """Take a note apart without trusting it; raises IntegrityError on any other spelling."""
    if len(note) > _MAX_NOTE_BYTES:
        raise IntegrityError("note_too_large")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise IntegrityError("note_not_utf8") from error
    if _CONTROL.search(whole):
        raise IntegrityError("note_control_characters")
    # The text may have empty lines of its own: the last one parts it from the signatures.
    at = whole.rfind("\n\n")
    if at < 0 or not whole.endswith("\n"):
        raise IntegrityError("note_unsigned")
    # Not splitlines(): to a note only U+000A is a line end.
    lines = [f"{line}\n" for line in whole[at + 2 :].split("\n")[:-1]]
    if not 0 < len(lines) <= _MAX_SIGNATURES:
        raise IntegrityError("note_signatures_wrong")
    signatures = []
    for line in lines:
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None or not _is_key_name(match[1]):
            raise IntegrityError("signature_line_malformed")
        blob = decode_base64(match[2])
        if len(blob) <= _KEY_ID_BYTES:
            raise IntegrityError("signature_too_short")
        signatures.append(
            NoteSignature(name=match[1], key_id=blob[:_KEY_ID_BYTES], signature=blob[_KEY_ID_BYTES:])
        )
    return Note(text=whole[: at + 1].encode(), signatures=tuple(signatures))


def verify_note(note: bytes, key: VerificationKey) -> str:
    """The text, once exactly one signature of this key is there and right; else IntegrityError."""
    parsed = parse_note(note)
    own = [item.signature for item in parsed.signatures if (item.name, item.key_id) == (key.name, key.key_id)]
    if len(own) != 1:
        raise IntegrityError("note_not_signed_by_key", subject=key.name)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(own[0], parsed.text)
    except InvalidSignature as error:
        raise IntegrityError("signature_mismatch", subject=key.name) from error
    return parsed.text.decode()


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling (RFC 4648 section 4), else IntegrityError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise IntegrityError("base64_malformed") from error
    if base64.b64encode(data).decode() != text:
        # A lenient reader takes four spellings of the same bytes: flipped bits would pass.
        raise IntegrityError("base64_not_canonical")
    return data


def _public_half(name: str, seed: bytes) -> VerificationKey:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return VerificationKey(name=name, public=private.public_key().public_bytes_raw())


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)
