"""Address lists (RFC 5322 §3.4, RFC 6532) as they are really written.

Promises to find every mailbox a mail client would show, in linear time, and a canonical form of each address
so that equal mailboxes compare equal. Does not judge whether an address exists.
"""

import re
import unicodedata
from urllib.parse import unquote

from amberpost.message import limits
from amberpost.message.types import Defect, Mailbox
from amberpost.message.words import decode_words

_TOKEN = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*+)(?P<closed>"?)'
    r"|(?P<word>=\?[^?\s]*+\?[bBqQ]\?[^?]*+\?=)"
    r'|<(?P<angle>(?:[^<>"]|"(?:[^"\\]|\\.)*+")*+)>'
    r"|\[\s*+(?P<square>(?P<scheme>(?:mailto|smtp)\s*+:)?\s*+[^][\s<>:@]++@[^][\s<>@]++)\s*+\]"
    r"|(?P<separator>[,;])|(?P<colon>:)|(?P<comment>\()"
    r"|(?P<atom>[^\s\"<,;:(=]++|=)|(?P<space>\s++)|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
# One mailbox without anything unusual; everything else goes through the tokens.
_SIMPLE = re.compile(
    r'\s*+(?:(?:"([^"\\]*+)"|([^"<>(),:;@\\\[\]]*+))\s*<\s*([^\s<>"(),:;\\@]++@[^\s<>"(),:;\\@]++)\s*>'
    r'|([^\s<>"(),:;\\@]++@[^\s<>"(),:;\\@]++))\s*+(?:,|\Z)'
)
_PLAIN = re.compile(r"(?!imceaex-)[a-z0-9][a-z0-9._+&=-]*+@[a-z0-9-]++(?:\.[a-z0-9-]++)*+")
# Written by programs and people that copy from address books: <SMTP:a@b>, <mailto:a@b>
_SCHEME = re.compile(r"(?:smtp|mailto|rfc822|e-?mail)\s{0,5}:\s{0,5}", re.IGNORECASE)
_SEVERAL = re.compile(r"(?<=[^\s,;])[\s,;]+(?=(?:smtp|mailto):)", re.IGNORECASE)
_QUOTED_WHOLE = re.compile(r"'(.*)'|\"(.*)\"|`(.*)[`']|[‘‚](.*)[’‘]|[“„](.*)[”“]|«(.*)»|‹(.*)›", re.DOTALL)
_QUOTED_TWICE = 3  # pairs of quotes around one address
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
# The commas of Chinese and Japanese keyboards part addresses as ours do; in names they are letters.
_BARE = re.compile(r'(?<![^\s,;<，；、])(?:"(?:[^"\\]|\\.)*+"|[^\s,;"<>()，；、]+)@[^\s,;<>()"，；、]++')
_LOOSE = re.compile(r"\s{1,20}(?=[@.])|(?<=[@.])\s{1,20}")
_DOT_ATOM = re.compile(r"[^\s\x00-\x1f\"(),.:;<>@\[\\\]]+(?:\.[^\s\x00-\x1f\"(),.:;<>@\[\\\]]+)*")
_DOMAIN_LETTERS = 253  # as many as the 255 octets of RFC 1035 §2.3.4 leave room for, written with dots
_OPENING = "'`‘‚“„«‹["
_IDEOGRAPHIC_DOTS = str.maketrans("。．｡", "...")
_IMCEAEX = re.compile(r"imceaex-(.+)@[^@]*", re.IGNORECASE | re.DOTALL)
_ENCODED_OCTET = re.compile(r"\+([0-9A-Fa-f]{2})")
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)


def normalise_address(address: str) -> str:
    """The form in which addresses are compared: lower case, domain as A-label, no needless quotes.

    Exchange's X.500 forms ([EX:/o=..] and its IMCEAEX encapsulation) both become "[ex:/o=..]".
    """
    lowered = address.lower()
    if address.isascii() and _PLAIN.fullmatch(lowered):
        return lowered
    if not address.isprintable():
        address = "".join(character for character in address if character.isprintable())
    address = address.strip()
    if address.endswith(">") and "<" in address:
        address = address[address.rindex("<") + 1 : -1].strip()
    if address.startswith("[") or address[:8].lower() == "imceaex-":
        return _normalise_x500(address)
    if ":" in address:
        if address[:7].lower() == "mailto:":
            address = unquote(address[7:]).partition("?")[0].strip()
        elif scheme := _SCHEME.match(address):
            address = address[scheme.end() :]
    local, at, domain = address.rpartition("@")
    if not at:
        return address.lower()
    if local.startswith("@") and ":" in local:  # RFC 5321 source route
        local = local.rpartition(":")[2]
    if len(local) > 1 and local[0] == local[-1] == '"' and _DOT_ATOM.fullmatch(local[1:-1]):
        local = local[1:-1]
    # The local part keeps its letters but for their case: RFC 6532 §3.1 asks for NFC and warns of NFKC.
    local = local if local.isascii() else unicodedata.normalize("NFC", local)
    return f"{local.lower()}@{_normalise_domain(domain)}"


