"""Unlock slots: ways to open the master key. Any one slot opens it; each is wrapped with a key of its own.

Kinds today: `key-file` (a random key in a file) and `passphrase` (Argon2id). A slot carries a MAC made with
the master key, so that damage to a slot is found without its passphrase.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from amberpost.errors import IntegrityError
from amberpost.store.secret import Secret
from amberpost.store.wrap import bound, unwrap, wrap

_PARAMS = re.compile(r"argon2id m=(\d{1,7}) t=(\d{1,3}) p=(\d{1,2}) salt=([0-9a-f]{32})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    id: int
    kind: str
    params: str
    wrapped: bytes
    mac: bytes


def passphrase_params() -> str:
    """RFC 9106 §4, second recommended choice: 64 MiB, 3 passes, 4 lanes."""
    return f"argon2id m=65536 t=3 p=4 salt={secrets.token_hex(16)}"


def passphrase_key(passphrase: str, params: str) -> Secret:
    """Slow on purpose (about 0.1 s)."""
    found = _PARAMS.fullmatch(params)
    if found is None:
        raise IntegrityError("slot_damaged", subject="keys.db")
    memory, passes, lanes = (int(found[number]) for number in (1, 2, 3))
    derive = Argon2id(
        salt=bytes.fromhex(found[4]), length=32, iterations=passes, lanes=lanes, memory_cost=memory
    )
    return Secret(derive.derive(passphrase.encode()))


def close_slot(*, id: int, kind: str, params: str, origin: str, slot_key: Secret, master: Secret) -> Slot:
    """Wrap the master key into a slot."""
    cipher = AESGCM(slot_key.reveal())
    wrapped = wrap(cipher, master.reveal(), bound(origin, id, kind, params))
    mac = slot_mac(master, origin, Slot(id=id, kind=kind, params=params, wrapped=wrapped, mac=b""))
    return Slot(id=id, kind=kind, params=params, wrapped=wrapped, mac=mac)


def open_slot(slot: Slot, origin: str, slot_key: Secret) -> Secret:
    """The master key; ValueError if this key does not open this slot."""
    cipher = AESGCM(slot_key.reveal())
    return Secret(unwrap(cipher, slot.wrapped, bound(origin, slot.id, slot.kind, slot.params)))


def slot_mac(master: Secret, origin: str, slot: Slot) -> bytes:
    """What slot.mac has to be."""
    text = bound("slot", origin, slot.id, slot.kind, slot.params, slot.wrapped)
    return hmac.digest(master.reveal(), text, hashlib.sha256)[:16]
