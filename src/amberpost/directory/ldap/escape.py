"""Texts of strangers inside LDAP filters (RFC 4515) and distinguished names (RFC 4514): two rules, never mixed.

Promises that no text can change the meaning of the filter or name it is put into, and that two spellings of
one name give one key.
"""

import re
import unicodedata

# RFC 4515 §3 allows every octet to be escaped; what is left plain no parser can misread
_PLAIN_IN_FILTER = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-")
_SPECIAL_IN_DN = re.compile(r'["#+,;<>\\=\x00-\x1f\x7f]|^ | \Z')
_DN_TOKEN = re.compile(
    r"\\(?P<hex>[0-9A-Fa-f]{2})|\\(?P<char>.)|(?P<sep>[,;+])|(?P<plain>[^\\,;+]+)|\\", re.DOTALL
)
_BLANKS = re.compile(r" {2,}")


def filter_value(text: str) -> str:
    """`text` as the value of a filter item: (uid=<here>)."""
    return filter_bytes(text.encode("utf-8", "surrogatepass"))


def filter_bytes(raw: bytes) -> str:
    """Octets as the value of a filter item: (objectGUID=<here>)."""
    return "".join(chr(octet) if octet in _PLAIN_IN_FILTER else f"\\{octet:02x}" for octet in raw)


def dn_value(text: str) -> str:
    """`text` as the value of an attribute in a distinguished name: CN=<here>,DC=example."""
    # RFC 4514 §2.4: any octet may be written as two hexadecimal digits, special or not.
    return _SPECIAL_IN_DN.sub(lambda found: "".join(f"\\{octet:02X}" for octet in found[0].encode()), text)


def dn_key(dn: str) -> str:
    """The same text for all spellings of one distinguished name; for comparing, not for the server."""
    parts = _split(dn) if "\\" in dn else dn.replace(";", ",").split(",")
    return ",".join(map(_clean, parts))


def _split(dn: str) -> list[str]:
    """The parts of a name with escapes opened; a separator inside a value keeps its backslash."""
    parts, octets = [], bytearray()
    for match in _DN_TOKEN.finditer(dn):
        if match["sep"] in (",", ";"):
            parts.append(octets.decode("utf-8", "replace"))
            octets.clear()
        elif match["hex"]:
            octets += _kept_apart(bytes.fromhex(match["hex"]))
        elif match["char"]:
            octets += _kept_apart(match["char"].encode("utf-8", "replace"))
        else:
            octets += match[0].encode("utf-8", "replace")
    parts.append(octets.decode("utf-8", "replace"))
    return parts


def _kept_apart(raw: bytes) -> bytes:
    return b"\\" + raw if raw in (b",", b";", b"+", b"=", b"\\") else raw


def _clean(part: str) -> str:
    # Not casefold(): it would make "Weiß" and "Weiss" one person
    name, equals, value = unicodedata.normalize("NFC", part).lower().partition("=")
    return f"{name.strip()}{equals}{_BLANKS.sub(' ', value).strip()}"