def without_detail(address: str) -> str:
    """`name@domain` for `name+anything@domain` (RFC 5233 §4); "" for an address without a detail."""
    local, _, domain = address.rpartition("@")
    name, plus, _ = local.partition("+")
    return f"{name}@{domain}" if name and plus and not local.startswith('"') else ""


def is_address(address: str) -> bool:
    """Something that can be held: a normalised addr-spec, or a name of Exchange."""
    return "@" in address.strip("@") or address.startswith("[ex:")


def _normalise_x500(address: str) -> str:
    packed = _IMCEAEX.fullmatch(address)
    if packed is None:
        return address.lower()
    name = packed[1].replace("_", "/")
    name = _ENCODED_OCTET.sub(lambda octet: chr(int(octet[1], 16)), name)
    return "[ex:{}]".format("".join(filter(str.isprintable, name))).lower()


def _normalise_domain(domain: str) -> str:
    domain = domain.strip().rstrip(".")
    if domain.isascii() or len(domain) > _DOMAIN_LETTERS:
        return domain.lower()
    domain = unicodedata.normalize("NFKC", domain).lower().translate(_IDEOGRAPHIC_DOTS)
    # RFC 5891 A-labels; ß stays ß, as registries and browsers have it since 2010.
    labels = (
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        for label in domain.split(".")
    )
    return ".".join(labels)


def parse_mailboxes(text: str, defects: set[Defect]) -> list[Mailbox]:
    """Every mailbox of a From, To, Cc ... value. Groups are opened; empty ones give nothing."""
    simple = _parse_simple(text, defects)
    if simple is not None:
        return simple
    found = _Tokens(text, defects).mailboxes()
    if len(found) > limits.ADDRESSES:
        defects.add(Defect.ADDRESS_LIMIT)
        del found[limits.ADDRESSES :]
    return found


def _parse_simple(text: str, defects: set[Defect]) -> list[Mailbox] | None:
    """The list when every mailbox is of the usual form, else None."""
    found: list[Mailbox] = []
    position = 0
    while position < len(text):
        match = _SIMPLE.match(text, position)
        if match is None or len(found) >= limits.ADDRESSES:
            return None
        quoted, phrase, angle, bare = match.groups()
        if (angle or bare)[0] in _OPENING:
            return None
        name = quoted or phrase or ""
        if name:
            name = " ".join(decode_words(name, defects).split())
        found.append(Mailbox(name=name, address=normalise_address(angle or bare)))
        position = match.end()
    return found


class _Tokens:
    """One walk over the tokens of an address list."""

    def __init__(self, text: str, defects: set[Defect]) -> None:
        self.text = text
        self.defects = defects
        self.found: list[Mailbox] = []
        self.has_comments = True
        self.clear()

    def clear(self) -> None:
        self.raw: list[str] = []  # since the last < >, with its quotes
        self.phrase: list[str] = []  # the same as words
        self.angle: str | None = None
        self.may_be_name = False  # in square brackets without a scheme
        self.name = ""  # before that < >
        self.comment = ""

    def mailboxes(self) -> list[Mailbox]:
        position = 0
        while position < len(self.text) and len(self.found) <= limits.ADDRESSES:
            match = _TOKEN.match(self.text, position)
            assert match is not None  # the last alternative fits every character
            position = self.take(match)
        self.finish()
        return self.found

    def take(self, match: re.Match[str]) -> int:
        kind = match.lastgroup
        if kind == "closed":
            return self.take_quoted(match)
        if kind == "comment" and self.has_comments:
            return self.take_comment(match.end())
        if kind == "separator":
            self.finish()
        elif kind == "colon" and "@" not in "".join(self.raw):
            if self.angle is not None:
                self.raw.clear()
                self.finish()
            self.clear()  # the name of a group
        elif kind == "angle":
            self.take_angle(match["angle"])
        elif kind == "square":
            self.defects.add(Defect.BAD_ADDRESS)
            self.take_angle(match["square"])
            self.may_be_name = match["scheme"] is None and self.angle == match["square"]
        else:
            self.raw.append(match.group())
            self.phrase.append(match.group())
        return match.end()

    def take_angle(self, angle: str) -> None:
        """An address in brackets; a second one is somebody else's, from whom a comma is missing."""
        phrase = "".join(self.phrase)
        if self.angle is not None:
            if normalise_address(angle) == normalise_address(self.angle):
                return  # Kim <a@b> [mailto:a@b]
            self.defects.add(Defect.BAD_ADDRESS)
            if self.may_be_name:  # Kim [a@b] <c@d>
                phrase = f"{self.name}[{self.angle}]{phrase}"
                self.may_be_name = False
            else:
                self.raw.clear()
                self.phrase.clear()
                self.finish()
        self.angle, self.name = angle, phrase
        self.raw.clear()
        self.phrase.clear()

    def take_quoted(self, match: re.Match[str]) -> int:
        if not match["closed"]:
            # A stray quote must not hide the addresses behind it.
            self.defects.add(Defect.BAD_ADDRESS)
            self.text = self.text[: match.start()] + " " + match["quoted"].replace('"', " ")
            return match.start()
        self.raw.append(match.group())
        self.phrase.append(_BACKSLASH.sub(r"\1", match["quoted"]))
        return match.end()

    def take_comment(self, start: int) -> int:
        depth = 1
        for match in _PARENTHESIS.finditer(self.text, start):
            depth += {"(": 1, ")": -1}.get(match.group(), 0)
            if depth == 0:
                self.comment = self.text[start : match.start()]
                return match.end()
        self.has_comments = False  # never closed: from here on "(" is a character
        self.raw.append("(")
        self.phrase.append("(")
        return start

    def finish(self) -> None:
        raw = "".join(self.raw).strip()
        phrase = "".join(self.phrase)
        if self.angle is not None:
            behind = _BARE.search(raw) if "@" in raw else None
            name = self.name if behind else f"{self.name} {phrase}"
            self.add(name if name.strip() else self.comment, self.angle)
            if behind:
                self.defects.add(Defect.BAD_ADDRESS)
                self.comment = ""
                self.finish_bare(raw, phrase)
        elif raw:
            self.finish_bare(raw, phrase)
        self.clear()

    def finish_bare(self, raw: str, phrase: str) -> None:
        """Addresses without < >, perhaps with words around them."""
        inside = _QUOTED_WHOLE.fullmatch(raw)
        is_list = "<" in raw or ("@" in raw and ("," in raw or ";" in raw))
        if inside and raw[0] == '"' and is_list:  # "Kim <a@b>" or "a@b; c@d", all of it in quotes
            self.defects.add(Defect.BAD_ADDRESS)
            self.found += parse_mailboxes(phrase.replace('"', " "), self.defects)
            return
        bare = _BARE.findall(raw) if "@" in raw else []
        if not bare and "@" in raw:  # RFC 5322 §4.4: blanks around "@" and "."
            raw = _LOOSE.sub("", raw)
            bare = _BARE.findall(raw)
        if len(bare) > 1:
            self.finish_several(raw, bare)
        elif bare:
            rest = raw.replace(bare[0], " ", 1).strip(" \t<>")
            self.add(rest or self.comment, bare[0])
        elif _BARE.fullmatch(self.comment.strip()):  # Kim (a@b)
            self.defects.add(Defect.BAD_ADDRESS)
            self.add(phrase, self.comment.strip())
        else:
            self.finish_words(phrase)

    def finish_several(self, raw: str, bare: list[str]) -> None:
        """Commas are missing: the words before each address are its name."""
        self.defects.add(Defect.BAD_ADDRESS)
        position = 0
        for address in bare:
            at = raw.index(address, position)
            self.add(raw[position:at].strip(" \t<>，；、"), address)
            position = at + len(address)

    def finish_words(self, phrase: str) -> None:
        self.defects.add(Defect.BAD_ADDRESS)
        words = decode_words(phrase, self.defects).split()
        # RFC 2047 §5: an encoded word is never part of an addr-spec, whatever it decodes to.
        is_bare = len(words) == 1 and words[0] == phrase.strip()
        address = normalise_address(words[0]) if is_bare else ""
        name = "" if is_bare else " ".join(words)
        if name or address:
            self.found.append(Mailbox(name=name, address=address))

    def add(self, name: str, address: str) -> None:
        """A mailbox; or several of one name, where somebody put them into one pair of brackets."""
        name = " ".join(decode_words(name, self.defects).split()).strip("<> ")
        address = " ".join(address.split())
        for _ in range(_QUOTED_TWICE):
            whole = _QUOTED_WHOLE.fullmatch(address)
            if whole is None:
                break
            self.defects.add(Defect.BAD_ADDRESS)
            address = (
                "".join(filter(None, whole.groups())).strip().removeprefix("<").removesuffix(">").strip()
            )
        if address[-1:] in (":", "]") and "[" not in address:  # To: a@b: and <a@b]
            self.defects.add(Defect.BAD_ADDRESS)
            address = address.rstrip(":]")
        addresses = [address]
        if ":" in address and _SCHEME.match(address):
            self.defects.add(Defect.BAD_ADDRESS)
            addresses = _SEVERAL.split(address)
        elif "@" in address and ":" not in address and not _BARE.fullmatch(address):
            self.defects.add(Defect.BAD_ADDRESS)
            if address.count("@") == 1:  # RFC 5322 §4.4: blanks around "@" and "."
                address = _LOOSE.sub("", address)
            addresses = _BARE.findall(address) or _BARE.findall(_LOOSE.sub("", address)) or addresses
        for one in addresses:
            one = normalise_address(one)
            if "@" not in one:
                self.defects.add(Defect.BAD_ADDRESS)
            if name or one:
                self.found.append(Mailbox(name=name, address=one))
